"""Runs the shell blocks of README.md in order, in a fresh clone.

  python tools/readme.py
  python tools/readme.py --dry_run

The blocks run in one shell that stops at the first failure, in a temporary
directory. REPOSITORY_URL is replaced by the path of this clone, so uncommitted
changes have no effect. Blocks after a line `<!-- not run: REASON -->` are left
out.
"""

import dataclasses
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import time

from absl import flags

from rethink_keras.cli.terminal import run_command

ROOT = pathlib.Path(__file__).parents[1]

_DRY_RUN = flags.DEFINE_boolean("dry_run", False, "print the shell script only")


@dataclasses.dataclass(frozen=True)
class Block:
    """A code block of a Markdown page.

    Attributes:
      language: the word after the opening fence, such as `sh`.
      text: the lines between the fences.
      line: number of the first of these lines, from 1.
      reason: why the block is not run; None if it is.
    """

    language: str
    text: str
    line: int
    reason: str | None


def find_blocks(page: str) -> list[Block]:
    """Returns the fenced code blocks of a Markdown page, in order."""
    fence = re.compile(
        r"(?:^ *<!-- not run: (?P<reason>[^\n]+) -->\n)?"
        r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
        re.MULTILINE | re.DOTALL,
    )
    return [
        Block(
            language=match["language"],
            text=re.sub(f"^{match['indent']}", "", match["text"], flags=re.M),
            line=page.count("\n", 0, match.start("text")) + 1,
            reason=match["reason"],
        )
        for match in fence.finditer(page)
    ]


def make_script(page: str, repository: str) -> str:
    """Joins the shell blocks that are run into one script.

    Args:
      page: Markdown text.
      repository: text that replaces REPOSITORY_URL.
    """
    lines = ["set -euo pipefail"]
    for block in find_blocks(page):
        if block.language == "sh":
            title = f"line {block.line}"
            if block.reason is None:
                lines += [f"echo '== {title}'", block.text.rstrip()]
            else:
                lines.append(f"echo '== {title}: not run: {block.reason}'")
    script = "\n".join(lines) + "\n"
    return script.replace("REPOSITORY_URL", shlex.quote(repository))


def main() -> int:
    """Runs the blocks; returns the exit code of the shell."""
    script = make_script((ROOT / "README.md").read_text(), str(ROOT))
    if _DRY_RUN.value:
        print(script, end="")
        return 0
    hidden = ("PYTHONPATH", "VIRTUAL_ENV")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        code = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=environment, check=False
        ).returncode
    minutes = (time.monotonic() - begun) / 60
    print(f"exit code {code} after {minutes:.1f} minutes")
    return code


if __name__ == "__main__":
    run_command(main)
