"""Pictures of the paper's randomizations, made as runs make them."""

import base64
import dataclasses
import functools
import pathlib

import numpy as np
import tensorflow as tf

from rethink_keras import data, pipeline
from rethink_keras.config import SAMPLE
from rethink_keras.randomization import Randomization

_FOLDER = pathlib.Path(data.__file__).parent / "cifar10_sample"
_SHOWN = ("automobile", "horse", "ship")


@dataclasses.dataclass(frozen=True)
class Condition:
    """A randomization of the paper.

    Attributes:
      name: name of its row in Figure 1a.
      title: its name in the paper.
      kind: value of `RunConfig.randomize`.
      change: what it replaces.
    """

    name: str
    title: str
    kind: str
    change: str


CONDITIONS = (
    Condition("true_labels", "True labels", "none", "nothing is changed"),
    Condition(
        "random_labels",
        "Random labels",
        "labels",
        "every label is drawn at random",
    ),
    Condition(
        "shuffled_pixels",
        "Shuffled pixels",
        "shuffled_pixels",
        "one permutation for all images",
    ),
    Condition(
        "random_pixels",
        "Random pixels",
        "random_pixels",
        "a permutation for each image",
    ),
    Condition(
        "gaussian", "Gaussian noise", "gaussian", "noise replaces each image"
    ),
)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A training image as a network sees it.

    Attributes:
      png: the image as a PNG file in Base64.
      label: the label that the network is given.
      true_label: the label in the data set.
    """

    png: str
    label: str
    true_label: str


def class_names() -> list[str]:
    """Returns the names of CIFAR-10's classes."""
    (path,) = _FOLDER.glob("*/label.labels.txt")
    return path.read_text().split()


@functools.cache
def pictures() -> dict[str, list[Picture]]:
    """Randomizes three images of the embedded sample with seed 0.

    They are the first automobile, horse and ship of the training set, with
    the crop, pixels and labels of a run on the embedded sample.

    Returns:
      The pictures by name of the condition.
    """
    names = class_names()
    loaded = data.load(SAMPLE)
    classes = np.array([names.index(name) for name in _SHOWN])
    labels = np.asarray(loaded.train.true_labels)
    chosen = loaded.train.take((labels[:, None] == classes).argmax(axis=0))
    moments = pipeline.channel_moments(loaded.train.images)
    found = {}
    for condition in CONDITIONS:
        random = Randomization(
            condition.kind,
            num_classes=loaded.num_classes,
            seed=0,
            mean=moments[0],
            stddev=moments[1],
        )
        shown = pipeline.randomize_examples(chosen, random)
        found[condition.name] = [
            Picture(_as_png(image), names[label], names[true])
            for image, label, true in zip(
                np.asarray(shown.images),
                np.asarray(shown.labels),
                chosen.true_labels,
                strict=True,
            )
        ]
    return found


def _as_png(image: np.ndarray) -> str:
    png = tf.io.encode_png(pipeline.as_uint8(image), compression=9).numpy()
    return base64.b64encode(png).decode()
