"""From stored nodes to objects of the model, as late as possible.

Opening a file looks at its root only. An object is made when something asks for it, each of its fields when it is first touched,
and the same stored node gives the same object by whatever way it is reached. Every object is read on its own, so one that is
damaged never hides the others: touching it raises, and the error says where in the file.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError, PhotonwbError, UnreadableObjectError, UntrustedLinkError
from photonwb.io import legacy
from photonwb.io.noticing import note_silent_changes
from photonwb.io.specifications import cached_catalog
from photonwb.io.values import field_value, resolving_array, resolving_value
from photonwb.model.fields import Field, Kind, SharedField
from photonwb.model.labelled import LabelledDict
from photonwb.model.registry import import_all, known_class
from photonwb.storage.contract import Link, Reference, is_group
from photonwb.storage.links import is_in_folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.schema import Catalog
    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["Reader", "StoredObject", "members_of", "walk"]

import_all()  # what a file may hold: now, rather than in the midst of the first read


class Reader:
    """Makes objects of what a store holds.

    Parameters
    ----------
    store : Store
    io
        What the user opened the store with; the objects lead back to it.
    """

    def __init__(self, store: Store, io: Any) -> None:
        self.store = store
        self.io = io
        self._objects: dict[Hashable, AbstractContainer] = {}
        self._classes: dict[tuple[str, str], type[AbstractContainer]] = {}
        self._catalog: Catalog | None = None
        self._version: str | None = None

    @property
    def catalog(self) -> Catalog:
        """The specifications cached in the file, the bundled ones where it has none; read when first needed."""
        if self._catalog is None:
            self._catalog = cached_catalog(self.store)
        return self._catalog

    @property
    def version(self) -> str:
        """`nwb_version` of the file, "" when it does not say."""
        if self._version is None:
            self._version = str(self.store.root.attributes.get("nwb_version", ""))
        return self._version

    def root(self) -> NWBFile:
        """The NWBFile object of the store.

        Raises
        ------
        UnreadableObjectError
            The root of the store is no NWBFile.
        """
        root = self.store.root
        cls = self.class_at(root, "NWBFile")
        if "nwb_version" not in root.attributes and root.attributes.get("neurodata_type") != "NWBFile":
            raise UnreadableObjectError(
                f"{self.store.location}: this is not an NWB file: its root says neither neurodata_type='NWBFile' nor nwb_version"
            )
        return cast("NWBFile", self.object_at(root, cls=cls))

    @property
    def objects(self) -> list[AbstractContainer]:
        """All objects that were read so far."""
        return list(self._objects.values())

    @property
    def was_changed(self) -> bool:
        """Whether an object that was read has changes that the store does not have."""
        return self.has_unwritten or self.was_assigned

    @property
    def was_assigned(self) -> bool:
        """Whether values were assigned to arrays of the store since the last write."""
        return any(item._assigned for item in self._objects.values())

    @property
    def has_unwritten(self) -> bool:
        """The same, but for values that were assigned to arrays of the store: those it has."""
        for item in self.objects:
            note_silent_changes(item)
        return any(item._changed or item._modified for item in self._objects.values())

    def enter(self, container: AbstractContainer, node: Group | Dataset) -> None:
        """Note that an object is, from now on, the one for a node."""
        self._objects[node.identity] = container
        container.__dict__["_stored"] = StoredObject(self, node)

    def forget(self, container: AbstractContainer) -> None:
        """Note that the file does not have an object any more; what was not read of it cannot be read now."""
        self._objects = {identity: item for identity, item in self._objects.items() if item is not container}

    def renew_catalog(self) -> None:
        """Let the specifications be read again, of which there may be more now."""
        self._catalog = None

    def class_at(self, node: Group | Dataset, otherwise: str = "") -> type[AbstractContainer] | None:
        """The class for the type that a node says it is, or for the type `otherwise` when it says nothing."""
        attributes = node.attributes
        neurodata_type = attributes.get("neurodata_type") or attributes.get("data_type")
        namespace = attributes.get("namespace", "core")
        if not isinstance(neurodata_type, str):
            neurodata_type = legacy.only_item(neurodata_type) or otherwise
            namespace = "core"
        if not neurodata_type:
            return None
        key = legacy.current_type(node, neurodata_type, str(namespace))
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = known_class(*key) or self._made_class(*key, node)
        return found

    def _made_class(self, neurodata_type: str, namespace: str, node: Group | Dataset) -> type[AbstractContainer]:
        from photonwb.model.generated import class_for

        return class_for(neurodata_type, namespace, self.catalog, dataset=hasattr(node, "dtype"))

    def object_at(
        self, node: Group | Dataset, otherwise: str = "", cls: type[AbstractContainer] | None = None
    ) -> AbstractContainer:
        """The object for a node, of the class that its type says unless it is known already; always the same one."""
        identity = node.identity
        found = self._objects.get(identity)
        if found is None:
            cls = cls or self.class_at(node, otherwise)
            if cls is None:
                raise UnreadableObjectError(
                    f"{self.store.location}: {node.path} has no neurodata_type, so nothing says what kind of object it is"
                )
            found = self._objects[identity] = cls.__new__(cls)
            found.__dict__.update(
                _name="root" if node.path == "/" else node.name, _stored=StoredObject(self, node), _modified=False
            )
        return found

    def follow(self, item: Group | Dataset | Link | Reference, start: Group | None = None) -> Group | Dataset:
        """The node itself, or the one that a link or reference leads to."""
        return self.store.follow(item, start) if isinstance(item, (Link, Reference)) else item

    def referred(self, reference: Reference | None) -> AbstractContainer | None:
        """The object that a reference points to."""
        return None if reference is None else self.object_at(self.store.follow(reference))

    def owner(self, node: Group | Dataset) -> AbstractContainer | None:
        """The nearest object that holds a node."""
        path = node.path
        while path not in ("", "/"):
            path = path.rpartition("/")[0]
            holder = self.store.root[path.lstrip("/")] if path else self.store.root
            if isinstance(holder, Link):
                holder = self.store.follow(holder)
            if holder is node.store.root or "neurodata_type" in holder.attributes or path == "":
                return self.object_at(holder, "NWBFile" if path == "" else "")
        return None


class StoredObject:
    """Where one object was read from, and how its fields are read."""

    __slots__ = ("node", "reader")

    def __init__(self, reader: Reader, node: Group | Dataset) -> None:
        self.reader = reader
        self.node = node

    @property
    def location(self) -> str:
        """Absolute path of the file, which another one may link to."""
        return self.node.store.location

    @property
    def path(self) -> str:
        """Path of the object inside the file."""
        return self.node.path

    @property
    def io(self) -> Any:
        """What the file was opened with."""
        return self.reader.io

    def may_open(self, path: str) -> bool:
        """Whether another file that this one names may be opened: one in its folder or below, or any if it is trusted."""
        return getattr(self.reader.store, "trusted", True) or is_in_folder_of(self.location, path)

    def object_id(self) -> str | None:
        """The object_id in the file, if it has one."""
        found = self.node.attributes.get("object_id")
        return found if isinstance(found, str) else None

    def parent(self, container: AbstractContainer) -> AbstractContainer | None:
        """The object that holds this one in the file."""
        return self.reader.owner(self.node)

    def load(self, container: AbstractContainer, field: Field) -> Any:
        """Value of a field.

        Raises
        ------
        UnreadableObjectError
            What is stored there makes no sense for the field.
        """
        try:
            return legacy.amended(self.reader, container, field, self._load(container, field))
        except PhotonwbError as error:
            error.add_note(f"while reading {field.name!r} of {container._label()} at {self.path} in {self.location}")
            raise
        except Exception as error:
            place = f"{self.location}: {self.path}: {field.name!r} of {container._label()}"
            raise UnreadableObjectError(f"{place} cannot be read: {type(error).__name__}: {error}") from error

    def _load(self, container: AbstractContainer, field: Field) -> Any:
        if field.kind == Kind.CONTENT:
            return self._array(container, field, cast("Dataset", self.node))
        holder = self.holder(field)
        found = None
        if holder is not None:
            if field.kind != Kind.ATTRIBUTE and not is_group(holder):
                raise UnreadableObjectError(f"{self.location}: {holder.path} should be a group, it is a dataset")
            if field.kind == Kind.ATTRIBUTE:
                found = self._attribute(container, field, holder)
            elif field.kind == Kind.CHILDREN:
                found = self._children(container, field, cast("Group", holder))
            elif field.kind == Kind.CHILD and field.key is None:
                found = self._only_child(container, field, cast("Group", holder))
            else:
                found = self._member(container, field, cast("Group", holder))
        return container._empty(field) if found is None else found

    def holder(self, field: Field) -> Group | Dataset | None:
        """The node that a field lies in: the object's own, one below, or None when the file does not have it."""
        if not field.where:
            return self.node
        try:
            found = cast("Group", self.node)[field.where]
        except NotFoundError:
            return None
        return self.reader.follow(found, cast("Group", self.node))

    def _attribute(self, container: AbstractContainer, field: Field, holder: Group | Dataset) -> Any:
        value = holder.attributes.get(field.key or field.name)
        if isinstance(value, Reference):
            return self.reader.referred(value)
        # Without a value the default will do, if it is that there is no object; another default is for new objects only.
        if field.dtype == "reference" and (value is not None or container._empty(field) is not None):
            raise UnreadableObjectError(f"{field.path}: expected a reference to an object, got {value!r:.80}")
        return field_value(field, value)

    def _array(self, container: AbstractContainer, field: Field, dataset: Dataset) -> Any:
        return resolving_value(self.reader, dataset, _noting(container, field))

    def _member(self, container: AbstractContainer, field: Field, holder: Group) -> Any:
        """A dataset, link or child that has a name of its own."""
        try:
            item = holder[field.key or field.name]
        except NotFoundError:
            return None
        if field.is_object:
            return self.reader.object_at(self.reader.follow(item, holder), field.types[0])
        if isinstance(item, Link) and isinstance(field, SharedField):
            return self._sharing(container, field, item, holder)
        dataset = cast("Dataset", self.reader.follow(item, holder))
        if "neurodata_type" in dataset.attributes and not isinstance(dataset.attributes["neurodata_type"], bytes):
            return self.reader.object_at(dataset)
        if _wants_scalar(field) or dataset.shape == () or (_wants_texts(field) and dataset.dtype.kind == "O"):
            return field_value(field, dataset.read())
        return resolving_array(self.reader, dataset, _noting(container, field))

    def _sharing(self, container: AbstractContainer, field: Field, item: Link, holder: Group) -> Any:
        """A dataset that is a link to one of another object: that object, so that sharing is seen and kept."""
        target = self.reader.follow(item, holder)
        owner = self.reader.owner(target) if target.store is self.node.store else None
        if owner is not None and field.name in type(owner).__fields__ and target.name == field.key:
            return owner
        return self._array(container, field, cast("Dataset", target))

    def _only_child(self, container: AbstractContainer, field: Field, holder: Group) -> Any:
        names = StoredMembers(self, container, field, holder).names()
        return self.reader.object_at(self.reader.follow(holder[names[0]], holder)) if names else None

    def _children(self, container: AbstractContainer, field: Field, holder: Group) -> Any:
        held = container._empty(field)
        members = StoredMembers(self, container, field, holder)
        if isinstance(held, LabelledDict):
            held.read_from(members)
            return cast("Any", held)
        return field.listed(members.read(name) for name in members.names())


