"""Projects points of any dimension to distinct positions on a line."""

import dataclasses

import keras
import numpy as np
from keras import ops

from rethink_keras.errors import InputError

_DIRECTIONS = 16
_GRID = 2.0**20  # directions are multiples of 1/_GRID: exact on 8-bit images
_BLOCK = 2_048


@dataclasses.dataclass(frozen=True)
class Projection:
    """Distinct positions on a line, in ascending order.

    Attributes:
      direction: float64 [d], multiples of 2**-20.
      positions: float64 [n], increasing.
      values: float64 [n, m], values of the points.
    """

    direction: np.ndarray
    positions: np.ndarray
    values: np.ndarray


def project(
    points: np.ndarray, values: np.ndarray, *, seed: int = 0
) -> Projection:
    """Projects points onto a random line that separates them well.

    Args:
      points: [n, d], any real dtype.
      values: real [n] or [n, m].
      seed: random seed of the directions. The direction with the largest
        minimum gap, relative to the span, is chosen.

    Raises:
      InputError: for the reasons of `expressive_relu_network`.
    """
    check_float64()
    points, values = _checked(points, values)
    dimensions = points.shape[1]
    directions = np.ones((1, 1))
    if dimensions > 1:
        rng = np.random.default_rng(seed)
        directions = rng.normal(size=(dimensions, _DIRECTIONS))
        directions = np.round(directions * _GRID) / _GRID
    projections = _matmul(points, directions)
    with np.errstate(over="ignore", invalid="ignore"):
        # Twice the span, since `_before` adds a position outside it.
        spans = 2 * np.ptp(projections, axis=0)
    if not np.isfinite(spans).all():
        raise InputError(
            "points: their distances overflow float64; scale the points down"
        )
    best: tuple[float, np.ndarray, np.ndarray] | None = None
    for direction, x in zip(directions.T, projections.T, strict=True):
        order = np.argsort(x, kind="stable")
        gaps = np.diff(x[order])
        if not _are_duplicates(points, order, gaps == 0):
            continue
        gap = min(gaps[gaps > 0], default=1.0) / (np.ptp(x) or 1.0)
        if best is None or gap > best[0]:
            best = gap, direction, order
    if best is None:
        raise InputError(
            f"points: float64 cannot separate the {len(points)} points on any"
            f" of {directions.shape[1]} lines; scale or merge them"
        )
    _, direction, order = best
    x = _matmul(points, direction[:, None])[order, 0]
    first = np.diff(x, prepend=-np.inf) > 0
    _check_duplicates(order, values, first)
    return Projection(direction, x[first], values[order[first]])


def check_float64() -> None:
    """Checks that Keras computes in float64.

    Raises:
      InputError: it rounds to float32, as JAX does by default.
    """
    number = ops.convert_to_tensor(np.zeros(1))
    if keras.backend.standardize_dtype(number.dtype) != "float64":
        raise InputError(
            f"KERAS_BACKEND={keras.backend.backend()}: rounds float64 to"
            " float32, which is too coarse here; set JAX_ENABLE_X64=1, or"
            " KERAS_BACKEND=tensorflow"
        )


def _checked(
    points: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Validates the inputs; returns points [n, d] and values float64 [n, m]."""
    points, values = np.asarray(points), np.asarray(values)
    for name, array in (("points", points), ("values", values)):
        if array.dtype.kind not in "biuf":
            raise InputError(
                f"{name}: must be real numbers; received {array.dtype}"
            )
    values = values.astype("float64")
    if points.ndim != 2 or not points.size:
        raise InputError(
            f"points: must have n >= 1 rows of d >= 1 numbers; received shape"
            f" {points.shape}"
        )
    if values.ndim not in (1, 2) or len(values) != len(points):
        raise InputError(
            f"values: must have one row for each of {len(points)} points;"
            f" received shape {values.shape}"
        )
    for name, array in (("points", points), ("values", values)):
        if not np.isfinite(array).all():
            raise InputError(f"{name}: must be finite")
    return points, values.reshape(len(values), -1)


def _matmul(points: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Projects in float64, in blocks, exactly as the network does."""
    blocks = range(0, len(points), _BLOCK)
    return np.concatenate(
        [
            ops.convert_to_numpy(
                ops.matmul(
                    points[start : start + _BLOCK].astype("float64"),
                    directions,
                )
            )
            for start in blocks
        ]
    )


def _are_duplicates(
    points: np.ndarray, order: np.ndarray, same: np.ndarray
) -> bool:
    """Returns whether neighbours with equal projections are equal points."""
    (index,) = np.nonzero(same)
    return bool((points[order[index]] == points[order[index + 1]]).all())


def _check_duplicates(
    order: np.ndarray, values: np.ndarray, first: np.ndarray
) -> None:
    """Raises InputError if equal points have different values."""
    group = np.cumsum(first) - 1
    wanted = values[order[first]][group]
    conflicts = np.nonzero((values[order] != wanted).any(axis=1))[0]
    if len(conflicts):
        at = conflicts[0]
        twin = order[np.nonzero(group == group[at])[0][0]]
        raise InputError(
            f"points: {twin} and {order[at]} are equal but have different"
            " values; no function can represent both; remove one"
        )
