r"""Chooses hyperparameters that the paper leaves open, by keras-tuner.

  python launch/tune.py --row=flags/table1/mlp_1x512_weight_decay.txt \
    --min_train_accuracy=0.998
  python launch/tune.py --row=flags/table1/alexnet_weight_decay.txt \
    --search=weight_decay,dropout --scale=paper --data_dir=DIR

A grid of trials, each measured after its last epoch on a part of the training
set that is held out, never on the test set. --min_train_accuracy leaves out
what fits less of the training set than, say, the paper's row. TensorBoard's
HParams shows the trials. The same command resumes a search and does not run
finished trials again; a larger --trials adds to them.
"""

from rethink_keras.cli import tune

if __name__ == "__main__":
    tune.start()
