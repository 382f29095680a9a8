"""Table 3: test errors of kernel machines that fit every training label."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rethink_keras.config import SAMPLE, RunConfig
from rethink_keras.data import Examples
from rethink_keras.results.images import as_png
from rethink_keras.theory import features, filter_curve
from rethink_keras.theory.distances import Distances, squared_distances
from rethink_keras.theory.kernels import KernelClassifier, error_percent
from rethink_keras.theory.random_convnet import RandomConvNet
from rethink_keras.theory.records import Record
from rethink_keras.theory.samples import load_samples

_HELD_OUT = 5_000
_TRIED = 10_000

Choices = Sequence[tuple[float, float]]  # gammas and ridges


@dataclasses.dataclass(frozen=True)
class Machine:
    """Features, kernel, and what the held-out images choose among.

    Attributes:
      dataset: of the row.
      paper: test error in percent; None where the row is ours.
      transform: from images to points; None for the random network.
      gammas: of the Gaussian kernel.
      ridged: gammas and ridges of a second row, with a ridge on the diagonal,
        which is 1; empty where there is none.
      paper_with_ridge: as `paper`, of that row.
    """

    dataset: str
    paper: float | None
    transform: Callable[[np.ndarray], np.ndarray] | None
    gammas: Sequence[float]
    ridged: Choices = ()
    paper_with_ridge: float | None = None

    def rows(self, name: str) -> list[tuple[str, float | None, Choices]]:
        """Name, the paper's error and the choices of each row."""
        found: list[tuple[str, float | None, Choices]] = [
            (name, self.paper, [(gamma, 0.0) for gamma in self.gammas])
        ]
        if self.ridged:
            row = f"{name}_ridge", self.paper_with_ridge, self.ridged
            found.append(row)
        return found


# Without a ridge, wider kernels are too ill-conditioned for float32 at 50,000.
_GABOR = (4.0, 8.0, 16.0)
_PIXELS = (0.002, 0.005, 0.01, 0.02, 0.05)
_CONVNET = (0.3, 1.0, 3.0)
_RIDGED = tuple(itertools.product((0.03, 0.1, 0.3), (1e-3, 1e-2, 1e-1)))
MACHINES: Mapping[str, Machine] = {
    "mnist_raw": Machine(
        "mnist", 1.2, features.pixels, (features.pixel_gamma(28 * 28),)
    ),
    "mnist_gabor": Machine("mnist", 0.6, features.gabor, _GABOR),
    "cifar10_raw": Machine(
        "cifar10", 46.0, features.pixels, (features.pixel_gamma(32 * 32 * 3),)
    ),
    "cifar10_raw_chosen": Machine("cifar10", None, features.pixels, _PIXELS),
    "cifar10_convnet": Machine("cifar10", 17.0, None, _CONVNET, _RIDGED, 15.0),
    "sample_raw": Machine(SAMPLE, None, features.pixels, _PIXELS),
    "sample_gabor": Machine(SAMPLE, None, features.gabor, _GABOR),
    "sample_convnet": Machine(SAMPLE, None, None, _CONVNET, _RIDGED),
}


def demonstrate(config: RunConfig, name: str, filters: Sequence[int]) -> Record:
    """Fits a machine and tests it; a random network at each of its sizes.

    Gamma and ridge are chosen for each size, by fits to 10,000 training images
    and their errors on 5,000 others (of small sets, a quarter), which are not
    held out of the network: it sees no labels. Its features are computed anew
    for each size, so that one matrix is held at a time; the fits with and
    without a ridge share it.

    Args:
      config: where the data lie, the seed, and how many training images.
      name: a key of MACHINES.
      filters: of the random network: different numbers.

    Raises:
      InputError: the data cannot be used, or memory does not suffice.
    """
    begun = time.perf_counter()
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
    rows, tried = [], []
    for size in sizes:
        measured, choices = _measure(
            name, machine, train, test, size, config.seed
        )
        rows += measured
        tried += choices
    tables, figures = {"machine": rows}, {}
    if len(sizes) > 1:
        tables["machine"] = filter_curve.with_gains(rows)
        tables["trend over the filters"] = filter_curve.trends(rows)
        figures["filters"] = as_png(filter_curve.draw(rows))
    if tried:
        tables["choices on held-out training images"] = tried
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
        seconds=time.perf_counter() - begun,
    )


