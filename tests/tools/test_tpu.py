"""tools/tpu.sh, with a fake gcloud that records its calls."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "tools" / "tpu.sh"
RECORDER = """#!/bin/bash
printf '%q ' "$@" >> "$CALLS"; echo >> "$CALLS"
[[ "$*" != *"$FAILS"* ]]
"""


@pytest.fixture
def tpu(tmp_path):
    """Runs the script; returns its process and gcloud's calls."""
    (tmp_path / "gcloud").write_text(RECORDER)
    (tmp_path / "gcloud").chmod(0o755)
    calls = tmp_path / "calls"

    def execute(*arguments: str, fails: str = "nothing", **environment: str):
        calls.unlink(missing_ok=True)
        done = subprocess.run(
            [SCRIPT, *arguments],
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "CALLS": str(calls),
                "FAILS": fails,
                **environment,
            },
        )
        lines = calls.read_text().splitlines() if calls.exists() else []
        return done, [shlex.split(line) for line in lines]

    return execute


def test_without_yes_the_script_only_prints_commands(tpu):
    done, calls = tpu("name", "zone", "v4-8", "--model=small_inception")
    assert done.returncode == 0
    assert calls == []
    assert "create name" in done.stdout
    assert "--model=small_inception" in done.stdout
    assert "delete name" in done.stdout.splitlines()[-1]


def test_without_flags_the_run_gets_none(tpu):
    done, calls = tpu("--yes", "name", "zone", "v4-8")
    assert done.returncode == 0, done.stderr
    assert re.search(r"--strategy=\w+ *$", calls[3][-1])


def test_with_yes_the_script_creates_trains_fetches_and_deletes(tpu):
    done, calls = tpu("--yes", "name", "zone", "v4-8", "--epochs=1")
    assert done.returncode == 0, done.stderr
    steps = [call[3] for call in calls]
    assert steps == ["create", "scp", "ssh", "ssh", "scp", "delete"]
    assert "--epochs=1" in calls[3][-1]


@pytest.mark.parametrize(
    ("fails", "last"),
    [
        ("uv pip", ["ssh", "delete"]),
        ("rethink_keras.main", ["ssh", "scp", "delete"]),
        ("--recurse", ["ssh", "scp"]),
    ],
    ids=["install", "training", "fetching"],
)
def test_a_failure_deletes_the_tpu_unless_it_holds_the_logs(tpu, fails, last):
    done, calls = tpu("--yes", "name", "zone", "v4-8", fails=fails)
    assert done.returncode != 0
    assert [call[3] for call in calls][-len(last) :] == last
    assert ("still costs money" in done.stderr) == (fails == "--recurse")


def test_a_directory_that_is_not_fetched_is_refused(tpu):
    done, calls = tpu("--yes", "name", "zone", "v4-8", "--workdir=elsewhere")
    assert (done.returncode, calls) == (2, [])
    assert "--workdir: only the default directory is fetched" in done.stderr


def test_a_flag_with_spaces_stays_one_argument_on_the_tpu(tpu):
    _, calls = tpu("--yes", "name", "zone", "v4-8", "--data_dir=a b; rm -rf c")
    assert shlex.split(calls[3][-1])[-1] == "--data_dir=a b; rm -rf c"


def test_missing_arguments_are_reported(tpu):
    done, calls = tpu("--yes", "name")
    assert done.returncode == 2
    assert calls == []
    assert "NAME ZONE TYPE" in done.stderr


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_only_one_tensorflow_is_installed_on_the_tpu(tpu, backend):
    _, calls = tpu("--yes", "name", "zone", "v4-8", BACKEND=backend)
    installs = re.findall(r"uv pip install -q ([^&]+)", calls[2][-1])
    assert [text.strip() for text in installs] == {
        "jax": ["-e . 'jax[tpu]'"],
        "tensorflow": [
            "-r requirements-without-tensorflow.txt 'tensorflow-tpu>=2.20'",
            "--no-deps -e .",
        ],
    }[backend]


@pytest.mark.slow
def test_the_tpus_packages_resolve_to_one_tensorflow(tpu, tmp_path):
    """Resolves the script's packages with uv."""
    environment = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "-q", "uv"]
    if subprocess.run(pip).returncode:
        pytest.skip("uv cannot be downloaded here")
    for backend, expected in (
        ("jax", {"tensorflow"}),
        ("tensorflow", {"tensorflow-tpu"}),
    ):
        _, calls = tpu("--yes", "name", "zone", "v4-8", BACKEND=backend)
        packages = re.search(r"uv pip install -q ([^&]+)", calls[2][-1])[1]
        done = subprocess.run(
            ["bash", "-c", f"uv pip install --dry-run {packages}"],
            capture_output=True,
            text=True,
            cwd=SCRIPT.parents[1],
            env={
                **os.environ,
                "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
                "VIRTUAL_ENV": str(environment),
            },
        )
        assert done.returncode == 0, done.stderr
        installed = set(re.findall(r"^ \+ (\S+)==", done.stderr, re.MULTILINE))
        assert installed & {"tensorflow", "tensorflow-tpu"} == expected
