"""Tables of the measures: means, deviations and rank correlations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rethink_keras.measures import MEASURES

CELL = ["corrupted %", "examples"]
Estimate = tuple[float | None, float | None, float | None]
"""An estimate with its interval; None where it is not defined."""

_BOOTSTRAP: dict[str, Any] = {
    "n_resamples": 1_000,
    "method": "percentile",
    "random_state": 0,
}
_CRITICAL = "critical at "


def tables_of(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict]]:
    """Returns the tables of a record.

    Args:
      rows: one row for each network, as of `measure_network`.
    """
    frame = pd.DataFrame(rows)
    columns = ["train accuracy %", "gap", *MEASURES]
    cells = frame.groupby(CELL)
    means = cells[columns].mean()
    means.insert(0, "seeds", cells.size())
    deviations = cells[columns].std(ddof=1)[cells.size() > 1]
    tables = {
        "rank correlation with the gap": correlations(frame),
        "critical samples": critical_samples(frame),
        "means over seeds": _as_rows(means.reset_index()),
        "standard deviations over seeds": _as_rows(deviations.reset_index()),
    }
    return {name: table for name, table in tables.items() if table}


def critical_at(radius: float) -> str:
    """Returns the column of the critical samples at a radius."""
    return f"{_CRITICAL}{radius:g}"


def correlations(frame: pd.DataFrame) -> list[dict]:
    """Computes Kendall's tau-b between each measure and the gap.

    Over all networks, and as the mean over groups of networks that differ in
    nothing but the label corruption, or the training size. The 95 % intervals
    come from a percentile bootstrap, over networks or over groups.

    Args:
      frame: one row for each network.
    """
    rows = []
    for name in MEASURES:
        row: dict[str, Any] = {"measure": name}
        for title, (tau, low, high) in {
            "all": _tau(frame[name], frame["gap"]),
            "corruption": _mean_tau(frame, name, ["examples", "seed"]),
            "size": _mean_tau(frame, name, ["corrupted %", "seed"]),
        }.items():
            row |= {title: tau, f"{title}: low": low, f"{title}: high": high}
        rows.append(row)
    return rows


def _tau(measure: pd.Series, gap: pd.Series) -> Estimate:
    if measure.nunique() < 2 or gap.nunique() < 2:
        return None, None, None

    def statistic(x, y):  # 0 for a resample of equal networks
        return np.nan_to_num(stats.kendalltau(x, y).statistic)

    interval = stats.bootstrap(
        (measure.to_numpy(), gap.to_numpy()),
        statistic,
        paired=True,
        vectorized=False,
        **_BOOTSTRAP,
    ).confidence_interval
    return _rounded(statistic(measure, gap), interval)


def _mean_tau(frame: pd.DataFrame, name: str, group: list[str]) -> Estimate:
    taus = [
        stats.kendalltau(networks[name], networks["gap"]).statistic
        for _, networks in frame.groupby(group)
        if len(networks) > 1
    ]
    known = np.array([tau for tau in taus if not np.isnan(tau)])
    if len(known) < 2:
        return None, None, None
    interval = stats.bootstrap((known,), np.mean, **_BOOTSTRAP)
    return _rounded(known.mean(), interval.confidence_interval)


def _rounded(estimate: float, interval: Any) -> Estimate:
    values = (estimate, interval.low, interval.high)
    estimate, low, high = (round(float(value), 3) + 0.0 for value in values)
    return estimate, low, high


def critical_samples(frame: pd.DataFrame) -> list[dict]:
    """Returns the critical samples at each radius, of the largest size."""
    largest = frame[frame["examples"] == frame["examples"].max()]
    rows = []
    for corruption, group in largest.groupby("corrupted %"):
        for column in frame.columns[frame.columns.str.startswith(_CRITICAL)]:
            deviation = group[column].std(ddof=1)
            rows.append(
                {
                    "corrupted %": float(corruption),
                    "radius": float(column.removeprefix(_CRITICAL)),
                    "critical %": float(group[column].mean()),
                    "deviation": None if np.isnan(deviation) else deviation,
                    "seeds": len(group),
                }
            )
    return rows


def _as_rows(frame: pd.DataFrame) -> list[dict]:
    """Returns the rows of a frame; values that JSON lacks as None.

    A norm over the margin is infinite where the margin is not positive, and
    the deviation between seeds is then unknown.
    """
    return [
        {
            name: None
            if isinstance(value, float) and not np.isfinite(value)
            else value
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
