"""Section 5: minimum-norm solutions, and how norms relate to test error."""

import time
from collections.abc import Sequence

import numpy as np
import scipy.linalg
from matplotlib.figure import Figure

from rethink_keras import paper, pipeline
from rethink_keras.config import RunConfig
from rethink_keras.data import Examples
from rethink_keras.plotting import as_png, new_axes, style
from rethink_keras.randomization import leading
from rethink_keras.results.records import Record
from rethink_keras.theory import features
from rethink_keras.theory.extra import theory_extra
from rethink_keras.theory.kernels import KernelClassifier, error_percent
from rethink_keras.theory.least_squares import Descent, Path, descend
from rethink_keras.theory.samples import load_samples

with theory_extra():
    from sklearn.metrics.pairwise import rbf_kernel

TABLES = {
    "descent": "gradient descent from zero ends at the minimum norm",
    "interpolants": "three functions that fit every label; one generalizes",
    "norms": "minimum norms with two preprocessings",
}
_EQUATIONS = 60
_DESCENTS = (
    Descent("gradient descent", None, steps=5_000),
    Descent("SGD", 1),
    Descent("mini-batches of 10", 10),
    Descent("momentum 0.9, mini-batches of 10", 10, momentum=0.9),
    Descent("mini-batches of 10, random start", 10, start_norm=1.0),
)
_CENTRES = 2_000
_GAMMA_GABOR = 4.0  # the value that Table 3 chooses on MNIST


def demonstrate(config: RunConfig, table: str) -> Record:
    """Computes one table of Section 5 on a data set with true labels.

    Args:
      config: data set, number of training examples and seed.
      table: `descent` (gradient descent on least squares), `interpolants`
        (three functions that fit the training set, of which one generalizes)
        or `norms` (minimum norms on pixels and on Gabor features).

    Raises:
      InputError: the data set cannot be used.
    """
    start_time = time.perf_counter()
    train, test = load_samples(config)
    figures = {}
    if table == "descent":
        paths = descents(train.images, config.seed)
        rows = [_descent_row(descent, path) for descent, path in paths]
        figures["descent"] = as_png(draw_descents(paths))
    elif table == "interpolants":
        rows = interpolants(train, test, config.seed)
    else:
        rows = norms(train, test)
        if config.dataset == "mnist" and config.train_examples is None:
            rows = [_with_papers_numbers(row) for row in rows]
    return Record(
        experiment="min_norm",
        name=f"{table}_{config.dataset}",
        title=f"Section 5: {TABLES[table]}",
        seed=config.seed,
        tables={table: rows},
        figures=figures,
        seconds=time.perf_counter() - start_time,
    )


def descents(images: np.ndarray, seed: int) -> list[tuple[Descent, Path]]:
    """Runs all descents on 60 whitened images with random targets -1 and 1.

    Copies and images of one colour, whose equations have no solution, are left
    out.
    """
    rng = np.random.default_rng(seed)
    distinct: dict[bytes, np.ndarray] = {}
    for image in images:
        if len(distinct) == _EQUATIONS:
            break
        if image.min() < image.max():
            distinct.setdefault(image.tobytes(), image)
    chosen = pipeline.whiten(np.stack(list(distinct.values()))).numpy()
    examples = chosen.reshape(len(chosen), -1).astype("float64")
    examples /= np.sqrt(examples.shape[1])  # rows of length 1
    targets = rng.choice([-1.0, 1.0], len(examples))
    return [
        (descent, descend(examples, targets, descent, seed))
        for descent in _DESCENTS
    ]


def _descent_row(descent: Descent, path: Path) -> dict:
    return {
        "descent": descent.name,
        "start": "random" if descent.start_norm else "zero",
        "steps": descent.steps,
        "loss": path.loss,
        "distance to w*": float(path.distances[-1]),
        "norm over that of w*": path.norm,
        "outside the span": path.outside,
    }


def draw_descents(paths: Sequence[tuple[Descent, Path]]) -> Figure:
    """Draws the distance to the minimum-norm solution over the steps."""
    with style():
        figure, axes = new_axes()
        for descent, path in paths:
            axes.semilogy(path.steps, path.distances, label=descent.name)
        axes.set_xlabel("step")
        axes.set_ylabel("||w - w*|| / ||w*||")
        axes.set_title("w* is the minimum-norm solution")
        axes.legend()
    return figure


def interpolants(train: Examples, test: Examples, seed: int) -> list[dict]:
    """Fits three functions to every training label; only one generalizes.

    The minimum-norm function generalizes. The other two follow the paper's
    recipes for functions that do not (Section 5): kernel centres at random
    points, and random labels forced on the test images. All use a Gaussian
    kernel on pixels and at most 2,000 training images.
    """
    rng = np.random.default_rng(seed)
    train = train.take(leading(train, _CENTRES, seed=seed))
    x, y = features.pixels(train.images).astype("float64"), train.labels
    tests = features.pixels(test.images).astype("float64")
    gamma = features.pixel_gamma(x.shape[1])
    least = KernelClassifier(gamma=gamma, dtype="float64").fit(x, y)
    noise = rng.normal(x.mean(axis=0), x.std(axis=0), size=x.shape)
    classes = np.unique(y)
    alpha = scipy.linalg.solve(
        rbf_kernel(x, noise, gamma=gamma), y[:, None] == classes
    )
    random_norm = np.sqrt(
        (alpha * (rbf_kernel(noise, gamma=gamma) @ alpha)).sum()
    )

    def error_of(points, labels):
        outputs = rbf_kernel(points, noise, gamma=gamma) @ alpha
        return error_percent(classes[outputs.argmax(axis=1)], labels)

    forced = KernelClassifier(gamma=gamma, dtype="float64").fit(
        np.concatenate([x, tests]),
        np.concatenate([y, rng.choice(classes, len(tests))]),
    )
    return [
        _function_row("minimum norm", least, x, y, tests, test.labels),
        {
            "function": "centres at random points",
            "images": len(x),
            "gamma": gamma,
            "norm": float(random_norm),
            "train error %": error_of(x, y),
            "test error %": error_of(tests, test.labels),
        },
        _function_row(
            "random labels forced on the test images",
            forced,
            x,
            y,
            tests,
            test.labels,
        ),
    ]


def norms(train: Examples, test: Examples) -> list[dict]:
    """Compares minimum norms and test errors of two preprocessings."""
    rows = []
    for name, function in (
        ("pixels", features.pixels),
        ("Gabor wavelets", features.gabor),
    ):
        x, tests = function(train.images), function(test.images)
        gamma = (
            features.pixel_gamma(x.shape[1])
            if name == "pixels"
            else _GAMMA_GABOR
        )
        machine = KernelClassifier(gamma=gamma).fit(x, train.labels)
        rows.append(
            _function_row(name, machine, x, train.labels, tests, test.labels)
        )
    return rows


def _with_papers_numbers(row: dict) -> dict:
    (papers,) = (
        each
        for each in paper.read("norms")
        if each["function"] == row["function"]
    )
    return {
        **row,
        "paper norm": papers["norm"],
        "paper test error %": papers["test error"],
    }


def _function_row(name, machine, x, y, tests, labels) -> dict:
    return {
        "function": name,
        "images": len(x),
        "gamma": machine.gamma,
        "norm": machine.norm_,
        "train error %": error_percent(machine.predict(x), y),
        "test error %": error_percent(machine.predict(tests), labels),
    }
