"""TensorFlow's start-up messages can be hidden."""

import os
import subprocess
import sys

import pytest

from rethink_keras.startup import hiding_errors

QUIET = """
import rethink_keras as rk
rk.hide_startup_messages()
import tensorflow as tf
tf.constant(1) + 1
"""


def test_startup_messages_are_hidden():
    environment = dict(os.environ)
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)  # JAX sets it
    done = subprocess.run(
        [sys.executable, "-c", QUIET],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("error", "shown"), [(ValueError, "why\n"), (KeyError, "")]
)
def test_hidden_output_is_shown_after_an_error(capfd, error, shown):
    def fail():
        with hiding_errors(unless=KeyError):
            subprocess.run("echo why >&2", shell=True, check=True)
            raise error

    with pytest.raises(error):
        fail()
    assert capfd.readouterr().err == shown


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_commands_import_only_what_they_use(backend):
    """Keras would import all of these, which takes a third of the start."""
    if backend == "jax":
        pytest.importorskip("jax", reason="the extra [jax] is not installed")
    program = (
        "import sys\n"
        "from rethink_keras.cli.terminal import quiet_start\n"
        "with quiet_start():\n"
        "    import rethink_keras.runs\n"
        "print(*sorted({'jax', 'matplotlib', 'pandas', 'sklearn'}"
        " & set(sys.modules)))\n"
        "import matplotlib, pandas, sklearn\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == (["jax"] if backend == "jax" else [])
