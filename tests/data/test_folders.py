"""Image folders: classes, sizes and errors of reading."""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras import InputError, data, runs
from rethink_keras.config import RunConfig
from tests.support.streamed_sets import jpeg
from tests.support.tiny_sets import loading_error

CLASSES = ("cat", "dog")
NOBODY = 65_534


def png(value: int, channels: int = 3, size: int = 8) -> bytes:
    image = np.full((size, size, channels), value, np.uint8)
    return tf.io.encode_png(image).numpy()


def write_photos(root: pathlib.Path, num_classes=CLASSES, encode=png) -> None:
    """Writes three training images and one test image per class."""
    for split, count in (("train", 3), ("test", 1)):
        for number, name in enumerate(num_classes):
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                image = encode(50 * number + index)
                (folder / f"{index}.png").write_bytes(image)


@pytest.fixture
def photos(tmp_path) -> pathlib.Path:
    write_photos(tmp_path / "photos")
    return tmp_path / "photos"


def reading_error(photos: pathlib.Path) -> str:
    """The error of reading a folder, which streaming and loading share."""
    in_memory = loading_error(photos.parent, photos.name)
    config = RunConfig(
        dataset=photos.name,
        data_dir=str(photos.parent),
        image_size=8,
        batch_size=2,
        epochs=1,
    )
    with pytest.raises(InputError) as error:  # noqa: PT012
        inputs = runs.make_inputs(config)
        with inputs.reading():
            for encoded, *_ in inputs.streams.train.in_order():
                inputs.preprocessing.decode(encoded, None)
    assert str(error.value) == in_memory
    return in_memory


# Classes


@pytest.mark.parametrize("directory", ["data", "data[1]"])
def test_brackets_in_names_are_not_patterns(tmp_path, directory):
    root = tmp_path / directory / "photos"
    write_photos(root, ("cat [tabby]", "dog", "fish?"))
    streams = data.stream("photos", str(root.parent))
    assert (len(streams.train), len(streams.test)) == (9, 3)
    labels = [int(label) for _, label, _ in streams.train.in_order()]
    assert labels == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert len(data.load("photos", str(root.parent)).train) == 9


def test_hidden_and_unrelated_folders_are_ignored(photos):
    for stray in (
        "train/.ipynb_checkpoints",
        "test/.thumbnails",
        ".git/objects",
        "notes/old",
    ):
        (photos / stray).mkdir(parents=True)
        (photos / stray / "0.png").write_bytes(png(0))
    (photos / "train" / "labels.csv").touch()
    (photos / "train" / "cat" / "._0.png").write_bytes(b"no image")
    loaded = data.load("photos", str(photos.parent))
    assert loaded.num_classes == 2
    assert loaded.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert loaded.test.labels.tolist() == [0, 1]


@pytest.mark.parametrize("extra", ["train/eel", "test/eel"])
def test_splits_with_different_classes_raise(photos, extra):
    (photos / extra).mkdir()
    (photos / extra / "0.png").write_bytes(png(0))
    message = reading_error(photos)
    assert message.startswith("dataset=photos: train and test must have")
    assert extra in message


# In memory


def test_images_of_one_size_are_read_into_memory(photos):
    loaded = data.load("photos", str(photos.parent))
    assert loaded.train.images.shape == (6, 8, 8, 3)
    assert loaded.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 50, 51, 52]
    assert loaded.train.labels.dtype == np.int32
    streamed = data.stream("photos", str(photos.parent)).train.in_order()
    assert loaded.train.ids.tolist() == [int(name) for *_, name in streamed]


def test_a_streamed_epoch_trains_on_whole_batches(photos):
    count = len(list(photos.glob("train/*/*")))
    config = RunConfig(
        dataset=photos.name,
        data_dir=str(photos.parent),
        image_size=8,
        batch_size=count - 1,
    )
    inputs = runs.make_inputs(config)
    assert inputs.num_train_examples == count
    assert (inputs.steps_per_epoch, inputs.images_per_epoch) == (1, count - 1)


def test_a_run_in_memory_reads_a_folder(photos):
    config = RunConfig(
        dataset="photos", data_dir=str(photos.parent), batch_size=3, epochs=1
    )
    inputs = runs.make_inputs(config)
    assert (inputs.num_train_examples, inputs.num_test_examples) == (6, 2)
    assert inputs.image_shape == (7, 7, 3)


@pytest.mark.parametrize("channels", [1, 2])
def test_grey_images_stay_grey(tmp_path, channels):
    write_photos(tmp_path / "grey", encode=lambda v: png(v, channels))
    loaded = data.load("grey", str(tmp_path))
    assert loaded.train.images.shape == (6, 8, 8, 1)
    assert loaded.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 50, 51, 52]


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_mixed_grey_and_colour_images_become_rgb(photos, channels):
    (photos / "train" / "cat" / "1.png").write_bytes(png(7, channels))
    loaded = data.load("photos", str(photos.parent))
    assert loaded.train.images.shape == (6, 8, 8, 3)
    assert loaded.train.images[1].tolist() == np.full((8, 8, 3), 7).tolist()


@pytest.mark.parametrize("split", ["train", "test"])
def test_images_that_differ_in_size_raise(photos, split):
    (photos / split / "dog" / "0.png").write_bytes(png(0, size=9))
    assert loading_error(photos.parent, "photos") == (
        "dataset=photos: images differ in size; set image_size=N to stream"
        " and resize them"
    )


