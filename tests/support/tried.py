"""Counts what the tests try, for the last line of pytest's output."""

import collections

TRIED: collections.Counter[str] = collections.Counter()
"""Numbers of processes, kills and bad inputs."""
