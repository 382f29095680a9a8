"""Runs `rethink-keras figure2`; --help describes it."""

from rethink_keras.cli.figure2 import start

if __name__ == "__main__":
    start()
