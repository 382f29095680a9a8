"""Runs `rethink-keras today`; --help describes it."""

from rethink_keras.cli.today import start

if __name__ == "__main__":
    start()
