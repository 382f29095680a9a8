"""A picture of a run's first images under the five randomizations."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from rethink_keras.config import RANDOMIZATIONS
from rethink_keras.pipeline import as_uint8
from rethink_keras.randomization import Randomization

SHOWN = 4
"""Number of images in the picture."""

_TILE = 96
_GAP = 8
_LINE = 18
_INK, _WRONG = "#1b1b1b", "#d55e00"


def picture_of(
    images: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    randomization: Randomization,
    moments: tuple[Sequence[float], Sequence[float]],
) -> np.ndarray:
    """Draws images under each randomization, with the labels of training.

    One row an image, one column a randomization; that of the run has a mark.
    Corrupted labels are orange.

    Args:
      images: [n, height, width, channels], uint8, or float from 0 to 1;
        cropped as in the run. With one or two channels, the first is drawn in
        grey; with more, the first three are drawn in colour.
      labels: int [n], the true labels.
      ids: int64 [n], the examples' identities.
      randomization: the run's randomization.
      moments: mean and standard deviation of the pixels of each channel, from
        0 to 1, for Gaussian noise.

    Returns:
      uint8 [height, width, 3].
    """
    columns = {
        kind: _randomized(kind, images, labels, ids, randomization, moments)
        for kind in RANDOMIZATIONS
    }
    return _draw(columns, labels, marked=randomization.kind)


def _randomized(
    kind: str,
    images: np.ndarray,
    labels: np.ndarray,
    ids: np.ndarray,
    run: Randomization,
    moments: tuple[Sequence[float], Sequence[float]],
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images, uint8 [n, ...], and labels of one randomization."""
    mean, stddev = moments
    shown = Randomization(
        kind,
        num_classes=run.num_classes,
        seed=run.seed,
        label_corruption=run.label_corruption,
        mean=tuple(mean),
        stddev=tuple(stddev),
    )
    pixels = shown.pixels(tf.constant(images), tf.constant(ids))
    given = shown.labels(tf.constant(labels, tf.int32), tf.constant(ids))
    return as_uint8(np.asarray(pixels)), np.asarray(given)


def _draw(
    columns: Mapping[str, tuple[np.ndarray, np.ndarray]],
    true_labels: np.ndarray,
    marked: str,
) -> np.ndarray:
    step = _TILE + _GAP
    width = len(columns) * step + _GAP
    height = _LINE + _GAP + len(true_labels) * (step + _LINE)
    canvas = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(12)
    for column, (kind, (images, labels)) in enumerate(columns.items()):
        left = _GAP + column * step
        title = kind.replace("_", " ") + (" *" if kind == marked else "")
        draw.text((left, _GAP // 2), title, _INK, font)
        for row, image in enumerate(images):
            top = _LINE + _GAP + row * (step + _LINE)
            tile = Image.fromarray(_visible(image))
            size = (_TILE, _TILE)
            canvas.paste(
                tile.resize(size, Image.Resampling.NEAREST), (left, top)
            )
            right = labels[row] == true_labels[row]
            text = f"label {labels[row]}"
            ink = _INK if right else _WRONG
            draw.text((left, top + _TILE + 2), text, ink, font)
    return np.asarray(canvas)


def _visible(image: np.ndarray) -> np.ndarray:
    """Returns the channels of an image to draw: grey [h, w] or RGB [h, w, 3].

    Args:
      image: uint8 [height, width, channels], with any number of channels.
    """
    return image[..., 0] if image.shape[-1] < 3 else image[..., :3]
