"""Exact kernel interpolation: Equation 3 of the paper (Section 5, Table 3)."""

import numbers
from typing import Self

import numpy as np
import psutil

from rethink_keras.config import suggestion
from rethink_keras.errors import InputError
from rethink_keras.theory.cholesky import (
    BLOCK,
    InPlaceCholesky,
    NotPositiveDefiniteError,
    refine,
)
from rethink_keras.theory.extra import theory_extra

with theory_extra():
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import Tags
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data

DTYPES = ("float32", "float64")
KERNELS = ("gaussian", "linear", "precomputed")
_STEPS = 100
_GIB = 2**30


class KernelClassifier(ClassifierMixin, BaseEstimator):
    """Kernel classifier that solves `(K + ridge * I) alpha = Y` exactly.

    K is the kernel matrix of the whole training set. The rows of Y are one-hot
    labels. With ridge 0, the solution is the minimum-norm function that fits
    every label (Equation 3). Stochastic gradient descent from zero converges to
    it.

    The solver is an in-place Cholesky factorization, refined by conjugate
    gradients until the residual is within the tolerance, also in float32.

    Args:
      kernel: `gaussian`, exp(-gamma * ||x - x'||^2); `linear`, <x, x'>; or
        `precomputed`. With `precomputed`, `fit` takes the [n, n] kernel matrix
        and `predict` takes [m, n].
      gamma: gamma of the Gaussian kernel, above 0. The first author used 0.02
        for MNIST.
      ridge: number added to the diagonal, at least 0.
      dtype: `float32` or `float64`, dtype of matrix and factor. 60,000 examples
        take 14.4 or 28.8 GB.
      tolerance: largest residual, relative to Y, above 0.
      copy: whether `fit` copies a precomputed matrix; otherwise it overwrites
        one of the right dtype.
      verbose: whether to print the progress.

    Attributes:
      classes_: the labels.
      dual_coef_: alpha, float64 [n, classes].
      norm_: norm of the solution, `sqrt(sum_k alpha_k' K alpha_k)`.
      residual_: relative residual of the solution.

    Raises:
      InputError: an option is invalid, memory is insufficient, or the system is
        singular.

    Example:
      >>> KernelClassifier(gamma=0.02).fit(images / 255, labels).score(x, y)
    """

    def __init__(
        self,
        kernel: str = "gaussian",
        *,
        gamma: float = 0.02,
        ridge: float = 0.0,
        dtype: str = "float32",
        tolerance: float = 1e-6,
        copy: bool = True,
        verbose: bool = False,
    ):
        self.kernel = kernel
        self.gamma = gamma
        self.ridge = ridge
        self.dtype = dtype
        self.tolerance = tolerance
        self.copy = copy
        self.verbose = verbose

    def fit(self, X, y) -> Self:  # noqa: N803
        """Fits the training labels, exactly if the ridge is 0.

        Args:
          X: points [n, d], or the kernel matrix [n, n] if precomputed.
          y: labels [n] of any dtype.
        """
        self._check_options()
        X, y = validate_data(self, X, y, dtype=["float64", "float32"])  # noqa: N806
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        targets = np.equal.outer(y, self.classes_).astype("float64")
        self._check_memory(len(X))
        if self.kernel == "gaussian":
            # Distances between points far from the origin would be rounded.
            self._origin = X.mean(axis=0)
            X = X - self._origin  # noqa: N806
        self._train = None if self.kernel == "precomputed" else X
        matrix = self._gram(X)
        matrix[np.diag_indices(len(X))] += np.asarray(self.ridge, self.dtype)
        self.dual_coef_, self.residual_ = self._solve(matrix, targets)
        fitted = targets - self.ridge * self.dual_coef_
        squared = float((self.dual_coef_ * fitted).sum())
        self.norm_ = max(squared, 0.0) ** 0.5
        return self

    def decision_function(self, X) -> np.ndarray:  # noqa: N803
        """Returns outputs [m, classes]; for two classes, a difference [m]."""
        check_is_fitted(self)
        X = validate_data(  # noqa: N806
            self, X, dtype=["float64", "float32"], reset=False
        )
        if self.kernel == "gaussian":
            X = X - self._origin  # noqa: N806
        rows = [
            self._block(X[start : start + BLOCK]).astype("float64")
            @ self.dual_coef_
            for start in range(0, len(X), BLOCK)
        ]
        outputs = np.concatenate(rows)
        if len(self.classes_) == 2:
            return outputs[:, 1] - outputs[:, 0]
        return outputs

    def predict(self, X) -> np.ndarray:  # noqa: N803
        """Returns the class with the largest output: [m]."""
        outputs = self.decision_function(X)
        if outputs.ndim == 1:
            return self.classes_[(outputs > 0).astype(int)]
        return self.classes_[outputs.argmax(axis=1)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags

    def _check_options(self) -> None:
        if self.kernel not in KERNELS:
            raise InputError(
                f"kernel={self.kernel}: must be one of {', '.join(KERNELS)}"
                f"{suggestion(self.kernel, KERNELS)}"
            )
        if self.dtype not in DTYPES:
            raise InputError(
                f"dtype={self.dtype}: must be one of {', '.join(DTYPES)}"
                f"{suggestion(str(self.dtype), DTYPES)}"
            )
        for name in ("gamma", "tolerance"):
            value: float = getattr(self, name)
            if not isinstance(value, numbers.Real) or not value > 0:
                raise InputError(f"{name}={value}: must be a number above 0")
        if not isinstance(self.ridge, numbers.Real) or not self.ridge >= 0:
            raise InputError(f"ridge={self.ridge}: must be a number from 0")

    def _check_memory(self, count: int) -> None:
        """Raises InputError if the free memory is insufficient."""
        needed = 0
        if self.kernel != "precomputed" or self.copy:
            needed += count**2 * np.dtype(self.dtype).itemsize
        needed += 3 * BLOCK * count * 8
        free = psutil.virtual_memory().available
        if needed > free:
            alternative = " or float32" if self.dtype == "float64" else ""
            raise InputError(
                f"{count:,} training examples in {self.dtype} need"
                f" {needed / _GIB:.1f} GiB of memory and {free / _GIB:.1f} are"
                f" free; use fewer examples{alternative}"
            )

    def _gram(self, X: np.ndarray) -> np.ndarray:  # noqa: N803
        """Computes the upper triangle of the kernel matrix in blocks."""
        if self.kernel == "precomputed":
            if X.shape[0] != X.shape[1]:
                raise InputError(
                    f"X: must be a square matrix; received shape {X.shape}"
                )
            if self.copy:
                return np.array(X, self.dtype, order="C")
            return np.require(X, self.dtype, ["C", "W"])
        matrix = np.empty((len(X), len(X)), self.dtype)
        for start in range(0, len(X), BLOCK):
            rows = slice(start, start + BLOCK)
            matrix[rows, start:] = self._kernel(X[rows], X[start:])
            self._log(f"kernel: {min(start + BLOCK, len(X)) / len(X):.0%}")
        if self.kernel == "gaussian":
            matrix[np.diag_indices(len(X))] = 1
        return matrix

    def _block(self, X: np.ndarray) -> np.ndarray:  # noqa: N803
        return X if self._train is None else self._kernel(X, self._train)

    def _kernel(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Evaluates the kernel between two sets of points: [len(a), len(b)]."""
        a, b = a.astype(self.dtype), b.astype(self.dtype, copy=False)
        squares = [self._squared_norms(points) for points in (a, b)]
        products = a @ b.T
        if self.kernel == "linear":
            return products
        products *= -2
        products += squares[0][:, None]
        products += squares[1]
        np.maximum(products, 0, out=products)
        products *= -self.gamma
        return np.exp(products, out=products)

    def _squared_norms(self, points: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            squares = np.square(points).sum(axis=1)
        largest = np.finfo(self.dtype).max / 4  # of a squared distance
        if not (squares <= largest).all():
            raise InputError(
                f"X: squared norms overflow {self.dtype}; scale the points down"
            )
        return squares

    def _solve(
        self, matrix: np.ndarray, targets: np.ndarray
    ) -> tuple[np.ndarray, float]:
        # Rounding errors of the factorization are about eps times the largest
        # eigenvalue, which the sum of one row estimates.
        largest = float(np.abs(matrix[0]).sum())
        shift = float(np.finfo(self.dtype).eps) * largest
        try:
            system = InPlaceCholesky(matrix, shift, self._log)
        except NotPositiveDefiniteError as error:
            raise self._singular() from error
        solution, residual = refine(
            system,
            targets,
            tolerance=self.tolerance,
            steps=_STEPS,
            log=self._log,
        )
        if not residual <= self.tolerance:
            raise self._singular(residual)
        return solution, residual

    def _singular(self, residual: float | None = None) -> InputError:
        reached = "" if residual is None else f" (residual {residual:.1e})"
        finer = " or float64" if self.dtype == "float32" else ""
        return InputError(
            f"ridge={self.ridge}: the system is singular in {self.dtype}"
            f"{reached}; remove duplicates, or use a larger ridge{finer}"
        )

    def _log(self, text: str) -> None:
        if self.verbose:
            print(text, flush=True)


def error_percent(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Returns the error rate in percent."""
    return 100 * float((predicted != labels).mean())
