"""Verdicts on claims, by rules that use only measured numbers."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from rethink_keras.report.statistics import Interval

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
UNKNOWN, UNTESTED = "not measured yet", "not tested"
_REASONS = 3  # number of reasons shown

Evidence = TypeVar("Evidence")


class NotMeasuredError(LookupError):
    """A claim needs a measurement that is missing; the message names it."""


class DivergedError(NotMeasuredError):
    """A claim needs a row whose runs diverged; the message names it."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """The outcome of one check, or of several combined.

    Attributes:
      verdict: HOLDS, FAILS, UNDECIDED, UNKNOWN or UNTESTED.
      numbers: measured numbers, one text each.
      reasons: why the check is undecided, or which measurement is missing.
    """

    verdict: str
    numbers: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """The numbers, and the first few reasons."""
        reasons = list(self.reasons[:_REASONS])
        if (more := len(self.reasons) - _REASONS) > 0:
            reasons.append(f"and {more} more")
        return "; ".join((*self.numbers, *reasons))

    def opposite(self) -> "Finding":
        """Returns the finding on the opposite statement."""
        swapped = {HOLDS: FAILS, FAILS: HOLDS}
        verdict = swapped.get(self.verdict, self.verdict)
        return dataclasses.replace(self, verdict=verdict)


def found(holds: bool, *numbers: str) -> Finding:
    """Returns a finding that holds or fails."""
    return Finding(HOLDS if holds else FAILS, numbers)


def above(
    interval: Interval, threshold: float, name: str, number: str
) -> Finding:
    """Judges whether a value is above a threshold.

    The finding is undecided if the interval contains the threshold.
    """
    if interval.low > threshold or interval.high < threshold:
        return found(interval.low > threshold, number)
    reason = f"{name} is within noise of {threshold:g}"
    return Finding(UNDECIDED, (number,), (reason,))


def each(
    check: Callable[..., Finding], names: Iterable[str], *arguments: object
) -> list[Finding]:
    """Applies a check to each name; UNKNOWN where a measurement is missing.

    Args:
      check: takes a name and the arguments.
      names: the names to check.
      *arguments: further arguments of the check.
    """
    return [attempt(check, name, *arguments) for name in names]


def attempt(check: Callable[..., Finding], *arguments: object) -> Finding:
    """Returns the finding of a check.

    It is UNKNOWN if a measurement is missing, UNDECIDED if its run diverged.
    """
    try:
        return check(*arguments)
    except DivergedError as name:
        return Finding(UNDECIDED, reasons=(f"{name} diverged",))
    except NotMeasuredError as missing:
        return Finding(UNKNOWN, reasons=(f"needs {missing}",))


def every(findings: Sequence[Finding]) -> Finding:
    """Judges whether all statements hold; one failure decides."""
    return _combine(findings, FAILS, HOLDS)


def some(findings: Sequence[Finding]) -> Finding:
    """Judges whether any statement holds; one that holds decides."""
    return _combine(findings, HOLDS, FAILS)


def _combine(
    findings: Sequence[Finding], decisive: str, otherwise: str
) -> Finding:
    verdicts = {finding.verdict for finding in findings}
    order = (decisive, UNKNOWN, UNDECIDED)
    verdict = next((v for v in order if v in verdicts), otherwise)
    reasons = [
        reason
        for finding in findings
        for reason in finding.reasons
        if finding.verdict in (UNKNOWN, UNDECIDED)
    ]
    numbers = [number for finding in findings for number in finding.numbers]
    return Finding(
        verdict,
        tuple(dict.fromkeys(numbers)),
        () if verdict == decisive else tuple(dict.fromkeys(reasons)),
    )


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A claim with its verdict and evidence.

    Attributes:
      name: number of the claim, such as `S1`; see `claims`.
      claim: the claim as commonly stated.
      section: where the paper makes the claim.
      rule: rule by which the claim is judged.
      verdict: holds, does not hold, undecided, not measured yet, or not
        tested.
      evidence: measured numbers, and reasons if there is no verdict.
    """

    name: str
    claim: str
    section: str
    rule: str
    verdict: str
    evidence: str


class Claims(Generic[Evidence]):
    """A collection of claims that are judged by the same evidence.

    Args:
      *parts: collections whose claims are included.
    """

    def __init__(self, *parts: "Claims[Evidence]") -> None:
        self._claims: list[tuple[tuple[str, str, str, str], Callable]] = [
            claim for part in parts for claim in part._claims
        ]

    def add(self, name: str, claim: str, section: str, rule: str) -> Callable:
        """Registers the claim that the decorated function judges."""

        def register(judge: Callable[[Evidence], Finding]):
            self._claims.append(((name, claim, section, rule), judge))
            return judge

        return register

    def judge(self, evidence: Evidence) -> list[Verdict]:
        """Judges every claim, in the order of their numbers."""
        verdicts = []
        for claim, check in self._claims:
            finding = attempt(check, evidence)
            verdicts.append(Verdict(*claim, finding.verdict, finding.evidence))
        return sorted(verdicts, key=lambda verdict: int(verdict.name[1:]))
