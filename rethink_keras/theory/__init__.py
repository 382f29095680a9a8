"""The paper's theory: network constructions, minimum norms and kernels."""

from rethink_keras.theory.expressivity import (
    deep_expressive_relu_network,
    expressive_relu_network,
)
from rethink_keras.theory.kernels import KernelClassifier

__all__ = [
    "KernelClassifier",
    "deep_expressive_relu_network",
    "expressive_relu_network",
]
