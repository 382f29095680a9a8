"""Keras callbacks for early stopping and progress output."""

import sys
import time

import keras


class StopAtLoss(keras.callbacks.Callback):
    """Stops training once an epoch's mean training loss is below a value.

    Args:
      loss: cross-entropy in nats.
    """

    def __init__(self, loss: float):
        super().__init__()
        self._loss = loss

    def on_epoch_end(self, epoch, logs=None):
        if logs["loss"] < self._loss:
            self.model.stop_training = True


class ProgressLines(keras.callbacks.Callback):
    """Prints one line per epoch and, in a terminal, a progress bar."""

    def on_train_begin(self, logs=None):
        self._begun = time.perf_counter()
        self._bar = None
        self._done = 0

    def on_epoch_begin(self, epoch, logs=None):
        if sys.stdout.isatty():
            self._bar = keras.utils.Progbar(
                self.params["steps"], stateful_metrics=("loss", "accuracy")
            )

    def on_train_batch_end(self, batch, logs=None):
        if self._bar and batch + 1 < self.params["steps"]:
            shown = [(name, logs[name]) for name in ("loss", "accuracy")]
            self._bar.update(batch + 1, shown)

    def on_epoch_end(self, epoch, logs=None):
        self._done += 1
        spent = time.perf_counter() - self._begun
        left = spent / self._done * (self.params["epochs"] - epoch - 1)
        width = len(str(self.params["epochs"]))
        clear = "\r\x1b[K" if self._bar else ""
        print(
            f"{clear}epoch {epoch + 1:{width}}/{self.params['epochs']}"
            f"  loss {logs['loss']:.4f}"
            f"  accuracy {logs['accuracy']:.2%}"
            f"  test {logs['test_accuracy']:.2%}"
            f"  {logs['seconds']:.1f} s  left {_clock(left)}",
            flush=True,
        )


def _clock(seconds: float) -> str:
    """Formats seconds as `m:ss` or `h:mm:ss`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"
