"""Finds a data set: embedded, prepared on disk, or to be downloaded."""

import pathlib
import queue
import re
import threading

import requests
import tensorflow_datasets as tfds
from etils import epath

from rethink_keras.config import SAMPLE, suggestion
from rethink_keras.data.folders import LAYOUT, entries
from rethink_keras.errors import InputError

EMBEDDED = pathlib.Path(__file__).parent / SAMPLE
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NETWORK_SECONDS = 8
_NO_NETWORK = (
    "give --data_dir=DIR where it is prepared, or use"
    f" --dataset={SAMPLE}, which needs no download"
)


def find_builder(name: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """The TFDS builder of a prepared data set, prepared now where absent.

    Args:
      name: `cifar10_sample`, or any name that TFDS knows.
      data_dir: where it lies; None for TFDS's own directory.

    Raises:
      InputError: the name is unknown, the directory holds something else, or
        the data set is absent and cannot be downloaded.
    """
    if name == SAMPLE:
        return tfds.builder_from_directory(next(EMBEDDED.glob("*.*.*")))
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # TFDS raises many kinds
        prepared = epath.Path(data_dir or tfds.core.constants.DATA_DIR, name)
        if "/" not in name and prepared.is_dir():
            raise InputError(
                f"dataset={name}: {_fault(prepared, _line(error))}"
            ) from error
        raise InputError(
            f"dataset={name}: unknown; allowed are {SAMPLE}, the data sets of"
            " tensorflow-datasets (cifar10, mnist, svhn_cropped, ...) and"
            " those prepared or folders of images in --data_dir"
            f"{suggestion(name, _known(data_dir))}"
        ) from error
    if not builder.data_path.exists():
        _download(builder, name)
    return builder


def _fault(directory: epath.Path, reason: str) -> str:
    """Why a directory is not a data set, and what to do."""
    found = entries(directory)
    below = [path for folder in found for path in entries(folder)]
    if any(_VERSION.fullmatch(path.name) for path in (*found, *below)):
        return (
            f"dataset_info.json or features.json under {directory} cannot be"
            f" read ({reason}); prepare it again"
        )
    names = ", ".join(path.name for path in found[:5]) or "nothing"
    return (
        f"{directory} holds neither images as {LAYOUT} nor a data set that"
        f" TFDS has prepared; received {names}"
    )


def _download(builder: tfds.core.DatasetBuilder, name: str) -> None:
    """Downloads and prepares, or fails within seconds with no network."""
    urls = list(getattr(builder, "url_infos", None) or {})
    if urls and not _reachable(urls[0]):
        host = urls[0].split("/")[2]
        raise InputError(
            f"dataset={name}: not in {builder.data_path.parent} and {host}"
            f" cannot be reached; {_NO_NETWORK}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises many kinds
        raise InputError(
            f"dataset={name}: cannot be downloaded: {_line(error)};"
            f" {_NO_NETWORK}"
        ) from error


def _known(data_dir: str | None) -> list[str]:
    """The names that a data set may have."""
    beside = [] if data_dir is None else pathlib.Path(data_dir).glob("*")
    return [
        SAMPLE,
        *tfds.list_builders(with_community_datasets=False),
        *(path.name for path in beside),
    ]


def _reachable(url: str) -> bool:
    """Whether a server answers, within seconds even where DNS hangs."""
    answers: queue.Queue[bool] = queue.Queue()

    def ask() -> None:
        try:
            requests.head(url, timeout=_NETWORK_SECONDS)
        except requests.RequestException:
            answers.put(False)
        else:
            answers.put(True)

    # A daemon: a question that hangs must not keep the program from ending.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=_NETWORK_SECONDS)
    except queue.Empty:
        return False


def _line(error: Exception) -> str:
    """An error in one line of at most 200 characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
