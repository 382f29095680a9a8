"""The console command `rethink-keras`: a run, or one of its commands."""

import importlib
import sys

_COMMANDS = {
    "randomization-test": "rethink_keras.cli.randomization_tests",
    "report": "rethink_keras.cli.report",
}
"""Module of each command. Only one is imported: they share names of flags."""


def main() -> None:
    """Runs the command that the first argument names; without one, a run."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in _COMMANDS:
        del sys.argv[1]
    module = _COMMANDS.get(name, "rethink_keras.cli.run")
    importlib.import_module(module).start()


if __name__ == "__main__":
    main()
