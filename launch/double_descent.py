"""Runs `rethink-keras double-descent`; --help describes it."""

from rethink_keras.cli.double_descent import start

if __name__ == "__main__":
    start()
