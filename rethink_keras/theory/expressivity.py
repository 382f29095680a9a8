"""Constructs networks that represent any function on a finite sample.

Theorem 1 and Corollary 1 of the paper (Section 4, Appendix C).
"""

import itertools

import keras
import numpy as np
from keras import layers, ops

from rethink_keras.errors import InputError, check_whole_number
from rethink_keras.theory.projection import project

_HINGE = 0.25  # position of a hinge between two points, from 0 to 1


class Hinges(layers.Layer):
    """A layer of ReLUs with one input and one bias each: max(x - b_j, 0).

    Maps [n, 1] to [n, count] and has `count` weights.
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
    """Batches of an array, converted to float64."""

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
    """A Keras model whose `predict` does not round float64 inputs."""

    def predict(self, x, batch_size=32, **kwargs) -> np.ndarray:
        """Predicts float64 outputs for an array [n, d] of any real dtype."""
        batches = _Batches(np.asarray(x), batch_size)
        return super().predict(batches, **kwargs)


def expressive_relu_network(
    points: np.ndarray,
    values: np.ndarray,
    *,
    seed: int = 0,
    name: str = "theorem1",
) -> "ExactModel":
    """Builds the two-layer ReLU network of Theorem 1 for a sample.

    The network is `c(x) = sum_j w_j max(<a, x> - b_j, 0)`. Its n hidden units
    share the direction a, so it has 2n + d weights. Of 16 random directions,
    it uses the one that separates the points best. As in Lemma 1, the biases
    interleave with the projections. Differences of slopes solve the
    triangular system in O(n log n) time and O(n) memory.

    Args:
      points: [n, d], any real dtype. Equal points with equal values count
        once.
      values: real [n] or [n, m]. With m outputs, the network has
        d + n + m * n weights.
      seed: random seed of the directions.
      name: name of the model.

    Returns:
      A float64 Keras model from [batch, d] to [batch, 1] or [batch, m].

    Raises:
      InputError: shapes do not match, a value is not a number, a number is
        not finite or overflows, or equal points have different values.

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
    """Builds the network of Corollary 1: depth k, width O(n/k).

    The network has O(n + d) weights. The projections are divided into blocks
    of equal size. Each block clamps the projection to its interval with two
    ReLUs. To the left of its interval, a block adds 0. To the right, it adds
    a constant, its value at the last point, and the next block continues from
    there. The paper multiplies by an indicator function instead, which ReLUs
    cannot compute.

    A block is two layers of ReLUs, which also pass on the projection and the
    running sum. Depth k has b = floor((k - 1) / 2) blocks, at most n, and a
    layer has at most max(ceil(n/b) + 3, 5) units for one output.

    Args:
      points: [n, d], any real dtype.
      values: real [n] or [n, m].
      depth: number of layers, at least 2: those of ReLUs and the output.
        Depth 2 is Theorem 1. Layers beyond the blocks are identities: the last
        hidden layer for even depths from 4.
      seed: random seed of the directions.
      name: name of the model.

    Returns:
      A float64 Keras model from [batch, d] to [batch, 1] or [batch, m].

    Raises:
      InputError: the depth is not a whole number from 2, or for the reasons
        of `expressive_relu_network`.
    """
    check_whole_number("depth", depth, 2)
    projection = project(points, values, seed=seed)
    positions, wanted = projection.positions, projection.values
    inputs = keras.Input((len(projection.direction),), dtype="float64")
    x = _dense(inputs, projection.direction[:, None], "direction")
    if depth == 2:
        biases, weights = hinges(_before(positions), positions, wanted)
        outputs = _dense(_hinges(x, biases), weights, "output")
        return ExactModel(inputs, outputs, name=name)
    blocks = blocks_of(len(positions), depth)
    origin, low = 0.0, _before(positions)
    total, base = None, np.zeros_like(wanted[0])
    for start, stop in blocks:
        high = positions[stop - 1]
        biases, weights = hinges(
            low, positions[start:stop], wanted[start:stop] - base
        )
        window = _hinges(x, np.array([low, high]) - origin)
        clamped = _dense(window, np.array([[1.0], [-1.0]]))
        if total is None:
            # Counted from here, the projection is not negative: ReLUs keep it.
            x, origin = window[:, :1], low
        else:
            x, total = ops.relu(x), _pass_on(total)
        added = _dense(_hinges(clamped, biases - low), weights)
        x, total = ops.relu(x), _pass_on(total)
        total = added if total is None else total + added
        low, base = high, wanted[stop - 1]
    for _ in range(depth - 1 - 2 * len(blocks)):
        total = _pass_on(total)
    return ExactModel(inputs, total, name=name)


def blocks_of(count: int, depth: int) -> list[tuple[int, int]]:
    """Divides points among the blocks of a network of Corollary 1.

    Args:
      count: number of points.
      depth: depth of the network, at least 3.

    Returns:
      The first point of each block, and the one after its last.
    """
    blocks = min((depth - 1) // 2, count)
    ends = [count * block // blocks for block in range(blocks + 1)]
    return list(itertools.pairwise(ends))


@np.errstate(over="ignore", invalid="ignore")
def hinges(
    before: float, positions: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solves the triangular system of Lemma 1 by differences of slopes.

    Args:
      before: a position below the first one. The function is 0 there.
      positions: float64 [n], increasing.
      values: float64 [n, m], values of the function at the positions.

    Returns:
      Biases [n], each between two positions, and weights [n, m] of
      `sum_j weights[j] * max(x - biases[j], 0)`.

    Raises:
      InputError: an intermediate result overflows float64.
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
            " scale the values down, or move the points further apart"
        )
    return biases, weights


def _before(positions: np.ndarray) -> float:
    """Returns a position below the first, at the mean spacing of the points."""
    span = positions[-1] - positions[0]
    return float(positions[0] - (span / len(positions) or 1.0))


def _dense(x, kernel: np.ndarray, name: str | None = None):
    layer = layers.Dense(
        kernel.shape[1], use_bias=False, dtype="float64", name=name
    )
    outputs = layer(x)
    layer.set_weights([kernel])
    return outputs


def _hinges(x, biases: np.ndarray):
    layer = Hinges(len(biases), dtype="float64")
    outputs = layer(x)
    layer.set_weights([biases])
    return outputs


def _pass_on(total):
    """Passes a signed number through ReLUs unchanged."""
    if total is None:
        return None
    return ops.relu(total) - ops.relu(-total)
