"""Builders of the networks, and their optimizer, on Keras alone."""

from collections.abc import Callable, Iterator, Mapping

import keras

from rethink_keras.config import MODELS
from rethink_keras.models.inception_v3 import inception_v3
from rethink_keras.models.layers import LocalResponseNormalization
from rethink_keras.models.mlp import mlp, mlp_1x512, mlp_3x512
from rethink_keras.models.optimizer import sgd
from rethink_keras.models.small_alexnet import small_alexnet
from rethink_keras.models.small_inception import small_inception
from rethink_keras.models.small_resnet import small_resnet
from rethink_keras.models.small_vit import small_vit

__all__ = [
    "BUILDERS",
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


class _Builders(Mapping[str, Callable[..., keras.Model]]):
    """View of the registry `MODELS`: the builder of each network, by name."""

    def __getitem__(self, name: str) -> Callable[..., keras.Model]:
        return MODELS[name].load()

    def __iter__(self) -> Iterator[str]:
        return iter(MODELS)

    def __len__(self) -> int:
        return len(MODELS)


BUILDERS = _Builders()
