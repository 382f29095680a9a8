"""Tables of the measures: means, deviations and rank correlations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rethink_keras.measures import MEASURES

CELL = ["corrupted %", "examples"]
_RESAMPLES = 500
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
    deviations = cells[columns].std(ddof=1)
    deviations = deviations.dropna()  # none of a single seed
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

    Over all networks, and as the mean over groups in which only the label
    corruption, or only the training size, differs. The 95 % intervals come
    from a percentile bootstrap over networks.

    Args:
      frame: one row for each network.
    """
    groups = {"all": None, "corruption": "examples", "size": "corrupted %"}
    rows = []
    for name in MEASURES:
        row: dict[str, Any] = {"measure": name}
        for title, group in groups.items():
            tau, low, high = _tau_interval(frame, name, group)
            row |= {title: tau, f"{title}: low": low, f"{title}: high": high}
        rows.append(row)
    return rows


def _tau_interval(
    frame: pd.DataFrame, measure: str, group: str | None
) -> tuple[float | None, float | None, float | None]:
    """Returns tau and its interval; None where it is not defined."""
    values = frame[[measure, "gap"]].to_numpy()
    keys = np.zeros(len(frame)) if group is None else frame[group].to_numpy()

    def tau_of(chosen: np.ndarray) -> float:
        taus = []
        for key in np.unique(keys):
            pairs = values[chosen[keys[chosen] == key]]
            if len(pairs) > 1:
                taus.append(stats.kendalltau(*pairs.T).statistic)
        known = np.array(taus)[~np.isnan(taus)]
        return float(known.mean()) if len(known) else float("nan")

    everything = np.arange(len(frame))
    estimate = tau_of(everything)
    if np.isnan(estimate):
        return None, None, None
    rng = np.random.default_rng(0)
    resampled = [
        tau_of(rng.choice(everything, len(frame))) for _ in range(_RESAMPLES)
    ]
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    return round(estimate, 3), round(float(low), 3), round(float(high), 3)


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
    """Returns the rows of a frame; infinite values, which JSON lacks, as None.

    A norm over the margin is infinite where the margin is not positive.
    """
    return [
        {
            name: None
            if isinstance(value, float) and np.isinf(value)
            else value
            for name, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
