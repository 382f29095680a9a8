"""Signals that stop a run."""

import signal

import pytest

from rethink_keras import (
    DivergenceError,
    InputError,
    InterruptedRunError,
    LostWorkerError,
)
from rethink_keras.training import Interruption

pytestmark = pytest.mark.quick


def test_a_signal_of_each_kind_is_noted_and_a_second_one_takes_effect():
    before = signal.getsignal(signal.SIGTERM)

    def interrupt():
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            assert interruption.signal is signal.SIGINT
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            raise InterruptedRunError("stopped", signal.SIGINT)

    with pytest.raises(InterruptedRunError):
        interrupt()
    assert signal.getsignal(signal.SIGTERM) is before


def interrupted(error: Exception | None) -> None:
    """Receives a signal, and ends with an error or without one."""
    with Interruption():
        signal.raise_signal(signal.SIGINT)
        if error:
            raise error


@pytest.mark.parametrize("kind", [InputError, LostWorkerError])
def test_an_error_that_says_why_a_run_ends_is_not_lost_to_a_signal(kind):
    with pytest.raises(kind):
        interrupted(kind("cannot be written"))


@pytest.mark.parametrize("error", [None, DivergenceError("nan")])
def test_a_signal_that_came_too_late_takes_effect_at_the_end(error):
    with pytest.raises(KeyboardInterrupt):
        interrupted(error)
