"""The paper's theory: network constructions, minimum norms and kernels."""

from typing import TYPE_CHECKING, Any

from rethink_keras.theory.expressivity import (
    deep_expressive_relu_network,
    expressive_relu_network,
)

if TYPE_CHECKING:
    from rethink_keras.theory.kernels import KernelClassifier

__all__ = [
    "KernelClassifier",
    "deep_expressive_relu_network",
    "expressive_relu_network",
]


def __getattr__(name: str) -> Any:
    """Imports the classifier on first use, because it needs scikit-learn."""
    if name == "KernelClassifier":
        from rethink_keras.theory.kernels import KernelClassifier

        return KernelClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
