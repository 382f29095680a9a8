"""Keras callbacks for early stopping and progress output."""

import sys
import time

import keras
import rich.progress


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
    """Prints one line per epoch and, in a terminal, a progress bar.

    The bar is as wide as the terminal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bar: rich.progress.Progress | None = None

    def on_train_begin(self, logs=None):
        self._begun = time.perf_counter()
        self._done = 0

    def on_epoch_begin(self, epoch, logs=None):
        if sys.stdout.isatty():
            self._bar = rich.progress.Progress(
                rich.progress.BarColumn(bar_width=None),
                rich.progress.TaskProgressColumn(),
                rich.progress.TextColumn("{task.description}"),
                expand=True,
                transient=True,
            )
            self._bar.start()
            self._bar.add_task("", total=self.params["steps"])

    def on_train_batch_end(self, batch, logs=None):
        if self._bar:
            self._bar.update(
                self._bar.task_ids[0],
                completed=batch + 1,
                description=f"loss {logs['loss']:.4f}",
            )

    def on_epoch_end(self, epoch, logs=None):
        self.close()
        self._done += 1
        spent = time.perf_counter() - self._begun
        left = spent / self._done * (self.params["epochs"] - epoch - 1)
        width = len(str(self.params["epochs"]))
        print(
            f"epoch {epoch + 1:{width}}/{self.params['epochs']}"
            f"  loss {logs['loss']:.4f}"
            f"  accuracy {logs['accuracy']:.2%}"
            f"  test {logs['test_accuracy']:.2%}"
            f"  {logs['seconds']:.1f} s  left {_clock(left)}",
            flush=True,
        )

    def close(self) -> None:
        """Removes the bar, which an interruption leaves on the screen."""
        if self._bar:
            self._bar.stop()
            self._bar = None


def _clock(seconds: float) -> str:
    """Formats seconds as `m:ss` or `h:mm:ss`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"
