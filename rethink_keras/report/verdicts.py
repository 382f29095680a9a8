"""Verdicts on claims, by rules that see measured numbers alone."""

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

HOLDS, FAILS = "holds", "does not hold"
UNKNOWN, UNTESTED = "not measured yet", "not tested"

Evidence = TypeVar("Evidence")


class NotMeasuredError(LookupError):
    """What a claim needs was not measured: its message names it."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim with what was measured of it.

    Attributes:
      name: its number in an overview that readers start from.
      claim: as commonly told.
      rule: by which it is judged.
      verdict: holds, does not hold, not measured yet, or not tested.
      evidence: the numbers, or what is missing.
    """

    name: str
    claim: str
    rule: str
    verdict: str
    evidence: str


class Claims(Generic[Evidence]):
    """Claims that are judged by the same evidence.

    A judge returns whether its claim holds, None where no measurement could
    tell, and the numbers.
    """

    def __init__(self) -> None:
        self._claims: list[tuple[str, str, str, Callable]] = []

    def add(self, name: str, claim: str, rule: str) -> Callable:
        """Adds the claim that the decorated function judges."""

        def register(judge: Callable[[Evidence], tuple[bool | None, str]]):
            self._claims.append((name, claim, rule, judge))
            return judge

        return register

    def judge(self, evidence: Evidence) -> list[Verdict]:
        """Judges every claim."""
        verdicts = []
        for name, claim, rule, test in self._claims:
            try:
                holds, numbers = test(evidence)
                verdict = {True: HOLDS, False: FAILS, None: UNTESTED}[holds]
            except NotMeasuredError as missing:
                verdict, numbers = UNKNOWN, f"needs {missing}"
            verdicts.append(Verdict(name, claim, rule, verdict, numbers))
        return verdicts
