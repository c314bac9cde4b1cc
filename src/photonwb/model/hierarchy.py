"""Objects inside objects: who holds whom, and the named collections in which they are held.

The tree is not kept twice. What an object holds is what its fields hold; only the way up, to the parent, is noted in each object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from photonwb.errors import InvalidValueError, NotFoundError, PhotonwbError
from photonwb.model.fields import Field, Kind
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from photonwb.model.container import AbstractContainer

__all__ = ["Hierarchy", "Stored"]


class Stored(Protocol):
    """Where an object was read from, and how more of it is read."""

    def load(self, container: AbstractContainer, field: Field) -> Any:
        """Value of a field, its default when the file has none."""
        ...

    def parent(self, container: AbstractContainer) -> AbstractContainer | None:
        """The object that holds this one in the file."""
        ...

    def object_id(self) -> str | None: ...
    def may_open(self, path: str) -> bool: ...

    @property
    def location(self) -> str:
        """Absolute path of the file or store."""
        ...

    @property
    def path(self) -> str:
        """Path of the object inside the file."""
        ...

    @property
    def io(self) -> Any:
        """What the user opened the file with."""
        ...


class Hierarchy:
    """The part of an object that knows its place among others."""

    __fields__: ClassVar[Mapping[str, Field]] = {}
    __held__: ClassVar[tuple[Field, ...]] = ()  # those of them whose objects lie inside

    # Instances override these only when they differ, which keeps construction cheap.
    _name: str = "root"
    _parent: AbstractContainer | None = None
    _is_taken_out: bool = False  # of the object that holds it in the file
    _stored: Stored | None = None
    _adopted: tuple[AbstractContainer, ...] = ()
    _modified: bool = True

    if TYPE_CHECKING:

        def _note_change(self, field: Field) -> None: ...

    @property
    def name(self) -> str:
        """Name of the object, which is also its name in the file."""
        return self._name

    def _label(self) -> str:
        """How messages name this object."""
        return f"{type(self).__name__} {self._name!r}"

    @property
    def parent(self) -> AbstractContainer | None:
        """The object that holds this one; None at the root and for an object that was not added anywhere yet."""
        if self._parent is None and self._stored is not None and not self._is_taken_out:
            self.__dict__["_parent"] = self._stored.parent(cast("AbstractContainer", self))
        return self._parent

    @parent.setter
    def parent(self, parent: AbstractContainer | None) -> None:
        current = self.parent
        if parent is current:
            return
        if current is not None:
            raise InvalidValueError(
                f"{self._label()} already belongs to {current._label()}: "
                "it can be linked from elsewhere, or moved after reset_parent()"
            )
        self.__dict__["_parent"] = parent
        if parent is not None:
            parent._adopted = (*parent._adopted, cast("AbstractContainer", self))
            parent.set_modified()
            self._joined()

    def _adopt(self, item: AbstractContainer) -> None:
        """Become the parent of an object that has none; one that has is going to be linked."""
        if item.parent is None:
            item.__dict__["_parent"] = self
            item._joined()
        self.set_modified()

    def _joined(self) -> None:
        """Called when the object was given a parent."""
        for item in self.children:
            item._validate_on_set_parent()

    def _validate_on_set_parent(self) -> None:
        """Hook: check the object once what holds it was added to something."""

    def _release(self, item: AbstractContainer) -> None:
        """Forget an object that was removed from a collection."""
        if item.parent is self:
            item.__dict__.update(_parent=None, _is_taken_out=True)
        self._adopted = tuple(other for other in self._adopted if other is not item)
        self.set_modified()

    def reset_parent(self) -> None:
        """Take the object out of its parent."""
        parent = self.parent
        if parent is None:
            return
        for field in parent._fields_with(cast("AbstractContainer", self)):
            if field.kind == Kind.LINK:
                continue
            held = getattr(parent, field.name)
            if isinstance(held, LabelledDict):
                del held[self.name]
            elif field.kind == Kind.CHILDREN:
                parent.__dict__[field.name] = field.listed(item for item in held if item is not self)
            else:
                parent.__dict__[field.name] = None
            parent._note_change(field)
        parent._release(cast("AbstractContainer", self))

    def _fields_with(self, item: AbstractContainer) -> list[Field]:
        """The fields of this object that hold another, or link to it."""
        return [field for field in type(self).__fields__.values() if field.is_object and self._has(field, item)]

    def _has(self, field: Field, item: AbstractContainer) -> bool:
        try:
            held = getattr(self, field.name)
        except PhotonwbError:  # what cannot be read is not the item, which was
            return False
        if isinstance(held, LabelledDict):
            return item.name in held and held[item.name] is item
        return held is item or (field.kind == Kind.CHILDREN and any(other is item for other in held or ()))

    @property
    def children(self) -> tuple[AbstractContainer, ...]:
        """All objects directly inside this one."""
        held = (item for field in type(self).__held__ for item in self._held_objects(field) if item.parent is self)
        return tuple({id(item): item for item in (*held, *self._adopted)}.values())

    def _held_objects(self, field: Field) -> Iterable[AbstractContainer]:
        """Objects in a field that holds some, which may have another parent: then they are linked."""
        value: Any = getattr(self, field.name)
        if isinstance(value, LabelledDict):
            return cast("LabelledDict[AbstractContainer]", value).values()
        return value or () if field.kind == Kind.CHILDREN else () if value is None else (value,)

    def _loaded_objects(self, field: Field) -> list[AbstractContainer]:
        """Objects of a field that are in memory, without reading others."""
        value = self.__dict__.get(field.name)
        if value is None:
            return []
        if isinstance(value, LabelledDict):
            return value.loaded()
        return [value] if field.kind == Kind.CHILD else list(value)

    def all_children(self) -> list[AbstractContainer]:
        """This object and everything below it."""
        found: list[AbstractContainer] = []
        waiting: list[AbstractContainer] = [cast("AbstractContainer", self)]
        while waiting:
            item = waiting.pop()
            found.append(item)
            waiting.extend(item.children)
        return found

    @property
    def all_objects(self) -> LabelledDict[AbstractContainer]:
        """This object and everything below it, by object_id."""
        found: LabelledDict[AbstractContainer] = LabelledDict("all_objects", key_attr="object_id")
        for item in self.all_children():
            found.add(item)
        return found

    def get_ancestors(self) -> tuple[AbstractContainer, ...]:
        """The objects this one is inside of, nearest first."""
        found: list[AbstractContainer] = []
        item = self.parent
        while item is not None:
            found.append(item)
            item = item.parent
        return tuple(found)

    def get_ancestor(self, neurodata_type: str | None = None, data_type: str | None = None) -> AbstractContainer | None:
        """The nearest object of a type that this one is inside of; without a type, the parent."""
        wanted = neurodata_type or data_type
        for item in self.get_ancestors():
            if wanted is None or item.neurodata_type == wanted:
                return item
        return None

    # ---- collections

    def _add(self, collection: str, values: Any) -> Any:
        """Add one object, or a list, tuple or dict of them, to a collection; all of them or, on an error, none."""
        field = type(self).__fields__[collection]
        objects: list[AbstractContainer] = field.check(cast("AbstractContainer", self), values)
        held: LabelledDict[Any] = getattr(self, collection)
        seen: set[str] = set()
        for item in objects:
            if item.name in held or item.name in seen:
                raise InvalidValueError(
                    f"{self._label()}.{collection}: there already is an object named {item.name!r}; "
                    f"give the new one another name, or remove the old one with del {collection}[{item.name!r}]"
                )
            seen.add(item.name)
        for item in objects:
            held.add(item)
        if self._stored is not None:
            self._note_change(field)
        return values

    def _get(self, collection: str, name: str | None) -> Any:
        """An object of a collection by name, or the only one."""
        held: LabelledDict[Any] = getattr(self, collection)
        if name is not None:
            if name not in held:
                raise NotFoundError(f"{name!r} is not in {collection} of {self._label()}; it holds {sorted(held)}")
            return held[name]
        if len(held) != 1:
            raise InvalidValueError(
                f"{collection} of {self._label()} is empty"
                if not held
                else f"{collection} of {self._label()} holds several objects, name one of {sorted(held)}"
            )
        return next(iter(held.values()))

    @property
    def modified(self) -> bool:
        """Whether something was changed since the object was read or written."""
        return self._modified

    def set_modified(self, modified: bool = True) -> None:
        """Note that the object, and so everything that holds it, was changed (or was not)."""
        self.__dict__["_modified"] = modified
        parent = self.parent if modified else None
        while parent is not None and not parent.__dict__.get("_modified", False):
            parent.__dict__["_modified"] = True
            parent = parent.parent
