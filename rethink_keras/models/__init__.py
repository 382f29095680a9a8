"""The paper's networks and two of today, as builders of functional models."""

from rethink_keras.models.inception_v3 import inception_v3
from rethink_keras.models.layers import LocalResponseNormalization
from rethink_keras.models.mlp import mlp, mlp_1x512, mlp_3x512
from rethink_keras.models.small_alexnet import small_alexnet
from rethink_keras.models.small_inception import small_inception
from rethink_keras.models.small_resnet import small_resnet
from rethink_keras.models.small_vit import small_vit

BUILDERS = {
    "small_inception": small_inception,
    "inception_v3": inception_v3,
    "small_alexnet": small_alexnet,
    "mlp_1x512": mlp_1x512,
    "mlp_3x512": mlp_3x512,
    "small_resnet": small_resnet,
    "small_vit": small_vit,
}

__all__ = [
    "BUILDERS",
    "LocalResponseNormalization",
    "inception_v3",
    "mlp",
    "mlp_1x512",
    "mlp_3x512",
    "small_alexnet",
    "small_inception",
    "small_resnet",
    "small_vit",
]
