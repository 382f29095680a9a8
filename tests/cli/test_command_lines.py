"""Hundreds of invalid command lines: each is rejected with one line."""

import json
import pathlib
import sys

import pytest
from absl import flags

from rethink_keras import RunConfig
from rethink_keras.cli import run as cli_run
from rethink_keras.config import flagfiles
from tests.support.processes import finish, finish_forked
from tests.support.tried import TRIED

pytestmark = pytest.mark.faults

ROOT = pathlib.Path(__file__).parents[2]
LAUNCH = ROOT / "launch"
MAIN = "rethink_keras.main"
LONG = "x" * 100_000
OPTIONS = RunConfig.__dataclass_fields__
FLAGS = {
    flag.name: flag.flag_type()
    for module in (cli_run, flagfiles)
    for flag in flags.FLAGS.flags_by_module_dict()[module.__name__]
}
CONTROLS = ("1\n2", "\x1b[31m1\r", "\u202e1", "\udcff", "1\0")
NO_INT = ("", " ", "abc", "1.5", "1e3", "0xg", "nan", "1,2", LONG, "9" * 5_000)
NO_FLOAT = ("", "abc", "nan", "-inf", "1e999", "0,5", "1/2", LONG)
INVALID = {
    "bool": ("", "maybe", "2", "truefalse", LONG, *CONTROLS),
    "int": (*NO_INT, "-1", str(2**31), *CONTROLS),
    "float": (*NO_FLOAT, "-0.001", *CONTROLS),
    "string enum": ("", "may", "AUTO", LONG, *CONTROLS),
    "string": ("",),
}
"""Invalid values by type of flag."""

COMBINATIONS = [
    ("--randomize=none", "--label_corruption=.5"),
    ("--randomize=gaussian", "--label_corruption=0"),
    ("--randomize=gaussian", "--random_crop"),
    ("--model=small_alexnet", "--batch_norm"),
    ("--model=mlp_3x512", "--nobatch_norm"),
    ("--model=small_vit", "--nobatch_norm"),
]


def invalid_values() -> list[tuple[str, list[str]]]:
    """Invalid values of each flag, with the name that the error contains."""
    lines = []
    for name, kind in FLAGS.items():
        values = list(INVALID[kind])
        option = OPTIONS.get(name)
        if option and option.metadata["choices"]:
            values += ["none,labels", "MLP", LONG, *CONTROLS]
        elif option and option.metadata["high"] < float("inf"):
            values.append(f"{2 * option.metadata['high'] + 1}")
        elif name == "data_dir":
            values += CONTROLS
        lines += [(name, [f"--{name}={value}"]) for value in values]
        lines.append((f"{name}x", [f"--{name}x=1"]))
    return lines


def invalid_arguments() -> list[tuple[str, list[str]]]:
    """Other invalid arguments, with the text that the error must contain."""
    lines = [
        (line[-1].partition("=")[0].removeprefix("--no"), list(line))
        for line in COMBINATIONS
    ]
    lines += [
        (name, [f"--no{name}"])
        for name, kind in FLAGS.items()
        if kind != "bool"
    ]
    lines += [("learning_rate", ["--learning_rate"]), ("seed", ["-seed=x"])]
    lines += [(f"no{n}", [f"--no{n}=1"]) for n in ("mixup", "overwrite")]
    for word in ("labels", "", "\n", "-", "\x1b[31m", LONG, "--", "\udcff"):
        named = f"error: {word!r}"[:40]
        lines.append((named, ["--seed=1", "--", word]))
    lines += [("verbosity", ["--verbosity=x"]), ("'--=1'", ["--=1"])]
    return lines


