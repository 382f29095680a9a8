"""Many networks on random subsets of the training set, trained together."""

import dataclasses
import numbers

import keras
import numpy as np

from rethink_keras.elements import as_pair, class_indices
from rethink_keras.errors import InputError, check_whole_number

_MOMENTUM = 0.9
_EVALUATED = 500  # examples in a batch


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """Predictions of m networks, each trained on a subset of n examples.

    The names of the arrays are those of Feldman and Zhang (2020).

    Attributes:
      trainset_mask: bool [m, n], whether each network trained on each example.
      trainset_correctness: bool [m, n], whether it predicts the label of each
        training example.
      testset_correctness: bool [m, t], whether it predicts the label of each
        test example.
    """

    trainset_mask: np.ndarray
    trainset_correctness: np.ndarray
    testset_correctness: np.ndarray


def random_subsets(
    num_subsets: int, num_examples: int, fraction: float, seed: int
) -> np.ndarray:
    """Draws random subsets of the same size.

    Args:
      num_subsets: number of subsets, at least 1.
      num_examples: number of examples, at least 1.
      fraction: size of each subset as a fraction of the examples, rounded;
        above 0 and at most 1.
      seed: non-negative integer.

    Returns:
      bool [num_subsets, num_examples].

    Raises:
      InputError: an option is not allowed, or the subsets would be empty.
    """
    check_whole_number("num_subsets", num_subsets, 1)
    check_whole_number("num_examples", num_examples, 1)
    check_whole_number("seed", seed, 0)
    if not (isinstance(fraction, numbers.Real) and 0 < fraction <= 1):
        raise InputError(
            f"fraction={fraction}: must be a number above 0 and at most 1"
        )
    size = round(fraction * num_examples)
    if not size:
        raise InputError(
            f"fraction={fraction}: takes none of {num_examples} examples; use a"
            " larger one"
        )
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

    Sets the global random seeds of Python, NumPy and Keras.

    Args:
      train: inputs [n, d], which are converted to float32, and int labels [n]
        or [n, 1] from 0.
      test: inputs [t, d] and labels of test examples.
      num_models: number of networks.
      fraction: size of each subset as a fraction of the examples, above 0 and
        at most 1.
      units: units of the hidden layer.
      epochs: passes over the training set.
      learning_rate: learning rate of SGD with momentum 0.9.
      batch_size: examples in a batch, of which a network sees `fraction`.
      together: networks that are trained at the same time.
      seed: seed of subsets, weights and batches.

    Returns:
      The subsets and the predictions.

    Raises:
      InputError: an option is not allowed, or the examples are not inputs
        [n, d] with one class index each.
    """
    for option, count in (
        ("num_models", num_models),
        ("units", units),
        ("epochs", epochs),
        ("batch_size", batch_size),
        ("together", together),
    ):
        check_whole_number(option, count, 1)
    if not (isinstance(learning_rate, numbers.Real) and learning_rate > 0):
        raise InputError(
            f"learning_rate={learning_rate}: must be a number above 0"
        )
    x, y = _checked("train", train)
    test = _checked("test", test)
    if test[0].shape[1] != x.shape[1]:
        raise InputError(
            f"test: must have inputs [n, {x.shape[1]}], like train; received"
            f" shape {test[0].shape}"
        )
    mask = random_subsets(num_models, len(x), fraction, seed)
    keras.utils.set_random_seed(seed)
    on_train, on_test = [], []
    for first in range(0, num_models, together):
        subsets = mask[first : first + together]
        model = stacked_networks(
            len(subsets), x.shape[1], units, int(y.max()) + 1
        )
        model.compile(
            # The loss is a sum over the batch, not a mean.
            keras.optimizers.SGD(
                learning_rate / (fraction * min(batch_size, len(x))),
                momentum=_MOMENTUM,
            ),
            keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, ignore_class=-1, reduction="sum"
            ),
            jit_compile=False,
        )
        labels = np.where(subsets.T, y.astype("int32")[:, None], -1)
        model.fit(x, labels, batch_size=batch_size, epochs=epochs, verbose=0)
        on_train.append(_hits(model, x, y))
        on_test.append(_hits(model, *test))
    return Ensemble(mask, np.concatenate(on_train), np.concatenate(on_test))


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


def _checked(name: str, examples) -> tuple[np.ndarray, np.ndarray]:
    """Returns inputs [n, d] and labels [n] as arrays."""
    if not isinstance(examples, tuple | list) or len(examples) != 2:
        raise InputError(
            f"{name}: must be a pair (x, y); received a"
            f" {type(examples).__name__}"
        )
    x, y = as_pair(examples, f"{name}: received", "must be arrays (x, y)")
    if x.ndim != 2 or not x.size or x.dtype.kind not in "biuf":
        flatten = x.ndim > 2 and "; flatten images by x.reshape(len(x), -1)"
        raise InputError(
            f"{name}: must have numbers [n, d] as inputs; received {x.dtype}"
            f" {x.shape}{flatten or ''}"
        )
    y = class_indices(name, x, y)
    if not np.isfinite(x).all():
        raise InputError(f"{name}: inputs must be finite")
    return x, y


def _hits(model: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns whether each network predicts each label: bool [count, n]."""
    logits = model.predict(x, batch_size=_EVALUATED, verbose=0)
    return (logits.argmax(axis=-1) == y[:, None]).T
