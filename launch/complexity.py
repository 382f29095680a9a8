"""Runs `rethink-keras complexity`; --help describes it."""

from rethink_keras.cli.complexity import start

if __name__ == "__main__":
    start()
