"""Values of a model's variables, for calls in a stateless scope."""

from collections.abc import Sequence
from typing import Any

import keras


def with_values(
    model: keras.Model, trainable: Sequence[Any], non_trainable: Sequence[Any]
) -> list[tuple[keras.Variable, Any]]:
    """Pairs a model's variables with values, for `keras.StatelessScope`.

    Args:
      model: any Keras model.
      trainable: values of its trainable variables.
      non_trainable: values of its non-trainable variables.
    """
    return [
        *zip(model.trainable_variables, trainable, strict=True),
        *zip(model.non_trainable_variables, non_trainable, strict=True),
    ]
