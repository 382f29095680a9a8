"""Markdown tables for TensorBoard and the report."""

from collections.abc import Iterable, Sequence


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table.

    Args:
      titles: column titles.
      rows: rows with one cell per column.
    """
    head, *body = (
        "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
        for row in (titles, *rows)
    )
    return "\n".join([head, "|" + "---|" * len(titles), *body])
