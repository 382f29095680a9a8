"""Copies finished runs to the reference logs, without names of this machine.

  python tools/collect.py --runs=tensorboard_logs/runs

Copies each finished run under the log directory, and each that diverged, to
tensorboard_logs/reference/DATA_SET/NETWORK/OPTIONS/seed=N, unless there is one.
Checkpoints, model.keras and TensorBoard's pictures stay behind, since they are
too large for the repository. The directories of the data and of the logs are
removed from the copied files, and the machine's name from the names of event
files.
"""

import contextlib
import json
import pathlib
import re
import shutil
import tempfile

from absl import flags

from rethink_keras.cli.terminal import quiet_start, run_command
from rethink_keras.errors import InputError

with quiet_start():
    import tensorflow as tf
    from tensorboard.compat.proto import event_pb2

    from rethink_keras.config import RunConfig
    from rethink_keras.results import RESULT, find_diverged, find_runs
    from rethink_keras.results.finished import CHECKPOINTS, CONFIG, DIVERGED
    from rethink_keras.results.names import old_run_name
    from rethink_keras.runs.directory import MODEL

REFERENCE = pathlib.Path(__file__).parents[1] / "tensorboard_logs" / "reference"

_RUNS = flags.DEFINE_string("runs", None, "directory of the runs")

_LEFT_OUT = (CHECKPOINTS, MODEL)
_HOST = re.compile(r"(\.tfevents\.\d+)\..*(\.\d+\.\d+\.v2)$")
_LOCAL = re.compile(rb"^(--data_dir=.*|\| logs \|.*)(\n|$)", re.MULTILINE)


def collect(
    path: pathlib.Path,
    config: RunConfig,
    reference: pathlib.Path = REFERENCE,
) -> pathlib.Path | None:
    """Copies a run to the reference logs.

    Args:
      path: directory of the run, which has finished or diverged.
      config: config of the run.
      reference: the reference logs.

    Returns:
      The directory of the copy; None if there already is one.
    """
    target = reference / old_run_name(config)
    finished = (path / RESULT).exists()
    if (target / DIVERGED).exists() and finished:  # a later version's run
        shutil.rmtree(target)
    if target.exists():
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the reference logs, which never hold a part of a run.
    with tempfile.TemporaryDirectory(dir=reference.parent) as directory:
        whole = pathlib.Path(directory) / "run"
        ignore = shutil.ignore_patterns(*_LEFT_OUT)
        shutil.copytree(path, whole, ignore=ignore)
        for file in list(whole.rglob("*")):
            _clean(file)
            file.rename(file.with_name(_HOST.sub(r"\1.host\2", file.name)))
        return whole.rename(target)


def _clean(path: pathlib.Path) -> None:
    """Removes directories of this machine, and pictures, from a file."""
    if path.name in (RESULT, CONFIG):
        content = json.loads(path.read_text())
        content.get("config", content)["data_dir"] = None
        path.write_text(json.dumps(content, indent=2) + "\n")
    elif path.name == "flags.txt":
        path.write_bytes(_LOCAL.sub(b"", path.read_bytes()))
    elif ".tfevents." in path.name:
        _clean_events(path)


def _clean_events(path: pathlib.Path) -> None:
    records = []
    # The last record of a run that was killed is cut off.
    with contextlib.suppress(tf.errors.DataLossError):
        records.extend(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            event = event_pb2.Event.FromString(record)
            kinds = [
                v.metadata.plugin_data.plugin_name for v in event.summary.value
            ]
            if "images" in kinds:  # each is an event of its own
                continue
            for value, kind in zip(event.summary.value, kinds, strict=True):
                texts = value.tensor.string_val
                if kind == "text":
                    texts[:] = [_LOCAL.sub(b"", text) for text in texts]
            writer.write(event.SerializeToString())


def main() -> None:
    """Copies the runs of --runs."""
    ended: dict[RunConfig, pathlib.Path] = {}
    if _RUNS.value:
        diverged = find_diverged(_RUNS.value).items()
        ended = {c: pathlib.Path(file).parent for c, file in diverged}
        finished = find_runs(_RUNS.value).values()
        ended |= {run.config: pathlib.Path(run.path) for run in finished}
    if not ended:
        raise InputError(
            f"runs={_RUNS.value}: contains no finished or diverged"
            " run; pass the directory of the runs"
        )
    for config, path in ended.items():
        copy = collect(path, config)
        print(f"{path}: {copy or 'left, is there already'}")


if __name__ == "__main__":
    run_command(main)
