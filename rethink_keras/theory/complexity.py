"""Demonstrates Section 2.2: why classical measures do not explain it.

Rademacher complexity is estimated, from below: what training reaches. That of
norm-bounded linear functions and the bound of uniform stability are computed.
"""

import dataclasses
import math
import time

import keras
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics.pairwise import rbf_kernel

from rethink_keras import models, pipeline, runs, training
from rethink_keras.config import RunConfig
from rethink_keras.models.keras_settings import STANDARD, keras_settings
from rethink_keras.results.images import as_png
from rethink_keras.theory import features
from rethink_keras.theory.records import Record

TABLES = {
    "rademacher": "networks reach the largest Rademacher complexity",
    "stability": "uniform stability does not see the labels",
}
NETWORKS = {"mlp_1x512": 3, "mlp_3x512": 3, "small_alexnet": 1}  # draws
_EXAMPLES = 1_000
_SIGNS = 1_000
_RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_GAMMA = 0.01
_EPOCHS = 60


def demonstrate(config: RunConfig, table: str) -> Record:
    """Measures of complexity on 1,000 training images, or fewer.

    Args:
      config: whose data set and seed are used.
      table: `rademacher` or `stability`.

    Raises:
      InputError: the data cannot be used.
    """
    begun = time.perf_counter()
    count = min(config.train_examples or _EXAMPLES, _EXAMPLES)
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
        seconds=time.perf_counter() - begun,
    )


def fit_signs(
    inputs: runs.InMemoryInputs, name: str, draws: int, seed: int
) -> dict:
    """How well a network correlates with random signs of the images.

    `sup_h 1/n sum_i sigma_i h(x_i)` over the signs h of a network's outputs
    is at least what training reaches, twice its accuracy less one; its mean
    over draws estimates the Rademacher complexity from below. It is at most
    1.

    Args:
      inputs: the images.
      name: of the network.
      draws: of signs.
      seed: of signs and weights.
    """
    reached = []
    for draw in range(draws):
        rng = np.random.default_rng((seed, draw))
        signs = rng.integers(0, 2, len(inputs.train)).astype("int32")
        crops = dataclasses.replace(
            pipeline.whitened(inputs.train_crops),
            labels=signs,
            true_labels=signs,
        )
        reached.append(2 * _train_accuracy(name, crops, seed) - 1)
    return {
        "functions": name,
        "estimate": "from below, by training",
        "draws": draws,
        "complexity": float(np.mean(reached)),
        "least": float(min(reached)),
    }


@keras_settings(**STANDARD)
def _train_accuracy(name: str, crops, seed: int) -> float:
    """Of a network trained on two classes, with the defaults of its runs
    but for a constant learning rate.
    """
    config = RunConfig(model=name, epochs=_EPOCHS, learning_rate_decay=1.0)
    keras.utils.set_random_seed(seed)
    steps_per_epoch = pipeline.steps_per_epoch(len(crops), config.batch_size)
    trainer = training.Trainer(
        models.BUILDERS[name](crops.images.shape[1:], num_classes=2),
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
    """Of linear functions `<w, x>` with ||w|| <= B on images of length 1.

    The supremum is `B/n ||sum_i sigma_i x_i||`; its mean is at most
    `B / sqrt(n)`.
    """
    points = pipeline.whitened(inputs.train_crops).images.numpy()
    points = points.reshape(len(points), -1)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
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
        },
        {
            "functions": "linear, of norm at most 1",
            "estimate": "bound 1/sqrt(n)",
            "draws": None,
            "complexity": 1 / math.sqrt(len(points)),
            "least": None,
        },
    ]
    return rows


def stability(inputs: runs.InMemoryInputs, seed: int) -> list[dict]:
    """How much one example changes kernel ridge regression, on true and
    random labels, beside the bound of uniform stability.

    Measured: the largest change, over the examples, of the squared error on
    an example when it is left out; in closed form. The bound, 2 kappa^2 B^2 /
    ridge (Bousquet and Elisseeff, 2002, for kernel values up to kappa^2 = 1
    and targets in [0, B = 1]), holds for all labels at once: it cannot tell
    these two apart.

    Args:
      inputs: the images; whether the label is one of the first five classes is
        the target.
      seed: of the random labels.
    """
    images = np.asarray(inputs.train_crops.images)
    kernel = rbf_kernel(features.pixels(images), gamma=_GAMMA)
    kernel = kernel.astype("float64")
    true = (np.asarray(inputs.train_crops.true_labels) < 5).astype("float64")
    rng = np.random.default_rng(seed)
    targets = np.stack([true, rng.permutation(true)], axis=1)
    rows = []
    for ridge in _RIDGES:
        inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
        alpha = inverse @ targets
        with_it = ridge * alpha  # y - f(x), fitted to all
        without = alpha / np.diagonal(inverse)[:, None]  # left out
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


def draw_stability(rows: list[dict]) -> Figure:
    """The changes and the bound over the ridge."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    ridges = [row["ridge"] for row in rows]
    for name in list(rows[0])[1:]:
        bound = name.startswith("uniform")
        axes.loglog(
            ridges,
            [row[name] for row in rows],
            "--" if bound else "-o",
            color="black" if bound else None,
            ms=3,
            label=name,
        )
    axes.set_xlabel("ridge")
    axes.set_ylabel("change of the squared error")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
    return figure
