"""Theorem 1 and Corollary 1: networks that memorize without training."""

import time

import numpy as np
from matplotlib.figure import Figure

from rethink_keras import models, runs
from rethink_keras.config import RunConfig
from rethink_keras.plotting import INK, VERMILLION, as_png, style
from rethink_keras.results.records import Record
from rethink_keras.theory.expressivity import (
    ExactModel,
    blocks_of,
    deep_expressive_relu_network,
    expressive_relu_network,
)

DEPTHS = (2, 5, 17, 65)
_BATCH = 256


def demonstrate(config: RunConfig, depths=DEPTHS) -> Record:
    """Constructs networks of several depths that memorize random labels.

    The networks have one output, and its nearest whole number is the predicted
    class. Depth 2 therefore needs 2n + d weights.

    Args:
      config: data set, randomization and seed.
      depths: depths for `deep_expressive_relu_network`.

    Raises:
      InputError: the data set cannot be used.
    """
    start_time = time.perf_counter()
    inputs = runs.InMemoryInputs.load(config)
    images = np.asarray(inputs.train_crops.images)
    points = images.reshape(len(images), -1)
    labels = np.asarray(inputs.train_crops.labels)
    rows = [memorize(points, labels, depth, config.seed) for depth in depths]
    trained = models.mlp_1x512(images.shape[1:], inputs.num_classes)
    rows.append(
        {
            "network": "MLP 1x512, to be trained",
            "n": len(points),
            "d": points.shape[1],
            "depth": 2,
            "width": 512,
            "weights": runs.parameters(trained),
            "accuracy %": None,
            "largest error": None,
            "seconds": None,
        }
    )
    return Record(
        experiment="theorem1",
        title=(
            f"Theorem 1: {len(points):,} random labels memorized without"
            " training"
        ),
        name=config.dataset,
        seed=config.seed,
        tables={"networks": rows},
        figures={"construction": as_png(draw_construction(config.seed))},
        seconds=time.perf_counter() - start_time,
    )


def memorize(
    points: np.ndarray, labels: np.ndarray, depth: int, seed: int
) -> dict:
    """Constructs a network for the labels and returns a table row about it.

    Args:
      points: [n, d].
      labels: int [n].
      depth: depth of the network.
      seed: random seed of the direction.
    """
    start_time = time.perf_counter()
    network = deep_expressive_relu_network(points, labels, depth, seed=seed)
    predicted = network.predict(points, batch_size=_BATCH, verbose=0)[:, 0]
    seconds = time.perf_counter() - start_time
    return {
        "network": "Theorem 1" if depth == 2 else "Corollary 1",
        "n": len(points),
        "d": points.shape[1],
        "depth": depth,
        "width": width_of(len(points), depth),
        "weights": runs.parameters(network),
        "accuracy %": 100 * float((predicted.round() == labels).mean()),
        "largest error": float(np.abs(predicted - labels).max()),
        "seconds": round(seconds, 1),
    }


def width_of(count: int, depth: int) -> int:
    """Returns the units of the widest layer for `count` points, one output."""
    if depth == 2:
        return count
    sizes = [stop - start for start, stop in blocks_of(count, depth)]
    last = len(sizes) - 1
    widest = 0
    for block, size in enumerate(sizes):
        # The sum of earlier blocks takes two units in each layer. Blocks that
        # others follow pass on the projection: the first one in a unit of its
        # window.
        total = 2 * (block > 0)
        projection = int(block < last)
        window = 2 + total + projection * (block > 0)
        widest = max(widest, window, size + total + projection)
    return widest


def draw_construction(seed: int) -> Figure:
    """Draws Theorem 1 for a few points: the function and its hinges."""
    count = 8
    rng = np.random.default_rng(seed)
    points = (np.arange(count) + rng.uniform(0.2, 0.8, count)) / count
    values = rng.uniform(-1, 1, size=count)
    network: ExactModel = expressive_relu_network(points[:, None], values)
    biases = network.layers[2].biases.numpy()
    weights = network.layers[3].kernel.numpy()[:, 0]
    x = np.unique(np.concatenate([np.linspace(-0.1, 1.05, 500), points]))
    function = network.predict(x[:, None], batch_size=len(x), verbose=0)
    with style():
        figure = Figure(figsize=(5.8, 5), layout="constrained")
        upper, lower = figure.subplots(2, sharex=True)
        upper.plot(x, function[:, 0], label="c(x)")
        upper.plot(points, values, "o", color=VERMILLION, label="sample")
        upper.legend()
        upper.set_title(f"{count} hinges through {count} points")
        for bias, weight in zip(biases, weights, strict=True):
            lower.plot(x, weight * np.maximum(x - bias, 0), lw=1.3)
            lower.plot(bias, 0, "|", color=INK, ms=12)
        lower.set_ylim(-5, 5)
        lower.set_title("terms w_j max(x - b_j, 0), nonzero above b_j")
        lower.set_xlabel("x")
    return figure
