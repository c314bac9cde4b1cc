"""Which member of a group is which child of its specification.

A child that has a name in the specification is known by it, one that has none by its type, the nearest inherited type first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from photonwb.schema import DatasetSpec, GroupSpec, LinkSpec
from photonwb.storage.contract import is_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from photonwb.validation.stored import Member

__all__ = ["Child", "Matching", "Slots", "expected_type", "has_kind", "has_type"]

Child: TypeAlias = "GroupSpec | DatasetSpec | LinkSpec"


class Matching(NamedTuple):
    """The members of a group, sorted by the children that the specification names."""

    found: Sequence[tuple[Child, list[Member]]]
    others: list[Member]


class Slots:
    """The places that the specification of a group has for members."""

    def __init__(self, spec: GroupSpec) -> None:
        self.spec = spec
        self.children: tuple[Child, ...] = (*spec.datasets, *spec.groups, *spec.links)
        self._named: dict[str, list[int]] = {}
        self._of_type: dict[str, list[int]] = {}
        for number, child in enumerate(self.children):
            if child.name is not None:
                self._named.setdefault(child.name, []).append(number)
            else:
                self._of_type.setdefault(expected_type(child) or "", []).append(number)

    def match(self, members: Iterable[Member]) -> Matching:
        """Give each member its place."""
        found: list[tuple[Child, list[Member]]] = [(child, []) for child in self.children]
        others: list[Member] = []
        for member in members:
            number = self._place_for(member)
            (others if number is None else found[number][1]).append(member)
        return Matching(found, others)

    def _place_for(self, member: Member) -> int | None:
        named = self._named.get(member.name)
        if named:
            fitting = [
                number for number in named if has_kind(self.children[number], member) and has_type(self.children[number], member)
            ]
            return (fitting or named)[0]
        for name in member.types:
            fitting = [number for number in self._of_type.get(name, ()) if has_kind(self.children[number], member)]
            if fitting:
                wants_link = member.link is not None
                return min(fitting, key=lambda number: isinstance(self.children[number], LinkSpec) != wants_link)
        return None


def expected_type(child: Child) -> str | None:
    """The type that a member in this place must have at least."""
    return child.target_type if isinstance(child, LinkSpec) else child.type_name


def has_kind(child: Child, member: Member) -> bool:
    """Whether a member is a group, or a dataset, as it should be."""
    if isinstance(child, LinkSpec) or member.node is None:
        return True
    return is_group(member.node) == isinstance(child, GroupSpec)


def has_type(child: Child, member: Member) -> bool:
    """Whether a member is of the type it should be of."""
    expected = expected_type(child)
    return expected is None or expected in member.types
