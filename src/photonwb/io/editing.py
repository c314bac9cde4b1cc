"""Writing what was changed in a file that is open for changes, and nothing else.

What changed is found by `edit_plan`. First everything takes its new place in the file, then new objects are written, and of the
others the fields that differ; of an array only the part that differs. At the end links and references are made to lead where
they led before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import LazyArray
from photonwb.arrays.appended import AppendedArray
from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.io.datasets import rewrite_values, write_array
from photonwb.io.edit_plan import EditPlan
from photonwb.io.growing import growable
from photonwb.io.planning import joined
from photonwb.io.reading import StoredObject, members_of
from photonwb.io.writing import Writer, refers_to_objects
from photonwb.model.fields import Field, Kind, SharedField
from photonwb.model.labelled import LabelledDict
from photonwb.storage.contract import Link, Reference, is_group
from photonwb.storage.copying import copy_attributes
from photonwb.storage.relations import Relation, mapped_references

if TYPE_CHECKING:
    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["checked_plan", "note_date", "write_changes"]

# Where objects are on their way to another place, or out of the file.
_ASIDE = ".photonwb.aside"


def checked_plan(nwbfile: NWBFile, location: str) -> EditPlan:
    """What is to be written, once it is known that it can be.

    Raises
    ------
    InvalidValueError
        Something in the model would make the file unreadable; with all that is wrong.
    """
    plan = EditPlan(nwbfile, location)
    plan.check()
    return plan


def write_changes(store: Store, plan: EditPlan, *, cache_spec: bool = True, link_data: bool = True) -> None:
    """Bring a file up to date with the objects that were read from it.

    Parameters
    ----------
    store : Store
        Open for changes: the one that the objects were read from, or a copy of it; then they stay those of the first.
    plan : EditPlan
        From `checked_plan`. The dates of the file grow by the date of this change.
    cache_spec : bool
        Whether to add the specifications of types that the file did not know.
    link_data : bool
    """
    nwbfile = cast("NWBFile", plan.root)
    if not plan.reader.was_changed:
        return
    dates = [date for date in nwbfile.file_create_date if hasattr(date, "isoformat")]  # a damaged file may have anything there
    nwbfile.file_create_date = [*dates, datetime.now(UTC).astimezone()]
    editor = Editor(store, plan, link_data=link_data)
    editor.write(cache_spec=cache_spec)
    store.commit()
    if store is plan.reader.store:
        editor.settle()


def note_date(store: Store) -> None:
    """Add a date to those of a file that is changed by other means than its objects."""
    import numpy as np

    try:
        there = store.root["file_create_date"]
    except NotFoundError:
        return
    if isinstance(there, Link) or is_group(there) or len(cast("Dataset", there).shape) != 1:
        return  # nothing that a date could be added to, as validation tells
    dates = growable(store, cast("Dataset", there), "whole")
    values = np.array([datetime.now(UTC).astimezone().isoformat()], object)
    dates.write_blocks([((slice(dates.shape[0], dates.shape[0] + 1),), values)])


class Editor(Writer):
    """Writes the differences between the objects of a plan and the store they were read from."""

    plan: EditPlan
    _is_rearranged = False

    def write(self, *, cache_spec: bool = True) -> None:
        """Write all changes."""
        plan = self.plan
        self._torn: list[tuple[Relation, Any]] = []
        objects = list(plan.objects())
        for container, _ in objects:
            self._load_what_goes(container)
        for relation in plan.relations if plan.fates else ():  # as it is before anything moves
            if any(plan.after(target) is None for target in relation.targets):
                self._note_torn(relation)
        self._rearrange()
        self._is_rearranged = True
        for container, path in objects:
            if not plan.is_stored(container):
                self.write_object(container, path)
            elif container._modified:
                self._write_changed(container)
        self.finish()
        self._mend()
        if _ASIDE in self.store.root:
            self.store.root.delete(_ASIDE)
        if cache_spec and self.classes:
            self.cache_specifications()

    # ---- places

    def _load_what_goes(self, container: AbstractContainer) -> None:
        """Read what would be lost: attributes of datasets that are replaced, and arrays that others took over from what goes."""
        replaced = {field.path for field in type(container).__fields__.values() if field.name in container._changed}
        for field in type(container).__fields__.values():
            if field.kind == Kind.ATTRIBUTE and field.where in replaced:
                getattr(container, field.name)
            value = container.__dict__.get(field.name)
            source: Any = value.source if isinstance(value, LazyArray) else None
            if source is not None and getattr(source, "store", None) is self.store and self.plan.after(source.path) is None:
                container.__dict__[field.name] = cast("LazyArray", value)[...]

    def _rearrange(self) -> None:
        """Move what has another place, and put aside what is removed."""
        fates = self.plan.fates
        aside: dict[str, str] = {}
        for old in sorted(fates, key=lambda path: path.count("/"), reverse=True):
            if fates[old] is None and old.strip("/") not in self.store.root:
                continue  # a copy that never had it
            holder, name = self._parent_of(old)
            aside[old] = str(len(aside))
            holder.move(name, self.group_at(_ASIDE), aside[old])
        moved = [(new, old) for old, new in fates.items() if new is not None]
        for new, old in sorted(moved, key=lambda pair: pair[0].count("/")):
            holder, name = self._parent_of(new)
            self.group_at(_ASIDE).move(aside[old], holder, name)

    # ---- fields

    def _write_changed(self, container: AbstractContainer) -> None:
        node: Any = self._node(container)
        fields = type(container).__fields__
        owners: dict[str, None] = {}
        for name in sorted(container._changed & set(fields)):
            field = fields[name]
            if field.kind == Kind.CONTENT:
                self._write_values(container, field, *self._parent_of(node.path))
            elif field.kind == Kind.DATASET:
                self._write_changed_dataset(container, field, node)
            elif field.kind == Kind.LINK:
                self._remove_member(node, field)
                self.write_field(container, field, node)
            elif field.kind == Kind.ATTRIBUTE:
                owners[field.where] = None
        for field in fields.values():
            if field.kind in (Kind.CHILD, Kind.CHILDREN):
                self._write_collection(container, field, node)
        for where in owners:
            self._write_changed_attributes(container, where)
        if "object_id" in container._changed:
            node.attributes["object_id"] = container.object_id

    def _node(self, container: AbstractContainer) -> Group | Dataset:
        path = self.plan.path_of(container)
        assert path is not None
        return self._at(path)

    def _holder_in(self, group: Group, field: Field) -> Group | None:
        """The group that a field lies in, if the file has it."""
        try:
            found = group[field.where] if field.where else group
        except NotFoundError:
            return None
        found = self.store.follow(found, group) if isinstance(found, Link) else found
        if not is_group(found):
            raise InvalidValueError(f"{self.store.location}: {found.path} should be a group, it is a dataset")
        return found

    def _remove_member(self, group: Group, field: Field) -> None:
        holder = self._holder_in(group, field)
        if holder is not None and field.key is not None and field.key in holder:
            holder.delete(field.key)

    def _write_collection(self, container: AbstractContainer, field: Field, group: Group) -> None:
        """Remove the links of a collection that were taken out, write those that are new."""
        holder = self._holder_in(group, field)
        held = container.__dict__.get(field.name)
        gone: set[str] = cast("LabelledDict[Any]", held).taken_out() if isinstance(held, LabelledDict) else set()
        if field.kind == Kind.CHILD and field.name in container._changed and field.key is not None:
            gone = {field.key}
        for name in gone:
            if holder is not None and name in holder and isinstance(holder[name], Link):
                holder.delete(name)
        if held is not None and is_group(group):
            self._write_links(container, field, group)

    def _write_changed_dataset(self, container: AbstractContainer, field: Field, group: Group) -> None:
        value = container.fields.get(field.name)
        holder, key = self._holder_in(group, field), field.key or field.name
        if value is None:
            self._remove_member(group, field)
        elif holder is None or key not in holder:
            self.write_field(container, field, group)
        elif isinstance(holder[key], Link) or (isinstance(field, SharedField) and hasattr(value, "neurodata_type")):
            holder.delete(key)
            self.write_field(container, field, group)
        else:
            self._write_values(container, field, holder, key)

    def _write_values(self, container: AbstractContainer, field: Field, parent: Group, name: str) -> None:
        """Write what differs of an array, or make the dataset anew where it cannot hold the new values."""
        value = container.fields.get(field.name)

        def write() -> None:
            if not rewrite_values(self, cast("Dataset", parent[name]), container, field, value):
                self._make_anew(container, field, parent, name, value)

        if refers_to_objects(value):
            self._referring_datasets.append(write)
        else:
            write()

    def _make_anew(self, container: AbstractContainer, field: Field, parent: Group, name: str, value: Any) -> None:
        """Put a new dataset in the place of one, with the attributes of that, known or not."""
        old_path = joined(self.plan.old_path(container), "" if field.kind == Kind.CONTENT else field.path)
        for relation in self.plan.relations:
            if old_path in relation.targets:
                self._note_torn(relation)
        new_name = f"{name}.new"
        made = write_array(self, parent, new_name, container, field, value)
        if made is not None:
            copy_attributes(cast("Dataset", parent[name]), made)
        parent.delete(name)
        parent.move(new_name, parent, name)

    def _write_changed_attributes(self, container: AbstractContainer, where: str) -> None:
        owner: Any = self._node(container)
        changed = [
            field
            for field in type(container).__fields__.values()
            if field.kind == Kind.ATTRIBUTE and field.where == where and field.name in container._changed
        ]
        if where:
            if where not in owner:
                for field in changed:
                    if getattr(container, field.name) is not None and field.fixed is None:
                        raise InvalidValueError(
                            f"{container._label()}.{field.name}: it is an attribute of {where}, which the object does not have"
                        )
                return
            owner = owner[where]
        if isinstance(owner, Link):
            return  # to an array that is shared: its attributes are those of the object that has it
        for field in changed:
            value, key = getattr(container, field.name), field.key or field.name
            if value is not None:
                self.write_attribute(container, field, owner, value)
            elif key in owner.attributes:
                del owner.attributes[key]

    # ---- what leads to other objects

    def _note_torn(self, relation: Relation) -> None:
        """Keep the references of a place that holds some to an object which is about to be another one."""
        holder = self.plan.after(relation.holder)
        if relation.kind == "link" or holder is None or self.plan.is_rewritten(relation):
            return
        if any(relation is known for known, _ in self._torn):
            return
        node = self._at(holder if self._is_rearranged else relation.holder)
        if relation.kind == "dataset":
            self._torn.append((relation, node.read()))
        elif relation.name in node.attributes:  # a copy may have been made without it
            self._torn.append((relation, node.attributes[relation.name]))

    def _at(self, path: str) -> Any:
        """The node at a path of the file as it is at this moment."""
        return self.store.root if path == "/" else self.store.root[path.strip("/")]

    def _mend(self) -> None:
        """Let links and references lead where they led, to an object in another place or to the one that took its place."""

        def current(reference: Reference) -> Reference | None:
            path = self.plan.after(reference.path) or reference.path
            return Reference(path) if path.strip("/") in self.store.root else None

        for relation, value in self._torn:
            node = self._at(self.plan.after(relation.holder) or relation.holder)
            mended = mapped_references(value, current)
            if relation.kind == "dataset":
                node.write((), mended)
            elif mended is None:
                node.attributes.pop(relation.name, None)
            else:
                node.attributes[relation.name] = mended
        for relation in self.plan.relations if self.plan.fates else ():
            holder = self.plan.after(relation.holder)
            if relation.kind == "link" and relation.targets and holder is not None:
                self._mend_link(holder, relation.name, self.plan.after(relation.targets[0]) or relation.targets[0])

    def _mend_link(self, holder: str, name: str, target: str) -> None:
        group = cast("Group", self._at(holder))
        if name not in group or not isinstance(link := group[name], Link):
            return
        try:
            found = self.store.follow(link, group).path
        except NotFoundError:
            found = None
        is_there = target.strip("/") in self.store.root
        if found != target if is_there else found is None:
            group.delete(name)
            if is_there:
                group.create_link(name, Link(target))

    # ---- afterwards

    def settle(self) -> None:
        """Note that the objects are now what the file holds."""
        plan, reader = self.plan, self.plan.reader
        for item in reader.objects:
            if plan.path_of(item) is None and plan.is_stored(item):
                reader.forget(item)
        for item, _ in plan.objects():
            node = self._node(item)
            for value in item.__dict__.values():
                source = getattr(getattr(value, "references", value), "source", None)
                if plan.fates and source is not None and getattr(source, "store", None) is self.store:
                    source.path = plan.after(source.path) or source.path
            if not plan.is_stored(item):
                reader.enter(item, node)
            elif plan.old_path(item) != node.path:
                cast("StoredObject", item._stored).node = node
        for item, _ in plan.objects():
            _settle(item)
        reader.renew_catalog()


def _settle(item: AbstractContainer) -> None:
    values = item.__dict__
    values.update(_changed=frozenset(), _assigned=frozenset(), _modified=False)
    for field in type(item).__fields__.values():
        value: Any = values.get(field.name)
        if isinstance(value, LabelledDict):
            cast("LabelledDict[Any]", value).settle(members_of(item, field))
        elif isinstance(value, AppendedArray):
            del values[field.name]
    held = values.get("_held")
    if isinstance(held, LabelledDict):
        cast("LabelledDict[Any]", held).settle(members_of(item, type(item).__fields__["columns"]))
