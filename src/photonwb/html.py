"""How objects look in a notebook: a tree of names and values that opens where it is clicked.

Everything that comes from a file is escaped. Bulk data are not read: an array shows its shape and how it is stored. The depth and
the number of what is shown are bounded, so that a page is small and quick whatever the file holds. What says no more than the
defaults of the standard is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.page import details, heading, page, row, text
from photonwb.arrays.shapes import shape_of
from photonwb.errors import PhotonwbError
from photonwb.model.fields import Kind
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from photonwb.model.container import AbstractContainer

__all__ = ["container_html", "dict_html", "findings_html"]

# Bounds of what one page shows.
_DEPTH = 4
_MEMBERS = 30
_OBJECTS = 250
_FINDINGS = 200
_SHORT = 10


def container_html(container: AbstractContainer) -> str:
    """An object with its fields, and with what is inside it."""
    return page(_Tree().container(container, 0, is_open=True))


def dict_html(collection: LabelledDict[Any]) -> str:
    """The objects of a collection."""
    return page(_Tree().collection(collection.label, collection, 0, is_open=True))


def findings_html(findings: Iterable[Any]) -> str:
    """What a validation told, the severest first."""
    rows = sorted(findings, key=lambda finding: -finding.severity)
    if not rows:
        return page("<div>nothing found</div>")
    cells = "".join(
        f"<tr><td>{text(finding.severity.name.replace('_', ' ').lower())}</td><td><code>{text(finding.path)}</code></td>"
        f"<td>{text(finding.reason)}<br><i>{text(finding.fix)}</i></td><td>{text(finding.code)}</td></tr>"
        for finding in rows[:_FINDINGS]
    )
    more = _more(len(rows) - _FINDINGS)
    table = f"<table><tr><th>severity</th><th>where</th><th>what, and what to do</th><th>rule</th></tr>{cells}</table>{more}"
    return page(f"<details open><summary>{heading(f'{len(rows)} findings')}</summary>{table}</details>")


class _Tree:
    """One page on its way: it counts the objects that are shown, each of which is shown once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def container(self, item: AbstractContainer, depth: int, *, is_open: bool = False) -> str:
        """An object; below a certain depth, or when it was shown before, only what it is."""
        head = heading(item.name, type(item).__name__)
        if id(item) in self._seen or depth > _DEPTH or len(self._seen) >= _OBJECTS:
            return row(head)
        self._seen.add(id(item))
        body = "".join(self._fields(item, depth))
        return details(head, body, is_open) if body else row(head)

    def _fields(self, item: AbstractContainer, depth: int) -> Iterator[str]:
        if hasattr(item, "colnames"):
            try:
                rows = f"{len(item)}"  # type: ignore[arg-type] - tables have a length
            except (PhotonwbError, OSError, TypeError) as error:
                rows = f"cannot be counted: {error}"
            yield self._value("rows", rows, depth)
        for name, field in sorted(type(item).__fields__.items(), key=lambda named: named[1].is_object):
            try:
                value: Any = item.fields.get(name)
            except (PhotonwbError, OSError) as error:
                yield row(f"{heading(name)} cannot be read: {text(error)}")
                continue
            if _is_usual(value, item._empty(field)) or _is_usual(value, field.fixed):
                continue
            if field.kind in (Kind.LINK, Kind.ATTRIBUTE) and hasattr(value, "neurodata_type"):
                yield row(f"{heading(name)} → {heading(value.name, type(value).__name__)}")
            elif value is not None and not (field.kind == Kind.CHILDREN and not len(value)):
                yield self._value(name, value, depth)

    def _value(self, name: str, value: Any, depth: int) -> str:
        if isinstance(value, LabelledDict):
            return self.collection(name, cast("LabelledDict[Any]", value), depth)
        if hasattr(value, "neurodata_type"):
            return self.container(value, depth + 1)
        if isinstance(value, (list, tuple)) and value and hasattr(cast("Any", value[0]), "neurodata_type"):
            return self._several(name, [(item.name, item) for item in cast("list[Any]", value)], depth)
        return row(f"{heading(name)} {_described(value)}")

    def collection(self, name: str, collection: LabelledDict[Any], depth: int, *, is_open: bool = False) -> str:
        """A collection: its first objects."""
        names = list(collection)
        items: list[tuple[str, Any]] = []
        for key in names[:_MEMBERS]:
            try:
                items.append((key, collection[key]))
            except PhotonwbError as error:
                items.append((key, error))
        return self._several(name, items, depth, len(names), is_open=is_open)

    def _several(
        self, name: str, items: list[tuple[str, Any]], depth: int, count: int | None = None, *, is_open: bool = False
    ) -> str:
        shown = "".join(
            self.container(item, depth + 1)
            if hasattr(item, "neurodata_type")
            else row(f"{heading(key)} cannot be read: {text(item)}")
            for key, item in items[:_MEMBERS]
        )
        count = len(items) if count is None else count
        return details(heading(name, f"{count} object{'' if count == 1 else 's'}"), shown + _more(count - _MEMBERS), is_open)


def _is_usual(value: object, usual: object) -> bool:
    return isinstance(value, (str, float, int)) and type(value) is type(usual) and value == usual


def _described(value: Any) -> str:
    """A value in a few words, without reading what is large."""
    if isinstance(value, (list, tuple)) and len(cast("list[Any]", value)) <= _SHORT:
        return text(", ".join(map(str, cast("list[Any]", value))))
    return _array_described(value)


def _array_described(value: Any) -> str:
    shape = shape_of(value)
    if not shape or not hasattr(value, "dtype"):
        return text("(empty)" if isinstance(value, str) and not value else value)
    if type(value).__name__ == "ndarray" and value.size <= _SHORT:
        return text(value.tolist())
    lengths = " × ".join("?" if length is None else str(length) for length in shape)
    kind = "values" if value.dtype == object else value.dtype
    compression = getattr(value, "compression", None)
    return text(f"{lengths} {kind}" + (f", {compression}" if compression else ""))


def _more(count: int) -> str:
    return row(f"… and {count} more") if count > 0 else ""
