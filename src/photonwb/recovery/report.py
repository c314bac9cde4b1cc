"""What became of a broken file."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Loss", "Report"]


class Loss(NamedTuple):
    """Something that could not be saved.

    Attributes
    ----------
    path : str
        Of the object in the file; with "@name" for an attribute.
    what : str
        What is lost, or was changed.
    reason : str
    """

    path: str
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}: {self.reason}"


class Report:
    """What could be saved of a file, and what not.

    Attributes
    ----------
    source, output : str
        Paths of the broken file and of the new one.
    saved : int
        How many groups and datasets the new file has.
    losses : list of Loss
        What it does not have.
    """

    def __init__(self, source: str, output: str) -> None:
        self.source = source
        self.output = output
        self.saved = 0
        self.losses: list[Loss] = []

    @property
    def is_complete(self) -> bool:
        """Whether nothing was lost."""
        return not self.losses

    def add(self, path: str, what: str, reason: object) -> None:
        """Note a loss."""
        self.losses.append(Loss(path, what, str(reason)))

    def lost_paths(self) -> set[str]:
        """Paths of all that something was lost of."""
        return {loss.path for loss in self.losses}

    def __str__(self) -> str:
        head = f"{self.source}: {self.saved} objects were saved in {self.output}"
        if self.is_complete:
            return f"{head}; nothing is lost"
        return "\n".join([f"{head}; {len(self.losses)} problem(s):", *(f"- {loss}" for loss in self.losses)])

    def __repr__(self) -> str:
        return f"<Report: {self.saved} objects saved, {len(self.losses)} problem(s)>"
