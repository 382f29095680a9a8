"""Runs `rethink-keras table4`; --help describes it."""

from rethink_keras.cli.table4 import start

if __name__ == "__main__":
    start()
