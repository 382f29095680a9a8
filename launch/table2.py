"""Runs `rethink-keras table2`; --help describes it."""

from rethink_keras.cli.table2 import start

if __name__ == "__main__":
    start()
