"""What a validation tells: findings, and lists of them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Finding", "Findings", "Severity"]


class Severity(IntEnum):
    """How much a finding matters; they can be compared."""

    BEST_PRACTICE_SUGGESTION = 1  # good style
    BEST_PRACTICE_VIOLATION = 2  # others will have trouble to use the data
    WARNING = 3  # two things in the file do not go together, or some programs will stumble
    CRITICAL = 4  # very probably a mistake, and archives refuse it
    ERROR = 5  # against the standard, or unreadable


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes
    ----------
    severity : Severity
    code : str
        Which rule found it.
    path : str
        Where in the file; an attribute comes after ``@``: ``/acquisition/movie/data@unit``.
    message : str
        What is wrong, in one sentence.
    expected, found : str
        What should be there, and what is; "" where the message says all.
    fix : str
        What to do about it.
    object_type : str
        Type of the object that was looked at.
    file : str
        Path of the file, "" for an object that is in none.
    """

    severity: Severity
    code: str
    path: str
    message: str
    expected: str = ""
    found: str = ""
    fix: str = ""
    object_type: str = ""
    file: str = ""

    # What errors of pynwb.validate offer.

    @property
    def name(self) -> str:
        """Type of the object and the last part of the path."""
        return "/".join(part for part in (self.object_type, self.path.rpartition("/")[2]) if part)

    @property
    def location(self) -> str:
        """The path without the leading slash."""
        return self.path.lstrip("/")

    @property
    def reason(self) -> str:
        """What is wrong, with what was expected and found."""
        wanted = f"expected {self.expected}" if self.expected else ""
        got = f"got {self.found}" if self.found else ""
        detail = ", ".join(part for part in (wanted, got) if part)
        return f"{self.message}: {detail}" if detail else self.message

    def __str__(self) -> str:
        kind = f" ({self.object_type})" if self.object_type else ""
        fix = f" -> {self.fix}" if self.fix else ""
        return f"{self.severity.name} [{self.code}] {self.path}{kind}: {self.reason}{fix}"

    def to_dict(self) -> dict[str, str]:
        """All of it as text, by name."""
        return {**self._asdict(), "severity": self.severity.name}


class Findings(list[Finding]):
    """A list of findings: empty, and so false, when nothing is wrong."""

    @property
    def errors(self) -> Findings:
        """What is against the standard or cannot be read."""
        return self.at_least(Severity.ERROR)

    @property
    def warnings(self) -> Findings:
        """All that is no error."""
        return Findings(finding for finding in self if finding.severity < Severity.ERROR)

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    def at_least(self, severity: Severity) -> Findings:
        """Findings of a severity or a higher one."""
        return Findings(finding for finding in self if finding.severity >= severity)

    def without(self, codes: Iterable[str]) -> Findings:
        """Findings of other rules than these."""
        left_out = set(codes)
        return Findings(finding for finding in self if finding.code not in left_out)

    def to_dicts(self) -> list[dict[str, str]]:
        """Each finding as a dict of text."""
        return [finding.to_dict() for finding in self]

    def to_json(self, **options: Any) -> str:
        """The findings as a JSON list of objects; `options` go to `json.dumps`."""
        import json

        return json.dumps(self.to_dicts(), **options)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "nothing found"

    def _repr_html_(self) -> str:
        from photonwb.html import findings_html

        return findings_html(self)
