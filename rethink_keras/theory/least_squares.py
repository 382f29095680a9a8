"""Gradient descent on underdetermined linear least squares (Section 5).

Descent from zero converges to the minimum-norm solution `X'(XX')^-1 y`, since
every gradient lies in the span of the examples.
"""

import dataclasses

import keras
import numpy as np
import scipy.linalg
import tensorflow as tf

from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.theory.projection import check_float64

RECORDED = 100  # points per curve


@dataclasses.dataclass(frozen=True)
class Descent:
    """Configuration of a gradient descent.

    Attributes:
      name: name of the method.
      batch_size: examples per step; None for all examples.
      momentum: momentum of SGD.
      start_norm: norm of the random initial weights, as a multiple of the
        minimum norm. With 0, the initial weights are zero.
      steps: number of steps.
    """

    name: str
    batch_size: int | None
    momentum: float = 0.0
    start_norm: float = 0.0
    steps: int = 20_000


@dataclasses.dataclass(frozen=True)
class Path:
    """Path of a descent relative to the minimum-norm solution w*.

    Attributes:
      steps: step of each recorded point, [RECORDED].
      distances: ||w - w*|| / ||w*|| at each recorded point, [RECORDED].
      loss: final mean squared error.
      norm: final ||w|| / ||w*||.
      outside: final norm of the component of w outside the span of the
        examples, divided by ||w*||.
    """

    steps: np.ndarray
    distances: np.ndarray
    loss: float
    norm: float
    outside: float


def minimum_norm(examples: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Returns the minimum-norm solution of `X w = y`, `X'(XX')^-1 y`: [d].

    Args:
      examples: float64 [n, d] of rank n.
      targets: float64 [n].
    """
    gram = examples @ examples.T
    return examples.T @ scipy.linalg.solve(gram, targets, assume_a="pos")


@keras_settings(**STANDARD)
def descend(
    examples: np.ndarray, targets: np.ndarray, descent: Descent, seed: int
) -> Path:
    """Runs a descent with Keras's `fit` and compares it with scipy's solution.

    All arithmetic is float64. The step size is the inverse of the largest
    curvature of a batch, times 1 - momentum.

    Args:
      examples: float64 [n, d], d > n.
      targets: float64 [n].
      descent: configuration.
      seed: random seed of the order of examples and the initial weights.
    """
    check_float64()
    count, dimensions = examples.shape
    solution = minimum_norm(examples, targets)
    length = float(np.linalg.norm(solution))
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(dimensions,))
    start = descent.start_norm * length / np.linalg.norm(direction) * direction
    batch = descent.batch_size or count
    model = _linear_model(start)
    model.compile(
        keras.optimizers.SGD(
            _step_size(examples, batch) * (1 - descent.momentum),
            momentum=descent.momentum,
        ),
        loss="mean_squared_error",
        steps_per_execution=descent.steps // RECORDED,
        jit_compile=False,
    )
    recorder = _DistanceRecorder(solution)
    data = tf.data.Dataset.from_tensor_slices((examples, targets[:, None]))
    data = data.cache().shuffle(count, seed=seed).repeat().batch(batch)
    model.fit(
        data,
        epochs=RECORDED,
        steps_per_epoch=descent.steps // RECORDED,
        callbacks=[recorder],
        shuffle=False,
        verbose=0,
    )
    weights = _weights(model)
    inside = examples.T @ scipy.linalg.solve(
        examples @ examples.T, examples @ weights, assume_a="pos"
    )
    return Path(
        steps=(1 + np.arange(RECORDED)) * (descent.steps // RECORDED),
        distances=np.array(recorder.distances),
        loss=float(np.square(examples @ weights - targets).mean()),
        norm=float(np.linalg.norm(weights) / length),
        outside=float(np.linalg.norm(weights - inside) / length),
    )


def _step_size(examples: np.ndarray, batch: int) -> float:
    """Returns the inverse of the largest curvature of a batch's loss."""
    if batch == len(examples):
        largest = np.linalg.norm(examples, ord=2) ** 2 / batch
    else:  # the example of largest curvature bounds every batch
        largest = np.square(examples).sum(axis=1).max()
    return 0.5 / float(largest)


def _linear_model(weights: np.ndarray) -> keras.Model:
    inputs = keras.Input((len(weights),), dtype="float64")
    outputs = keras.layers.Dense(1, use_bias=False, dtype="float64")(inputs)
    model = keras.Model(inputs, outputs)
    model.set_weights([weights[:, None]])
    return model


def _weights(model: keras.Model) -> np.ndarray:
    return model.get_weights()[0][:, 0]


class _DistanceRecorder(keras.callbacks.Callback):
    """Records the relative distance to the solution after each epoch."""

    def __init__(self, solution: np.ndarray):
        super().__init__()
        self._solution = solution
        self.distances: list[float] = []

    def on_epoch_end(self, epoch, logs=None):
        distance = np.linalg.norm(_weights(self.model) - self._solution)
        self.distances.append(float(distance / np.linalg.norm(self._solution)))
