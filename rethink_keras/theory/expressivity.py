"""Networks that represent any function on a sample, without training.

Theorem 1 and Corollary 1 of the paper (Section 4, Appendix C).
"""

import itertools

import keras
import numpy as np
from keras import layers, ops

from rethink_keras.errors import InputError
from rethink_keras.theory.projection import project

_HINGE = 0.25  # where a hinge lies between two points, from 0 to 1


class Hinges(layers.Layer):
    """ReLUs of one number with a bias each: max(x - b_j, 0).

    From [n, 1] to [n, count], with `count` weights.
    """

    def __init__(self, count: int, **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def build(self, input_shape):
        self.biases = self.add_weight(
            shape=(self.count,), initializer="zeros", name="biases"
        )

    def call(self, inputs):
        return ops.relu(inputs - self.biases)

    def get_config(self):
        return {**super().get_config(), "count": self.count}


class _Batches(keras.utils.PyDataset):
    """Batches of an array, in float64 each."""

    def __init__(self, array: np.ndarray, batch_size: int):
        super().__init__()
        self._array = array
        self._size = batch_size

    def __len__(self) -> int:
        return -(-len(self._array) // self._size)

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        start = index * self._size
        return (self._array[start : start + self._size].astype("float64"),)


class ExactModel(keras.Model):
    """A Keras model whose `predict` keeps float64, which Keras's rounds."""

    def predict(self, x, batch_size=32, **kwargs) -> np.ndarray:
        """Predicts from an array [n, d] of any real dtype: float64."""
        batches = _Batches(np.asarray(x), batch_size)
        return super().predict(batches, **kwargs)


def expressive_relu_network(
    points: np.ndarray,
    values: np.ndarray,
    *,
    seed: int = 0,
    name: str = "theorem1",
) -> "ExactModel":
    """Theorem 1: a two-layer ReLU network with the given values on a sample.

    `c(x) = sum_j w_j max(<a, x> - b_j, 0)`: n hidden units that share the
    direction a, hence 2n + d weights. The direction is random, the best
    separating of 16; the biases interleave with the projections, as in Lemma
    1. Its triangular system is solved in closed form, from differences of
    slopes, in O(n log n) time and O(n) memory.

    Args:
      points: [n, d], any real dtype; equal points with equal values count as
        one.
      values: real [n] or [n, m]; m outputs take d + n + m * n weights.
      seed: of the direction.
      name: of the model.

    Returns:
      A Keras model in float64 from [batch, d] to [batch, 1] or [batch, m].

    Raises:
      InputError: shapes do not fit, a number is not finite or becomes so
        on the way, or equal points have different values.

    Example:
      >>> network = expressive_relu_network([[0.0], [1.0]], [3.0, -2.0])
      >>> network.predict(np.array([[0.0], [1.0]]))  # 3, -2
    """
    return deep_expressive_relu_network(
        points, values, depth=2, seed=seed, name=name
    )


def deep_expressive_relu_network(
    points: np.ndarray,
    values: np.ndarray,
    depth: int,
    *,
    seed: int = 0,
    name: str = "corollary1",
) -> "ExactModel":
    """Corollary 1: the same with depth k, width O(n/k) and O(n + d) weights.

    The projections are cut into blocks of equal size. A block clamps the
    projection to its interval by two ReLUs, which select it: to the left it
    adds nothing, to the right what it adds in its last point, from where the
    next block goes on. (The paper selects by a product with an indicator,
    which ReLUs alone do not compute.) The projection and the sum so far pass
    the two layers of a block through ReLUs. b blocks take a depth of 2b + 1
    and have at most ceil(n/b) + 3 units a layer for one output.

    Args:
      points: [n, d], any real dtype.
      values: real [n] or [n, m].
      depth: layers with weights: at least 2, which is Theorem 1; of even
        depths from 4 on one layer only passes on.
      seed: of the direction.
      name: of the model.

    Returns:
      A Keras model in float64 from [batch, d] to [batch, 1] or [batch, m].

    Raises:
      InputError: as `expressive_relu_network`, or the depth is below 2.
    """
    if depth < 2:
        raise InputError(f"depth={depth}: allowed are whole numbers from 2")
    projection = project(points, values, seed=seed)
    positions, wanted = projection.positions, projection.values
    inputs = keras.Input((len(projection.direction),), dtype="float64")
    x = _dense(inputs, projection.direction[:, None], "direction")
    if depth == 2:
        biases, weights = hinges(_before(positions), positions, wanted)
        outputs = _dense(_hinges(x, biases), weights, "output")
        return ExactModel(inputs, outputs, name=name)
    count = min((depth - 1) // 2, len(positions))
    ends = [len(positions) * block // count for block in range(count + 1)]
    origin = low = _before(positions)
    x = _hinges(x, np.array([origin]), "above")  # ReLUs pass it from here on
    total, base = None, np.zeros_like(wanted[0])
    for start, stop in itertools.pairwise(ends):
        high = positions[stop - 1]
        biases, weights = hinges(
            low, positions[start:stop], wanted[start:stop] - base
        )
        window = np.array([low, high]) - origin
        clamped = _dense(_hinges(x, window), np.array([[1.0], [-1.0]]))
        x, total = ops.relu(x), _pass_on(total)
        added = _dense(_hinges(clamped, biases - low), weights)
        x, total = ops.relu(x), _pass_on(total)
        total = added if total is None else total + added
        low, base = high, wanted[stop - 1]
    if depth % 2 == 0:
        total = _pass_on(total)
    return ExactModel(inputs, total, name=name)


@np.errstate(over="ignore", invalid="ignore")
def hinges(
    before: float, positions: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solves the triangular system of Lemma 1 by differences of slopes.

    Args:
      before: a position below the first, where the function is still 0.
      positions: float64 [n], increasing.
      values: float64 [n, m], wanted there.

    Returns:
      Biases [n], each between two positions, and weights [n, m] of
      `sum_j weights[j] * max(x - biases[j], 0)`.

    Raises:
      InputError: a number on the way to a value overflows float64.
    """
    previous = np.concatenate([[before], positions[:-1]])
    biases = previous + _HINGE * (positions - previous)
    rises = np.diff(values, axis=0, prepend=0.0)
    runs, tails = positions - biases, biases - previous
    slopes = np.empty_like(values)
    slope = np.zeros_like(values[0])
    for index, rise in enumerate(rises):
        slope = (rise - slope * tails[index]) / runs[index]
        slopes[index] = slope
    weights = np.diff(slopes, axis=0, prepend=0.0)
    if not np.isfinite((positions[-1] - biases) @ np.abs(weights)).all():
        raise InputError(
            "values: the slopes between neighbouring points overflow float64;"
            " allowed are smaller differences, or points further apart"
        )
    return biases, weights


def _before(positions: np.ndarray) -> float:
    """A position below the first, as far as the points are apart."""
    span = positions[-1] - positions[0]
    return float(positions[0] - (span / len(positions) or 1.0))


def _dense(x, kernel: np.ndarray, name: str | None = None):
    layer = layers.Dense(
        kernel.shape[1], use_bias=False, dtype="float64", name=name
    )
    outputs = layer(x)
    layer.set_weights([kernel])
    return outputs


def _hinges(x, biases: np.ndarray, name: str | None = None):
    layer = Hinges(len(biases), dtype="float64", name=name)
    outputs = layer(x)
    layer.set_weights([biases])
    return outputs


def _pass_on(total):
    """A signed number through ReLUs, unchanged."""
    if total is None:
        return None
    return ops.relu(total) - ops.relu(-total)
