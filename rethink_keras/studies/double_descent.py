"""Double descent: test error over the width of a network (not in the paper).

Belkin et al. (2019) and Nakkiran et al. (2020): with noisy labels, the test
error peaks near the smallest network that fits the training set, and falls
again for larger ones.
"""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.special

from rethink_keras import runs
from rethink_keras.config import RunConfig
from rethink_keras.plotting import as_png
from rethink_keras.results.records import Record
from rethink_keras.studies import double_descent_figures as figures
from rethink_keras.studies import families
from rethink_keras.theory.random_features import fit_random_features

_CORRUPTION = 0.2
_NARROW = 64
"""Networks up to this width are trained together, and wider ones alone."""
_EPOCHS = 250
_STOP_AT_LOSS = 0.005
_DECAY = 0.99
_FEATURE_EXAMPLES = 500
_RATIOS = (0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 1, 1.1, 1.25, 2, 5, 10, 20)
"""Numbers of random features, over the number of training examples."""


@dataclasses.dataclass(frozen=True)
class _Inputs:
    """Flat inputs of one run, with corrupted training and true test labels."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    num_classes: int

    @classmethod
    def load(cls, config: RunConfig) -> "_Inputs":
        loaded = runs.InMemoryInputs.load(config)
        (x, y), (test_x, _) = map(loaded.arrays, ("train", "test"))
        return cls(
            x.reshape(len(x), -1),
            y,
            test_x.reshape(len(test_x), -1),
            np.asarray(loaded.test_crops.true_labels),
            loaded.num_classes,
        )


def configure(base: RunConfig) -> RunConfig:
    """Returns the config of all networks: 20 % corrupted labels, long training.

    The learning rate is the paper's. Its slower decay and the number of epochs
    were chosen by the training loss alone, so that networks near the threshold
    have time to fit.

    Args:
      base: data set and number of training examples.
    """
    return dataclasses.replace(
        base,
        randomize="labels",
        label_corruption=_CORRUPTION,
        epochs=_EPOCHS,
        learning_rate_decay=_DECAY,
        stop_at_loss=_STOP_AT_LOSS,
    )


def demonstrate(
    config: RunConfig, widths: Sequence[int], seeds: Sequence[int]
) -> Record:
    """Trains networks of several widths, and fits random features.

    Args:
      config: config of the networks; see `configure`.
      widths: numbers of hidden units, each at least 1.
      seeds: random seeds of the label noise, the batches and the weights.

    Returns:
      A record with a table and a figure of the networks, and of the random
      features with least squares of minimum norm on at most 500 examples.

    Raises:
      InputError: the data cannot be used.
    """
    start_time = time.perf_counter()
    networks, features = [], []
    sized = dataclasses.replace(
        config, train_examples=runs.subset_size(config, _FEATURE_EXAMPLES)
    )
    for seed in seeds:
        features += fit_features(dataclasses.replace(sized, seed=seed))
        networks += train_networks(
            dataclasses.replace(config, seed=seed), widths
        )
    tables = {
        figures.NETWORKS: over_seeds(networks, ["width", "parameters"]),
        figures.FEATURES: over_seeds(features, ["features", "examples"]),
    }
    return Record(
        experiment="double_descent",
        name=config.dataset,
        title=f"Double descent: perceptrons on {config.dataset}",
        seed=seeds[0],
        tables=tables,
        figures={
            name: as_png(draw(tables)) for name, draw in figures.DRAWN.items()
        },
        seconds=time.perf_counter() - start_time,
    )


def train_networks(
    config: RunConfig, widths: Sequence[int]
) -> list[dict[str, Any]]:
    """Trains networks of one seed, and returns a row for each width."""
    inputs = _Inputs.load(config)
    narrow = [width for width in widths if width <= _NARROW]
    wide = [[width] for width in widths if width > _NARROW]
    rows = []
    for family in [narrow, *wide] if narrow else wide:
        model = families.train_family(
            config, family, (inputs.x, inputs.y), inputs.num_classes
        )
        logits = families.predict_logits(model, inputs.x)
        test_logits = families.predict_logits(model, inputs.test_x)
        for number, width in enumerate(family):
            outputs = logits[:, number], test_logits[:, number]
            rows.append(
                {
                    "width": width,
                    "parameters": _parameters(inputs, width),
                    **_errors(
                        (outputs[0].argmax(axis=1), inputs.y),
                        (outputs[1].argmax(axis=1), inputs.test_y),
                    ),
                    figures.LOSS: _cross_entropy(outputs[1], inputs.test_y),
                }
            )
            print(
                f"seed {config.seed}, width {width}: train error"
                f" {rows[-1]['train error %']:.2f} %, test error"
                f" {rows[-1]['test error %']:.1f} %",
                flush=True,
            )
    return rows


def fit_features(config: RunConfig) -> list[dict[str, Any]]:
    """Fits random features, and returns a row for each number of features."""
    size = runs.subset_size(config, _FEATURE_EXAMPLES)
    inputs = _Inputs.load(dataclasses.replace(config, train_examples=size))
    rows = []
    # In small sets, several ratios give one number of features.
    for width in dict.fromkeys(max(1, round(r * size)) for r in _RATIOS):
        fitted, predicted = fit_random_features(
            (inputs.x, inputs.y), inputs.test_x, width, seed=config.seed
        )
        errors = _errors((fitted, inputs.y), (predicted, inputs.test_y))
        rows.append({"features": width, "examples": size, **errors})
    return rows


def over_seeds(
    rows: Sequence[dict[str, Any]], sizes: list[str]
) -> list[dict[str, Any]]:
    """Returns means and standard deviations over the rows of equal size.

    Args:
      rows: rows of one or more seeds, with equal columns of numbers.
      sizes: columns that say how large a model is.
    """
    frame = pd.DataFrame(rows)
    groups = frame.groupby(sizes)
    table = groups.size().rename("seeds").to_frame()
    for column in frame.columns.difference(sizes, sort=False):
        table[column] = groups[column].mean()
        table[f"{column}: deviation"] = groups[column].std(ddof=1)
    table = table.astype(object).where(table.notna(), None)
    return table.reset_index().to_dict("records")


def _errors(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    """Returns the errors of predicted and given labels in percent."""
    return {
        f"{name} error %": 100 * float((predicted != labels).mean())
        for name, (predicted, labels) in (("train", train), ("test", test))
    }


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean cross-entropy of logits [n, classes]."""
    of_labels = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return float((scipy.special.logsumexp(logits, axis=1) - of_labels).mean())


def _parameters(inputs: _Inputs, width: int) -> int:
    """Returns the number of weights and biases of one network."""
    return width * (inputs.x.shape[1] + 1) + inputs.num_classes * (width + 1)
