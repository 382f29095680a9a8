"""Dense positive definite systems in place: half of memory, half of time.

The factor replaces the lower triangle of the matrix, block by block, while
the upper one keeps the matrix; so a factor of low precision can be refined
by conjugate gradients on the matrix itself.
"""

import time
from collections.abc import Callable

import numpy as np
import scipy.linalg

BLOCK = 2_048
_HOPELESS = 10.0  # a residual that shows a singular system

Tell = Callable[[str], None]


class NotPositiveDefiniteError(ArithmeticError):
    """A matrix has no Cholesky factor in its precision."""


class InPlaceCholesky:
    """Factorizes `matrix + shift * I` over the lower triangle of `matrix`.

    Only the upper triangle and the diagonal of what is given are read.

    Args:
      matrix: [n, n], float32 or float64, C order; its lower triangle and
        diagonal are overwritten.
      shift: added to the diagonal of what is factorized.
      tell: is told the progress.

    Raises:
      NotPositiveDefiniteError: in its precision the matrix is not.
    """

    def __init__(self, matrix: np.ndarray, shift: float, tell: Tell):
        self._matrix = matrix
        self._diagonal = np.diagonal(matrix).astype("float64")
        self._blocks = [
            slice(start, min(start + BLOCK, len(matrix)))
            for start in range(0, len(matrix), BLOCK)
        ]
        self._mirror(shift)
        self._factorize(tell)

    def _mirror(self, shift: float) -> None:
        a = self._matrix
        for block in self._blocks:
            a[block.stop :, block] = a[block, block.stop :].T
            corner = a[block, block]
            corner[...] = np.triu(corner) + np.triu(corner, 1).T
        a[np.diag_indices(len(a))] += np.asarray(shift, a.dtype)

    def _factorize(self, tell: Tell) -> None:
        """Left-looking: each block column in turn, by one large product."""
        a, begun, done = self._matrix, time.monotonic(), 0.0
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
            self._tell(tell, begun, done / len(a) ** 3 * 3)

    def _tell(self, tell: Tell, begun: float, share: float) -> None:
        spent = time.monotonic() - begun
        share = min(share, 1.0)
        left = spent / share - spent
        tell(f"factorization: {share:.0%}, {left:.0f} s left")

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Solves with the factor, in its precision: [n, m]."""
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
        """The matrix as given, without the shift, times x, in float64."""
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
    tell: Tell,
) -> tuple[np.ndarray, float]:
    """Solves with the matrix by conjugate gradients, the factor as a guide.

    Args:
      system: the matrix and its factor.
      right: float64 [n, m].
      tolerance: of the residual, relative to the right side.
      steps: at most.
      tell: is told the progress.

    Returns:
      The solution, float64 [n, m], and its relative residual.
    """
    scale = np.linalg.norm(right)
    x = system.solve(right)
    residual = right - system.multiply(x)
    found = float(np.linalg.norm(residual) / scale)
    tell(f"relative residual {found:.1e}")
    direction = guided = system.solve(residual)
    product = (residual * guided).sum(axis=0)
    for _ in range(steps):
        if found <= tolerance or found > _HOPELESS:
            break
        image = system.multiply(direction)
        length = _ratio(product, (direction * image).sum(axis=0))
        x = x + length * direction
        residual = residual - length * image
        found = float(np.linalg.norm(residual) / scale)
        tell(f"relative residual {found:.1e}")
        guided = system.solve(residual)
        before, product = product, (residual * guided).sum(axis=0)
        direction = guided + _ratio(product, before) * direction
    return x, found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A quotient for each column; 0 where one has converged to the end."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)
