"""Writing what was changed in a file that is open for changes, and nothing else.

An object that was read notes which of its fields were set. Those are written in place of the old ones, objects that are new are
written as a whole, those that were taken out are deleted; what was not touched is not even looked at.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError
from photonwb.fields import Field, Kind
from photonwb.io.datasets import rewrite_values
from photonwb.io.planning import Plan, held_objects
from photonwb.io.reading import members_of
from photonwb.io.writing import Writer
from photonwb.labelled import LabelledDict
from photonwb.storage.contract import Link, Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.container import AbstractContainer, Data
    from photonwb.file import NWBFile
    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["write_changes"]


def write_changes(
    store: Store, nwbfile: NWBFile, *, origin: Store | None = None, cache_spec: bool = True, link_data: bool = True
) -> None:
    """Bring a file up to date with the objects that were read from it.

    Parameters
    ----------
    store : Store
        Open for changes.
    nwbfile : NWBFile
        What was read from it, with the changes.
    origin : Store, optional
        The store that the objects were read from, if `store` is a copy of it. The objects stay those of the origin.
    cache_spec : bool
        Whether to add the specifications of types that the file did not know.
    link_data : bool

    Raises
    ------
    InvalidValueError
        Something in the model would make the file unreadable; nothing was written.
    """
    plan = checked_plan(nwbfile, store.location, origin or store)
    editor = Editor(store, plan, link_data=link_data)
    editor.write(cache_spec=cache_spec)
    store.commit()
    if origin is None:
        editor.settle()


def checked_plan(nwbfile: NWBFile, location: str, store: Store) -> Plan:
    """What is to be written, once it is known that it can be; the dates of the file grow by the date of this change."""
    if nwbfile.modified:
        nwbfile.file_create_date = [*nwbfile.file_create_date, datetime.now(UTC).astimezone()]
    plan = Plan(nwbfile, location, store)
    plan.check()
    return plan


class Editor(Writer):
    """Writes the differences between the objects of a plan and the store they were read from."""

    def write(self, *, cache_spec: bool = True) -> None:
        """Write all changes."""
        objects = list(self.plan.objects())
        for container, _ in objects:
            if self.plan.is_stored(container):
                self._remove_members(container)
        for container, path in objects:
            if not self.plan.is_stored(container):
                self.write_object(container, path)
            elif container._changed:
                self._write_changes(container)
        self.finish()
        if cache_spec and self.classes:
            self.cache_specifications()

    def settle(self) -> None:
        """Note that the objects are now what the file holds."""
        for container, _ in self.plan.objects():
            container.__dict__["_changed"] = frozenset()
            container.__dict__["_modified"] = False

    def _node(self, container: AbstractContainer) -> Group | Dataset:
        path = cast("Any", container._stored).path
        return cast("Any", self.store.root[path.strip("/")] if path != "/" else self.store.root)

    def _remove_members(self, container: AbstractContainer) -> None:
        """Delete the objects that were taken out of the collections of an object."""
        for field in type(container).__fields__.values():
            held = container.__dict__.get(field.name)
            if field.kind == Kind.CHILDREN and held is not None:
                group = self._existing(container, field)
                if group is not None:
                    for name in self._taken_out(container, field, held):
                        if name in group:
                            group.delete(name)

    def _taken_out(self, container: AbstractContainer, field: Field, held: Any) -> list[str]:
        """Names in the file of objects that are not in a collection any more, or that others have taken the place of."""
        if isinstance(held, LabelledDict):
            collection = cast("LabelledDict[Any]", held)
            still = {item.name for item in collection.loaded() if self.plan.is_stored(item)}
            gone = collection.taken_out() - still
        elif field.name in container._changed:
            kept = {item.name for item in held if self.plan.is_stored(item)}
            gone = set(members_of(container, field)) - kept
        else:
            gone = set[str]()
        return sorted(gone)

    def _existing(self, container: AbstractContainer, field: Field) -> Group | None:
        group = cast("Group", self._node(container))
        if not field.where:
            return group
        with suppress(NotFoundError):
            return cast("Group", group[field.where])
        return None

    def _write_changes(self, container: AbstractContainer) -> None:
        node = self._node(container)
        fields = type(container).__fields__
        owners: set[str] = set()
        for name in sorted(container._changed & set(fields)):
            field = fields[name]
            if field.kind == Kind.CONTENT:
                data = cast("Data", container)
                if not rewrite_values(self, cast("Dataset", node), data, field, data.data):
                    self._recreate(data, cast("Dataset", node))
            elif field.kind == Kind.ATTRIBUTE:
                owners.add(field.where)
            else:
                self._replace(container, field, cast("Group", node))
        for where in owners:
            self._rewrite_attributes(container, where)
        if "object_id" in container._changed:
            node.attributes["object_id"] = container.object_id

    def _recreate(self, container: Data, node: Dataset) -> None:
        """Make a dataset anew, and let everything that referred to the old one refer to the new one."""
        _load_attributes(container, "")
        referring = list(references_to(self.store, node))
        unknown = _unknown_attributes(container, node, "")
        parent = cast("Group", self.store.root[node.path.rpartition("/")[0].strip("/")])
        parent.delete(node.name)
        self.write_object(container, node.path)
        for key, value in unknown.items():
            node.attributes[key] = value
        self._referring_attributes.append(lambda: _refer_again(referring, Reference(node.path)))

    def _replace(self, container: AbstractContainer, field: Field, group: Group) -> None:
        """Write the new value of a field in place of the old one."""
        existing = self._existing(container, field)
        unknown: dict[str, Any] = {}
        if field.key is not None and existing is not None and field.key in existing:
            held = held_objects(container, field)
            if held and self.plan.is_stored(held[0]):
                return
            old = existing[field.key]
            if field.kind == Kind.DATASET and not isinstance(old, Link):
                value = container.fields.get(field.name)
                if value is not None and rewrite_values(self, cast("Dataset", old), container, field, value):
                    return
                _load_attributes(container, field.path)
                unknown = _unknown_attributes(container, old, field.path)
            existing.delete(field.key)
        self.write_field(container, field, group)
        for key, value in unknown.items():
            if existing is not None and field.key is not None and field.key in existing:
                cast("Dataset", existing[field.key]).attributes[key] = value

    def _rewrite_attributes(self, container: AbstractContainer, where: str) -> None:
        node: Any = self._node(container)
        if where:
            try:
                node = node[where]
            except NotFoundError:
                return
        for field in type(container).__fields__.values():
            if field.kind == Kind.ATTRIBUTE and field.where == where and field.name in container._changed:
                key = field.key or field.name
                if getattr(container, field.name) is None and key in node.attributes:
                    del node.attributes[key]
        if not isinstance(node, Link):
            self.write_attributes(container, node, of=where)


def _load_attributes(container: AbstractContainer, where: str) -> None:
    """Read what is still in the file of the attributes of a dataset that is about to be replaced."""
    for field in type(container).__fields__.values():
        if field.kind == Kind.ATTRIBUTE and field.where == where:
            getattr(container, field.name)


def _unknown_attributes(container: AbstractContainer, node: Group | Dataset, where: str) -> dict[str, Any]:
    """Attributes of a dataset that the model does not know."""
    known = {"namespace", "neurodata_type", "object_id"}
    known |= {field.key or "" for field in type(container).__fields__.values() if field.where == where}
    return {key: value for key, value in node.attributes.items() if key not in known}


def _refer_again(referring: list[tuple[Group | Dataset, str]], reference: Reference) -> None:
    for owner, key in referring:
        owner.attributes[key] = reference


def references_to(store: Store, target: Group | Dataset) -> Iterator[tuple[Group | Dataset, str]]:
    """All attributes of a file that refer to an object, as the node that has them and their name."""
    waiting: list[Group] = [store.root]
    while waiting:
        group = waiting.pop()
        for name in group:
            node: Any = group[name]
            if isinstance(node, Link):
                continue
            for key, value in node.attributes.items():
                if isinstance(value, Reference) and store.follow(value).identity == target.identity:
                    yield node, key
            if hasattr(node, "create_group"):
                waiting.append(node)
