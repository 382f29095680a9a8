"""Runs `rethink-keras measures`; --help describes it."""

from rethink_keras.cli.measures import start

if __name__ == "__main__":
    start()
