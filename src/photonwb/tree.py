"""A file as a tree of lines: what is in it, where, of what type, shape and unit.

Nothing but names, attributes and short texts is read, and what cannot be read is said in its line instead of hiding the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays.shapes import shape_of
from photonwb.errors import PhotonwbError
from photonwb.model.container import AbstractContainer
from photonwb.model.fields import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Unreadable", "plain", "tree_lines", "walk"]

_LONGEST_TEXT = 60
_WIDEST_COLUMN = 48
# Width of what leads to an object, beyond which nobody looks any further: fifty levels.
_DEEPEST = 200


def tree_lines(container: AbstractContainer) -> list[str]:
    """Lines of a tree of an object and all that is below it, in three columns: names, types, and what the object holds.

    Parameters
    ----------
    container : NWBFile or any object of one
        Objects are below the groups of the file in which they lie; the identifiers and indices of tables are left out.
    """
    rows = list(_rows(container, "", "", set()))
    widths = [min(max(len(column) for column in columns), _WIDEST_COLUMN) for columns in zip(*rows, strict=True)]
    return [f"{row.name:<{widths[0]}}  {row.kind:<{widths[1]}}  {row.details}".rstrip() for row in rows]


def walk(container: AbstractContainer) -> Iterator[AbstractContainer | Unreadable]:
    """An object and all that is below it, as the tree shows it; what cannot be read comes as an `Unreadable`."""
    seen = {id(container)}
    waiting: list[AbstractContainer | Unreadable] = [container]
    while waiting:
        item = waiting.pop()
        yield item
        if not isinstance(item, Unreadable):
            below = [each for members in _members(item, seen).values() for each in members]
            waiting.extend(reversed(below))


class _Row(NamedTuple):
    name: str
    kind: str = ""
    details: str = ""


class Unreadable(NamedTuple):
    """Stands where an object should be."""

    name: str
    error: PhotonwbError


def _rows(item: AbstractContainer | Unreadable, lead: str, stem: str, seen: set[int]) -> Iterator[_Row]:
    """The row of an object, with what leads to it, and those of all below it, in front of which goes the stem."""
    if isinstance(item, Unreadable):
        yield _Row(lead + plain(item.name), "", f"cannot be read: {plain(str(item.error))}")
        return
    seen.add(id(item))
    if len(stem) > _DEEPEST:
        yield _Row(lead + plain(_title(item)), item.neurodata_type, "and what is in it")
        return
    yield _Row(lead + plain(_title(item)), item.neurodata_type, _details(item))
    groups = [(place, members) for place, members in _members(item, seen).items() if members]
    inside = [each for place, members in groups if not place for each in members]
    outside = [(place, members) for place, members in groups if place]
    for number, each in enumerate(inside, 1):
        branch, below = _branch(number == len(inside) and not outside)
        yield from _rows(each, stem + branch, stem + below, seen)
    for number, (place, members) in enumerate(outside, 1):
        branch, below = _branch(number == len(outside))
        yield _Row(stem + branch + place)
        for count, each in enumerate(members, 1):
            inner, deeper = _branch(count == len(members))
            yield from _rows(each, stem + below + inner, stem + below + deeper, seen)


def _branch(last: bool) -> tuple[str, str]:
    return ("└── ", "    ") if last else ("├── ", "│   ")


def _title(item: AbstractContainer) -> str:
    """The name; of a whole file, that of the file."""
    return Path(item._stored.location).name if item.name == "root" and item._stored is not None else item.name


def _members(item: AbstractContainer, seen: set[int]) -> Mapping[str, list[AbstractContainer | Unreadable]]:
    """Objects directly inside of one, by the group in which they lie."""
    found: dict[str, list[AbstractContainer | Unreadable]] = {}
    for field in type(item).__fields__.values():
        if field.kind in (Kind.CHILD, Kind.CHILDREN):
            for each in _held(item, field.name):
                if isinstance(each, Unreadable) or (each.parent is item and _is_shown(each) and id(each) not in seen):
                    found.setdefault(field.where, []).append(each)
                    seen.add(id(each))
    return found


def _held(item: AbstractContainer, field: str) -> Iterator[AbstractContainer | Unreadable]:
    """Objects of a field, one after the other, so that each can fail alone."""
    try:
        value: Any = getattr(item, field)
        names = list(value) if hasattr(value, "keys") else None
    except PhotonwbError as error:
        yield Unreadable(field, error)
        return
    if names is None:
        yield from (value,) if isinstance(value, AbstractContainer) else value or ()
        return
    for name in names:
        try:
            yield value[name]
        except PhotonwbError as error:
            yield Unreadable(name, error)


def _is_shown(item: AbstractContainer) -> bool:
    return item.neurodata_type not in ("ElementIdentifiers", "VectorIndex")


def _details(item: AbstractContainer) -> str:
    """Number of rows, or shape, kind, unit and rate of the data; a text where there are none; and what is linked to."""
    try:
        parts = list(_table_parts(item) if hasattr(item, "colnames") else _data_parts(item))
        links = [value.name for value in _linked(item)]
        if not parts and not links:
            parts = [_shortened(str(item.fields.get("description") or item.fields.get("session_description") or ""))]
        return plain("  ".join(part for part in (*parts, *(f"→ {name}" for name in links)) if part))
    except PhotonwbError as error:
        return f"cannot be read: {plain(str(error))}"


def _table_parts(table: Any) -> Iterator[str]:
    yield f"{len(table)} row{'' if len(table) == 1 else 's'}"


def _data_parts(item: AbstractContainer) -> Iterator[str]:
    data: Any = item.fields.get("data")
    shape = shape_of(data) if data is not None and not isinstance(data, AbstractContainer) else None
    if isinstance(data, AbstractContainer):
        yield f"the data of {data.name}"
    elif shape:
        yield " × ".join("?" if length is None else str(length) for length in shape)
        dtype = getattr(data, "dtype", None)
        if dtype is not None:
            yield _kind(dtype)
    if data is not None and "unit" in item.fields:
        yield str(item.unit)  # type: ignore[attr-defined] - what has the field has the attribute
    if "rate" in item.fields:
        yield f"{item.rate:g} Hz"  # type: ignore[attr-defined]
    elif "timestamps" in item.fields:
        yield "with timestamps"


def _linked(item: AbstractContainer) -> Iterator[AbstractContainer]:
    for field in type(item).__fields__.values():
        value = getattr(item, field.name) if field.kind == Kind.LINK or field.name == "table" else None
        if isinstance(value, AbstractContainer):
            yield value


def _kind(dtype: Any) -> str:
    if dtype.names:
        return f"({', '.join(dtype.names)})"
    return "text" if dtype.kind in "OSU" else str(dtype)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"


def plain(text: str) -> str:
    """Text of a file as it may be sent to a terminal: without what would steer it."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
