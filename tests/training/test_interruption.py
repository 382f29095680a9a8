"""Signals that stop a run."""

import signal

import pytest

from rethink_keras import InterruptedRunError
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
