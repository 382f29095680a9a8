"""Many networks on random subsets of the training set, trained together."""

import dataclasses

import keras
import numpy as np

_MOMENTUM = 0.9
_EVALUATED = 500  # examples in a batch


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """Predictions of m networks, each trained on a subset of n examples.

    Attributes:
      inside: bool [m, n], whether each network trained on each example.
      right: bool [m, n], whether it predicts the label of each training
        example.
      right_test: bool [m, t], whether it predicts the label of each test
        example.
    """

    inside: np.ndarray
    right: np.ndarray
    right_test: np.ndarray


def random_subsets(
    num_subsets: int, num_examples: int, fraction: float, seed: int
) -> np.ndarray:
    """Draws random subsets of the same size.

    Args:
      num_subsets: number of subsets.
      num_examples: number of examples.
      fraction: size of each subset as a fraction of the examples, rounded.
      seed: non-negative integer.

    Returns:
      bool [num_subsets, num_examples].
    """
    size = round(fraction * num_examples)
    ranks = np.random.default_rng(seed).random((num_subsets, num_examples))
    return ranks.argsort(axis=1).argsort(axis=1) < size


def train_ensemble(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    *,
    num_models: int = 200,
    fraction: float = 0.7,
    units: int = 128,
    epochs: int = 60,
    learning_rate: float = 0.05,
    batch_size: int = 100,
    together: int = 50,
    seed: int = 0,
) -> Ensemble:
    """Trains networks with one hidden layer on random subsets.

    Several networks are one Keras model: the hidden layer of all is one matrix,
    and each has its own weights. They share the batches of all examples, and
    each ignores those that are not in its subset. Feldman and Zhang (2020) also
    take subsets of 70 %.

    Args:
      train: float32 inputs [n, d] and int labels [n] from 0.
      test: inputs and labels of test examples.
      num_models: number of networks.
      fraction: size of each subset as a fraction of the examples.
      units: units of the hidden layer.
      epochs: passes over the training set.
      learning_rate: learning rate of SGD with momentum 0.9.
      batch_size: examples in a batch, of which a network sees `fraction`.
      together: networks that are trained at the same time.
      seed: seed of subsets, weights and batches.

    Returns:
      The subsets and the predictions.
    """
    inside = random_subsets(num_models, len(train[1]), fraction, seed)
    keras.utils.set_random_seed(seed)
    right, right_test = [], []
    for first in range(0, num_models, together):
        subsets = inside[first : first + together]
        model = stacked_networks(
            len(subsets), train[0].shape[1], units, int(train[1].max()) + 1
        )
        model.compile(
            # The loss is a sum over the batch, not a mean.
            keras.optimizers.SGD(
                learning_rate / (fraction * batch_size), momentum=_MOMENTUM
            ),
            keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, ignore_class=-1, reduction="sum"
            ),
            jit_compile=False,
        )
        own = train[1].astype("int32")[:, None]
        labels = np.where(subsets.T, own, -1)
        model.fit(
            train[0], labels, batch_size=batch_size, epochs=epochs, verbose=0
        )
        right.append(_hits(model, *train))
        right_test.append(_hits(model, *test))
    return Ensemble(inside, np.concatenate(right), np.concatenate(right_test))


def stacked_networks(
    count: int, num_inputs: int, units: int, num_classes: int
) -> keras.Model:
    """Builds networks with one hidden layer of ReLU as one model.

    Args:
      count: number of networks.
      num_inputs: number of inputs.
      units: units of the hidden layer of each network.
      num_classes: number of classes.

    Returns:
      A model from float [n, num_inputs] to logits [n, count, num_classes].
    """
    layers = keras.layers
    inputs = keras.Input((num_inputs,))
    x = layers.Dense(
        count * units, activation="relu", kernel_initializer="he_normal"
    )(inputs)
    x = layers.Reshape((count, units))(x)
    logits = layers.EinsumDense(
        "bmh,mhc->bmc",
        output_shape=(count, num_classes),
        bias_axes="mc",
        kernel_initializer=keras.initializers.RandomNormal(stddev=units**-0.5),
    )(x)
    return keras.Model(inputs, logits)


def _hits(model: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns whether each network predicts each label: bool [count, n]."""
    logits = model.predict(x, batch_size=_EVALUATED, verbose=0)
    return (logits.argmax(axis=-1) == y[:, None]).T
