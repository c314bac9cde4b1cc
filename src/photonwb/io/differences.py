"""What a commit would change in a file, for people to look at before it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.arrays.shapes import shape_of
from photonwb.errors import PhotonwbError
from photonwb.io.editing import checked_plan
from photonwb.io.planning import held_members, joined
from photonwb.io.reading import StoredObject, members_of
from photonwb.model.fields import Field, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.file import NWBFile
    from photonwb.io.edit_plan import EditPlan
    from photonwb.model.container import AbstractContainer

__all__ = ["Change", "Differences", "differences"]

_LONGEST_TEXT = 60
_MOST_VALUES = 8


class Change(NamedTuple):
    """One difference between the objects in memory and their file.

    Parameters
    ----------
    path : str
        Of the object in the file; of a new one, the path that it gets.
    what : str
        "added", "removed", "moved", or the name of the field that differs.
    old, new : str
        What is in the file, and what is going to be; "" for nothing.
    """

    path: str
    what: str
    old: str
    new: str

    def __str__(self) -> str:
        if self.what == "moved":
            return f"{self.path}: moved to {self.new}"
        if self.what in ("added", "removed"):
            return f"{self.path}: {self.what} {self.old or self.new}"
        return f"{self.path}: {self.what}: {self.old or 'nothing'} -> {self.new or 'nothing'}"


class Differences(list[Change]):
    """Changes in the order of their paths; printed, a line for each."""

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no changes"


def differences(nwbfile: NWBFile) -> Differences:
    """All that writing the changes of a file would change in it; see `NWBFile.diff`."""
    plan = checked_plan(nwbfile, cast("StoredObject", nwbfile._stored).location)
    return Differences(sorted(_changes(plan), key=lambda change: change.path))


def _changes(plan: EditPlan) -> Iterator[Change]:
    kinds = {plan.old_path(item): item.neurodata_type for item in plan.reader.objects}
    for old, new in plan.fates.items():
        if new is not None:
            yield Change(old, "moved", old, new)
        elif old in kinds:
            yield Change(old, "removed", kinds[old], "")
    for item, path in plan.objects():
        if plan.is_stored(item):
            yield from _changes_of(plan, item)
        elif item.parent is None or plan.is_stored(item.parent):
            yield Change(path, "added", "", item.neurodata_type)


def _changes_of(plan: EditPlan, item: AbstractContainer) -> Iterator[Change]:
    path = plan.old_path(item)
    for name, field in type(item).__fields__.items():
        if name in item._assigned:
            yield Change(path, name, "values", "other values")
        if name not in item._changed:
            continue
        if field.kind in (Kind.CHILD, Kind.CHILDREN):
            yield from _new_links(plan, item, field)
            continue
        try:
            old = cast("StoredObject", item._stored).load(item, field)
        except PhotonwbError as error:
            old = f"cannot be read: {error}"
        shown, new = _described(old), _described(item.fields.get(name))
        if shown != new or shown.startswith("array of"):  # which says nothing of the values
            yield Change(path, name, shown, new)
    if "object_id" in item._changed:
        yield Change(path, "object_id", cast("StoredObject", item._stored).object_id() or "", item.object_id)


def _new_links(plan: EditPlan, item: AbstractContainer, field: Field) -> Iterator[Change]:
    """Objects that a collection is going to link to."""
    members = members_of(item, field) if field.kind == Kind.CHILDREN else None
    for name, target in held_members(item, field, only_loaded=True):
        place = joined(plan.path_of(item), field.where, name)
        there = members.has(name) if members is not None else False
        if plan.path_of(target) not in (place, None) and not there:
            yield Change(place, "added", "", f"link to {plan.path_of(target)}")


def _described(value: Any) -> str:
    """A value in one line, without reading bulk data."""
    if value is None:
        return ""
    if hasattr(value, "neurodata_type"):
        return f"{value.neurodata_type} {value.name!r}"
    shape = shape_of(value)
    if shape is None or (
        len(shape) == 1 and shape[0] is not None and shape[0] <= _MOST_VALUES and not hasattr(value, "references")
    ):
        text = repr(value[:].tolist() if hasattr(value, "dtype") and shape else value)
        return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."
    dtype = getattr(value, "dtype", None)
    return f"array of shape {shape}" + (f", {dtype}" if dtype is not None and dtype.names is None else "")
