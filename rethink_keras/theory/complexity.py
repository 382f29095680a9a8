"""Section 2.2: classical complexity measures do not explain generalization.

Training on random signs gives a lower estimate of the Rademacher complexity of
networks. The complexity of norm-bounded linear functions and the bound of
uniform stability are computed.
"""

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from matplotlib.figure import Figure

from rethink_keras import pipeline, runs, training
from rethink_keras.config import MODELS, RunConfig
from rethink_keras.errors import InputError
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.plotting import (
    BLUE,
    INK,
    VERMILLION,
    as_png,
    new_axes,
    style,
)
from rethink_keras.results.records import Record
from rethink_keras.theory import features
from rethink_keras.theory.extra import theory_extra

with theory_extra():
    from sklearn.metrics.pairwise import rbf_kernel

TABLES = {
    "rademacher": "networks reach the largest Rademacher complexity",
    "stability": "uniform stability does not see the labels",
}
# Networks, and the number of draws of random signs.
NETWORKS = {
    "mlp_1x512": 3,
    "mlp_3x512": 3,
    "small_alexnet": 1,
}
_EXAMPLES = 1_000
_SIGNS = 1_000
_RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_GAMMA = 0.01
_EPOCHS = 60


def demonstrate(config: RunConfig, table: str) -> Record:
    """Measures complexity on at most 1,000 training images.

    Args:
      config: data set, number of training examples and seed.
      table: `rademacher` or `stability`.

    Raises:
      InputError: the data set cannot be used, or has fewer images than are
        asked for.
    """
    start_time = time.perf_counter()
    if (config.train_examples or 0) > _EXAMPLES:
        raise InputError(
            f"train_examples={config.train_examples}: must be at most"
            f" {_EXAMPLES}, for which complexity is measured"
        )
    count = runs.subset_size(config, _EXAMPLES)
    config = dataclasses.replace(config, train_examples=count, randomize="none")
    inputs = runs.InMemoryInputs.load(config)
    figures = {}
    if table == "rademacher":
        rows = [
            fit_signs(inputs, name, draws, config.seed)
            for name, draws in NETWORKS.items()
        ]
        rows += linear_rows(inputs, config.seed)
    else:
        rows = stability(inputs, config.seed)
        figures["stability"] = as_png(draw_stability(rows))
    return Record(
        experiment="complexity",
        name=f"{table}_{config.dataset}",
        title=f"Section 2.2: {TABLES[table]}",
        seed=config.seed,
        tables={table: rows},
        figures=figures,
        seconds=time.perf_counter() - start_time,
    )


def fit_signs(
    inputs: runs.InMemoryInputs, name: str, draws: int, seed: int
) -> dict:
    """Estimates the Rademacher complexity of a network from below.

    The complexity is the expectation over random signs sigma of
    `sup_h 1/n sum_i sigma_i h(x_i)`, where h is the sign of the network's
    output. Training a network on the signs reaches 2 * accuracy - 1, which
    bounds the supremum from below. The largest possible value is 1.

    Args:
      inputs: the images.
      name: name of the network.
      draws: number of draws of the signs.
      seed: random seed of signs and weights.

    Returns:
      A table row. `complexity` is the mean over draws, `least` the minimum and
      `most` the maximum.
    """
    images = pipeline.as_inputs(inputs.train_crops)
    reached = []
    for draw in range(draws):
        rng = np.random.default_rng((seed, draw))
        signs = rng.integers(0, 2, inputs.num_train_examples).astype("int32")
        crops = dataclasses.replace(images, labels=signs, true_labels=signs)
        reached.append(2 * _train_accuracy(name, crops, seed) - 1)
    return {
        "functions": name,
        "estimate": "from below, by training",
        "draws": draws,
        "complexity": float(np.mean(reached)),
        "least": float(min(reached)),
        "most": float(max(reached)),
    }