class StoredMembers:
    """The objects of one collection: the members of a group that belong to it by their type."""

    def __init__(self, stored: StoredObject, container: AbstractContainer, field: Field, group: Group) -> None:
        self._reader = stored.reader
        self._container = container
        self._field = field
        self._group = group
        self._names: list[str] | None = None
        self._classes: dict[str, type[AbstractContainer]] = {}  # of members that were looked at and not read yet
        self._collections, self._taken = _fields_at(type(container), field.where)

    def names(self) -> list[str]:
        """Names of all members that belong to the collection."""
        if self._names is None:
            self._names = [name for name in self._group if name not in self._taken and self._belongs(name)]
        return self._names

    def has(self, name: object) -> bool:
        """Whether there is a member of that name in the collection."""
        if self._names is not None:
            return name in self._names
        return isinstance(name, str) and name not in self._taken and self._belongs(name)

    def read(self, name: str) -> AbstractContainer:
        """The object of that name."""
        node = self._reader.follow(self._group[name], self._group)
        return self._reader.object_at(node, cls=self._classes.pop(name, None))

    def class_of(self, name: str) -> type[AbstractContainer] | None:
        """Class of the object of that name, without reading it; None for one that cannot be read."""
        return self._classes.get(name) if self.has(name) else None

    def _belongs(self, name: str) -> bool:
        try:
            cls = self._reader.class_at(self._reader.follow(self._group[name], self._group))
        except PhotonwbError as error:
            # What is there is listed, and touching it says what is wrong with it.
            return isinstance(error, UntrustedLinkError) or not isinstance(error, NotFoundError)
        if cls is None or _collection_of(cls, self._collections) is not self._field:
            return False
        self._classes[name] = cls
        return True


