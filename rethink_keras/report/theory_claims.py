"""Claims about the theory, judged by the records of its experiments.

The numbers of the claims follow `claims`.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rethink_keras import paper
from rethink_keras.report.statistics import (
    Interval,
    mean_interval,
    rank_correlation,
)
from rethink_keras.report.verdicts import (
    UNDECIDED,
    UNTESTED,
    Claims,
    Finding,
    NotMeasuredError,
    every,
    found,
)
from rethink_keras.results.records import SavedRecord

_AT_MINIMUM = 1e-4  # largest distance to w*, relative to its norm
_CONVERGED = 1e-8  # largest loss of a converged descent
_REACHED = 0.99  # Rademacher complexity; its maximum is 1
_RANKED = 3  # smallest number of functions for a rank correlation
_WEAK = 0.5  # largest weak rank correlation
# Norms and test errors of pixels and Gabor wavelets on MNIST (Section 5).
_PAPERS_PAIR = [
    (float(row["norm"] or 0), float(row["test error"] or 0))
    for row in paper.read("norms")
]
_MNIST = ("mnist_raw", "mnist_gabor")
_ENDS = ("", ": low", ": high")  # columns of an estimate and its interval
_NORMS = ("parameter norm", "spectral complexity / margin")
_Function = tuple[float, float]  # norm and error
CLAIMS: Claims[Sequence[SavedRecord]] = Claims()


def _tables(
    records: Sequence[SavedRecord], experiment: str, table: str, *columns: str
) -> dict[str, list[dict]]:
    """Returns columns of a table from all records with them, by data set."""
    tables = {
        f"{record.name.removeprefix(f'{table}_')}, seed {record.seed}": [
            {column: row[column] for column in columns}
            for row in record.tables[table]
        ]
        for record in records
        if record.experiment == experiment
        and set(columns) <= set(record.tables.get(table, [{}])[0])
    }
    if not tables:
        command = experiment.replace("_", "-")
        raise NotMeasuredError(f"rethink-keras {command}")
    return tables


@CLAIMS.add(
    "S11",
    "A two-layer network can represent any function of a finite sample.",
    "Section 4, Theorem 1",
    "On every recorded data set, the network of Theorem 1 has exactly 2n + d"
    " weights and outputs all n random labels.",
)
def _s11(records):
    columns = ("network", "n", "d", "weights", "accuracy %", "largest error")
    rows = {
        where: row
        for where, rows in _tables(
            records, "theorem1", "networks", *columns
        ).items()
        for row in rows
        if row["network"] == "Theorem 1"
    }
    if not rows:
        raise NotMeasuredError("rethink-keras theorem1 --rows=depth_2")
    holds = all(
        row["weights"] == 2 * row["n"] + row["d"] and row["accuracy %"] == 100
        for row in rows.values()
    )
    return found(
        holds,
        *(
            f"{where}: n = {row['n']:,}, d = {row['d']:,}, {row['weights']:,}"
            f" weights, accuracy {row['accuracy %']:g} %, largest error"
            f" {row['largest error']:.1g}"
            for where, row in rows.items()
        ),
    )


@CLAIMS.add(
    "S12",
    "Deeper networks usually beat shallow ones, given infinite data.",
    "Section 4 (cited)",
    "None: the claim is about populations, and every run uses a finite sample.",
)
def _s12(records):
    del records
    reason = "the paper only cites it, and no finite sample can test it"
    return Finding(UNTESTED, reasons=(reason,))


@CLAIMS.add(
    "S13",
    "SGD converges to the minimum-norm solution: an implicit regularizer.",
    "Section 5, Equation 3",
    "For least squares, every descent from zero ends within 1e-4 of the"
    " minimum-norm solution, relative to its norm. The descent from a random"
    " start does not. A descent with a final loss above 1e-8 is undecided.",
)
def _s13(records):
    columns = ("start", "distance to w*", "loss")
    tables = _tables(records, "min_norm", "descent", *columns)
    return every([_descents(*table) for table in tables.items()])


def _descents(where: str, rows: Sequence[dict]) -> Finding:
    zero, other = (
        [row["distance to w*"] for row in rows if row["start"] == start]
        for start in ("zero", "random")
    )
    number = (
        f"{where}: at most {max(zero):.1e} from zero, {min(other):.1e} from a"
        " random start"
    )
    loss = max(row["loss"] for row in rows)
    if loss > _CONVERGED:
        reason = f"{where}: a descent ended at a loss of {loss:.1g}"
        return Finding(UNDECIDED, (number,), (reason,))
    return found(max(zero) <= _AT_MINIMUM < min(other), number)


@CLAIMS.add(
    "S14",
    "The minimum norm says nothing about generalization.",
    "Section 5",
    "Kendall's rank correlation between the norm and the test error of"
    " functions of one kernel that fit every label is computed, for the first"
    " record of each data set. The 95 % interval of its mean over records"
    " (Student's t) includes 0 and lies within ±0.5. Functions with a ridge fit"
    " fewer labels the smaller their norm is, and norms of different kernels"
    " are not comparable, so neither count.",
)
def _s14(records):
    correlations: dict[str, float] = {}
    for record in records:
        rows = record.tables.get("interpolants", ())
        if len(rows) < _RANKED:
            continue
        tau = rank_correlation(*zip(*map(_function, rows), strict=True))
        if not math.isnan(tau):
            # Records with the default settings have the shortest names.
            correlations.setdefault(record.name.partition(",")[0], tau)
    known = list(correlations.values())
    pair = [*_mnist_pair(records), *_norms_of_networks(records)]
    if not known:
        raise NotMeasuredError("rethink-keras min-norm")
    if len(set(known)) == 1:
        several = len(known) > 1
        count = f"{len(known)} records" if several else "one record"
        number = f"rank correlation {known[0]:.2f} over {count}"
        reason = (
            "records that do not differ give no interval"
            if several
            else "one record gives no interval"
        )
        return Finding(UNDECIDED, (number, *pair), (reason,))
    interval = mean_interval(tuple(known))
    number = f"rank correlation {interval} over {len(known)} records"
    if not interval.low <= 0 <= interval.high:
        return found(False, number, *pair)
    if max(-interval.low, interval.high) <= _WEAK:
        return found(True, number, *pair)
    reason = f"the interval includes 0 and reaches beyond ±{_WEAK:g}"
    return Finding(UNDECIDED, (number, *pair), (reason,))


def _function(row: Mapping[str, Any]) -> _Function:
    return float(row["norm"]), float(row["test error %"])


def _mnist_pair(records: Sequence[SavedRecord]) -> list[str]:
    """Describes the pair of functions on MNIST: the paper's and ours."""
    machines = {
        record.name: _function(row)
        for record in records
        if record.experiment == "table3" and record.name in _MNIST
        for row in record.tables["machine"]
        if row["ridge"] == 0
    }
    ours = [machines[name] for name in _MNIST if name in machines]
    pairs = {"the paper's": _PAPERS_PAIR, "our": ours}
    return [
        f"{whose} pixels and Gabor wavelets on MNIST: norms {pair[0][0]:.0f}"
        f" and {pair[1][0]:.0f}, errors {pair[0][1]:.2f} and {pair[1][1]:.2f}"
        f" %; the {'larger' if _reversed(*pair) else 'smaller'} norm has the"
        " smaller error"
        for whose, pair in pairs.items()
        if len(pair) == len(_PAPERS_PAIR)
    ]


