"""The paper's networks, as builders of Keras functional models."""

from rethink_keras.models.layers import LocalResponseNormalization
from rethink_keras.models.mlp import mlp, mlp_1x512, mlp_3x512
from rethink_keras.models.small_alexnet import small_alexnet
from rethink_keras.models.small_inception import small_inception

BUILDERS = {
    "small_inception": small_inception,
    "small_alexnet": small_alexnet,
    "mlp_1x512": mlp_1x512,
    "mlp_3x512": mlp_3x512,
}

__all__ = [
    "BUILDERS",
    "LocalResponseNormalization",
    "mlp",
    "mlp_1x512",
    "mlp_3x512",
    "small_alexnet",
    "small_inception",
]
