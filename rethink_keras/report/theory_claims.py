"""The claims of theory, judged by what its demonstrations recorded.

Numbers of claims as in `claims`.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from rethink_keras.config import SAMPLE
from rethink_keras.report.verdicts import Claims, NotMeasuredError
from rethink_keras.theory.records import SavedRecord

_AT_MINIMUM = 1e-4  # distance to w*, relative to its norm
_REACHED = 0.99  # Rademacher complexity, of at most 1
# Features of Table 3's rows, as Section 5 and its record name them.
_FEATURES = {
    "raw": "pixels",
    "raw_chosen": "pixels, width chosen",
    "gabor": "Gabor wavelets",
}
CLAIMS: Claims[Sequence[SavedRecord]] = Claims()


def _tables(
    records: Sequence[SavedRecord], experiment: str, table: str, *columns: str
) -> dict[str, list[dict]]:
    """A table of every record that has it with the columns, by data set."""
    found = {
        f"{record.name.removeprefix(f'{table}_')}, seed {record.seed}": [
            {column: row[column] for column in columns}
            for row in record.tables[table]
        ]
        for record in records
        if record.experiment == experiment
        and set(columns) <= set(record.tables.get(table, [{}])[0])
    }
    if not found:
        raise NotMeasuredError(f"python launch/{experiment}.py")
    return found


@CLAIMS.add(
    "S11",
    "A two-layer network can represent any function of a finite sample.",
    "the network of Theorem 1 has exactly 2n + d weights and gives all n"
    " random labels, on every data set recorded",
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
        raise NotMeasuredError("python launch/theorem1.py --rows=depth_2")
    holds = all(
        row["weights"] == 2 * row["n"] + row["d"] and row["accuracy %"] == 100
        for row in rows.values()
    )
    return holds, "; ".join(
        f"{where}: n = {row['n']:,}, d = {row['d']:,}, {row['weights']:,}"
        f" weights, accuracy {row['accuracy %']:g} %, largest error"
        f" {row['largest error']:.1g}"
        for where, row in rows.items()
    )


@CLAIMS.add(
    "S12",
    "Deeper networks usually beat shallow ones, given infinite data.",
    "none: it is about populations, and every run sees a finite sample",
)
def _s12(records):
    del records
    return None, "the paper cites it, and no finite run can test it"


@CLAIMS.add(
    "S13",
    "SGD converges to the minimum-norm solution: an implicit regularizer.",
    "for least squares, every descent from zero ends within 1e-4 of it,"
    " relative to its norm, and that from a random start does not",
)
def _s13(records):
    holds, numbers = True, []
    columns = ("start", "distance to w*")
    for where, rows in _tables(
        records, "min_norm", "descent", *columns
    ).items():
        zero, other = (
            [row["distance to w*"] for row in rows if row["start"] == start]
            for start in ("zero", "random")
        )
        holds &= max(zero) <= _AT_MINIMUM < min(other)
        numbers.append(
            f"{where}: at most {max(zero):.1e} from zero, {min(other):.1e} from"
            " a random start"
        )
    return holds, "; ".join(numbers)


@CLAIMS.add(
    "S14",
    "The minimum norm says nothing about generalization.",
    "of the pairs of minimum-norm functions, on other features, that fit every"
    " label of the same training set, some have the smaller test error with"
    " the larger norm, as the paper's pair on MNIST has",
)
def _s14(records):
    found = _exact_fits(records)
    pairs = [
        pair
        for functions in found.values()
        for pair in itertools.combinations(functions.values(), 2)
    ]
    if not pairs:
        raise NotMeasuredError("python launch/min_norm.py")
    misled = sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0 for one, other in pairs
    )
    return misled > 0, (
        f"the larger norm errs less in {misled} of {len(pairs)} pairs: "
    ) + "; ".join(
        f"{where}, {name}: norm {norm:.0f}, test error {error:.2f} %"
        for where, functions in found.items()
        for name, (norm, error) in functions.items()
    )


def _exact_fits(
    records: Sequence[SavedRecord],
) -> dict[str, dict[str, tuple[float, float]]]:
    """Norms and test errors of functions, by data set and seed, and name."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    fits: dict[str, Any]
    for record in records:
        if record.experiment == "min_norm":
            dataset = record.name.removeprefix("norms_")
            fits = {
                str(row["function"]): row
                for row in record.tables.get("norms", ())
                if row["train error %"] == 0
            }
        elif record.experiment == "table3":
            dataset, _, features = record.name.partition("_")
            features = features.partition(",")[0]
            fits = {
                _FEATURES.get(features, f"{row['filters']} random filters"): row
                for row in record.tables["machine"]
                if row["ridge"] == 0
            }
            dataset = SAMPLE if dataset == "sample" else dataset
        else:
            continue
        functions = found.setdefault(f"{dataset}, seed {record.seed}", {})
        for name, row in fits.items():
            functions[name] = row["norm"], row["test error %"]
    return found


@CLAIMS.add(
    "S17",
    "Classical measures (VC dimension, Rademacher complexity, stability)"
    " cannot explain generalization.",
    "the Rademacher complexity of every network, estimated from below by"
    " training on random signs, is at least 0.99 of the largest, 1",
)
def _s17(records):
    columns = ("functions", "estimate", "complexity")
    reached = {
        f"{where}, {row['functions']}": row["complexity"]
        for where, rows in _tables(
            records, "complexity", "rademacher", *columns
        ).items()
        for row in rows
        if row["estimate"].startswith("from below")
    }
    return min(reached.values()) >= _REACHED, "; ".join(
        f"{name}: {complexity:.3f}" for name, complexity in reached.items()
    )
