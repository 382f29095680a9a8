"""Builders of the networks, and their optimizer, on Keras alone."""

from rethink_keras.models.inception_v3 import inception_v3
from rethink_keras.models.layers import LocalResponseNormalization
from rethink_keras.models.mlp import mlp, mlp_1x512, mlp_3x512
from rethink_keras.models.optimizer import sgd
from rethink_keras.models.small_alexnet import small_alexnet
from rethink_keras.models.small_inception import small_inception
from rethink_keras.models.small_resnet import small_resnet
from rethink_keras.models.small_vit import small_vit

__all__ = [
    "LocalResponseNormalization",
    "inception_v3",
    "mlp",
    "mlp_1x512",
    "mlp_3x512",
    "sgd",
    "small_alexnet",
    "small_inception",
    "small_resnet",
    "small_vit",
]
