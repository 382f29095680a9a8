"""Gradient descent on linear least squares with more weights than examples.

Section 5 of the paper: from zero it ends in `X'(XX')^-1 y`, the solution of
least norm, since every gradient lies in the span of the examples.
"""

import dataclasses

import keras
import numpy as np
import scipy.linalg
import tensorflow as tf

from rethink_keras.models.keras_settings import STANDARD, keras_settings

RECORDED = 100  # points of a curve


@dataclasses.dataclass(frozen=True)
class Descent:
    """What descends, and how far.

    Attributes:
      name: of the method.
      batch_size: None for all examples.
      momentum: of SGD.
      start_norm: of the random start, as a multiple of the minimum norm; 0
        starts from zero.
      steps: in all.
    """

    name: str
    batch_size: int | None
    momentum: float = 0.0
    start_norm: float = 0.0
    steps: int = 20_000


@dataclasses.dataclass(frozen=True)
class Path:
    """Where a descent went, relative to the minimum-norm solution w*.

    Attributes:
      steps: [RECORDED].
      distances: ||w - w*|| / ||w*||, likewise.
      loss: the last, mean of squares.
      norm: ||w|| / ||w*|| at the end.
      outside: norm of the part of w outside the span of the examples, over
        ||w*||, at the end.
    """

    steps: np.ndarray
    distances: np.ndarray
    loss: float
    norm: float
    outside: float


def minimum_norm(examples: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The solution of `X w = y` of least norm, `X'(XX')^-1 y`: [d].

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
    """Descends by Keras's `fit`, in float64, and compares with scipy.

    The step size is the inverse of the greatest curvature that a batch can
    have, less with momentum.

    Args:
      examples: float64 [n, d], d > n.
      targets: float64 [n].
      descent: how.
      seed: of order and start.
    """
    count, dimensions = examples.shape
    solution = minimum_norm(examples, targets)
    length = float(np.linalg.norm(solution))
    rng = np.random.default_rng(seed)
    towards = rng.normal(size=(dimensions,))
    start = descent.start_norm * length / np.linalg.norm(towards) * towards
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
    watch = _Watch(solution)
    data = tf.data.Dataset.from_tensor_slices((examples, targets[:, None]))
    data = data.cache().repeat().shuffle(count, seed=seed).batch(batch)
    model.fit(
        data,
        epochs=RECORDED,
        steps_per_epoch=descent.steps // RECORDED,
        callbacks=[watch],
        shuffle=False,
        verbose=0,
    )
    weights = _weights(model)
    inside = examples.T @ scipy.linalg.solve(
        examples @ examples.T, examples @ weights, assume_a="pos"
    )
    return Path(
        steps=(1 + np.arange(RECORDED)) * (descent.steps // RECORDED),
        distances=np.array(watch.distances),
        loss=float(np.square(examples @ weights - targets).mean()),
        norm=float(np.linalg.norm(weights) / length),
        outside=float(np.linalg.norm(weights - inside) / length),
    )


def _step_size(examples: np.ndarray, batch: int) -> float:
    """Of the mean of squares, whose curvature is twice that of a batch."""
    if batch == len(examples):
        greatest = np.linalg.norm(examples, ord=2) ** 2 / batch
    else:  # no batch curves more than its most curved example
        greatest = np.square(examples).sum(axis=1).max()
    return 0.5 / float(greatest)


def _linear_model(weights: np.ndarray) -> keras.Model:
    inputs = keras.Input((len(weights),), dtype="float64")
    outputs = keras.layers.Dense(1, use_bias=False, dtype="float64")(inputs)
    model = keras.Model(inputs, outputs)
    model.set_weights([weights[:, None]])
    return model


def _weights(model: keras.Model) -> np.ndarray:
    return model.get_weights()[0][:, 0]


class _Watch(keras.callbacks.Callback):
    """Notes the relative distance to the solution after each epoch."""

    def __init__(self, solution: np.ndarray):
        super().__init__()
        self._solution = solution
        self.distances: list[float] = []

    def on_epoch_end(self, epoch, logs=None):
        away = np.linalg.norm(_weights(self.model) - self._solution)
        self.distances.append(float(away / np.linalg.norm(self._solution)))
