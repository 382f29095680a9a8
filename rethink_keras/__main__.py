"""The same as `python -m rethink_keras.main`."""

from rethink_keras.main import main, parse_run
from rethink_keras.terminal import start

if __name__ == "__main__":
    start(main, parse_run)
