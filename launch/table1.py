"""Runs `rethink-keras table1`; --help describes it."""

from rethink_keras.cli.table1 import start

if __name__ == "__main__":
    start()
