"""Runs `rethink-keras table3`; --help describes it."""

from rethink_keras.cli.table3 import start

if __name__ == "__main__":
    start()