def _measure(
    name: str,
    machine: Machine,
    train: Examples,
    test: Examples,
    filters: int | None,
    seed: int,
) -> tuple[list[dict], list[dict]]:
    """The machine's rows of the table, and those of what was tried for it.

    What the rows share counts for the minutes of the first.
    """
    begun = time.perf_counter()
    problem: _Points | _Network
    if machine.transform is None:
        assert filters is not None
        net = RandomConvNet(train.images, filters, seed)
        problem = _Network(net, train, test)
    else:
        problem = _Points(machine.transform, train, test)
    found = machine.rows(name)
    tried = [
        {"row": choice["row"], "filters": filters, **choice}
        for choice in _try(found, problem, train.labels, seed)
    ]
    measured = []
    for row, paper, choices in found:
        (gamma, ridge), *_ = choices
        single: dict = {
            "gamma": gamma,
            "ridge": ridge,
            "held-out error %": None,
        }
        best = min(
            (choice for choice in tried if choice["row"] == row),
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
                "paper %": paper,
                "minutes": (time.perf_counter() - begun) / 60,
            }
        )
        begun = time.perf_counter()
    return measured, tried


def _try(
    rows: Sequence[tuple[str, float | None, Choices]],
    problem: "_Points | _Network",
    labels: np.ndarray,
    seed: int,
) -> list[dict]:
    """What each choice errs on held-out images, of rows that have several."""
    choices = [
        (row, *choice)
        for row, _, choices in rows
        if len(choices) > 1
        for choice in choices
    ]
    if not choices:
        return []
    order = np.random.default_rng(seed).permutation(len(labels))
    held, rest = np.split(order, [min(_HELD_OUT, len(labels) // 4)])
    rest = np.sort(rest[:_TRIED])
    distances = problem.distances(rest, held)
    tried = []
    for row, gamma, ridge in choices:
        fitted, predicted = _fit(distances.copy(), labels[rest], gamma, ridge)
        tried.append(
            {
                "row": row,
                "gamma": gamma,
                "ridge": ridge,
                "held-out error %": error_percent(predicted, labels[held]),
                "norm": fitted.norm_,
            }
        )
    return tried


class _Points:
    """A training set as points, for a Gaussian kernel."""

    def __init__(self, transform, train: Examples, test: Examples):
        self._points = transform(train.images)
        self._tests = transform(test.images)
        self._labels = train.labels

    def distances(self, rows: np.ndarray, held: np.ndarray) -> Distances:
        """Those of training points, and from others of them."""
        block = self._points[rows], self._points[held]
        return squared_distances([block], len(rows), len(held), _tell)

    def fit(self, gamma: float, ridge: float):
        """The fitted machine, and what it predicts of the tests."""
        machine = KernelClassifier(gamma=gamma, ridge=ridge, verbose=True)
        machine.fit(self._points, self._labels)
        return machine, machine.predict(self._tests)


class _Network:
    """A training set as distances of the random network's features."""

    def __init__(self, net: RandomConvNet, train: Examples, test: Examples):
        blocks = net.blocks(train.images, test.images)
        self._distances = squared_distances(
            blocks, len(train), len(test), _tell
        )
        self._labels = train.labels

    def distances(self, rows: np.ndarray, held: np.ndarray) -> Distances:
        """Those of training images, and from others of them."""
        return self._distances.part(rows, held)

    def fit(self, gamma: float, ridge: float):
        """The fitted machine, and what it predicts of the tests."""
        fitted, predicted = _fit(self._distances, self._labels, gamma, ridge)
        self._distances.from_kernel(gamma)
        return fitted, predicted


def _fit(distances: Distances, labels: np.ndarray, gamma: float, ridge: float):
    """As of _Points, from distances, which become the kernel."""
    distances.to_kernel(gamma)
    machine = KernelClassifier("precomputed", ridge=ridge, verbose=True)
    machine.fit(distances.square, labels)
    return machine, machine.predict(distances.across)


def _tell(text: str) -> None:
    print(text, flush=True)
