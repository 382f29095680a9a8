"""Measures the throughput of the input pipeline and of image decoding.

  python benchmarks/input_pipeline.py --dataset=imagenet2012 --data_dir=DIR
  python benchmarks/input_pipeline.py --dataset=my_photos --data_dir=DIR

Measures images per second of three sources, alternating over several rounds:

  decoding   whole images from memory on all cores: the limit of the machine
  centres    evaluation batches
  distorted  training batches with --distort

The table shows medians over rounds, also relative to decoding. The ratio may
exceed 1, since a window of an image decodes faster than the whole image. The
machine should be idle.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import RunConfig

_DATASET = flags.DEFINE_string(
    "dataset", "cifar10_sample", "TFDS name, or a folder in --data_dir"
)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "directory of the data set")
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size", 299, "side of the resized images", lower_bound=8
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 32, "images per batch", lower_bound=1
)
_SECONDS = flags.DEFINE_float(
    "seconds", 3.0, "approximate duration of a measurement"
)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "number of rounds", lower_bound=1)

_IN_MEMORY = 1_000
_EPOCHS = 10**6


def decoding(config: RunConfig) -> Iterator:
    """Yields batches of whole images, decoded from memory on all cores."""
    import tensorflow as tf

    from rethink_keras import data

    streams = data.stream(config.dataset, config.data_dir)
    encoded = [image for image, *_ in streams.train.in_order().take(_IN_MEMORY)]

    def decode(image):
        pixels = tf.io.decode_image(image, 3, expand_animations=False)
        return tf.shape(pixels)

    images = tf.data.Dataset.from_tensor_slices(encoded).repeat()
    decoded = images.map(decode, num_parallel_calls=os.cpu_count())
    return iter(decoded.batch(config.batch_size).prefetch(1))


def streaming(config: RunConfig, *, train: bool) -> Iterator:
    """Yields the batches of a run repeatedly."""
    from rethink_keras import runs, training

    inputs = runs.make_inputs(config)
    chosen = (
        inputs.training_batches(training.Progress())
        if train
        else inputs.train_set
    )
    dataset = chosen.dataset(training.steps.BatchShard())
    return iter(dataset if train else dataset.repeat())


def images_per_second(batches: Iterator, config: RunConfig) -> float:
    """Measures the throughput of batches for about --seconds."""
    start_time, count, seconds = time.perf_counter(), 0, 0.0
    while seconds < _SECONDS.value:
        next(batches)
        count += 1
        seconds = time.perf_counter() - start_time
    return count * config.batch_size / seconds


def _run() -> int:
    config = RunConfig(
        dataset=_DATASET.value,
        data_dir=_DATA_DIR.value,
        image_size=_IMAGE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
        distort=True,
        epochs=_EPOCHS,
    )
    with quiet_start():
        from rethink_keras.environment import device
    sources: dict[str, Callable[[], Iterator]] = {
        "decoding": lambda: decoding(config),
        "centres": lambda: streaming(config, train=False),
        "distorted": lambda: streaming(config, train=True),
    }
    speeds: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(_ROUNDS.value):
        for name, make in sources.items():
            batches = make()  # new, so that no batch is decoded in advance
            next(batches)
            speeds[name].append(images_per_second(batches, config))
    print(f"{device()}; {config.dataset} at {config.image_size}")
    print(f"{'':12}{'images/s':>10}{'over decoding':>16}")
    for name, values in speeds.items():
        pairs = zip(values, speeds["decoding"], strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name:12}{statistics.median(values):10.0f}{ratio:16.2f}")
    return 0


if __name__ == "__main__":
    run_command(_run)
