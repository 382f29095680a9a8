"""Training of networks with losses and dtypes of their own."""

import keras
import numpy as np
from etils import epath

from rethink_keras import models, training
from tests.training.test_loop import fit, make_examples


def test_losses_of_several_numbers_are_summed_in_the_loss_s_dtype():
    """As `fit` does; also in mixed precision, where losses are bfloat16."""

    class Penalty(keras.layers.Layer):
        def call(self, x):
            self.add_loss(self.add_up(x**2))
            return x

    kernels = []
    for add_up, policy in (
        (keras.ops.sum, "float32"),
        (lambda squares: keras.ops.sum(squares, axis=-1), "float32"),
        (keras.ops.sum, "mixed_bfloat16"),
    ):
        inputs = keras.Input((6, 6, 1))
        x = keras.layers.Dense(3, kernel_initializer="ones", dtype=policy)(
            keras.layers.Flatten()(inputs)
        )
        layer = Penalty(dtype=policy)
        layer.add_up = add_up
        outputs = keras.layers.Identity(dtype="float32")(layer(x))
        model = keras.Model(inputs, outputs)
        fit(model, make_examples(8), rate=1e-4)
        kernels.append(model.trainable_variables[0].numpy())
    np.testing.assert_allclose(kernels[0], kernels[1], rtol=1e-6)
    update, rounded = kernels[0] - 1, kernels[2] - kernels[0]
    assert np.linalg.norm(rounded) < 0.05 * np.linalg.norm(update)


def test_weights_in_bfloat16_can_be_saved_and_restored(tmp_path):
    values = []
    for number in range(2):
        keras.utils.set_random_seed(number)
        inputs = keras.Input((6, 6, 1))
        outputs = keras.layers.Dense(3, dtype="bfloat16")(
            keras.layers.Flatten()(inputs)
        )
        model = keras.Model(inputs, outputs)
        trainer = training.Trainer(
            model,
            models.sgd(0.1, decay=1.0, momentum=0.9, steps_per_epoch=1),
            epochs=1,
            steps_per_epoch=1,
        )
        checkpoints = training.Checkpoints(
            epath.Path(tmp_path), run={}, minutes=0
        )
        if number == 0:
            arrays = trainer._state.arrays()
            checkpoints.save(1, training.Progress(), arrays)
        else:
            trainer.restore(checkpoints.latest())
        values.append(np.asarray(model.get_weights()[0], "float32"))
    np.testing.assert_array_equal(*values)
