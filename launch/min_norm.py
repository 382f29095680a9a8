"""Runs `rethink-keras min-norm`; --help describes it."""

from rethink_keras.cli.min_norm import start

if __name__ == "__main__":
    start()
