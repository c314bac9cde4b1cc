"""Renaming, moving, replacing and removing objects of a file.

All of it happens in memory, to objects that were read as well as to new ones; a file follows when the changes are written. An
object that others lead to is never taken away from them without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.common import DynamicTable, VectorData
from photonwb.common.arrangement import parts_of
from photonwb.editing.relations import Relation, objects_below, relations_of
from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.model.fields import Field, Kind
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photonwb.model.container import AbstractContainer

__all__ = ["move", "remove", "rename", "replace"]


def rename(root: AbstractContainer, item: AbstractContainer, name: str) -> None:
    """Give an object another name; see `NWBFile.rename`."""
    holder = _holder(root, item)
    name = item._check_name(name)
    if name == item.name:
        return
    if isinstance(holder, DynamicTable) and isinstance(item, VectorData):
        holder.rename_column(_column_of(holder, item), name)
        return
    fields = [field for field in holder._fields_with(item) if field.kind != Kind.LINK]
    for field in fields:
        if field.kind == Kind.CHILD and field.named_by_key:
            raise InvalidValueError(f"{item._label()}: {holder._label()}.{field.name} is always named {field.key!r}")
        if any(other.name == name for other in _members(holder, field)):
            raise InvalidValueError(
                f"{holder._label()}.{field.name}: there already is an object named {name!r}; choose another name"
            )
    for field in fields:
        held = getattr(holder, field.name)
        if isinstance(held, LabelledDict):
            cast("LabelledDict[Any]", held).rename(item.name, name)
    item.__dict__["_name"] = name
    item.set_modified()


def move(root: AbstractContainer, item: AbstractContainer, to: AbstractContainer, collection: str | None = None) -> None:
    """Hang an object into another one; see `NWBFile.move`."""
    holder = _holder(root, item)
    if any(above is item for above in (to, *to.get_ancestors())):
        raise InvalidValueError(f"{item._label()} cannot be moved into itself")
    if to is not root and root not in to.get_ancestors():
        raise InvalidValueError(f"{to._label()} is not part of this file: add it first")
    if isinstance(holder, DynamicTable) and isinstance(item, VectorData):
        raise InvalidValueError(f"{item._label()} belongs to the rows of {holder._label()}; add a column with its data instead")
    field = _field_for(item, to, collection)
    if any(other.name == item.name and other is not item for other in _members(to, field)):
        raise InvalidValueError(f"{to._label()}.{field.name}: there already is an object named {item.name!r}; rename one of them")
    _check_not_needed(holder, [item])
    item.reset_parent()
    if field.kind == Kind.CHILDREN and not field.is_listed:
        to._add(field.name, item)
    else:
        to._set(field, item if field.kind == Kind.CHILD else [*(getattr(to, field.name) or ()), item])


def replace(root: AbstractContainer, old: AbstractContainer, new: AbstractContainer) -> None:
    """Put an object in the place of another; see `NWBFile.replace`."""
    holder = _holder(root, old)
    if new.parent is not None:
        raise InvalidValueError(f"{new._label()} already belongs to {new.parent._label()}; move it, or give a copy of it")
    inside = {id(item): item for item in objects_below(old)}
    relations = [each for each in relations_of(root) if id(each.target) in inside and id(each.source) not in inside]
    for relation in relations:
        if relation.target is not old:
            raise InvalidValueError(f"{old._label()} cannot be replaced: {relation}, which is inside of it")
    fields = [field for field in holder._fields_with(old) if field.kind != Kind.LINK]
    for field in (*fields, *(relation.field for relation in relations if relation.field.is_object)):
        if not _is_kind(new, field):
            raise InvalidTypeError(f"{holder._label()}.{field.name}: expected {_kinds(field)}, got {new._label()}")
    for relation in relations:
        if relation.source.fields.get(relation.field.name) is old:
            relation.field.check(relation.source, new)
    for field in fields:
        _exchange(holder, field, old, new)
    for relation in relations:
        _exchange(relation.source, relation.field, old, new)


def _exchange(holder: AbstractContainer, field: Field, old: AbstractContainer, new: AbstractContainer) -> None:
    """Let a field have, or lead to, another object."""
    value: Any = holder.fields.get(field.name)
    if isinstance(value, LabelledDict):
        del value[old.name]
        holder._add(field.name, new)
    elif value is old:
        if field.kind == Kind.CHILD:
            old.reset_parent()
        holder._set(field, new)
    elif field.kind == Kind.CHILDREN:
        old.reset_parent()
        holder._set(field, [new if item is old else item for item in value])
    else:
        rows = value[...] if hasattr(value, "references") else value
        holder._set(field, [_with_new(row, old, new) for row in rows])


def _with_new(row: Any, old: AbstractContainer, new: AbstractContainer) -> Any:
    """A value that is an object, or a row that has some among its members, with the new one for the old one."""
    if row is old:
        return new
    if hasattr(row, "_replace") or isinstance(row, tuple):
        members: list[Any] = [new if member is old else member for member in row]
        return type(row)(*members) if hasattr(row, "_fields") else tuple(members)
    if getattr(getattr(row, "dtype", None), "names", None):
        return tuple(new if member is old else member for member in row)
    return row


def remove(root: AbstractContainer, items: Sequence[AbstractContainer], *, cascade: bool = False) -> list[AbstractContainer]:
    """Take objects out of a file, all of them or none; see `NWBFile.remove`."""
    going: list[AbstractContainer] = []
    cleared: list[Relation] = []
    for item in items:
        _holder(root, item)
        _add_dependent(item, going)
    relations = list(relations_of(root))
    while True:
        known = set(cleared)
        open_ends, emptied = _left_behind(going, [each for each in relations if each not in known])
        if not open_ends and not emptied:
            break
        if not cascade:
            raise InvalidValueError(_refusal(items, open_ends, emptied))
        for relation in open_ends:
            if relation.field.required or relation.field.kind in (Kind.CONTENT, Kind.DATASET):
                _add_dependent(relation.source, going)
            else:
                cleared.append(relation)
        for holder in emptied:
            _add_dependent(holder, going)
    for relation in cleared:
        _clear(relation)
    gone = [top for top in going if _take_out(top)]
    if cascade:
        root.__dict__["_cascaded"] = (*cast("Any", root)._cascaded, *gone)
    return gone


def _left_behind(
    going: Sequence[AbstractContainer], relations: Sequence[Relation]
) -> tuple[list[Relation], list[AbstractContainer]]:
    """What would lead nowhere without the objects that go, and what holds the last of those that it must hold."""
    inside = {id(each) for top in going for each in objects_below(top)}
    open_ends = [each for each in relations if id(each.target) in inside and id(each.source) not in inside]
    holders = [top.parent for top in going if top.parent is not None]
    return open_ends, [each for each in holders if id(each) not in inside and _is_emptied(each, inside)]


def _add_dependent(item: AbstractContainer, going: list[AbstractContainer]) -> None:
    """Note that an object goes, and with it what cannot be without it: the one that needs it, or the whole column of a table."""
    holder = item.parent
    if isinstance(holder, DynamicTable) and isinstance(item, VectorData) and item.name in holder._members:
        name = _column_of(holder, item)
        column = holder.__predefined__.get(name)
        if column is None or not column.required:
            going.extend(part for part in parts_of(holder._top(name)) if all(part is not other for other in going))
            return
        item, holder = holder, holder.parent
    while holder is not None and any(
        field.required and field.kind == Kind.CHILD and holder._has(field, item) for field in type(holder).__fields__.values()
    ):
        item, holder = holder, holder.parent
    if holder is None:
        raise InvalidValueError(f"{item._label()} cannot be removed: it is the file itself")
    if all(item is not other for other in going):
        going.append(item)


def _is_emptied(holder: AbstractContainer, inside: set[int]) -> bool:
    """Whether a collection that must hold something would be left with nothing."""
    return any(
        field.kind == Kind.CHILDREN
        and field.required
        and (held := _members(holder, field))
        and all(id(item) in inside for item in held)
        for field in type(holder).__fields__.values()
    )


def _check_not_needed(holder: AbstractContainer, items: list[AbstractContainer]) -> None:
    """Refuse to take objects from one that must have them."""
    inside = {id(item) for item in items}
    for field in type(holder).__fields__.values():
        if field.kind == Kind.CHILD and field.required and any(holder._has(field, item) for item in items):
            raise InvalidValueError(f"{holder._label()}.{field.name}: a value is required; set another one first")
    if _is_emptied(holder, inside):
        raise InvalidValueError(f"{holder._label()} would be left empty, which the standard does not allow; move or remove it")


def _refusal(items: Sequence[AbstractContainer], relations: list[Relation], emptied: list[AbstractContainer]) -> str:
    reasons = [str(relation) for relation in relations]
    reasons += [f"{holder._label()} would be left empty, which the standard does not allow" for holder in emptied]
    listed = "\n".join(f"- {reason}" for reason in reasons)
    what = items[0]._label() if len(items) == 1 else f"{len(items)} objects"
    return f"{what} cannot be removed alone; change what leads there, or remove it too with cascade=True:\n{listed}"


def _clear(relation: Relation) -> None:
    source, field, target = relation.source, relation.field, relation.target
    value = getattr(source, field.name)
    if isinstance(value, LabelledDict):
        if target.name in value:
            del value[target.name]
    elif field.kind == Kind.CHILDREN:
        source._set(field, [item for item in value if item is not target])
    else:
        source._set(field, None)


def _take_out(item: AbstractContainer) -> bool:
    """Take an object out of what holds it; False if it went together with another one."""
    holder = item.parent
    if isinstance(holder, DynamicTable) and isinstance(item, VectorData) and item.name in holder._members:
        holder.remove_column(_column_of(holder, item))
        return True
    if holder is None:
        return False
    item.reset_parent()
    return True


# ---- places


def _holder(root: AbstractContainer, item: AbstractContainer) -> AbstractContainer:
    """What holds an object of a file."""
    holder = item.parent
    if holder is None or (holder is not root and root not in holder.get_ancestors()):
        raise InvalidValueError(
            f"{item._label()} is not part of {root._label()}" if item is not root else "this is the file itself"
        )
    return holder


def _column_of(table: DynamicTable, item: VectorData) -> str:
    """Name of the column that something in a table belongs to."""
    for name in table.colnames:
        if any(part is item for part in parts_of(table._top(name))):
            return name
    raise InvalidValueError(f"{item._label()} is no column of {table._label()}")


def _members(holder: AbstractContainer, field: Field) -> list[AbstractContainer]:
    try:
        value = getattr(holder, field.name)
    except PhotonwbError:
        return []
    if field.kind == Kind.CHILD:
        return [] if value is None else [value]
    return list(value.values() if isinstance(value, LabelledDict) else value or ())


def _is_kind(item: AbstractContainer, field: Field) -> bool:
    return any(base.__name__ in field.element_names for base in type(item).__mro__)


def _kinds(field: Field) -> str:
    return " or ".join(field.element_names)


def _field_for(item: AbstractContainer, to: AbstractContainer, collection: str | None) -> Field:
    """The field of an object that another one is going to be in."""
    fields = [field for field in type(to).__fields__.values() if field.kind in (Kind.CHILD, Kind.CHILDREN)]
    fitting = [
        field
        for field in fields
        if _is_kind(item, field) and (field.kind == Kind.CHILDREN or (not field.named_by_key or item.name == field.key))
    ]
    if collection is not None:
        fitting = [field for field in fitting if field.name == collection]
    fitting = [field for field in fitting if field.kind == Kind.CHILDREN or getattr(to, field.name) is None]
    if not fitting:
        place = f"{to._label()}.{collection}" if collection else to._label()
        raise InvalidTypeError(
            f"{place} cannot hold {item._label()}; it holds {', '.join(field.name for field in fields) or 'nothing'}"
        )
    if len(fitting) > 1:
        names = ", ".join(repr(field.name) for field in fitting)
        raise InvalidValueError(
            f"{to._label()} can hold {item._label()} in several places: say which, collection= one of {names}"
        )
    return fitting[0]
