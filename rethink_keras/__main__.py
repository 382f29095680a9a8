"""Makes `python -m rethink_keras` equal `python -m rethink_keras.main`."""

from rethink_keras.cli import run

if __name__ == "__main__":
    run.start()
