"""Table 3: test errors of kernel machines that fit every training label."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rethink_keras import paper
from rethink_keras.config import SAMPLE, RunConfig
from rethink_keras.data import Examples
from rethink_keras.plotting import as_png
from rethink_keras.results.records import Record
from rethink_keras.theory import features, filter_curve
from rethink_keras.theory.distances import Distances, squared_distances
from rethink_keras.theory.kernels import KernelClassifier, error_percent
from rethink_keras.theory.random_convnet import RandomConvNet
from rethink_keras.theory.samples import load_samples

_HELD_OUT = 5_000
_TRIAL_EXAMPLES = 10_000

Choices = Sequence[tuple[float, float]]  # pairs of gamma and ridge


@dataclasses.dataclass(frozen=True)
class Machine:
    """A kernel machine and the hyperparameters to choose from.

    Attributes:
      dataset: name of the data set.
      transform: function from images to points; None for the random network.
      gammas: candidates for gamma of the Gaussian kernel, without a ridge.
      ridged: candidate pairs of gamma and ridge for a second row; empty if
        there is no second row. The ridge is relative to a kernel diagonal of 1.
    """

    dataset: str
    transform: Callable[[np.ndarray], np.ndarray] | None
    gammas: Sequence[float]
    ridged: Choices = ()

    def rows(self, name: str) -> dict[str, Choices]:
        """Returns the candidates of each row, by its name."""
        found: dict[str, Choices] = {name: [(g, 0.0) for g in self.gammas]}
        if self.ridged:
            found[f"{name}_ridge"] = self.ridged
        return found


# Without a ridge, wider kernels on 50,000 images are too ill-conditioned for
# float32.
_GABOR = (4.0, 8.0, 16.0)
_PIXELS = (0.002, 0.005, 0.01, 0.02, 0.05)
_CONVNET = (0.3, 1.0, 3.0)
_RIDGED = tuple(itertools.product((0.03, 0.1, 0.3), (1e-3, 1e-2, 1e-1)))
MACHINES: Mapping[str, Machine] = {
    "mnist_raw": Machine(
        "mnist", features.pixels, (features.pixel_gamma(28 * 28),)
    ),
    "mnist_gabor": Machine("mnist", features.gabor, _GABOR),
    "cifar10_raw": Machine(
        "cifar10", features.pixels, (features.pixel_gamma(32 * 32 * 3),)
    ),
    "cifar10_raw_chosen": Machine("cifar10", features.pixels, _PIXELS),
    "cifar10_convnet": Machine("cifar10", None, _CONVNET, _RIDGED),
    "sample_raw": Machine(SAMPLE, features.pixels, _PIXELS),
    "sample_gabor": Machine(SAMPLE, features.gabor, _GABOR),
    "sample_convnet": Machine(SAMPLE, None, _CONVNET, _RIDGED),
}


def demonstrate(config: RunConfig, name: str, filters: Sequence[int]) -> Record:
    """Fits a kernel machine and tests it, for each number of filters.

    For each number of filters, gamma and ridge are those with the lowest error
    on 5,000 held-out training images (or a quarter of the set, rounded up, if
    that is less), after a fit to 10,000 others. The random network also sees
    the held-out images, but no labels. Its features are recomputed for each
    number of filters, so that memory holds only one matrix. Fits with and
    without a ridge share it.

    Args:
      config: data directory, number of training examples and seed.
      name: a key of MACHINES.
      filters: distinct numbers of filters of the random network.

    Raises:
      InputError: the data set cannot be used, or memory is insufficient.
    """
    start_time = time.perf_counter()
    machine = MACHINES[name]
    train, test = load_samples(
        dataclasses.replace(config, dataset=machine.dataset)
    )
    parts = [name]
    if config.train_examples is not None:
        parts.append(f"train_examples={config.train_examples}")
    sizes: Sequence[int | None] = [None]
    if machine.transform is None:
        sizes = sorted(filters)
        parts.append(f"filters={'_'.join(map(str, sizes))}")
    rows, trials = [], []
    for size in sizes:
        measured, choices = _measure(
            name, machine, train, test, size, config.seed
        )
        rows += measured
        trials += choices
    tables, figures = {"machine": rows}, {}
    if len(sizes) > 1:
        tables["machine"] = filter_curve.with_gains(rows)
        tables["trend over the filters"] = filter_curve.trends(rows)
        figures["filters"] = as_png(filter_curve.draw(rows))
    if trials:
        tables["choices on held-out training images"] = trials
    fits = "every training label fitted"
    if machine.ridged:
        fits += ", and with a ridge"
    return Record(
        experiment="table3",
        name=",".join(parts),
        title=f"Table 3: {name.replace('_', ' ')}, {fits}",
        seed=config.seed,
        tables=tables,
        figures=figures,
        seconds=time.perf_counter() - start_time,
    )


def _measure(
    name: str,
    machine: Machine,
    train: Examples,
    test: Examples,
    filters: int | None,
    seed: int,
) -> tuple[list[dict], list[dict]]:
    """Returns the machine's rows and the rows of its trials.

    Work that the rows share counts toward the minutes of the first row.
    """
    start_time = time.perf_counter()
    problem: _Points | _Network
    if machine.transform is None:
        assert filters is not None
        net = RandomConvNet(train.images, filters, seed)
        problem = _Network(net, train, test)
    else:
        problem = _Points(machine.transform, train, test)
    found = machine.rows(name)
    trials = [
        {"row": choice["row"], "filters": filters, **choice}
        for choice in _run_trials(found, problem, train.labels, seed)
    ]
    measured = []
    errors = {row["row"]: row["test error"] for row in paper.read("table3")}
    for row, choices in found.items():
        (gamma, ridge), *_ = choices
        single: dict = {
            "gamma": gamma,
            "ridge": ridge,
            "held-out error %": None,
        }
        best = min(
            (choice for choice in trials if choice["row"] == row),
            key=lambda choice: choice["held-out error %"],
            default=single,
        )
        fitted, predicted = problem.fit(best["gamma"], best["ridge"])
        measured.append(
            {
                "row": row,
                "train": len(train),
                "filters": filters,
                "gamma": best["gamma"],
                "ridge": best["ridge"],
                "held-out error %": best["held-out error %"],
                "norm": fitted.norm_,
                "residual": fitted.residual_,
                "test error %": error_percent(predicted, test.labels),
                "paper %": errors.get(row),
                "minutes": (time.perf_counter() - start_time) / 60,
            }
        )
        start_time = time.perf_counter()
    return measured, trials


def _run_trials(
    rows: Mapping[str, Choices],
    problem: "_Points | _Network",
    labels: np.ndarray,
    seed: int,
) -> list[dict]:
    """Returns the held-out error of each candidate, for rows with several."""
    choices = [
        (row, *choice)
        for row, choices in rows.items()
        if len(choices) > 1
        for choice in choices
    ]
    if not choices:
        return []
    order = np.random.default_rng(seed).permutation(len(labels))
    held, rest = np.split(order, [min(_HELD_OUT, -(-len(labels) // 4))])
    rest = np.sort(rest[:_TRIAL_EXAMPLES])
    distances = problem.distances(rest, held)
    trials = []
    for row, gamma, ridge in choices:
        fitted, predicted = _fit(distances.copy(), labels[rest], gamma, ridge)
        trials.append(
            {
                "row": row,
                "gamma": gamma,
                "ridge": ridge,
                "held-out error %": error_percent(predicted, labels[held]),
                "norm": fitted.norm_,
            }
        )
    return trials


class _Points:
    """A training set of points, for a Gaussian kernel."""

    def __init__(self, transform, train: Examples, test: Examples):
        self._points = transform(train.images)
        self._tests = transform(test.images)
        self._labels = train.labels

    def distances(self, rows: np.ndarray, held: np.ndarray) -> Distances:
        """Returns distances within `rows`, and from `held` to `rows`."""
        block = self._points[rows], self._points[held]
        return squared_distances([block], len(rows), len(held), _log)

    def fit(self, gamma: float, ridge: float):
        """Returns the fitted classifier and its predictions on the test set."""
        machine = KernelClassifier(gamma=gamma, ridge=ridge, verbose=True)
        machine.fit(self._points, self._labels)
        return machine, machine.predict(self._tests)


class _Network:
    """A training set as distances between the random network's features."""

    def __init__(self, net: RandomConvNet, train: Examples, test: Examples):
        blocks = net.blocks(train.images, test.images)
        self._distances = squared_distances(blocks, len(train), len(test), _log)
        self._labels = train.labels

    def distances(self, rows: np.ndarray, held: np.ndarray) -> Distances:
        """Returns distances within `rows`, and from `held` to `rows`."""
        return self._distances.part(rows, held)

    def fit(self, gamma: float, ridge: float):
        """Returns the fitted classifier and its predictions on the test set."""
        fitted, predicted = _fit(self._distances, self._labels, gamma, ridge)
        self._distances.from_kernel(gamma)
        return fitted, predicted


def _fit(distances: Distances, labels: np.ndarray, gamma: float, ridge: float):
    """Fits and predicts from distances, which are replaced by the kernel."""
    distances.to_kernel(gamma)
    machine = KernelClassifier(
        "precomputed", ridge=ridge, copy=False, verbose=True
    )
    machine.fit(distances.square, labels)
    return machine, machine.predict(distances.across)


def _log(text: str) -> None:
    print(text, flush=True)
