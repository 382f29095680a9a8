"""Runs `rethink-keras all`; --help describes it."""

from rethink_keras.cli.all import start

if __name__ == "__main__":
    start()