def invalid_flagfiles(folder: pathlib.Path) -> list[tuple[str, list[str]]]:
    """Arguments with unusable flagfiles, each with the expected name."""
    contents = {
        "binary": bytes(range(256)),
        "utf16": "--seed=1".encode("utf-16"),
        "wrong": b"--seed=1\n--seed=x\n",
        "unknown": b"--sead=1\n",
        "words": b"seed=1\n",
        "control": b"--workdir=a\0b\n",
        "long": b"--randomize=" + b"x" * 100_000,
        "itself": f"--flagfile={folder / 'itself'}".encode(),
        "circle": f"--flagfile={folder / 'line'}".encode(),
        "line": f"\n--flagfile={folder / 'circle'}".encode(),
        "lost": b"--flagfile=missing",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    blamed = {
        "wrong": "--seed",
        "unknown": "sead",
        "words": "seed=1",
        "control": "--workdir",
        "long": "--randomize",
    }
    paths = [str(folder / name) for name in contents]
    paths += [str(folder), "missing", "", " ", LONG, "a\nb", "/dev/null/x"]
    lines = []
    for path in paths:
        named = blamed.get(pathlib.Path(path).name, "--flagfile")
        lines.append((named, [f"--flagfile={path}"]))
    lines.append(("--flagfile", ["--flagfile", ""]))
    lines.append(("--flagfile", ["--flagfile"]))
    return lines


def invalid_launches() -> list[tuple[str, list[str]]]:
    """Invalid command lines of the other programs, program first."""
    table1, table3, measures, memorization, double_descent, tune = (
        str(LAUNCH / f"{name}.py")
        for name in (
            "table1",
            "table3",
            "measures",
            "memorization",
            "double_descent",
            "tune",
        )
    )
    wrong = {
        table1: {
            "seeds": ("", "a", "0,,1", "-1", "0.5", "9" * 12, "1\n2", LONG),
            "scale": ("", "full", "a\nb", LONG),
            "jobs": ("", "0", "-1", "two", "1e9", LONG),
            "dry_run": ("maybe", ""),
            "workdir": ("",),
            "data_dir": ("",),
            "rows": ("",),
        },
        table3: {
            "filters": ("", "0", "many", "1.5", "100,-4", "1\n2", LONG),
            "train_examples": ("", "-1", "0", "few"),
            "seed": ("", "-1", "x", str(2**31)),
            "workdir": ("",),
            "dataset": ("",),
            "rows": ("",),
        },
        measures: {
            "corruptions": ("", "a", "0,,1", "-1", "0,2", "nan", LONG),
            "sizes": ("", "0", "0.5", "10,-1", "1\n2"),
            "seeds": ("", "x", "-1", str(2**31)),
            "model": ("", "none"),
            "workdir": ("",),
            "dataset": ("",),
        },
        memorization: {
            "dataset": ("", "digits,"),
            "train_examples": ("", "0", "x"),
            "models": ("", "1", "many"),
            "seeds": ("", "x", "0", "-1,0"),
            "workdir": ("",),
        },
        double_descent: {
            "widths": ("", "0", "-1", "0.5", "1,,2", "65537", "1\n2", LONG),
            "train_examples": ("", "0", "few"),
            "seeds": ("", "x", "-1"),
            "workdir": ("",),
            "dataset": ("",),
        },
        tune: {
            "row": ("", "missing.txt", "/", "/bin/true", "a\nb", LONG, "a\0b"),
            "trials": ("0", "x", ""),
            "seed": ("-1", "x"),
            "scale": ("full",),
            "workdir": ("",),
        },
        "rethink_keras.report": {
            "logdir": ("", "missing", "/dev/null", "a\nb", LONG, "a\0b"),
            "output": ("",),
        },
    }
    lines = [
        (f"--{name}", [program, f"--{name}={value}"])
        for program, flags_of in wrong.items()
        for name, values in flags_of.items()
        for value in values
    ]
    for program in wrong:
        lines.append(("nosuchflag", [program, "--nosuchflag=1"]))
        lines.append(("--flagfile", [program, "--flagfile=missing"]))
        lines.append(("what", [program, "what"]))
    lines.append(("--row", [tune]))
    return lines


def complaint_about(done: tuple[int, str, str], named: str) -> str | None:
    """Describes what is wrong with the outcome; None if it is as expected."""
    code, out, errors = done
    good = (
        code == 2
        and out == ""
        and errors.startswith("error: ")
        and errors.endswith("\n")
        and errors[:-1].isprintable()
        and len(errors) < 1_000
        and named in errors
    )
    return None if good else f"{named}: {code} {out[:99]!r} {errors[-999:]!r}"


def assert_rejected(lines, folder: pathlib.Path) -> None:
    """Asserts that each line is rejected before TensorFlow starts.

    Nothing may be written.
    """
    done = finish(
        [sys.executable, str(ROOT / "tests" / "support" / "forked.py")],
        timeout=600,
        cwd=folder,
        input=json.dumps([arguments for _, arguments in lines]),
    )
    outcomes = json.loads(done.stdout)
    TRIED["processes"] += len(lines)
    TRIED["bad inputs"] += len(lines)
    complaints = [
        complaint
        for (named, _), outcome in zip(lines, outcomes, strict=True)
        if (complaint := complaint_about(outcome, named))
    ]
    assert not complaints, "\n".join(complaints)
    assert not list(folder.iterdir())


@pytest.fixture
def empty(tmp_path) -> pathlib.Path:
    """An empty directory that must stay empty."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_300_invalid_command_lines_of_a_run_are_rejected(tmp_path, empty):
    lines = [
        *invalid_values(),
        *invalid_arguments(),
        *invalid_flagfiles(tmp_path),
    ]
    assert len(lines) >= 300
    assert_rejected([(n, [MAIN, *words]) for n, words in lines], empty)


def test_invalid_command_lines_of_other_programs_are_rejected(empty):
    assert_rejected(invalid_launches(), empty)


def test_errors_suggest_similar_values(empty):
    table1 = str(LAUNCH / "table1.py")
    wrong = {
        "small_resnet": [MAIN, "--model=resnet"],
        "mixed_bfloat16": [MAIN, "--precision=bfloat16"],
        "mirrored": [MAIN, "--strategy=Mirror"],
        "never": [MAIN, "--resume=nver"],
        "workdir": [MAIN, "--workdr=x"],
        "flagfile": [MAIN, "--flagfil=x"],
        "paper": [table1, "--scale=papers"],
    }
    assert_rejected(
        [(f"; did you mean {meant}?", line) for meant, line in wrong.items()],
        empty,
    )


def test_the_package_runs_like_its_main_module(empty):
    package = "rethink_keras"
    assert_rejected(
        [("--epochs=0: must be", [package, "--epochs=0"])],
        empty,
    )


TUNE = (LAUNCH / "tune.py", f"--row={ROOT}/flags/table1/mlp_1x512.txt")


@pytest.mark.parametrize(
    ("program", "wrong"),
    [
        ((MAIN,), "--workdir={file}"),
        ((MAIN,), f"--workdir={LONG}"),
        ((MAIN,), f"--dataset={LONG}"),
        ((MAIN, "--seed=1"), "--flagfile={circle}"),
        ((LAUNCH / "table1.py",), "--rows=none"),
        ((LAUNCH / "table1.py", "--rows=mlp_1x512"), "--workdir={file}"),
        ((LAUNCH / "table3.py", "--rows=sample_raw"), "--filters=7,8"),
        ((LAUNCH / "table3.py",), "--rows=none"),
        (TUNE, "--search=none"),
        (TUNE[:1], f"--row={ROOT}/flags/table1/alexnet_random_labels.txt"),
        (TUNE[:1], f"--row={ROOT}/flags/table2/inception_v3.txt"),
        (TUNE, "--workdir={file}"),
        (("rethink_keras.report", "--logdir=."), "--output={file}"),
        (("rethink_keras.report", "--logdir=."), f"--output={LONG}"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_a_process_rejects_unusable_values(program, wrong, tmp_path, empty):
    file, circle = tmp_path / "file", tmp_path / "circle"
    file.touch()
    circle.write_text(f"--flagfile={circle}")
    wrong = wrong.format(file=file, circle=circle)
    TRIED["bad inputs"] += 1
    done = finish_forked(*program, wrong, cwd=empty)
    outcome = (done.returncode, done.stdout, done.stderr)
    assert complaint_about(outcome, wrong.partition("=")[0]) is None
    assert not list(empty.iterdir())
    assert file.read_bytes() == b""
