"""Table 3: test errors of kernel machines that fit every training label."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rethink_keras.config import SAMPLE, RunConfig
from rethink_keras.data import Examples
from rethink_keras.results.records import Record
from rethink_keras.theory import features
from rethink_keras.theory.kernels import KernelClassifier, error_percent
from rethink_keras.theory.random_convnet import RandomConvNet, squared_distances
from rethink_keras.theory.samples import load_samples

_HELD_OUT = 5_000
_TRIED = 10_000


@dataclasses.dataclass(frozen=True)
class Machine:
    """A row: features, kernel, and what the held-out images choose among.

    Attributes:
      dataset: of the row.
      paper: test error in percent; None on the sample, which is ours.
      transform: from images to points; None for the random network.
      gammas: of the Gaussian kernel.
      ridges: added to the diagonal, which is 1.
    """

    dataset: str
    paper: float | None
    transform: Callable[[np.ndarray], np.ndarray] | None
    gammas: Sequence[float]
    ridges: Sequence[float] = (0.0,)


_GABOR = (0.5, 1.0, 2.0, 4.0)
_PIXELS = (0.001, 0.002, 0.005, 0.01, 0.02)
_CONVNET = (0.1, 0.3, 1.0)
_RIDGES = (1e-3, 1e-2, 1e-1)
MACHINES: Mapping[str, Machine] = {
    # The first author's own width.
    "mnist_raw": Machine("mnist", 1.2, features.pixels, (0.02,)),
    "mnist_gabor": Machine("mnist", 0.6, features.gabor, _GABOR),
    "cifar10_raw": Machine("cifar10", 46.0, features.pixels, _PIXELS),
    "cifar10_convnet": Machine("cifar10", 17.0, None, _CONVNET),
    "cifar10_convnet_ridge": Machine("cifar10", 15.0, None, _CONVNET, _RIDGES),
    "sample_raw": Machine(SAMPLE, None, features.pixels, _PIXELS),
    "sample_gabor": Machine(SAMPLE, None, features.gabor, _GABOR),
    "sample_convnet": Machine(SAMPLE, None, None, _CONVNET),
    "sample_convnet_ridge": Machine(SAMPLE, None, None, _CONVNET, _RIDGES),
}


def demonstrate(config: RunConfig, name: str, filters: int) -> Record:
    """Fits a machine and tests it.

    Args:
      config: where the data lie, the seed, and how many training images.
      name: a key of MACHINES.
      filters: of the random network.

    Raises:
      InputError: the data cannot be used, or memory does not suffice.
    """
    begun = time.perf_counter()
    machine = MACHINES[name]
    train, test = load_samples(
        dataclasses.replace(config, dataset=machine.dataset)
    )
    row, tried = _fit(name, machine, train, test, filters, config.seed)
    tables = {"machine": [row]}
    if tried:
        tables["choices on held-out training images"] = tried
    parts = [name]
    if config.train_examples is not None:
        parts.append(f"train_examples={config.train_examples}")
    if machine.transform is None:
        parts.append(f"filters={filters}")
    return Record(
        experiment="table3",
        name=",".join(parts),
        title=f"Table 3: {name.replace('_', ' ')}, every training label fitted",
        seed=config.seed,
        tables=tables,
        figures={},
        seconds=time.perf_counter() - begun,
    )


def _fit(
    name: str,
    machine: Machine,
    train: Examples,
    test: Examples,
    filters: int,
    seed: int,
) -> tuple[dict, list[dict]]:
    """A row of the table, and those of what was tried for it."""
    begun = time.perf_counter()
    tried = _try(name, machine, train, filters, seed)
    first = {"gamma": machine.gammas[0], "ridge": machine.ridges[0]}
    best = min(tried, key=lambda row: row["held-out error %"], default=first)
    problem = _problem(machine, train, test, filters, seed)
    fitted, predicted = problem.fit(best["gamma"], best["ridge"], keep=False)
    return {
        "row": name,
        "train": len(train),
        "gamma": best["gamma"],
        "ridge": best["ridge"],
        "filters": None if machine.transform else filters,
        "norm": fitted.norm_,
        "residual": fitted.residual_,
        "test error %": error_percent(predicted, test.labels),
        "paper %": machine.paper,
        "minutes": (time.perf_counter() - begun) / 60,
    }, tried


def _try(
    name: str, machine: Machine, train: Examples, filters: int, seed: int
) -> list[dict]:
    """What each choice errs on held-out images; empty for a single choice."""
    candidates = [
        (gamma, ridge) for gamma in machine.gammas for ridge in machine.ridges
    ]
    if len(candidates) == 1:
        return []
    order = np.random.default_rng(seed).permutation(len(train))
    held, rest = np.split(order, [min(_HELD_OUT, len(train) // 4)])
    held_out = train.take(held)
    problem = _problem(
        machine, train.take(rest[:_TRIED]), held_out, filters, seed
    )
    rows = []
    for gamma, ridge in candidates:
        fitted, predicted = problem.fit(gamma, ridge, keep=True)
        rows.append(
            {
                "row": name,
                "gamma": gamma,
                "ridge": ridge,
                "held-out error %": error_percent(predicted, held_out.labels),
                "norm": fitted.norm_,
            }
        )
    return rows


class _Points:
    """A training set as points, for a Gaussian kernel."""

    def __init__(self, transform, train: Examples, test: Examples):
        self._points = transform(train.images)
        self._tests = transform(test.images)
        self._labels = train.labels

    def fit(self, gamma: float, ridge: float, keep: bool):
        """The fitted machine, and what it predicts of the tests."""
        del keep
        machine = KernelClassifier(gamma=gamma, ridge=ridge, verbose=True)
        machine.fit(self._points, self._labels)
        return machine, machine.predict(self._tests)


class _Distances:
    """A training set as squared distances of the random network's features.

    What it holds is lost by a fit that does not keep it.
    """

    def __init__(self, net: RandomConvNet, train: Examples, test: Examples):
        self._square, self._across = squared_distances(
            net, train.images, test.images, print
        )
        self._labels = train.labels

    def fit(self, gamma: float, ridge: float, keep: bool):
        """The fitted machine, and what it predicts of the tests."""
        square, across = (
            _gaussian(distances.copy() if keep else distances, gamma)
            for distances in (self._square, self._across)
        )
        machine = KernelClassifier("precomputed", ridge=ridge, verbose=True)
        machine.fit(square, self._labels)
        return machine, machine.predict(across)


def _gaussian(distances: np.ndarray, gamma: float) -> np.ndarray:
    distances *= -gamma
    return np.exp(distances, out=distances)


def _problem(
    machine: Machine, train: Examples, test: Examples, filters: int, seed: int
) -> _Points | _Distances:
    if machine.transform is None:
        net = RandomConvNet(train.images, filters, seed)
        return _Distances(net, train, test)
    return _Points(machine.transform, train, test)
