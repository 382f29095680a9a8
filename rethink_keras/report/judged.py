"""Verdicts on the claims at each scale, side by side."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from rethink_keras.report.verdicts import (
    FAILS,
    HOLDS,
    UNDECIDED,
    UNKNOWN,
    UNTESTED,
    Verdict,
)

MARKS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?", UNKNOWN: "", UNTESTED: ""}
_MEASURED = (HOLDS, FAILS, UNDECIDED)


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim with its verdicts, by title of the scale."""

    name: str
    claim: str
    section: str
    rule: str
    verdicts: Mapping[str, Verdict]

    @property
    def measured(self) -> bool:
        """Whether the claim has a verdict at any scale."""
        return any(v.verdict in _MEASURED for v in self.verdicts.values())

    @property
    def measured_verdicts(self) -> Mapping[str, Verdict]:
        """The verdicts, without those that are not measured."""
        return {
            title: verdict
            for title, verdict in self.verdicts.items()
            if verdict.verdict in _MEASURED
        }


@dataclasses.dataclass(frozen=True)
class Score:
    """How many claims hold.

    Attributes:
      title: title of the scale.
      verdicts: the verdicts that are counted.
    """

    title: str
    verdicts: Sequence[Verdict]

    def _count(self, *verdicts: str) -> int:
        counts = Counter(verdict.verdict for verdict in self.verdicts)
        return sum(counts[verdict] for verdict in verdicts)

    @property
    def total(self) -> int:
        return len(self.verdicts)

    @property
    def hold(self) -> int:
        return self._count(HOLDS)

    @property
    def measured(self) -> int:
        return self._count(*_MEASURED)

    @property
    def others(self) -> str:
        """The other counts in words, and what fails; zeros are left out."""
        failed = [v.name for v in self.verdicts if v.verdict == FAILS]
        does_not = "does not" if len(failed) == 1 else "do not"
        counts = (
            (len(failed), f"{does_not} ({', '.join(failed)})"),
            (self._count(UNDECIDED), UNDECIDED),
            (self._count(UNKNOWN), "not measured"),
            (self._count(UNTESTED), UNTESTED),
        )
        return ", ".join(f"{n} {words}" for n, words in counts if n)


def scores(verdicts: Mapping[str, Sequence[Verdict]]) -> list[Score]:
    """Counts the claims at each scale where any is measured."""
    found = [Score(title, judged) for title, judged in verdicts.items()]
    return [score for score in found if score.measured]


def side_by_side(verdicts: Mapping[str, Sequence[Verdict]]) -> list[Claim]:
    """Groups verdicts by claim, in the order of the claims' numbers."""
    grouped: dict[str, dict[str, Verdict]] = {}
    for title, judged in verdicts.items():
        for verdict in judged:
            grouped.setdefault(verdict.name, {})[title] = verdict
    claims = []
    for name in sorted(grouped, key=lambda name: int(name[1:])):
        one = next(iter(grouped[name].values()))
        claims.append(
            Claim(name, one.claim, one.section, one.rule, grouped[name])
        )
    return claims
