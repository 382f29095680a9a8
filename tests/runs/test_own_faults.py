"""A killed run with a network of one's own resumes to the bit."""

import signal

import keras
import numpy as np
import pytest

from rethink_keras import InputError, load_result, run
from tests.runs.test_own_runs import CONFIG
from tests.support.own import build, pair
from tests.support.processes import TRIED, finish_forked


def own_run(path, what):
    return finish_forked("tests.support.own_run", path, what)


def test_a_killed_run_resumes_in_a_process_that_built_another_network(
    tmp_path,
):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert own_run(whole, "whole").returncode == 0
    assert own_run(killed, "killed").returncode == -signal.SIGKILL
    TRIED["kills"] += 1
    resumed = own_run(killed, "resumed")
    assert resumed.returncode == 0, resumed.stderr
    models = [
        keras.saving.load_model(path / "model.keras").get_weights()
        for path in (whole, killed)
    ]
    for expected, found in zip(*models, strict=True):
        np.testing.assert_array_equal(expected, found)
    results = [load_result(path) for path in (whole, killed)]
    for name in ("weights", "fingerprint", "given", "test_loss"):
        assert results[0][name] == results[1][name]


class StopError(Exception):
    """Raised by a callback to end a run early."""


def stop_at(epoch):
    def stop(index, logs):
        if index == epoch:
            raise StopError

    return keras.callbacks.LambdaCallback(on_epoch_begin=stop)


def begin(path, **given):
    with pytest.raises(StopError):
        run(
            CONFIG,
            path,
            model=build,
            data=pair(),
            callbacks=[stop_at(1)],
            checkpoint_minutes=0,
            verbose=False,
            **given,
        )


def test_a_checkpoint_of_another_optimizer_is_refused(tmp_path):
    begin(tmp_path)
    with pytest.raises(InputError, match="optimizer=None there, Adam-"):
        run(CONFIG, tmp_path, model=build, data=pair(), optimizer="adam")


def test_callbacks_whose_state_is_lost_are_named_on_resume(tmp_path, capsys):
    begin(tmp_path)
    run(
        CONFIG,
        tmp_path,
        model=build,
        data=pair(),
        callbacks=[
            keras.callbacks.EarlyStopping("loss"),
            keras.callbacks.TerminateOnNaN(),
        ],
    )
    assert "warning: EarlyStopping start" in capsys.readouterr().err


@pytest.mark.parametrize("factor", [1, 2])
def test_an_edited_network_is_named_on_resume(tmp_path, capsys, factor):
    begin(tmp_path)

    def edited(input_shape, num_classes):
        model = build(input_shape, num_classes)
        model.set_weights([factor * w for w in model.get_weights()])
        return model

    edited.__name__ = "build"
    run(CONFIG, tmp_path, model=edited, data=pair())
    warned = "other outputs before training" in capsys.readouterr().err
    assert warned == (factor == 2)
