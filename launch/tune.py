"""Runs `rethink-keras tune`; --help describes it."""

from rethink_keras.cli.tune import start

if __name__ == "__main__":
    start()
