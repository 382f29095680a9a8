"""Learning order, forgetting and memorization scores (not in the paper).

Networks train on true, partly corrupted and random labels of the same images.
"""

import dataclasses
import os
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from rethink_keras import data, pipeline, randomization, runs
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.memorization import Ensemble, memorization, train_ensemble
from rethink_keras.plotting import as_png
from rethink_keras.randomization.label_noise import corrupt_labels
from rethink_keras.results.records import Record
from rethink_keras.studies import memorization_figures, memorization_tables
from rethink_keras.studies.memorization_tables import PARTLY
from rethink_keras.theory.extra import theory_extra

DIGITS = "digits"
"""The 8 x 8 digits of scikit-learn, which need no download."""
_TEST_EXAMPLES = 1_000
_CORRUPTION = 0.2
_DIGITS_TEST = 500  # of 1,797
_ON_DIGITS: dict[str, Any] = {"epochs": 60, "learning_rate": 0.05}
_ON_PHOTOGRAPHS: dict[str, Any] = {"epochs": 30, "learning_rate": 0.01}


@dataclasses.dataclass(frozen=True)
class LabelledImages:
    """Images with three kinds of labels.

    Attributes:
      dataset: name of the data set.
      train: n training examples with their true labels.
      test: test examples.
      num_classes: number of classes.
      labels: int32 [n] by kind: `true`, PARTLY and `random`.
    """

    dataset: str
    train: data.Examples
    test: data.Examples
    num_classes: int
    labels: dict[str, np.ndarray]

    @property
    def corrupted(self) -> np.ndarray:
        """Whether the label of kind PARTLY is wrong: bool [n]."""
        return self.labels[PARTLY] != self.labels["true"]


def load_images(
    dataset: str, data_dir: str | None, num_examples: int, seed: int
) -> LabelledImages:
    """Loads a class-balanced subset of a data set and corrupts its labels.

    Args:
      dataset: DIGITS, the sample or a TFDS name.
      data_dir: TFDS directory; None for TFDS's own.
      num_examples: number of training examples.
      seed: seed of the subset and of the labels.

    Raises:
      InputError: the data cannot be loaded, have fewer examples, or are so few
        that no label is corrupted.
    """
    if dataset == DIGITS:
        loaded = _load_digits()
    else:
        loaded = data.load(dataset, data_dir)
    train = randomization.balanced_subset(
        loaded.train,
        num_examples,
        seed=seed,
    )
    true = np.asarray(train.labels, "int32")
    options = {"num_classes": loaded.num_classes, "seed": seed}
    labelled = LabelledImages(
        dataset,
        train,
        loaded.test.take(
            randomization.leading(loaded.test, _TEST_EXAMPLES, seed=seed)
        ),
        loaded.num_classes,
        {
            "true": true,
            PARTLY: corrupt_labels(true, probability=_CORRUPTION, **options),
            "random": corrupt_labels(true, probability=1.0, **options),
        },
    )
    if len(np.unique(labelled.corrupted)) < 2:
        raise InputError(
            f"train_examples={num_examples}: with seed={seed}, not both clean"
            " and corrupted labels are among them; use more, such as 100"
        )
    return labelled


def _load_digits() -> data.ImageClassification:
    """Loads scikit-learn's digits and splits them at random."""
    with theory_extra():
        from sklearn.datasets import load_digits
    loaded = load_digits()
    order = np.random.default_rng(0).permutation(len(loaded.target))
    labels = loaded.target[order].astype("int32")
    images = (loaded.images[order, ..., None] * 255 / 16).astype("uint8")
    examples = data.Examples(images, labels, labels, order.astype("int64"))
    return data.ImageClassification(
        examples.take(np.arange(_DIGITS_TEST, len(order))),
        examples.take(np.arange(_DIGITS_TEST)),
        num_classes=len(loaded.target_names),
    )


