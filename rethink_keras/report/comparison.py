"""Writes our and the paper's curves and numbers as TensorBoard runs.

Each table and figure has a directory under the log directory. It is rewritten
from the finished runs:

  figure1a/random_labels/ours/seed=0/train  our curve
  figure1a/random_labels/paper/train        the paper's, next to it in the list
                                            of runs, same tag and step axis
  table1/mlp_1x512/seed=0                 a row of the HParams table
  table1/report                           the table as text
  figure1a/report                         the figure as text and as an image

Runs on the embedded sample are in `ours_sample`, or in a directory that ends in
`_sample`. They never mix with runs on the full data set.
"""

import os
from collections.abc import Sequence

import tensorflow as tf
from etils import epath
from tensorboard.plugins.hparams import summary_v2 as hp

from rethink_keras.files import summaries_to, visible
from rethink_keras.report.curves import AXES, Curve, Points, curves
from rethink_keras.report.measured import MeasuredRow
from rethink_keras.results import RESULT
from rethink_keras.results.finished import CHECKPOINTS, CONFIG
from rethink_keras.results.metrics import MAIN_HPARAMS

_METRICS = ("test/ours", "test/paper", "train/ours", "train/paper")
_PERCENT = 100


def write_comparison(
    logdir: epath.Path,
    experiment: str,
    scale: str,
    rows: Sequence[MeasuredRow],
    *,
    text: str = "",
    images: Sequence[bytes] = (),
) -> epath.Path:
    """Writes the comparison of one experiment for TensorBoard.

    Args:
      logdir: log directory of TensorBoard.
      experiment: a key of `experiments.TITLES`.
      scale: `paper` or `sample`.
      rows: rows with their finished runs.
      text: the table or figure in Markdown.
      images: PNG files.

    Returns:
      The directory of the comparison.
    """
    suffix = _suffix(scale)
    drawn = curves(experiment, rows)
    directory = comparison_directory(logdir, experiment, scale)
    if drawn:
        for old in ("paper", f"ours{suffix}"):  # of versions before 0.2
            _clear(directory / old)
        for name in {curve.name for curve in drawn}:  # seeds of earlier runs
            _clear(directory / name / f"ours{suffix}")
        for curve in drawn:
            _write_curve(directory, curve, f"ours{suffix}")
        report = directory / f"report{suffix}"
    else:
        _write_hparams(directory, rows)
        report = directory / "report"
    _write_report(report, experiment, text, images)
    return directory


def comparison_directory(
    logdir: epath.Path, experiment: str, scale: str
) -> epath.Path:
    """Returns the directory of the comparison of one experiment.

    The two scales of a figure share a directory.
    """
    if experiment in AXES:
        return logdir / experiment
    return logdir / f"{experiment}{_suffix(scale)}"


def _suffix(scale: str) -> str:
    return "" if scale == "paper" else f"_{scale}"


def _clear(directory: epath.Path) -> None:
    """Removes an earlier comparison, but nothing of runs that lie there."""
    if not directory.is_dir():
        return
    _remove_events(directory)
    ours = "seed=*" if _holds_run(directory) else "*"
    for folder in _folders(directory, ours):
        _clear(folder)
    if not any(directory.iterdir()):
        directory.rmdir()


def _clear_hparams(directory: epath.Path) -> None:
    """Removes an earlier HParams table, but nothing else that lies there."""
    if not directory.is_dir():
        return
    _remove_events(directory)
    for row in _folders(directory, "*"):
        seeds = _folders(row, "seed=*")
        for seed in seeds:
            _clear(seed)
        if seeds and not any(row.iterdir()):
            row.rmdir()


def _remove_events(directory: epath.Path) -> None:
    """Removes the event files of a directory, unless it is that of a run."""
    if not _holds_run(directory):
        for path in visible(directory, "*.tfevents.*"):
            path.unlink()


def _folders(directory: epath.Path, pattern: str) -> list[epath.Path]:
    """Returns the folders of a directory that are not links."""
    return [
        path
        for path in visible(directory, pattern)
        if path.is_dir() and not os.path.islink(path)
    ]


def _holds_run(directory: epath.Path) -> bool:
    files = (CONFIG, RESULT, CHECKPOINTS)
    return any((directory / name).exists() for name in files)


def _fresh_writer(path: epath.Path) -> tf.summary.SummaryWriter:
    """Removes an earlier comparison and returns a writer into the directory."""
    _clear(path)
    return tf.summary.create_file_writer(str(path))


def _write_curve(directory: epath.Path, curve: Curve, ours: str) -> None:
    if curve.paper:
        _write_points(directory / curve.name / "paper", curve, curve.paper)
    for seed, points in curve.ours.items():
        path = directory / curve.name / ours / f"seed={seed}"
        _write_points(path, curve, points)


def _write_points(path: epath.Path, curve: Curve, points: Points) -> None:
    """Writes the points of a curve.

    Levels of corruption become steps in percent.
    """
    levels = not curve.split
    writer = _fresh_writer(path / curve.split if curve.split else path)
    with summaries_to(writer):
        for x, y in points:
            step = round(_PERCENT * x) if levels else round(x)
            tf.summary.scalar(curve.tag, y, step=step)
    writer.close()


def _write_hparams(directory: epath.Path, rows: Sequence[MeasuredRow]) -> None:
    """Writes one session of the HParams table for each run."""
    _clear_hparams(directory)
    root = tf.summary.create_file_writer(str(directory))
    with summaries_to(root):
        hp.hparams_config(
            hparams=[
                hp.HParam(name) for name in ("row", *MAIN_HPARAMS, "seed")
            ],
            metrics=[hp.Metric(name) for name in _METRICS],
        )
    root.close()
    for row in rows:
        for seed, run in row.runs.items():
            name = f"{row.row.name}/seed={seed}"
            options = run.config.as_dict()
            writer = tf.summary.create_file_writer(str(directory / name))
            with summaries_to(writer):
                hp.hparams(
                    {
                        "row": row.row.name,
                        **{key: options[key] for key in MAIN_HPARAMS},
                        "seed": seed,
                    },
                    trial_id=name,
                )
                for metric, value in _metrics(row, seed).items():
                    tf.summary.scalar(metric, value, step=run.result["steps"])
            writer.close()


def _metrics(row: MeasuredRow, seed: int) -> dict[str, float]:
    """Returns our accuracies of one seed and the paper's, in percent."""
    values = {
        "test/ours": row.of_seed(seed).test,
        "train/ours": row.of_seed(seed).train,
        "test/paper": row.paper.get("test"),
        "train/paper": row.paper.get("train"),
    }
    return {
        name: value if isinstance(value, float) else value.mean
        for name, value in values.items()
        if value is not None
    }


def _write_report(
    path: epath.Path, experiment: str, text: str, images: Sequence[bytes]
) -> None:
    if not text and not images:
        return
    writer = _fresh_writer(path)
    with summaries_to(writer):
        if text:
            tf.summary.text(experiment, text, step=0)
        if images:
            pictures = [tf.io.decode_png(image, channels=3) for image in images]
            # A tag belongs to one plugin, so the image needs a tag of its own.
            tf.summary.image(f"{experiment}/figure", tf.stack(pictures), step=0)
    writer.close()
