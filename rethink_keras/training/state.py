"""Values of all variables that training changes."""

import hashlib
from collections.abc import Mapping

import keras
import numpy as np

from rethink_keras.errors import InputError
from rethink_keras.training.metrics import Metrics


class TrainingState:
    """Reads and writes the weights, the optimizer's state and the metrics.

    Args:
      model: model that is trained.
      optimizer: its optimizer, already built.
      metrics: metrics of the current epoch.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        metrics: Metrics,
    ):
        # Existing checkpoints use these names, including "meters".
        self._groups = {"model": model, "optimizer": optimizer}
        self._groups["meters"] = metrics

    def variables(self) -> dict[str, keras.Variable]:
        """Returns the variables by unique names."""
        return {
            f"{group}/{index}": variable
            for group, owner in self._groups.items()
            for index, variable in enumerate(owner.variables)
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the values of the variables by name.

        Those of dtypes that NumPy does not have, such as bfloat16, are float32.
        """
        values = {
            name: keras.ops.convert_to_numpy(variable)
            for name, variable in self.variables().items()
        }
        return {
            name: value.astype("float32") if value.dtype.kind == "V" else value
            for name, value in values.items()
        }

    def assign(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Sets the variables to values from `arrays`."""
        for name, variable in self.variables().items():
            variable.assign(arrays[name])

    def check(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Checks that arrays of a checkpoint can be assigned.

        Raises:
          InputError: if they differ from the variables in number, shape or
            dtype.
        """
        found = {
            name: (tuple(array.shape), str(array.dtype))
            for name, array in arrays.items()
        }
        expected = {
            name: (tuple(array.shape), str(array.dtype))
            for name, array in self.arrays().items()
        }
        for name in sorted(found | expected):
            if found.get(name) != expected.get(name):
                raise InputError(
                    f"checkpoint: {name} is {found.get(name, 'absent')} there"
                    f" and {expected.get(name, 'absent')} in this network;"
                    " pass overwrite=True, or choose another workdir"
                )


def fingerprint_of(model: keras.Model) -> str:
    """Returns the SHA-256 of a model's weights and moving statistics."""
    digest = hashlib.sha256()
    for weight in model.weights:
        array = keras.ops.convert_to_numpy(weight)
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
