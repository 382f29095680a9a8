"""Runs `rethink-keras figure1`; --help describes it."""

from rethink_keras.cli.figure1 import start

if __name__ == "__main__":
    start()
