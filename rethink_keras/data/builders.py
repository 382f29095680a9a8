"""Finds TFDS data sets: embedded, prepared on disk or downloadable."""

import hashlib
import os
import pathlib
import queue
import re
import tempfile
import threading

import filelock
import requests
import tensorflow_datasets as tfds
from etils import epath

from rethink_keras.config import SAMPLE, suggestion
from rethink_keras.data.folders import LAYOUT, entries
from rethink_keras.errors import InputError, one_line

EMBEDDED = pathlib.Path(__file__).parent / SAMPLE
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NETWORK_SECONDS = 8
_NO_NETWORK = (
    "set data_dir=DIR to a directory that holds it, or use"
    f" dataset={SAMPLE}, which needs no download"
)


def find_builder(name: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    """Returns the TFDS builder of a data set; downloads the set if needed.

    Args:
      name: `cifar10_sample`, or any name that TFDS knows.
      data_dir: directory of prepared data sets; None for TFDS's own directory.

    Raises:
      InputError: the name is unknown, the directory does not hold a valid data
        set, or the data set cannot be downloaded.
    """
    if name == SAMPLE:
        return tfds.builder_from_directory(next(EMBEDDED.glob("*.*.*")))
    data_dir = data_dir and os.path.expanduser(data_dir)
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # TFDS raises many types
        prepared = epath.Path(data_dir or tfds.core.constants.DATA_DIR, name)
        if "/" not in name and prepared.is_dir():
            raise InputError(
                f"dataset={name}: {_fault(prepared, _line(error))}"
            ) from error
        raise InputError(
            f"dataset={name}: unknown; must be {SAMPLE}, a data set of"
            " tensorflow-datasets (cifar10, mnist, svhn_cropped, ...), or a"
            " prepared data set or image folder in data_dir=DIR"
            f"{suggestion(name, _known(data_dir))}"
        ) from error
    if not builder.data_path.exists():
        with _alone(builder.data_path):
            if not builder.data_path.exists():
                _download(builder, name)
            # It reads what another process may have prepared meanwhile.
            builder = tfds.builder(name, data_dir=data_dir)
    return builder


def _alone(path: epath.Path) -> filelock.FileLock:
    """Returns a lock that one process of this user on this machine can hold.

    Args:
      path: directory of the prepared data set, which need not exist.
    """
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    name = f"rethink_keras-{os.getuid()}-{digest}.lock"
    return filelock.FileLock(pathlib.Path(tempfile.gettempdir()) / name)


def _fault(directory: epath.Path, reason: str) -> str:
    """Describes why a directory is not a valid data set."""
    found = entries(directory)
    below = [path for folder in found for path in entries(folder)]
    if any(_VERSION.fullmatch(path.name) for path in (*found, *below)):
        return (
            f"dataset_info.json or features.json in {directory} cannot be"
            f" read ({reason}); prepare the data set again"
        )
    names = ", ".join(path.name for path in found[:5]) or "nothing"
    return (
        f"{directory} must contain either images as {LAYOUT}, or a data set"
        f" prepared by TFDS; received {names}"
    )


def _download(builder: tfds.core.DatasetBuilder, name: str) -> None:
    """Downloads and prepares a data set; fails fast without a network."""
    urls = list(getattr(builder, "url_infos", None) or {})
    if urls and not _reachable(urls[0]):
        host = urls[0].split("/")[2]
        raise InputError(
            f"dataset={name}: not found in {builder.data_path.parent}, and"
            f" {host} cannot be reached; {_NO_NETWORK}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises many types
        raise InputError(
            f"dataset={name}: cannot be downloaded: {_line(error)};"
            f" {_NO_NETWORK}"
        ) from error


def _known(data_dir: str | None) -> list[str]:
    """Returns all names that `dataset` may have."""
    local = [] if data_dir is None else pathlib.Path(data_dir).glob("*")
    return [
        SAMPLE,
        *tfds.list_builders(with_community_datasets=False),
        *(path.name for path in local),
    ]


def _reachable(url: str) -> bool:
    """Returns whether a server answers, within seconds even if DNS hangs."""
    answers: queue.Queue[bool] = queue.Queue()

    def request() -> None:
        try:
            requests.head(url, timeout=_NETWORK_SECONDS)
        except requests.RequestException:
            answers.put(False)
        else:
            answers.put(True)

    # A daemon thread, so that a request that hangs cannot block the exit.
    threading.Thread(target=request, daemon=True).start()
    try:
        return answers.get(timeout=_NETWORK_SECONDS)
    except queue.Empty:
        return False


def _line(error: Exception) -> str:
    """Returns the type and the message of an error, on one line."""
    return f"{type(error).__name__}: {one_line(error)}"