@cache
def _fields_at(cls: type[AbstractContainer], where: str) -> tuple[tuple[Field, ...], frozenset[str | None]]:
    """The collections in a group of an object, and the names of its other members."""
    fields = [field for field in cls.__fields__.values() if field.where == where]
    collections = tuple(field for field in fields if field.kind == Kind.CHILDREN or field.key is None)
    # A named child, such as the trials among the intervals, is a member of the collection as well.
    return collections, frozenset(field.key for field in fields if field.kind in (Kind.DATASET, Kind.LINK))


def _collection_of(cls: type, collections: tuple[Field, ...]) -> Field | None:
    """The collection that takes objects of a class: the one whose declared type is the nearest.

    Of a type that nothing is known about, all that can be said is where it lies; where there is one collection, it is that one.
    """
    for base in cls.__mro__:
        for field in collections:
            if base.__name__ in field.element_names:
                return field
    is_made = cls.__module__ == "photonwb.model.generated"
    unknown = is_made and cls.__bases__[0].__name__ in ("NWBContainer", "NWBData", "Container", "Data")
    return collections[0] if unknown and len(collections) == 1 and collections[0].where else None


def members_of(container: AbstractContainer, field: Field) -> StoredMembers | None:
    """The objects of a collection in the file that an object was read from."""
    stored = container._stored
    holder = stored.holder(field) if isinstance(stored, StoredObject) else None
    return None if holder is None else StoredMembers(cast("StoredObject", stored), container, field, cast("Group", holder))


def _noting(container: AbstractContainer, field: Field) -> Callable[[str], None]:
    """What the array of a field calls when something was assigned to it."""
    return lambda attribute: container._note_assignment(field, attribute)


def _wants_scalar(field: Field) -> bool:
    return not field.shapes and field.types[0] in ("str", "float", "int", "bool", "datetime", "date")


def _wants_texts(field: Field) -> bool:
    return field.annotation.startswith(("tuple", "list"))


def walk(container: AbstractContainer) -> Iterator[AbstractContainer]:
    """An object and all below it, parents first."""
    waiting = [container]
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(reversed(item.children))
