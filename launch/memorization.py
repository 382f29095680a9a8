"""Runs `rethink-keras memorization`; --help describes it."""

from rethink_keras.cli.memorization import start

if __name__ == "__main__":
    start()