@keras_settings(**STANDARD)
def demonstrate(
    labelled: LabelledImages, num_models: int, seeds: Sequence[int]
) -> Record:
    """Trains networks, and measures learning, forgetting and memorization.

    Args:
      labelled: images and labels; see `load_images`.
      num_models: number of networks on subsets.
      seeds: seeds of the runs whose learning is compared. The first is also
        that of the subsets.
    """
    start_time = time.perf_counter()
    learned = {
        kind: [learning_of(labelled, kind, seed) for seed in seeds]
        for kind in labelled.labels
    }
    print(f"{labelled.dataset}: {len(seeds)} runs on each kind of labels done")
    ensemble = subset_networks(labelled, num_models, seeds[0])
    print(
        f"{labelled.dataset}: {num_models} networks on subsets done", flush=True
    )
    scores = memorization(ensemble.trainset_correctness, ensemble.trainset_mask)
    tables = {
        **memorization_tables.learning_tables(learned, labelled.corrupted),
        **memorization_tables.score_tables(
            ensemble,
            scores,
            learned[PARTLY],
            labelled.corrupted,
            labelled.labels,
        ),
    }
    figures = {
        **{
            name: draw(tables)
            for name, draw in memorization_figures.DRAWN.items()
        },
        "images": memorization_figures.draw_images(
            np.asarray(labelled.train.images),
            np.asarray(labelled.test.images),
            tables["most memorized clean examples"],
        ),
        "order": memorization_figures.draw_order(
            np.asarray(labelled.train.images),
            labelled.labels["true"],
            learned["true"],
        ),
    }
    return Record(
        experiment="memorization",
        name=labelled.dataset,
        title=f"Learning and memorization: {labelled.dataset}",
        seed=seeds[0],
        tables=tables,
        figures={name: as_png(figure) for name, figure in figures.items()},
        seconds=time.perf_counter() - start_time,
        files={
            "examples.csv": memorization_tables.examples_as_csv(
                scores, learned[PARTLY], labelled.labels
            )
        },
    )


def learning_of(
    labelled: LabelledImages, kind: str, seed: int
) -> dict[str, np.ndarray]:
    """Trains the MLP 1x512 and returns when it learned each example.

    Args:
      labelled: images and labels.
      kind: kind of labels.
      seed: seed of the weights and the batches.

    Returns:
      `first_epoch` and `forgetting_events`; see `RunResult.learning`. Examples
      that are never learned count as learned after the last epoch.
    """
    config = RunConfig(
        randomize="none",
        center_crop=False,
        epochs=memorization_tables.EPOCHS,
        learning_rate_decay=1.0,
        seed=seed,
    )
    train = (np.asarray(labelled.train.images), labelled.labels[kind])
    test = (np.asarray(labelled.test.images), np.asarray(labelled.test.labels))
    with tempfile.TemporaryDirectory() as folder:
        result = runs.run(
            config,
            os.path.join(folder, "run"),
            data=(train, test),
            save_model=False,
            verbose=False,
        )
        table = result.learning()
    first = table["first_epoch"].to_numpy()
    never = memorization_tables.EPOCHS + 1
    return {
        "first_epoch": np.where(first > 0, first, never),
        "forgetting_events": table["forgetting_events"].to_numpy(),
    }


def subset_networks(
    labelled: LabelledImages, num_models: int, seed: int
) -> Ensemble:
    """Trains networks on subsets of the partly corrupted examples."""

    def inputs(examples: data.Examples) -> np.ndarray:
        images = pipeline.as_inputs(examples, standardize=True).images
        return np.asarray(images).reshape(len(examples), -1)

    return train_ensemble(
        (inputs(labelled.train), labelled.labels[PARTLY]),
        (inputs(labelled.test), np.asarray(labelled.test.labels)),
        num_models=num_models,
        seed=seed,
        **(_ON_DIGITS if labelled.dataset == DIGITS else _ON_PHOTOGRAPHS),
    )
