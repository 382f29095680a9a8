"""The paper's theory as code: constructions, minimum norms, kernels."""

from rethink_keras.theory.expressivity import (
    deep_expressive_relu_network,
    expressive_relu_network,
)

__all__ = ["deep_expressive_relu_network", "expressive_relu_network"]
