"""Networks and data of one's own, for tests of what `run` accepts."""

import keras
import numpy as np

COUNT, CLASSES = 60, 3


def build(input_shape, num_classes, *, units=16):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(num_classes),
        ]
    )


def deeper(input_shape, num_classes):
    """A network with dropout, whose random state must survive a resume."""
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    for _ in range(2):
        x = keras.layers.Dense(16, activation="relu")(x)
        x = keras.layers.Dropout(0.2)(x)
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))


def softmax(input_shape, num_classes):
    model = build(input_shape, num_classes)
    model.add(keras.layers.Softmax())
    return model


class Unregistered(keras.layers.Layer):
    """A layer that Keras cannot load without its class."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def call(self, inputs):
        return self.scale * inputs


def unloadable(input_shape, num_classes):
    model = build(input_shape, num_classes)
    model.add(Unregistered(2.0))
    return model


def arrays(count=COUNT, size=(8, 10, 1), classes=CLASSES, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *size), dtype=np.uint8)
    return images, rng.integers(0, classes, count)


def pair(**options):
    """A training set and a test set of a third of its size."""
    return arrays(**options), arrays(COUNT // 3, seed=1, **options)


class Reshaped(keras.Model):
    """Takes no images but those of 28 x 28 pixels."""

    def __init__(self, input_shape, num_classes):
        super().__init__()
        self.head = keras.layers.Dense(num_classes)

    def call(self, images):
        return self.head(keras.ops.reshape(images, (-1, 784)))


class Focal(Reshaped):
    """Has a loss of its own."""

    def compute_loss(self, *args, **options):
        return 2 * super().compute_loss(*args, **options)


def dropped_out(input_shape, num_classes, dropout=0.5):
    model = build(input_shape, num_classes)
    model.add(keras.layers.Dropout(dropout))
    return model


class Weighted(keras.Model):
    """A functional network with a loss of its own."""

    def __init__(self, input_shape, num_classes):
        inputs = keras.Input(input_shape)
        x = keras.layers.Flatten()(inputs)
        super().__init__(inputs, keras.layers.Dense(num_classes)(x))

    def compute_loss(self, *args, **options):
        return 2 * super().compute_loss(*args, **options)


class Scaled(keras.Sequential):
    """Has a `call` that Keras's copies lack."""

    def call(self, inputs, training=None, mask=None):
        return 100 * super().call(inputs, training, mask)


@keras.saving.register_keras_serializable()
class BuiltLate(keras.Model):
    """Creates its layers when it is called, which loading does not do."""

    def __init__(self, input_shape, num_classes, **options):
        super().__init__(**options)
        self.arguments = {
            "input_shape": input_shape,
            "num_classes": num_classes,
        }

    def build(self, input_shape):
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(self.arguments["num_classes"])

    def call(self, images):
        return self.dense(self.flatten(images))

    def get_config(self):
        return {**super().get_config(), **self.arguments}


def sigmoid(input_shape, num_classes):
    model = build(input_shape, 4)
    model.add(keras.layers.Dense(num_classes, activation="sigmoid"))
    return model


def of_integers(input_shape, num_classes):
    inputs = keras.Input(input_shape, dtype="int32")
    x = keras.layers.Flatten()(keras.layers.Embedding(9, 2)(inputs))
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))


def rescaled(input_shape, num_classes, *, before=(), scale=1 / 255):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            *before,
            keras.layers.Rescaling(scale),
            build(input_shape, num_classes),
        ]
    )


def flipped_and_rescaled(input_shape, num_classes):
    flip = keras.Sequential([keras.layers.RandomFlip()])
    return rescaled(input_shape, num_classes, before=[flip])


def frozen(input_shape, num_classes):
    model = build(input_shape, num_classes)
    model.trainable = False
    return model


def compiled(input_shape, num_classes):
    model = build(input_shape, num_classes)
    model.compile(keras.optimizers.Adam(1e-2), "mse")
    return model
