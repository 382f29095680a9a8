"""SGD with momentum and a staircase learning rate schedule (Appendix A)."""

import keras


@keras.saving.register_keras_serializable(package="rethink_keras")
class SGD(keras.optimizers.SGD):
    """`keras.optimizers.SGD` with TensorFlow's fused momentum kernel.

    Keras computes the update with several elementwise operations, each of
    which passes over the weights. The fused kernel passes over them once,
    which makes an MLP's whole training step 10 % faster. The update is the
    same: `v = momentum * v - learning_rate * gradient; w = w + v`.
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
    """Returns SGD with momentum and a decaying learning rate.

    Args:
      learning_rate: learning rate of the first epoch.
      decay: factor of the learning rate after each epoch. With 1, the learning
        rate is a variable, which callbacks can set; otherwise it is a schedule.
      momentum: momentum coefficient.
      steps_per_epoch: number of steps in an epoch.
    """
    if decay == 1:
        return SGD(float(learning_rate), momentum=momentum)
    schedule = keras.optimizers.schedules.ExponentialDecay(
        learning_rate, steps_per_epoch, decay, staircase=True
    )
    return SGD(schedule, momentum=momentum)
