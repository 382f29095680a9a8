r"""Tunes hyperparameters that the paper leaves open, with keras-tuner.

  python launch/tune.py --row=flags/table1/mlp_1x512_weight_decay.txt \
    --min_train_accuracy=0.998
  python launch/tune.py --row=flags/table1/alexnet_weight_decay.txt \
    --search=weight_decay,dropout --scale=paper --data_dir=DIR

Runs a grid of trials. Each is evaluated after its last epoch on held-out
training images, never on the test set. --min_train_accuracy rejects trials with
a lower training accuracy, for example that of the paper's row. The HParams tab
of TensorBoard shows the trials. Re-run the same command to resume a search;
finished trials are not repeated. A larger --trials adds more trials.
"""

from rethink_keras.cli import tune

if __name__ == "__main__":
    tune.start()
