"""The claims of theory, judged by what its demonstrations recorded.

Numbers of claims as in `claims`.
"""

from collections.abc import Sequence

from rethink_keras.report.verdicts import Claims, NotMeasuredError
from rethink_keras.results.records import SavedRecord

_AT_MINIMUM = 1e-4  # distance to w*, relative to its norm
_REACHED = 0.99  # Rademacher complexity, of at most 1
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
    "of two preprocessings with which every training label is fitted, that of"
    " the larger norm has the smaller test error (on MNIST, as in the paper,"
    " where that is recorded)",
)
def _s14(records):
    tables = {
        where: sorted(rows, key=lambda row: row["norm"])
        for where, rows in (_mnist_norms(records) or _norms(records)).items()
    }
    holds = all(
        larger["test error %"] < smaller["test error %"]
        for smaller, larger in tables.values()
    )
    return holds, "; ".join(
        f"{where}, {row['function']}: norm {row['norm']:.0f}, test error"
        f" {row['test error %']:.2f} %"
        for where, rows in tables.items()
        for row in rows
    )


def _norms(records: Sequence[SavedRecord]) -> dict[str, list[dict]]:
    """Norms of functions that fit every label; MNIST's alone, if any."""
    columns = ("function", "norm", "train error %", "test error %")
    tables = {
        where: rows
        for where, rows in _tables(
            records, "min_norm", "norms", *columns
        ).items()
        if all(row["train error %"] == 0 for row in rows)
    }
    if not tables:
        raise NotMeasuredError("norms of functions that fit every label")
    papers = {w: rows for w, rows in tables.items() if w.startswith("mnist,")}
    return papers or tables


def _mnist_norms(records: Sequence[SavedRecord]) -> dict[str, list[dict]]:
    """The same functions as rows of Table 3, of seeds that have both."""
    functions = {"mnist_raw": "pixels", "mnist_gabor": "Gabor wavelets"}
    found: dict[str, list[dict]] = {}
    for record in records:
        if record.experiment == "table3" and record.name in functions:
            (row,) = record.tables["machine"]
            found.setdefault(f"mnist, seed {record.seed}", []).append(
                {**row, "function": functions[record.name]}
            )
    return {w: rows for w, rows in found.items() if len(rows) == 2}


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