@keras_settings(**STANDARD)
def _train_accuracy(name: str, crops, seed: int) -> float:
    """Trains a network on two classes and returns its training accuracy.

    Uses the network's default hyperparameters, but a constant learning rate.
    """
    config = RunConfig(model=name, epochs=_EPOCHS, learning_rate_decay=1.0)
    keras.utils.set_random_seed(seed)
    steps_per_epoch = pipeline.steps_per_epoch(len(crops), config.batch_size)
    trainer = training.Trainer(
        MODELS[name].load()(crops.images.shape[1:], num_classes=2),
        runs.make_optimizer(config, steps_per_epoch),
        epochs=_EPOCHS,
        steps_per_epoch=steps_per_epoch,
    )
    trainer.train(
        pipeline.TrainingBatches(
            crops,
            batch_size=config.batch_size,
            seed=seed,
            epochs=range(_EPOCHS),
        ),
        callbacks=[training.StopAtLoss(0.02)],
    )
    batches = pipeline.EvaluationBatches(crops)
    return training.evaluate(trainer.steps, batches).accuracy


def linear_rows(inputs: runs.InMemoryInputs, seed: int) -> list[dict]:
    """Computes the Rademacher complexity of norm-bounded linear functions.

    For functions `<w, x>` with ||w|| <= B on images of length 1, the supremum
    is `B/n ||sum_i sigma_i x_i||`. Its mean is at most `B / sqrt(n)`.
    """
    points = pipeline.as_inputs(inputs.train_crops).images.numpy()
    points = points.reshape(len(points), -1)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    points /= np.where(lengths, lengths, 1)  # an image of one colour stays 0
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], (_SIGNS, len(points)))
    sums = np.linalg.norm(signs @ points, axis=1) / len(points)
    rows: list[dict] = [
        {
            "functions": "linear, of norm at most 1",
            "estimate": "exact but for the draws",
            "draws": _SIGNS,
            "complexity": float(sums.mean()),
            "least": float(sums.min()),
            "most": float(sums.max()),
        },
        {
            "functions": "linear, of norm at most 1",
            "estimate": "bound 1/sqrt(n)",
            "draws": None,
            "complexity": 1 / math.sqrt(len(points)),
            "least": None,
            "most": None,
        },
    ]
    return rows


def stability(inputs: runs.InMemoryInputs, seed: int) -> list[dict]:
    """Compares the stability of kernel ridge regression with its bound.

    The change of an example is the difference between its squared errors with
    and without the example in the training set, in closed form. The bound of
    uniform stability is 2 kappa^2 B^2 / ridge (Bousquet and Elisseeff, 2002),
    with kernel values up to kappa^2 = 1 and targets in [0, B = 1]. It holds for
    any labels, so it cannot distinguish true from random labels.

    Args:
      inputs: the images. The target is 1 for the first half of the classes
        and 0 for the others.
      seed: random seed of the random labels.

    Returns:
      One table row for each ridge.
    """
    images = np.asarray(inputs.train_crops.images)
    kernel = rbf_kernel(features.pixels(images), gamma=_GAMMA)
    kernel = kernel.astype("float64")
    labels = np.asarray(inputs.train_crops.true_labels)
    true = (labels < inputs.num_classes / 2).astype("float64")
    rng = np.random.default_rng(seed)
    targets = np.stack([true, rng.permutation(true)], axis=1)
    rows = []
    for ridge in _RIDGES:
        inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
        alpha = inverse @ targets
        # Residuals y - f(x), where f is fitted with and without the example.
        with_it = ridge * alpha
        without = alpha / np.diagonal(inverse)[:, None]
        change = np.abs(np.square(without) - np.square(with_it))
        rows.append(
            {
                "ridge": ridge,
                "largest change, true labels": float(change[:, 0].max()),
                "largest change, random labels": float(change[:, 1].max()),
                "mean change, true labels": float(change[:, 0].mean()),
                "mean change, random labels": float(change[:, 1].mean()),
                "uniform stability, any labels": 2 / ridge,
            }
        )
    return rows


def draw_stability(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draws the changes and the bound over the ridge."""
    with style():
        figure, axes = new_axes()
        ridges = [row["ridge"] for row in rows]
        for name in list(rows[0])[1:]:
            random, bound = "random" in name, name.startswith("uniform")
            axes.loglog(
                ridges,
                [row[name] for row in rows],
                "-s" if name.startswith("mean") else "-o",
                color=INK if bound else VERMILLION if random else BLUE,
                ms=4,
                label=name,
            )
        axes.set_xlabel("ridge")
        axes.set_ylabel("change of the squared error")
        axes.legend()
    return figure
