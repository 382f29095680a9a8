r"""Fits a network to randomized labels or pixels, and says how it generalizes.

python -m rethink_keras.main --flagfile=flags/table1/mlp_1x512_random_labels.txt
"""

from rethink_keras.cli import run

if __name__ == "__main__":
    run.start()
