"""In-place Cholesky solver for dense positive definite systems.

The factor overwrites the lower triangle block by block, and the upper triangle
keeps the matrix. This halves memory and time. Conjugate gradients on the matrix
then refine the solution if the factor has low precision.
"""

import time
from collections.abc import Callable

import numpy as np
import scipy.linalg

BLOCK = 2_048
_DIVERGED = 10.0  # a larger residual means that the system is singular

Log = Callable[[str], None]  # receives progress messages


class NotPositiveDefiniteError(ArithmeticError):
    """The matrix has no Cholesky factor in its precision."""


class InPlaceCholesky:
    """Factorizes `matrix + shift * I` in the lower triangle of `matrix`.

    Reads only the upper triangle and the diagonal of `matrix`.

    Args:
      matrix: [n, n], float32 or float64, C order. The lower triangle and the
        diagonal are overwritten.
      shift: number added to the diagonal before the factorization.
      log: receives progress messages.

    Raises:
      NotPositiveDefiniteError: the matrix is not positive definite in its
        precision.
    """

    def __init__(self, matrix: np.ndarray, shift: float, log: Log):
        self._matrix = matrix
        self._diagonal = np.diagonal(matrix).astype("float64")
        self._blocks = [
            slice(start, min(start + BLOCK, len(matrix)))
            for start in range(0, len(matrix), BLOCK)
        ]
        self._mirror(shift)
        self._factorize(log)

    def _mirror(self, shift: float) -> None:
        a = self._matrix
        for block in self._blocks:
            a[block.stop :, block] = a[block, block.stop :].T
            corner = a[block, block]
            corner[...] = np.triu(corner) + np.triu(corner, 1).T
        a[np.diag_indices(len(a))] += np.asarray(shift, a.dtype)

    def _factorize(self, log: Log) -> None:
        """Factorizes one block column after the other (left-looking)."""
        a, start_time, done = self._matrix, time.monotonic(), 0.0
        for block in self._blocks:
            left = slice(0, block.start)
            below = slice(block.start, len(a))
            upper = np.triu(a[block, block], 1)
            if block.start:
                a[below, block] -= a[below, left] @ a[block, left].T
            try:
                corner = scipy.linalg.cholesky(a[block, block], lower=True)
            except scipy.linalg.LinAlgError as error:
                raise NotPositiveDefiniteError(
                    f"not positive definite in {a.dtype}"
                ) from error
            a[block, block] = corner + upper
            a[block.stop :, block] = scipy.linalg.solve_triangular(
                corner, a[block.stop :, block].T, lower=True
            ).T
            done += (len(a) - block.start) * (block.stop**2 - block.start**2)
            self._log_progress(log, start_time, done / len(a) ** 3 * 3)

    def _log_progress(
        self, log: Log, start_time: float, fraction: float
    ) -> None:
        elapsed = time.monotonic() - start_time
        fraction = min(fraction, 1.0)
        remaining = elapsed / fraction - elapsed
        log(f"factorization: {fraction:.0%}, {remaining:.0f} s left")

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Solves with the factor in its precision; returns float64 [n, m]."""
        a = self._matrix
        x = right.astype(a.dtype)
        for block in self._blocks:
            left = slice(0, block.start)
            x[block] -= a[block, left] @ x[left]
            x[block] = scipy.linalg.solve_triangular(
                a[block, block], x[block], lower=True
            )
        for block in reversed(self._blocks):
            below = slice(block.stop, len(a))
            x[block] -= a[below, block].T @ x[below]
            x[block] = scipy.linalg.solve_triangular(
                a[block, block], x[block], lower=True, trans=1
            )
        return x.astype("float64")

    def multiply(self, x: np.ndarray) -> np.ndarray:
        """Multiplies the given matrix, without the shift, by x in float64."""
        a = self._matrix
        product = self._diagonal[:, None] * x
        for block in self._blocks:
            corner = np.triu(a[block, block], 1).astype("float64")
            product[block] += corner @ x[block] + corner.T @ x[block]
            right = slice(block.stop, len(a))
            if block.stop < len(a):
                tile = a[block, right].astype("float64")
                product[block] += tile @ x[right]
                product[right] += tile.T @ x[block]
        return product


def refine(
    system: InPlaceCholesky,
    right: np.ndarray,
    *,
    tolerance: float,
    steps: int,
    log: Log,
) -> tuple[np.ndarray, float]:
    """Solves by conjugate gradients, with the factor as preconditioner.

    Args:
      system: the matrix and its factor.
      right: right-hand side, float64 [n, m].
      tolerance: largest residual, relative to the right-hand side.
      steps: maximum number of iterations.
      log: receives progress messages.

    Returns:
      The solution, float64 [n, m], and its relative residual.
    """
    scale = np.linalg.norm(right)
    x = system.solve(right)
    residual = right - system.multiply(x)
    found = float(np.linalg.norm(residual) / scale)
    log(f"relative residual {found:.1e}")
    direction = preconditioned = system.solve(residual)
    product = (residual * preconditioned).sum(axis=0)
    for _ in range(steps):
        if found <= tolerance or found > _DIVERGED:
            break
        image = system.multiply(direction)
        length = _ratio(product, (direction * image).sum(axis=0))
        x = x + length * direction
        residual = residual - length * image
        found = float(np.linalg.norm(residual) / scale)
        log(f"relative residual {found:.1e}")
        preconditioned = system.solve(residual)
        before, product = product, (residual * preconditioned).sum(axis=0)
        direction = preconditioned + _ratio(product, before) * direction
    return x, found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divides column by column; 0 for columns that have fully converged."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)
