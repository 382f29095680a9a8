"""Flags, error messages and the recorded command of the programs."""

import json
import pathlib
import sys
import tempfile

import pytest
from absl import flags
from absl.testing import flagsaver

from rethink_keras import InputError, RunConfig
from rethink_keras.cli import run as cli_run
from rethink_keras.cli.option_names import flags_in_output, with_flags
from rethink_keras.cli.terminal import exit_codes, flag_help, quiet_start
from rethink_keras.config import define_options
from tests.support.processes import finish, finish_forked

LAUNCH = pathlib.Path(__file__).parents[2] / "launch"


def test_a_tilde_in_a_path_is_the_home_directory(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    with flagsaver.flagsaver():
        cli_run.parse_run(
            ["main", "--workdir=~/logs", "--data_dir=~/data", "--dataset=~/set"]
        )
        config = cli_run.config_from_flags()
        workdir = flags.FLAGS["workdir"].value
    assert (workdir, config.data_dir) == ("/somewhere/logs", "/somewhere/data")
    assert config.dataset == "~/set"  # a name, not a path


def test_options_that_are_flags_get_dashes():
    assert with_flags(InputError("seed=-1: must")) == "--seed=-1: must"
    assert (
        with_flags("batch_norm=False: requires") == "--nobatch_norm: requires"
    )
    assert with_flags(InputError("ridge=0.0: is")) == "ridge=0.0: is"
    message = "workdir=/logs/seed=0: finished; pass overwrite=True, or ridge=1"
    assert with_flags(InputError(message)) == (
        "--workdir=/logs/seed=0: finished; pass --overwrite, or ridge=1"
    )
    advice = "photos/seed=1: is; give a --seed=2 or (epochs=1, x=2)"
    assert with_flags(InputError(advice)) == advice.replace("ep", "--ep")


def test_a_missing_temporary_directory_is_reported(monkeypatch):
    def find():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", find)
    with pytest.raises(InputError) as raised, quiet_start():
        pass
    assert str(raised.value) == (
        "TMPDIR=/nowhere: no temporary directory is writable; set TMPDIR to a"
        " writable directory"
    )


@pytest.mark.parametrize(
    ("resumes", "advice"),
    [
        (False, "re-run the same command"),
        (True, "re-run the same command to resume"),
    ],
)
def test_ctrl_c_is_reported_with_what_the_same_command_does(
    resumes, advice, capsys
):
    with pytest.raises(SystemExit, match="130"), exit_codes(resumes):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == f"error: interrupted; {advice}\n"


def test_only_flags_of_options_list_the_values_of_an_option():
    model = RunConfig.__dataclass_fields__["model"]
    values = flags.FlagValues()
    define_options([model], [], values)
    same_help = model.metadata["doc"]
    flags.DEFINE_string("other", None, same_help, flag_values=values)
    assert flag_help(values["model"]).startswith("small_inception, ")
    assert flag_help(values["other"]) == same_help


@pytest.mark.seconds
def test_a_record_holds_the_command_that_repeats_it(tmp_path):
    """The command omits the directories of data and results."""
    flagfile = tmp_path / "flags.txt"
    flagfile.write_text("--seed=3\n")
    done = finish(
        [
            *(sys.executable, LAUNCH / "theorem1.py"),
            *("--workdir", tmp_path, "-data_dir", tmp_path, "--rows=depth_2*"),
            *("--train_examples", "20", f"--flagfile={flagfile}"),
        ]
    )
    assert (done.returncode, done.stderr) == (0, "")
    (path,) = tmp_path.rglob("result.json")
    command = json.loads(path.read_text())["command"]
    assert command == (
        "rethink-keras theorem1 --train_examples=20 --seed=3 '--rows=depth_2*'"
    )


def test_printed_lines_name_flags_in_place_of_options(capsys):
    with flags_in_output():
        print("a is finished; pass overwrite=True to repeat it")
        print("warning: pass overwrite=True", file=sys.stderr)
    print("overwrite=True")
    printed = capsys.readouterr()
    assert printed.out == (
        "a is finished; pass --overwrite to repeat it\noverwrite=True\n"
    )
    assert printed.err == "warning: pass --overwrite\n"


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (["tune", "--help"], "sample, paper: the embedded 5,000 images"),
        (["randomization-test", "--help"], "float32, mixed_bfloat16: Keras"),
        (["randomization-test", "--help"], "mlp_1x512, mlp_3x512"),
    ],
)
def test_help_lists_the_values_of_a_flag(words, listed):
    done = finish_forked("rethink_keras.cli.console", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert listed in " ".join(done.stdout.split())
    assert "<" not in done.stdout