# Errors of reading


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Input is empty"),
        (b"no image", "Unknown image file format"),
        (jpeg(np.zeros((40, 50, 3), np.uint8))[:300], "Invalid JPEG data"),
        (png(0)[:50], "Invalid PNG data"),
    ],
    ids=["empty", "text", "jpeg", "png"],
)
def test_a_corrupt_training_image_is_named(photos, content, reason):
    path = photos / "train" / "dog" / "1.png"
    path.write_bytes(content)
    message = reading_error(photos)
    assert message.startswith(f"{path}: cannot be decoded as an image (")
    assert reason in message


def test_a_corrupt_test_image_is_named(photos):
    path = photos / "test" / "dog" / "0.png"
    path.write_bytes(b"")
    assert str(path) in loading_error(photos.parent, "photos")


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_paths_that_are_not_files_are_named(photos, kind):
    path = photos / "train" / "dog" / "3.png"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("absent")
    message = reading_error(photos)
    assert message.startswith(f"{path}: cannot be read (")


@pytest.fixture
def public() -> Iterator[pathlib.Path]:
    """An image folder whose parents all users may read."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        write_photos(pathlib.Path(directory, "photos"))
        yield pathlib.Path(directory, "photos")


@contextlib.contextmanager
def unreadable(path: pathlib.Path) -> Iterator[None]:
    """Denies everybody, even root, reading a file or folder."""
    mode, user = path.stat().st_mode, os.geteuid()
    path.chmod(0)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        path.chmod(mode)


@pytest.mark.parametrize(
    "name", ["train/dog/1.png", "train/dog", "train", "test", ""]
)
def test_paths_without_read_permission_are_named(public, name):
    path = public / name
    with unreadable(path):
        message = reading_error(public)
    assert message.startswith(f"{path}: cannot be read (Permission denied)")


@pytest.mark.parametrize("folder", ["train/dog", "train"])
def test_names_that_are_not_utf8_raise(photos, folder):
    path = os.fsencode(photos / folder) + b"/caf\xe9.png"
    os.mkdir(path)
    message = reading_error(photos)
    assert (
        message
        == rf"{photos / folder}/caf\xe9.png: the name is not UTF-8; rename it"
    )


# Folders with a wrong layout


def test_a_folder_without_train_raises(photos):
    (photos / "train").rename(photos / "training")
    message = reading_error(photos)
    assert message == (
        f"dataset=photos: {photos} must contain either images as"
        " train/CLASS/IMAGE and test/CLASS/IMAGE, or a data set prepared by"
        " TFDS; received test, training"
    )


def test_images_without_class_folders_raise(tmp_path):
    (tmp_path / "photos" / "train").mkdir(parents=True)
    (tmp_path / "photos" / "train" / "0.png").write_bytes(png(0))
    message = reading_error(tmp_path / "photos")
    assert "train/CLASS/IMAGE" in message
    assert "received train" in message


def test_a_folder_without_test_raises(photos):
    (photos / "test").rename(photos / "testing")
    message = reading_error(photos)
    assert message == (
        "dataset=photos: must have the splits train and test (or validation);"
        " received testing, train"
    )


def test_a_class_with_only_other_files_raises(photos):
    folder = next(photos.glob("train/*"))
    for path in folder.iterdir():
        path.rename(path.with_suffix(".webp"))
    message = reading_error(photos)
    assert message.startswith(f"dataset=photos: train/{folder.name}/0.webp is")


@pytest.mark.parametrize("name", ["1.bmp", "2.PNG.txt", "more/1.png"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_what_is_not_read_is_refused(photos, split, name):
    """Images are not left out silently."""
    first = photos / split / "cat" / name
    first.parent.mkdir(exist_ok=True)
    first.write_bytes(png(0))
    (photos / split / "dog" / "z.gif").touch()
    message = reading_error(photos)
    assert message == (
        f"dataset=photos: {split}/cat/{name.split('/')[0]} is not a .jpg, .jpeg"
        f" or .png file (such entries in {split}: 2); convert or remove them"
    )


def test_files_of_file_managers_are_ignored(photos):
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        (photos / "train" / "cat" / name).touch()
    assert len(data.load("photos", str(photos.parent)).train) == 6


@pytest.mark.parametrize("left", [(), ("Thumbs.db",)])
def test_a_class_without_training_images_raises(photos, left):
    for path in photos.glob("train/dog/*"):
        path.unlink()
    for name in left:
        (photos / "train" / "dog" / name).touch()
    assert reading_error(photos).startswith(
        "dataset=photos: train/dog has no images; add"
    )


def test_a_split_without_images_raises(photos):
    for path in photos.glob("test/*/*"):
        path.unlink()
    message = reading_error(photos)
    assert message.startswith("dataset=photos: its split test is empty")


def test_one_class_is_refused(tmp_path):
    write_photos(tmp_path / "photos", ("images",))
    message = reading_error(tmp_path / "photos")
    assert "must have at least two classes" in message
    assert "train/CLASS/IMAGE" in message


def test_the_home_directory_may_be_written_as_a_tilde(photos, monkeypatch):
    monkeypatch.setenv("HOME", str(photos.parents[1]))
    short = f"~/{photos.parent.name}"
    loaded = data.load(photos.name, short)
    assert len(loaded.train) == len(
        data.load(photos.name, str(photos.parent)).train
    )
