"""Finished runs on image folders of one name with different images."""

import dataclasses
import pathlib
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError, InterruptedRunError, RunConfig, run
from tests.support.own import build

IN_MEMORY = RunConfig(batch_size=4, epochs=1)
STREAMED = dataclasses.replace(IN_MEMORY, image_size=8)
EDGE = 1_001  # a streamed fingerprint covers the first 1,000 images


def write_photos(root: pathlib.Path, value=0, prefix="", count=3) -> None:
    """Writes `count` images of two classes for training, and 3 for testing."""
    for split, per_class in (("train", count), ("test", 3)):
        for number, name in enumerate(("cat", "dog")):
            folder = root / split / name
            folder.mkdir(parents=True, exist_ok=True)
            for index in range(per_class):
                pixels = np.full((8, 8, 3), value + 50 * number + index)
                encoded = tf.io.encode_png((pixels % 256).astype(np.uint8))
                path = folder / f"{prefix}{index:04}.png"
                path.write_bytes(encoded.numpy())


def run_on(folder: pathlib.Path, config=IN_MEMORY, **options):
    return run(config, data=folder, verbose=False, **options)


@pytest.fixture
def photos(tmp_path, monkeypatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "a" / "photos")
    return tmp_path / "a" / "photos"


@pytest.mark.parametrize(
    ("config", "options", "changes"),
    [
        (IN_MEMORY, {}, {"value": 9}),
        (IN_MEMORY, {"model": build}, {"value": 9}),
        (STREAMED, {}, {"prefix": "other"}),
    ],
    ids=["in_memory", "own_network", "streamed"],
)
def test_a_folder_of_the_same_name_is_not_taken_for_the_finished_one(
    photos, config, options, changes
):
    first = run_on(photos, config, **options)
    other = photos.parents[1] / "b" / "photos"
    write_photos(other, **changes)
    with pytest.raises(InputError) as raised:
        run_on(other, config, **options)
    message = str(raised.value)
    assert message.startswith(
        f"workdir={first.workdir}: holds a finished run on other data"
    )
    assert message.endswith("choose another directory, or pass overwrite=True")
    again = run_on(other, config, overwrite=True, **options)
    assert again.workdir == first.workdir
    assert again["fingerprint"] != first["fingerprint"]


@pytest.mark.parametrize("config", [IN_MEMORY, STREAMED])
def test_the_same_images_in_another_place_are_the_finished_run(photos, config):
    first = run_on(photos, config)
    assert run_on(photos, config) == first
    (photos.parents[1] / "c").mkdir()
    moved = photos.rename(photos.parents[1] / "c" / "photos")
    assert run_on(moved, config) == first
    assert first["config"]["data_dir"] == str(photos.parent)


@pytest.mark.parametrize("config", [IN_MEMORY, STREAMED])
def test_a_folder_with_an_added_image_is_other_data(photos, config):
    run_on(photos, config)
    source = photos / "train" / "dog" / "0000.png"
    source.with_name("added.png").write_bytes(source.read_bytes())
    with pytest.raises(InputError, match=r"\(6 \+ 6 images .*now 7 \+ 6 with"):
        run_on(photos, config)


def test_images_added_after_those_of_the_fingerprint_are_other_data(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    write_photos(photos, count=EDGE // 2 + 1)
    config = dataclasses.replace(STREAMED, batch_size=200)
    run_on(photos, config)
    begun = dataclasses.replace(config, seed=1)
    with pytest.raises(InterruptedRunError):
        run_on(photos, begun, callbacks=[stopping()])
    source = photos / "train" / "dog" / "0000.png"
    source.with_name("z.png").write_bytes(source.read_bytes())
    with pytest.raises(InputError, match=r"1002 .* now 1003 .*"):
        run_on(photos, config)
    with pytest.raises(InputError, match=r"checkpoint .*1002 .* now 1003 .*"):
        run_on(photos, begun)


def stopping() -> keras.callbacks.Callback:
    """Interrupts a run within its first epoch."""
    return keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: signal.raise_signal(
            signal.SIGTERM
        )
    )


def test_a_wrong_data_dir_does_not_return_the_finished_run(photos):
    run_on(photos)
    config = dataclasses.replace(
        IN_MEMORY, dataset="photos", data_dir=str(photos.parents[1])
    )
    with pytest.raises(InputError, match="dataset=photos"):
        run(config, verbose=False)


@pytest.mark.parametrize("name", ["cifar10_sample", "train", "mnist"])
def test_a_path_without_images_of_classes_is_not_taken_for_a_data_set(
    tmp_path, name
):
    """Neither for the embedded sample nor for one of TFDS."""
    write_photos(tmp_path / "cifar10_sample")
    (tmp_path / "train").mkdir()
    write_photos(tmp_path / "mnist")
    (tmp_path / "mnist" / "train").rename(tmp_path / "mnist" / "training")
    folder = tmp_path / name
    with pytest.raises(InputError) as raised:
        run(IN_MEMORY, tmp_path / "run", data=folder, verbose=False)
    assert str(raised.value).startswith(
        f"data={folder}: must be a folder of images"
    )
    assert not (tmp_path / "run").exists()
