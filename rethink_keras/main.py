r"""Trains a network on true or randomized data and evaluates it.

python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

from rethink_keras.cli import run

if __name__ == "__main__":
    run.start()
