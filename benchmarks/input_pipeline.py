"""Measures how fast images stream, beside what the machine can decode.

  python benchmarks/input_pipeline.py --dataset=imagenet2012 --data_dir=DIR
  python benchmarks/input_pipeline.py --dataset=my_photos --data_dir=DIR

Images per second of three things, which take turns, round after round:

  decoding   whole images, from memory, on all cores, and nothing else: what
             the machine can do
  centres    the batches of an evaluation
  distorted  the batches of training with --distort

and each over decoding, as the median of the rounds. A window decodes faster
than a whole image, so that a pipeline may be above 1. The machine should be
idle.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.config import RunConfig

_DATASET = flags.DEFINE_string(
    "dataset", "cifar10_sample", "TFDS's name, or a folder in --data_dir"
)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "where it lies")
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size", 299, "side to resize to", lower_bound=8
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "images", lower_bound=1)
_SECONDS = flags.DEFINE_float("seconds", 3.0, "about how long a round takes")
_ROUNDS = flags.DEFINE_integer("rounds", 3, "rounds", lower_bound=1)

_IN_MEMORY = 1_000
_EPOCHS = 10**6


def decoding(config: RunConfig) -> Iterator:
    """Batches of whole images, decoded from memory on all cores."""
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
    """The batches of a run, again and again."""
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
    """Of as many batches as about --seconds take."""
    begun, count, seconds = time.perf_counter(), 0, 0.0
    while seconds < _SECONDS.value:
        next(batches)
        count += 1
        seconds = time.perf_counter() - begun
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
        from rethink_keras import runs
    sources: dict[str, Callable[[], Iterator]] = {
        "decoding": lambda: decoding(config),
        "centres": lambda: streaming(config, train=False),
        "distorted": lambda: streaming(config, train=True),
    }
    speeds: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(_ROUNDS.value):
        for name, make in sources.items():
            batches = make()  # anew, for what waits would be decoded already
            next(batches)
            speeds[name].append(images_per_second(batches, config))
    print(f"{runs.device()}; {config.dataset} at {config.image_size}")
    print(f"{'':12}{'images/s':>10}{'over decoding':>16}")
    for name, values in speeds.items():
        pairs = zip(values, speeds["decoding"], strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name:12}{statistics.median(values):10.0f}{ratio:16.2f}")
    return 0


if __name__ == "__main__":
    run_command(_run)
