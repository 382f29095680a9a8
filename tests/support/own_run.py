"""Runs a network of one's own: python -m tests.support.own_run PATH WHAT.

WHAT is `whole`, `killed` (by SIGKILL, in the middle of epoch 3) or `resumed`
(after another network was built in the process).
"""

import os
import signal
import sys

import keras

from rethink_keras import RunConfig, run
from tests.support.own import deeper, pair


def main(path: str, what: str) -> None:
    callbacks = []
    if what == "killed":
        callbacks = [
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: (
                    epoch == 2 and os.kill(os.getpid(), signal.SIGKILL)
                )
            )
        ]
    if what == "resumed":
        deeper((4, 4, 1), 5)
    run(
        RunConfig(epochs=4, batch_size=20, learning_rate_decay=1),
        path,
        model=deeper,
        data=pair(),
        callbacks=callbacks,
        checkpoint_minutes=0,
        resume="must" if what == "resumed" else "auto",
        verbose=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
