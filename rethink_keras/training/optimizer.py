"""SGD with momentum and a staircase of learning rates (Appendix A)."""

import keras


class SGD(keras.optimizers.SGD):
    """Keras's optimizer, on the fused kernel where the backend is TensorFlow.

    Keras composes the update from elementwise operations that each pass over
    the weights; the fused kernel passes once, which speeds a perceptron's
    whole step up by a tenth. The update is the same:
    `v = momentum * v - learning_rate * gradient; w = w + v`.
    """

    def update_step(self, gradient, variable, learning_rate):
        fused = keras.backend.backend() == "tensorflow"
        if not fused or not self.momentum or self.nesterov:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        velocity = self.momentums[self._get_variable_index(variable)]
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
            momentum=tf.constant(self.momentum, variable.dtype),
        )


def sgd(
    learning_rate: float, *, decay: float, momentum: float, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """SGD with momentum, the learning rate times `decay` after each epoch."""
    schedule = keras.optimizers.schedules.ExponentialDecay(
        learning_rate, steps_per_epoch, decay, staircase=True
    )
    return SGD(schedule, momentum=momentum)