def _norms_of_networks(records: Sequence[SavedRecord]) -> Iterable[str]:
    """Describes how norms of trained networks rank their gaps (ours)."""
    for record in records:
        for row in record.tables.get("rank correlation with the gap", ()):
            taus = [row[f"all{end}"] for end in _ENDS]
            if row["measure"] in _NORMS and None not in taus:
                yield (
                    f"beyond the paper, {record.name}: rank correlation of"
                    f" {row['measure']} with the gap"
                    f" {Interval(*map(float, taus))} over label corruption and"  # type: ignore[arg-type]
                    " training size"
                )


def _reversed(one: _Function, other: _Function) -> bool:
    """Returns whether the larger norm has the smaller error."""
    return (one[0] - other[0]) * (one[1] - other[1]) < 0


@CLAIMS.add(
    "S17",
    "Networks trained on random signs reach almost the largest Rademacher"
    " complexity, so generalization bounds based on it are vacuous.",
    "Section 2.2",
    "For every network and every draw of random signs, training gives a lower"
    " estimate of the Rademacher complexity of at least 0.99, where the maximum"
    " is 1. A network is undecided if its draws disagree. The paper's arguments"
    " about VC dimension and uniform stability are not judged.",
)
def _s17(records):
    columns = ("functions", "estimate", "complexity", "least", "most")
    tables = _tables(records, "complexity", "rademacher", *columns)
    findings = [
        _reaches(f"{where}, {row['functions']}", row)
        for where, rows in tables.items()
        for row in rows
        if row["estimate"].startswith("from below")
    ]
    if not findings:
        raise NotMeasuredError("rethink-keras complexity --rows=rademacher")
    finding = every(findings)
    numbers = (*finding.numbers, *_margin_bounds(records))
    return dataclasses.replace(finding, numbers=numbers)


def _margin_bounds(records: Sequence[SavedRecord]) -> Iterable[str]:
    """Describes the margin bounds of trained networks (ours)."""
    for record in records:
        terms = [
            row["spectral complexity / margin"]
            for row in record.tables.get("means over seeds", ())
        ]
        known = [term for term in terms if term is not None]
        if known:
            yield (
                f"beyond the paper, {record.name}: the leading term of the"
                f" spectral margin bound is {min(known):.0f} to"
                f" {max(known):.0f}, where 1 is trivial"
            )


def _reaches(name: str, row: dict) -> Finding:
    number = f"{name}: {row['complexity']:.3f}"
    if row["least"] < _REACHED <= row["most"]:
        reason = f"{name}: the smallest draw has {row['least']:.3f}"
        return Finding(UNDECIDED, (number,), (reason,))
    return found(row["least"] >= _REACHED, number)
