"""What was changed in the objects that were read from a file, and what that means for the file.

Nobody keeps a log of edits. The objects as they are now are compared with where and what they were in the file: an object whose
place is another one was moved or renamed, one that has no place any more was removed, one that the file does not have is new, and
a field differs when it was set, or when the list or array that it holds has another content than the file.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import PhotonwbError
from photonwb.io.noticing import note_silent_changes
from photonwb.io.planning import Plan, joined
from photonwb.io.reading import StoredObject, members_of
from photonwb.model.fields import Field, Kind
from photonwb.model.labelled import LabelledDict
from photonwb.storage.contract import Link, is_group
from photonwb.storage.relations import Relation, relations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.file import NWBFile
    from photonwb.io.reading import Reader
    from photonwb.model.container import AbstractContainer

__all__ = ["EditPlan"]


class EditPlan(Plan):
    """The path that each object of a changed file is going to have.

    Parameters
    ----------
    root : NWBFile
        What was read from the file.
    location : str
        Absolute path of the file that gets the changes.

    Attributes
    ----------
    fates : dict
        For each object that does not stay where it is in the file: its path there, and its new path, or None if it goes.
    """

    def __init__(self, root: AbstractContainer, location: str) -> None:
        self.reader: Reader = cast("StoredObject", root._stored).reader
        self.fates: dict[str, str | None] = {}
        self._relations: list[Relation] | None = None
        self._holders: dict[int, AbstractContainer | None] = {}
        for item in self._stored_objects():
            note_silent_changes(item)
            _read_replaced(item)
        super().__init__(root, location, self.reader.store)
        for item in self._stored_objects():
            self._place_stored(item)
        self._find_fates()

    @property
    def relations(self) -> list[Relation]:
        """All links and references in the file as it is without the changes; found when first needed."""
        if self._relations is None:
            self._relations = list(relations_of(self.reader.store))
        return self._relations

    def after(self, path: str) -> str | None:
        """Where an object of the file is going to be: its new path, or None if it goes."""
        above = path
        while above:
            if above in self.fates:
                new = self.fates[above]
                return None if new is None else new + path[len(above) :]
            above = above.rpartition("/")[0]
        return path

    def old_path(self, container: AbstractContainer) -> str:
        """Path in the file as it is without the changes."""
        return cast("StoredObject", container._stored).path

    def _stored_objects(self) -> list[AbstractContainer]:
        """The objects of this file that are in memory, each after those that hold it."""
        objects = [item for item in self.reader.objects if cast("StoredObject", item._stored).node.store is self.reader.store]
        return sorted(objects, key=lambda item: self.old_path(item).count("/") if self.old_path(item) != "/" else 0)

    # ---- places

    def _holder(self, item: AbstractContainer) -> AbstractContainer | None:
        """The object that holds another one in the file as it is without the changes."""
        if id(item) not in self._holders:
            self._holders[id(item)] = cast("StoredObject", item._stored).parent(item)
        return self._holders[id(item)]

    def _place_stored(self, item: AbstractContainer) -> str | None:
        """Give its place to an object that was reached on other ways than through what holds it: by a link, for example."""
        place = self.path_of(item)
        holder = self._holder(item)
        if place is not None or holder is None:
            return place
        above = self._place_stored(holder)
        if above is None or _has_left(item, holder):
            return None
        place = joined(above, _inside(item, holder))
        self._place(item, place)
        return place

    def _places_inside(self, container: AbstractContainer, path: str) -> Iterator[tuple[AbstractContainer, str]]:
        for item, place in super()._places_inside(container, path):
            if self.is_stored(item):
                if self._holder(item) is container and not _has_left(item, container):
                    yield item, joined(path, _inside(item, container))
                    continue
            elif self.is_stored(container) and not item._modified:
                continue  # stands in for what the file does not have
            yield item, place

    def _find_fates(self) -> None:
        for item in self._stored_objects():
            place, old = self.path_of(item), self.old_path(item)
            if place != self.after(old):
                self.fates[old] = place
            for name in item._changed if place is not None else ():
                field = type(item).__fields__.get(name)
                if field is not None and field.kind == Kind.DATASET and item.__dict__.get(name) is None:
                    self._note_cleared(item, field)

    def _note_cleared(self, item: AbstractContainer, field: Field) -> None:
        """A dataset that goes, though its object stays."""
        stored = cast("StoredObject", item._stored)
        holder: Any = stored.holder(field)
        if holder is not None and holder.store is self.reader.store and field.key in holder and is_dataset(holder[field.key]):
            self.fates[f"{holder.path.rstrip('/')}/{field.key}"] = None

    # ---- problems

    def check(self) -> None:
        for item in self.reader.objects:
            stored = cast("StoredObject", item._stored)
            if stored.node.store is not self.reader.store and item._changed:
                self.problems.append(
                    f"{item._label()}: {', '.join(sorted(item._changed))} changed, but the object lies in another file, "
                    f"{stored.location}; open that one for changes"
                )
            elif self.path_of(item) is None:
                self._check_emptied(item)
        if None in self.fates.values():
            self._check_relations()
        super().check()

    def _check_emptied(self, item: AbstractContainer) -> None:
        """Whether an object that goes was the last one of a collection that must hold some."""
        holder = self._holder(item)
        if holder is None or self.path_of(holder) is None:
            return
        for field in type(holder).__fields__.values():
            if field.kind == Kind.CHILDREN and field.required and _is_kind(item, field) and not getattr(holder, field.name):
                self.problems.append(
                    f"{holder._label()}.{field.name}: expected at least one {' or '.join(field.element_names)}, "
                    f"{item._label()} was the last; remove {holder._label()} instead"
                )
            elif field.kind == Kind.CHILD and field.required and getattr(holder, field.name, None) is None:
                self.problems.append(f"{holder._label()}.{field.name}: a value is required, {item._label()} was removed")

    def _check_relations(self) -> None:
        """Whether something stays that leads to what goes."""
        kept = {place for _, place in self.objects()}
        # Links and references of other tools go too, if that is wanted.
        cascaded = tuple(
            f"{self.old_path(item)}/"
            for item in cast("NWBFile", self.root)._cascaded
            if self.is_stored(item) and self.path_of(item) is None
        )
        for relation in self.relations:
            if self.after(relation.holder) is None or self.is_rewritten(relation):
                continue
            for target in relation.targets:
                if self.after(target) is None and target not in kept and not f"{target}/".startswith(cascaded):
                    self.problems.append(
                        f"{relation.path} {'is a link' if relation.kind == 'link' else 'refers'} to {target}, which was removed; "
                        "change what refers, or take the object out by NWBFile.remove(..., cascade=True)"
                    )

    def is_rewritten(self, relation: Relation) -> bool:
        """Whether the place that leads to another object is among the changes."""
        for item in self._stored_objects():
            old = self.old_path(item)
            if relation.path == old or relation.path.startswith(f"{old.rstrip('/')}/"):
                inside = relation.path[len(old) :].strip("/")
                for field in type(item).__fields__.values():
                    is_set = field.name in item._changed or _is_taken_out(item, field, relation)
                    if is_set and _concerns(field, inside, relation):
                        return True
        return False

    def _check_target(self, container: AbstractContainer, field: Field, target: AbstractContainer) -> None:
        super()._check_target(container, field, target)
        if self.path_of(target) is None and self.is_stored(target) and self.after(self.old_path(target)) is None:
            self.problems.append(
                f"{container._label()}.{field.name}: {target._label()} was removed from the file; add it, or set another one"
            )

    def link_to(self, container: AbstractContainer, field_name: str, target: AbstractContainer) -> Link:
        """The link that stands for an object which lives elsewhere."""
        if self.path_of(target) is None and self.is_stored(target):
            return Link(self.after(self.old_path(target)) or self.old_path(target))
        return super().link_to(container, field_name, target)


def is_dataset(node: Any) -> bool:
    """Whether a member of a group is neither a link nor a group."""
    return not isinstance(node, Link) and not is_group(node)


def _inside(item: AbstractContainer, holder: AbstractContainer) -> str:
    """Path of an object in the file, relative to what holds it there."""
    return cast("StoredObject", item._stored).path[len(cast("StoredObject", holder._stored).path) :].strip("/")


def _has_left(item: AbstractContainer, holder: AbstractContainer) -> bool:
    """Whether an object is not any more where its holder has it in the file, or not under its name."""
    place, _, name = _inside(item, holder).rpartition("/")
    for field in type(holder).__fields__.values():
        if field.kind == Kind.CHILD and field.path == joined(place, name)[1:]:
            if holder.__dict__.get(field.name, item) is not item:
                return True
        elif field.kind == Kind.CHILDREN and field.where == place and _lost(holder, field, item, name):
            return True
    return False


def _lost(holder: AbstractContainer, field: Field, item: AbstractContainer, name: str) -> bool:
    held = holder.__dict__.get("_held" if field.name == "columns" else field.name)
    if isinstance(held, LabelledDict):
        return name in cast("LabelledDict[Any]", held).taken_out() and held._items.get(name) is not item
    if not _is_kind(item, field) or (held is None and field.name not in holder._changed):
        return False
    if isinstance(held, dict):
        return cast("dict[str, Any]", held).get(name) is not item
    return all(other is not item for other in cast("Any", held) or ())


def _is_kind(item: AbstractContainer, field: Field) -> bool:
    return any(base.__name__ in field.element_names for base in type(item).__mro__)


def _concerns(field: Field, inside: str, relation: Relation) -> bool:
    """Whether a relation of an object, at a path inside of it, is the value of a field."""
    if field.kind == Kind.ATTRIBUTE:
        return relation.kind == "attribute" and joined(field.where, field.key)[1:] == inside
    if field.kind == Kind.CHILDREN:
        return relation.kind == "link" and field.where == inside.rpartition("/")[0]
    return relation.kind != "attribute" and (field.path == inside or (field.kind == Kind.CONTENT and not inside))


def _is_taken_out(item: AbstractContainer, field: Field, relation: Relation) -> bool:
    """Whether a link in a collection was taken out of it."""
    held: Any = item.__dict__.get(field.name)
    return relation.kind == "link" and isinstance(held, LabelledDict) and relation.name in held.taken_out()


def _read_replaced(item: AbstractContainer) -> None:
    """Make objects of what others took the place of without looking, so that they are missed."""
    stored = cast("StoredObject", item._stored)
    for name in item._changed & set(type(item).__fields__):
        field = type(item).__fields__[name]
        with suppress(PhotonwbError):
            if field.kind == Kind.CHILD:
                stored.load(item, field)
            elif field.kind == Kind.CHILDREN and not isinstance(item.__dict__.get(name), LabelledDict):
                members = members_of(item, field)
                if members is not None:
                    for member in members.names():
                        members.read(member)
