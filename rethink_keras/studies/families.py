"""Families of perceptrons: networks of several widths, trained together."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from rethink_keras import runs
from rethink_keras.config import RunConfig
from rethink_keras.keras_settings import STANDARD, keras_settings

_PREDICTED = 500  # examples per batch


@keras_settings(**STANDARD)
def train_family(
    config: RunConfig,
    widths: Sequence[int],
    examples: tuple[np.ndarray, np.ndarray],
    num_classes: int,
) -> keras.Model:
    """Trains perceptrons with one hidden layer on the same batches.

    The loss is the sum of the networks' losses, so that each network is
    trained as if it were alone. Training ends after `config.epochs`, or when
    the mean loss over the networks is below `config.stop_at_loss`.

    Args:
      config: options of the training, and the seed of weights and batches.
      widths: number of hidden units of each network.
      examples: inputs, float32 [n, d], and labels, integers [n].
      num_classes: number of classes.

    Returns:
      A model from inputs [n, d] to the logits of all networks, float32
      [n, len(widths), num_classes].
    """
    keras.utils.set_random_seed(config.seed)
    x, y = examples
    steps = -(-len(x) // config.batch_size)
    model = build_family(x.shape[1], num_classes, widths, config.seed)
    model.compile(
        runs.make_optimizer(config, steps),
        loss=_total_loss,
        steps_per_execution=steps,
        jit_compile=False,
    )
    stop = [] if config.stop_at_loss is None else [_stop(config, len(widths))]
    model.fit(
        x,
        np.repeat(y[:, None], len(widths), axis=1),
        batch_size=config.batch_size,
        epochs=config.epochs,
        callbacks=stop,
        verbose=0,
    )
    return model


def build_family(
    num_inputs: int, num_classes: int, widths: Sequence[int], seed: int
) -> keras.Model:
    """Builds perceptrons with one hidden layer of ReLUs as one model.

    The hidden units of all networks are one layer. Initial kernels are
    Glorot-uniform and biases zero, as in `models.mlp`. Those of a network do
    not depend on the other networks.

    Args:
      num_inputs: number d of inputs.
      num_classes: number of classes.
      widths: number of hidden units of each network.
      seed: random seed of the weights.

    Returns:
      A model from inputs [n, d] to logits [n, len(widths), num_classes].
    """
    inputs = keras.Input((num_inputs,))
    hidden = keras.layers.Dense(
        sum(widths),
        activation="relu",
        kernel_initializer=_glorot(
            [(num_inputs, width) for width in widths], seed, axis=1
        ),
    )(inputs)
    outputs = SeparateOutputs(widths, num_classes, seed)(hidden)
    return keras.Model(inputs, outputs)


class SeparateOutputs(keras.layers.Layer):
    """Output layers of networks whose hidden units form one layer.

    Args:
      widths: number of hidden units of each network.
      num_classes: number of classes.
      seed: random seed of the kernels.
    """

    def __init__(self, widths: Sequence[int], num_classes: int, seed: int):
        super().__init__()
        networks = np.arange(len(widths))
        owners = np.repeat(networks, widths)[:, None, None]
        self._owned = (owners == networks[:, None]).astype("float32")
        self.kernel = self.add_weight(
            shape=(sum(widths), num_classes),
            initializer=_glorot(
                [(width, num_classes) for width in widths], seed
            ),
        )
        self.bias = self.add_weight(
            shape=(len(widths), num_classes), initializer="zeros"
        )

    def call(self, inputs):
        units = self.kernel.shape[0]
        kernel = ops.expand_dims(self.kernel, 1) * self._owned
        logits = ops.matmul(inputs, ops.reshape(kernel, (units, -1)))
        return ops.reshape(logits, (-1, *self.bias.shape)) + self.bias


def predict_logits(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Returns the logits of a family: float32 [n, networks, num_classes]."""
    return model.predict(x, batch_size=_PREDICTED, verbose=0)


def _glorot(
    shapes: Sequence[tuple[int, int]], seed: int, axis: int = 0
) -> Callable:
    """Returns an initializer that draws the kernel of each network alone."""

    def initialize(shape, dtype=None):
        kernels = []
        for one in shapes:
            (state,) = np.random.SeedSequence([seed, *one]).generate_state(1)
            draw = keras.initializers.GlorotUniform(seed=int(state >> 1))
            kernels.append(draw(one, dtype))
        return ops.reshape(ops.concatenate(kernels, axis), shape)

    return initialize


def _total_loss(labels, logits):
    """Returns the cross-entropy, summed over networks: [n]."""
    losses = ops.sparse_categorical_crossentropy(
        labels, logits, from_logits=True
    )
    return ops.sum(losses, axis=-1)


def _stop(config: RunConfig, networks: int) -> keras.callbacks.Callback:
    def on_epoch_end(epoch, logs):
        del epoch
        if logs["loss"] / networks < config.stop_at_loss:
            callback.model.stop_training = True

    callback = keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
    return callback
