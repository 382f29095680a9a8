"""Tables in Markdown, for TensorBoard and the report."""

from collections.abc import Iterable, Sequence


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown.

    Args:
      titles: of the columns.
      rows: their cells, as many as there are columns.
    """
    head, *body = ("| " + " | ".join(row) + " |" for row in (titles, *rows))
    return "\n".join([head, "|" + "---|" * len(titles), *body])
