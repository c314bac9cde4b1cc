"""Which objects lead to which: links, references, shared arrays, regions of tables.

What an object holds is found by its `children`; this is about all else. It is needed by whoever takes an object away from
those that lead to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import PhotonwbError
from photonwb.model.fields import Field, Kind
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.model.container import AbstractContainer

__all__ = ["Relation", "objects_below", "relations_of"]


class Relation:
    """A field of one object that leads to another, which it does not hold."""

    __slots__ = ("field", "source", "target")

    def __init__(self, source: AbstractContainer, field: Field, target: AbstractContainer) -> None:
        self.source, self.field, self.target = source, field, target

    def __str__(self) -> str:
        return f"{self.source._label()}.{self.field.name} leads to {self.target._label()}"


def objects_below(root: AbstractContainer) -> Iterator[AbstractContainer]:
    """An object and all below it that can be read."""
    waiting, seen = [root], {id(root)}
    while waiting:
        item = waiting.pop()
        yield item
        for field in type(item).__fields__.values():
            for other in _held(item, field):
                if id(other) not in seen and other.parent is item:
                    seen.add(id(other))
                    waiting.append(other)


def relations_of(root: AbstractContainer) -> Iterator[Relation]:
    """All relations from an object, and from those below it."""
    for item in objects_below(root):
        for field in type(item).__fields__.values():
            for target in _leads_to(item, field):
                yield Relation(item, field, target)


def _held(item: AbstractContainer, field: Field) -> list[AbstractContainer]:
    """Objects in a field, each as far as it can be read."""
    if field.kind not in (Kind.CHILD, Kind.CHILDREN):
        return []
    try:
        value: Any = getattr(item, field.name)
    except PhotonwbError:
        return []
    if field.kind == Kind.CHILD or value is None:
        return [] if value is None else [value]
    if not isinstance(value, LabelledDict):
        return list(value)
    found: list[AbstractContainer] = []
    for name in cast("LabelledDict[AbstractContainer]", value):
        try:
            found.append(value[name])
        except PhotonwbError:
            continue
    return found


def _leads_to(item: AbstractContainer, field: Field) -> list[AbstractContainer]:
    if field.kind in (Kind.CHILD, Kind.CHILDREN):
        return [other for other in _held(item, field) if other.parent is not item]
    if field.kind == Kind.ATTRIBUTE and field.dtype != "reference":
        return []
    try:
        value = item.fields.get(field.name)
        return list(objects_in(value))
    except PhotonwbError:
        return []


def objects_in(value: Any) -> Iterator[AbstractContainer]:
    """Objects of the model among some values."""
    if hasattr(value, "neurodata_type"):
        yield value
    elif isinstance(value, (list, tuple)) or hasattr(value, "references") or _is_of_objects(value):
        if not isinstance(value, (list, tuple)):
            value = value[...]
        for row in cast("Any", value):
            if hasattr(row, "neurodata_type"):
                yield row
            elif isinstance(row, tuple) or getattr(getattr(row, "dtype", None), "names", None):
                yield from (member for member in cast("Any", row) if hasattr(member, "neurodata_type"))


def _is_of_objects(value: Any) -> bool:
    """Whether a value is an array in memory that may hold objects."""
    return hasattr(value, "flags") and value.ndim > 0 and value.dtype.hasobject
