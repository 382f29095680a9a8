"""MkDocs hooks: adds pages from outside docs/ to the site.

RESULTS.md, CHANGELOG.md and README.md lie at the root of the repository, and
the notebooks in examples/. Links to them work there and in the site.
"""

import pathlib
import re

from mkdocs.structure.files import File, Files

ROOT = pathlib.Path(__file__).parents[1]
PAGES = {
    "../RESULTS.md": "all_results.md",
    "../CHANGELOG.md": "changelog.md",
    "../README.md": "readme.md",
}
"""Links in docs/ to files outside it, and the pages that they become."""


def on_files(files: Files, config) -> Files:
    """Adds the pages and the notebooks; called by MkDocs."""
    for source, name in PAGES.items():
        text = (ROOT / "docs" / source).read_text()
        files.append(File.generated(config, name, content=inside(text)))
    for path in sorted((ROOT / "examples").glob("*.ipynb")):
        name = f"examples/{path.name}"
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **kwargs) -> str:
    """Points links to the added pages; called by MkDocs for each page."""
    del kwargs
    for source, name in PAGES.items():
        markdown = markdown.replace(f"]({source}", f"]({name}")
    return markdown.replace("](../examples/", "](examples/")


def inside(text: str) -> str:
    """Rewrites the links of a page at the root as links of a page in docs/.

    Links to files that are not part of the site become plain text. The Markdown
    in folded parts is marked as such.
    """
    for source, name in PAGES.items():
        text = text.replace(f"]({source.removeprefix('../')}", f"]({name}")
    text = text.replace("](docs/", "](")
    text = text.replace("<details>", '<details markdown="1">')
    return re.sub(
        r"(?<!!)\[([^]]+)\]\((?![a-z_]+\.md|https?:|#|results/)[^)]*\)",
        r"\1",
        text,
    )
