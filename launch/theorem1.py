"""Runs `rethink-keras theorem1`; --help describes it."""

from rethink_keras.cli.theorem1 import start

if __name__ == "__main__":
    start()
