"""Makes `python -m rethink_keras.main` one run."""

from rethink_keras.cli import run

if __name__ == "__main__":
    run.start()
