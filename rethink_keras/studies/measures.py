"""Measures of generalization against the true gap (not in the paper).

One network is trained to about 100 % training accuracy over label corruption
and training size, as in Figure 1c, and every measure is computed on it.
"""

import dataclasses
import os
import time
from collections.abc import Sequence
from typing import Any

import keras

from rethink_keras import randomization, runs
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.measures import (
    MEASURES,
    critical_sample_ratio,
    path_norm,
)
from rethink_keras.plotting import as_png
from rethink_keras.results import run_directory
from rethink_keras.results.records import Record
from rethink_keras.studies import measure_figures, measure_tables
from rethink_keras.studies.measure_tables import critical_at

RADII = (0.02, 0.03, 0.04, 0.05)
_EPOCHS = 300
_STOP_AT_LOSS = 0.02
# Training examples on which sharpness and critical samples are computed.
_SEARCHED = 500
_SEARCHING = {"sharpness", "critical samples"}
# Measures that take the initial network.
_FROM_INITIAL = {
    "distance from initialization",
    "spectral complexity",
    "spectral complexity / margin",
}


def grid(
    base: RunConfig,
    corruptions: Sequence[float],
    sizes: Sequence[int],
    seeds: Sequence[int],
) -> list[RunConfig]:
    """Returns the configs of the networks, at one learning rate and loss.

    Args:
      base: data set and network.
      corruptions: levels of label corruption, from 0 to 1.
      sizes: numbers of training examples.
      seeds: random seeds of each.

    Raises:
      InputError: a value is not allowed.
    """
    if base.streams:
        raise InputError(
            f"model={base.model}: streams images from disk; measures need"
            " images in memory"
        )
    base = dataclasses.replace(
        base,
        epochs=_EPOCHS,
        learning_rate_decay=1.0,
        stop_at_loss=_STOP_AT_LOSS,
    )
    kinds = [
        dataclasses.replace(base, randomize="labels", label_corruption=level)
        if level
        else dataclasses.replace(base, randomize="none")
        for level in corruptions
    ]
    return [
        dataclasses.replace(kind, train_examples=size, seed=seed)
        for kind in kinds
        for size in sizes
        for seed in seeds
    ]


def demonstrate(
    configs: Sequence[RunConfig], workdir: os.PathLike | str
) -> Record:
    """Trains and measures networks, and correlates measures with the gap.

    Args:
      configs: configs of the networks; see `grid`.
      workdir: directory of the runs. Finished runs are not repeated.

    Raises:
      InputError: the data cannot be used, or a layer is not supported.
    """
    start_time = time.perf_counter()
    rows: list[dict] = []
    largest = max(configs, key=lambda config: config.train_examples or 0)
    runs.InMemoryInputs.load(largest)  # refuses it before others are trained
    for number, config in enumerate(configs, 1):
        radii = RADII if config.train_examples == largest.train_examples else ()
        rows.append(measure_network(config, workdir, radii))
        print(
            f"[{number}/{len(configs)}] {100 * corruption_of(config):g} % of"
            f" labels corrupted, {config.train_examples} examples, seed"
            f" {config.seed}: gap {rows[-1]['gap']:.1f} %",
            flush=True,
        )
    tables = measure_tables.tables_of(rows)
    figures = {
        name: as_png(draw(tables))
        for name, draw in measure_figures.DRAWN.items()
    }
    first = configs[0]
    return Record(
        experiment="measures",
        name=f"{first.model}_{first.dataset}",
        title=f"Measures of generalization: {first.model} on {first.dataset}",
        seed=first.seed,
        tables=tables,
        figures=figures,
        seconds=time.perf_counter() - start_time,
    )


@keras_settings(**STANDARD)
def measure_network(
    config: RunConfig,
    workdir: os.PathLike | str,
    radii: Sequence[float] = (),
) -> dict[str, Any]:
    """Trains one network, unless it is finished, and computes all measures.

    Args:
      config: config of the network.
      workdir: directory of the runs.
      radii: further radii at which to count critical samples.

    Returns:
      The corruption and accuracies in percent, the gap between them, and the
      measures by name. The gap is between accuracies on training and test
      labels that are corrupted alike.

    Raises:
      InputError: the data cannot be used, or a layer is not supported.
    """
    inputs = runs.InMemoryInputs.load(config)
    keras.utils.set_random_seed(config.seed)
    initial = runs.build_model(config, inputs.image_shape, inputs.num_classes)
    path_norm(initial, ())  # reports other layers before the training
    path = run_directory(workdir, config)
    result = runs.run(config, path, verbose=False)
    x, y = inputs.arrays("train")
    some = randomization.leading(
        inputs.train_crops, _SEARCHED, seed=config.seed
    )
    searched = x[some], y[some]
    test = result["test_accuracy_corrupted"]
    test = result["test_accuracy"] if test is None else test
    row: dict[str, Any] = {
        "corrupted %": 100 * corruption_of(config),
        "examples": config.train_examples,
        "seed": config.seed,
        "train accuracy %": 100 * result["train_accuracy"],
        "gap": 100 * (result["train_accuracy"] - test),
    }
    for name, measure in MEASURES.items():
        options: dict[str, Any] = (
            {"initial": initial} if name in _FROM_INITIAL else {}
        )
        row[name] = measure(
            result.model, searched if name in _SEARCHING else (x, y), **options
        )
    for radius in radii:
        row[critical_at(radius)] = 100 * critical_sample_ratio(
            result.model, searched, radius=radius
        )
    return row


def corruption_of(config: RunConfig) -> float:
    """Returns the level of label corruption, from 0 to 1."""
    return config.label_corruption if config.randomize == "labels" else 0.0
