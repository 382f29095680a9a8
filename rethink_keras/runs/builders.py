"""Checks functions that build networks for several runs."""

from typing import Any

import keras

from rethink_keras import training
from rethink_keras.config import RunConfig
from rethink_keras.errors import InputError
from rethink_keras.keras_settings import STANDARD, keras_settings
from rethink_keras.runs.arguments import resolve
from rethink_keras.runs.inputs import make_inputs
from rethink_keras.runs.network import build_model


def check_builder(
    config: RunConfig, *, model: Any, data: Any, strategy: str
) -> None:
    """Checks that a function builds a new network in each call.

    Runs of one network need that. Networks of the package, and copies of a
    `keras.Model`, are always new.

    Args:
      config: config of the runs.
      model: see `run`.
      data: see `run`.
      strategy: see `run`.

    Raises:
      InputError: two networks share layers that are trained, or the function
        cannot be used.
    """
    if isinstance(model, keras.Model):
        return
    with keras_settings(**STANDARD):
        arguments = resolve(
            config, model=model, data=data, optimizer=None, callbacks=()
        )
        network = arguments.network
        if network is None:
            return
        devices = training.find_devices(strategy)
        inputs = make_inputs(arguments.config, devices.strategy, arguments.data)
        with devices.scope():
            first, second = (
                build_model(
                    arguments.config,
                    inputs.image_shape,
                    inputs.num_classes,
                    network,
                )
                for _ in range(2)
            )
    trained = {id(variable) for variable in first.trainable_variables}
    if any(id(variable) in trained for variable in second.trainable_variables):
        raise InputError(
            f"model={network.name}: returns layers of its earlier call, which"
            " an earlier run trains; must build new ones in each call, or"
            " freeze them"
        )
