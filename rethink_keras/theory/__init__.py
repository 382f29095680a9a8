"""The paper's theory as code: constructions, minimum norms, kernels."""

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
