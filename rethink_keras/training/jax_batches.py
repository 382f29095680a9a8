"""Training batches on the JAX backend: from tf.data, or on the device."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from rethink_keras.pipeline import Position, ResidentExamples

State = Any  # pytree of arrays
Step = Callable[[State, tuple], tuple[State, Any]]


class HostBatches:
    """Training batches that tf.data assembles; one step a call.

    Args:
      batches: iterator of batches for `step`.
      step: compiled training step, from a state and a batch to the new state
        and the batch's `training_hits`.
    """

    def __init__(self, batches: Iterator[tuple], step: Step):
        self._batches = batches
        self._step = step

    def train(self, state: State, steps: int) -> tuple[State, np.ndarray]:
        """Trains on the next `steps` batches.

        Returns:
          The new state, and the `training_hits` of all batches.
        """
        found = []
        for _ in range(steps):
            state, hits = self._step(state, next(self._batches))
            found.append(hits)
        return state, np.concatenate(jax.device_get(found))


class ResidentBatches:
    """Training batches that the device assembles; all steps in one call.

    Small networks would otherwise wait for the host between steps.

    Args:
      resident: the examples and their batches.
      step: training step, not compiled; see `HostBatches`.
    """

    def __init__(self, resident: ResidentExamples, step: Step):
        self._resident = resident
        self._step = step
        examples = resident.examples
        self._fields = jax.device_put(
            tuple(
                np.asarray(field)
                for field in (
                    examples.images,
                    examples.labels,
                    examples.true_labels,
                )
            )
        )
        self._bounds = jnp.asarray(resident.bounds)
        self._position = Position(resident, place=jax.device_put)
        self._train = jax.jit(self._steps, donate_argnums=0)

    def train(self, state: State, steps: int) -> tuple[State, np.ndarray]:
        """Trains on the next `steps` batches.

        Returns:
          The new state, and the `training_hits` of all batches.
        """
        found = []
        for plan, first, count in self._position.advance(steps):
            state, hits = self._train(state, self._fields, plan, first, count)
            begin, end = self._resident.bounds[[first, first + count]]
            found.append(np.asarray(hits)[begin:end])
        return state, np.concatenate(found)

    def _steps(self, state, fields, plan, first, steps):
        """Returns the new state and the hits, in the order of the epoch."""
        hits = jnp.zeros(len(self._resident.examples), "float32")
        return lax.fori_loop(
            first,
            first + steps,
            lambda number, found: self._one_step(*found, fields, plan, number),
            (state, hits),
        )

    def _one_step(self, state, hits, fields, plan, number):
        """Trains on one batch; an epoch has batches of at most two sizes."""
        start = self._bounds[number]

        def with_size(size):
            def train(state, hits):
                batch = self._batch(fields, plan, start, size)
                state, of_batch = self._step(state, batch)
                return state, lax.dynamic_update_slice(hits, of_batch, (start,))

            return train

        small, *large = np.unique(np.diff(self._resident.bounds))
        if not large:
            return with_size(small)(state, hits)
        is_small = self._bounds[number + 1] - start == small
        return lax.cond(
            is_small, with_size(small), with_size(large[0]), state, hits
        )

    def _batch(self, fields, plan, start, size):
        order, corners = plan
        indices = lax.dynamic_slice(order, (start,), (size,))
        images, labels, true_labels = (field[indices] for field in fields)
        if corners is not None:
            images = self._crops(images, corners[indices])
        if self._resident.augment is not None:
            images = _inputs(images, self._resident.augment.standardize)
        return images, labels, labels, true_labels

    def _crops(self, images, corners):
        shape = (*self._resident.crop_size, images.shape[-1])

        def crop(image, corner):
            return lax.dynamic_slice(image, (corner[0], corner[1], 0), shape)

        return jax.vmap(crop)(images, corners)


def _inputs(images, standardize):
    """Scales or whitens images; see `pipeline.whiten` and `pipeline.scale`."""
    if images.dtype == jnp.uint8:
        images = images.astype(jnp.float32) * np.float32(1 / 255)
    if not standardize:
        return images
    axes = (1, 2, 3)
    minimum = float(np.prod(images.shape[1:])) ** -0.5
    deviation = jnp.maximum(images.std(axes, keepdims=True), minimum)
    return (images - images.mean(axes, keepdims=True)) / deviation
