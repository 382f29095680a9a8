"""What a run prints while it trains."""

import io
import re
import sys

import pytest

from rethink_keras.training import ProgressLines

LOGS = {"loss": 2.0, "accuracy": 0.5, "test_accuracy": 0.1, "seconds": 1.0}


class Terminal(io.StringIO):
    """A text stream that claims to be a terminal."""

    def isatty(self):
        return True


def printed(monkeypatch, stream, epochs=2):
    monkeypatch.setattr(sys, "stdout", stream)
    callback = ProgressLines()
    callback.set_params({"epochs": epochs, "steps": 3})
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(3):
            callback.on_train_batch_end(batch, LOGS)
        callback.on_epoch_end(epoch, LOGS)
    callback.close()
    return stream.getvalue()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_bar_fits_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    shown = printed(monkeypatch, Terminal())
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    bars = [part for part in re.split(r"[\r\n]", text) if "━" in part]
    assert bars
    assert max(map(len, bars)) <= columns
    assert "\x1b[?25h" in shown.rpartition("\x1b[?25l")[2], "a hidden cursor"


def test_without_a_terminal_there_is_one_plain_line_per_epoch(monkeypatch):
    lines = printed(monkeypatch, io.StringIO()).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert all(line.isprintable() for line in lines)
