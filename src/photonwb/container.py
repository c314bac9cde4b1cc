"""What every object of a file has in common: a name, a parent, an identity and a table of fields.

`Container` stands for a group of the file, `Data` for a dataset. All that distinguishes one class from another is declared in its
body as fields; what is here works from that table. An object that was read from a file holds a `Stored`, through which its
fields are loaded at first touch.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from photonwb import registry
from photonwb.arrays.shapes import shape_of
from photonwb.checks import describe_value
from photonwb.errors import ClosedFileError, InvalidTypeError, InvalidValueError, NotFoundError, PhotonwbError
from photonwb.fields import Field, Kind, content
from photonwb.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AbstractContainer", "Container", "Data", "Stored"]


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


def _signature_defaults(function: Any) -> dict[str, Any]:
    """Default values in the signature of a function (without `inspect`, which costs more to import than all of the model)."""
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    found = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    found.update(function.__kwdefaults__ or {})
    return found


class AbstractContainer:
    """Base of all objects of the model."""

    namespace: str = "hdmf-common"
    neurodata_type: str = "AbstractContainer"
    __fields__: ClassVar[Mapping[str, Field]] = {}
    __defaults__: ClassVar[Mapping[str, Any]] = {}

    # Instances override these only when they differ, which keeps construction cheap.
    _name: str = "root"
    _parent: AbstractContainer | None = None
    _is_taken_out: bool = False  # of the object that holds it in the file
    _stored: Stored | None = None
    _object_id: str | None = None
    _container_source: str | None = None
    _in_construct_mode: bool = False
    _modified: bool = True
    _adopted: tuple[AbstractContainer, ...] = ()
    _changed: frozenset[str] = frozenset()  # names of fields that differ from the file the object was read from
    _assigned: frozenset[str] = frozenset()  # and of those whose array in the file was assigned to

    def __init_subclass__(cls, neurodata_type: str | None = None, namespace: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fields: dict[str, Field] = {}
        for base in reversed(cls.__bases__):
            fields.update(getattr(base, "__fields__", {}))
        fields.update({name: value for name, value in cls.__dict__.items() if isinstance(value, Field)})
        cls.__fields__ = fields
        if "__init__" in cls.__dict__:
            cls.__defaults__ = _signature_defaults(cls.__init__)
        if namespace is not None:
            cls.namespace = namespace
        if neurodata_type is not None:
            cls.neurodata_type = neurodata_type
            registry.enter(cls)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make an empty object.

        Libraries that build objects in two steps pass `container_source`, `parent`, `object_id` and `in_construct_mode` here
        and call `__init__` afterwards.
        """
        instance = object.__new__(cls)
        if kwargs:
            values = instance.__dict__
            for argument in ("container_source", "object_id", "in_construct_mode", "parent"):
                if argument in kwargs and argument not in cls.__fields__:
                    values[f"_{argument}"] = kwargs[argument]
        return instance

    def __init__(self, name: str) -> None:
        self._init({"name": name})

    def _init(self, arguments: Mapping[str, Any]) -> None:
        """Take the arguments of a constructor: check each by its field and keep it."""
        values = self.__dict__
        defaults = type(self).__defaults__
        if "name" in arguments:
            values["_name"] = self._check_name(arguments["name"])
        for key, field in type(self).__fields__.items():
            if key not in arguments:
                continue
            value = arguments[key]
            if value is None:
                if field.required:
                    # A collection that must not stay empty may well begin so.
                    if field.kind != Kind.CHILDREN:
                        raise InvalidTypeError(f"{self._label()}.{key}: a value is required, got None")
                elif not field.is_held and field.fixed is None and defaults.get(key) is None:
                    values[key] = None  # which spares the way over the default at the first access
            elif field.is_held:
                self._set(field, value)
            else:
                check = field.known_check
                values[key] = field.check(self, value) if check is None else check(self, field, value)

    def _check_name(self, name: Any) -> str:
        if not isinstance(name, str):
            raise InvalidTypeError(f"{self.neurodata_type}.name: expected text, got {describe_value(name)}")
        if not self._in_construct_mode and ("/" in name or ":" in name or not name or name in (".", "..") or "\0" in name):
            raise InvalidValueError(
                f"{self.neurodata_type}.name: {name!r} cannot be the name of an object: "
                "leave out '/' and ':', and do not leave it empty"
            )
        return name

    # ---- fields

    def __setattr__(self, name: str, value: Any) -> None:
        field = type(self).__fields__.get(name)
        if field is None:
            object.__setattr__(self, name, value)
        else:
            self._set(field, value)

    def _set(self, field: Field, value: Any) -> None:
        """Give a field a new value."""
        if value is not None:
            value = field.check(self, value)
        elif field.required and field.kind != Kind.CHILDREN and not self._in_construct_mode:
            raise InvalidTypeError(f"{self._label()}.{field.name}: a value is required, got None")
        if field.kind == Kind.CHILDREN:
            self._set_children(field, value)
        else:
            if field.kind == Kind.CHILD:
                self._release_replaced(field, value)
            self.__dict__[field.name] = value
            if field.kind == Kind.CHILD and value is not None:
                self._adopt(value)
        self._note_change(field)

    def _release_replaced(self, field: Field, value: Any) -> None:
        """Take out the object that another one (or none) takes the place of, from all collections that have it."""
        before = self.__dict__.get(field.name)
        if before is None and self._stored is not None and field.name not in self.__dict__:
            with suppress(PhotonwbError):  # what cannot be read need not be taken out
                before = getattr(self, field.name)
        if before is not None and before is not value and before.parent is self:
            before.reset_parent()

    def _set_children(self, field: Field, values: list[AbstractContainer] | None) -> None:
        if field.is_listed:
            self.__dict__[field.name] = field.listed(values or ())
            for value in values or ():
                self._adopt(value)
        elif values:
            self._add(field.name, values)

    def _note_change(self, field: Field) -> None:
        if self._stored is not None:
            self._changed = self._changed | {field.name}
        self.set_modified()

    def _note_assignment(self, field: Field) -> None:
        """Called when values were assigned to a part of the array of a field, which is in the file."""
        self._assigned = self._assigned | {field.name}
        self.set_modified()

    def _empty(self, field: Field) -> Any:
        """What a field is when nothing was given and no file tells."""
        if field.kind == Kind.CHILDREN:
            return field.listed(()) if field.is_listed else self._collection(field)
        if field.fixed is not None:
            return field.fixed
        return type(self).__defaults__.get(field.name)

    def _collection(self, field: Field) -> LabelledDict[Any]:
        return LabelledDict(field.name, add_callable=self._adopt, remove_callable=self._release)

    @property
    def fields(self) -> MutableMapping[str, Any]:
        """All fields that have a value, by name; a live view."""
        return FieldsView(self)

    # ---- identity

    @property
    def name(self) -> str:
        """Name of the object, which is also its name in the file."""
        return self._name

    @property
    def object_id(self) -> str:
        """UUID of the object; stays the same in every copy of the file."""
        if self._object_id is None:
            stored_id = self._stored.object_id() if self._stored is not None else None
            self.__dict__["_object_id"] = stored_id or _new_id()
        return self.__dict__["_object_id"]

    def generate_new_id(self, recurse: bool = True) -> None:
        """Give the object (and all it holds) a new UUID."""
        self.__dict__["_object_id"] = _new_id()
        self._changed = self._changed | {"object_id"}
        self.set_modified()
        if recurse:
            for item in self.children:
                item.generate_new_id()

    @property
    def data_type(self) -> str:
        """Name of the type in the standard, the same as `neurodata_type`."""
        return self.neurodata_type

    @classmethod
    def type_hierarchy(cls) -> tuple[type, ...]:
        """The classes this one derives from, itself first."""
        return cls.__mro__

    @classmethod
    def get_fields_conf(cls) -> tuple[Field, ...]:
        """The declarations of all fields."""
        return tuple(cls.__fields__.values())

    def _label(self) -> str:
        """How messages name this object."""
        return f"{type(self).__name__} {self._name!r}"

    # ---- place in the tree

    @property
    def parent(self) -> AbstractContainer | None:
        """The object that holds this one; None at the root and for an object that was not added anywhere yet."""
        if self._parent is None and self._stored is not None and not self._is_taken_out:
            self.__dict__["_parent"] = self._stored.parent(self)
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
            parent._adopted = (*parent._adopted, self)
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
        for field in parent._fields_with(self):
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
        parent._release(self)

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
        found = {id(item): item for item in self._held_objects() if item.parent is self}
        found.update({id(item): item for item in self._adopted})
        return tuple(found.values())

    def _held_objects(self) -> Iterator[AbstractContainer]:
        """Objects in the fields of this one that it holds or links to."""
        for field in type(self).__fields__.values():
            if field.kind == Kind.CHILD:
                value = getattr(self, field.name)
                if value is not None:
                    yield value
            elif field.kind == Kind.CHILDREN:
                held = getattr(self, field.name)
                yield from held.values() if isinstance(held, LabelledDict) else held or ()

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
        waiting: list[AbstractContainer] = [self]
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

    def copy(self, name: str | None = None) -> Any:
        """A new object with the same content and an object_id of its own, which belongs to nothing yet.

        Objects inside are copied too; links go on leading where they led, or to the copy of what is inside. Arrays are shared:
        those of a file stay there until they are read, and a series that is added to the same file links to them.

        Parameters
        ----------
        name : str, optional
            Name of the copy; by default that of the object.
        """
        copies: dict[int, AbstractContainer] = {}
        made = self._copied(copies)
        if name is not None:
            made.__dict__["_name"] = self._check_name(name)
        for item in copies.values():
            for name, field in type(item).__fields__.items():
                target = copies.get(id(item.__dict__.get(name)))
                if target is not None and field.kind not in (Kind.CHILD, Kind.CHILDREN):
                    item.__dict__[name] = target
        return made

    def _copied(self, copies: dict[int, AbstractContainer]) -> AbstractContainer:
        """A copy that still links to the originals; all copies are noted by the identity of the originals."""
        made = copies[id(self)] = type(self).__new__(type(self))
        made.__dict__["_name"] = self._name

        def copied(item: Any) -> Any:
            if item is None or item.parent is not self:
                return item
            inner = item._copied(copies)
            inner.__dict__["_parent"] = made
            return inner

        for name, field in type(self).__fields__.items():
            value: Any = self.fields.get(name)
            if field.kind == Kind.CHILD:
                value = copied(value)
            elif isinstance(value, LabelledDict):
                held = value
                value = made._collection(field)
                value.fill({key: copied(item) for key, item in held.items()})
            elif field.kind == Kind.CHILDREN:
                value = field.listed(copied(item) for item in value or ())
            elif isinstance(value, list):
                value = list(value)
            made.__dict__[name] = value
        return made

    # ---- collections

    def _add(self, collection: str, values: Any) -> Any:
        """Add one object, or a list, tuple or dict of them, to a collection; all of them or, on an error, none."""
        field = type(self).__fields__[collection]
        objects: list[AbstractContainer] = field.check(self, values)
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

    # ---- state

    def _before_writing(self) -> None:
        """Hook: add what a file needs and an object in memory does not; called before a new object is written."""

    def _problems(self) -> list[str]:
        """What would make the object unreadable once written; looked at before anything is written."""
        return []

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

    @property
    def container_source(self) -> str | None:
        """Path of the file the object was read from or written to."""
        if self._container_source is None and self._stored is not None:
            return self._stored.location
        return self._container_source

    @container_source.setter
    def container_source(self, source: str | None) -> None:
        if self.container_source is not None:
            raise InvalidValueError(f"{self._label()} already belongs to {self.container_source}")
        self.__dict__["_container_source"] = source

    @property
    def read_io(self) -> Any:
        """What the file was opened with, for the object at the root; see `get_read_io`."""
        return self._stored.io if self._stored is not None and self._stored.path == "/" else None

    def get_read_io(self) -> Any:
        """What the file was opened with that the object was read from; None for an object made in memory."""
        return self._stored.io if self._stored is not None else None

    # ---- showing

    def __repr__(self) -> str:
        lines = [f"{self._name} {type(self).__module__}.{type(self).__name__} at 0x{id(self):x}", "Fields:", *self._field_lines()]
        return "\n".join(lines if len(lines) > 2 else lines[:1]) + "\n"

    def _field_lines(self) -> Iterator[str]:
        """A line for each field with a value; debuggers show objects of closed and of damaged files too."""
        closed: ClosedFileError | None = None
        for name, field in sorted(type(self).__fields__.items()):
            try:
                value = self.fields.get(name)
                if value is not None and (field.kind != Kind.CHILDREN or len(value)):
                    yield f"  {name}: {_summary(value)}"
            except ClosedFileError as error:
                closed = error
            except PhotonwbError as error:
                yield f"  {name}: cannot be read: {error}"
        if closed is not None:
            yield f"  (not all can be read: {closed})"

    def _repr_html_(self) -> str:
        from photonwb.html import container_html

        return container_html(self)


class FieldsView(MutableMapping[str, Any]):
    """The fields of an object that have a value, as a dict that follows every change."""

    def __init__(self, container: AbstractContainer) -> None:
        self._container = container

    def __getitem__(self, name: str) -> Any:
        container = self._container
        field = type(container).__fields__.get(name)
        if field is None:
            raise NotFoundError(f"{container._label()} has no field {name!r}; it has {sorted(type(container).__fields__)}")
        if name not in container.__dict__:
            container.__dict__[name] = field.load(container)
        value = container.__dict__[name]
        if value is None:
            raise NotFoundError(f"{container._label()}.{name} has no value")
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field, or a default; an error in reading it is not taken for its absence."""
        field = type(self._container).__fields__.get(name)
        if field is None:
            return default
        values = self._container.__dict__
        if name not in values:
            values[name] = field.load(self._container)
        return default if values[name] is None else values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self._container, name, value)

    def __delitem__(self, name: str) -> None:
        setattr(self._container, name, None)

    def __iter__(self) -> Iterator[str]:
        for name, field in type(self._container).__fields__.items():
            try:
                value = self[name]
            except NotFoundError:
                continue
            if field.kind != Kind.CHILDREN or len(value):
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr({name: self[name] for name in self})


class Container(AbstractContainer):
    """An object that is a group of the file."""

    def set_data_io(
        self,
        dataset_name: str,
        data_io_class: type,
        data_io_kwargs: dict[str, Any] | None = None,
        data_chunk_iterator_class: type | None = None,
        data_chunk_iterator_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Say how the dataset of a field is to be stored, by wrapping its values.

        Parameters
        ----------
        dataset_name : str
            Name of the field, for example "data".
        data_io_class : type
            The wrapper, for example `H5DataIO`.
        data_io_kwargs : dict, optional
            Arguments of the wrapper besides the data.
        data_chunk_iterator_class, data_chunk_iterator_kwargs
            An iterator of blocks that the values are wrapped into first.
        """
        values = self.fields.get(dataset_name)
        if values is None:
            raise InvalidValueError(f"{self._label()}: there is no {dataset_name!r} to wrap")
        self.__dict__[dataset_name] = _wrapped(
            values, data_io_class, {**(data_io_kwargs or {}), **kwargs}, data_chunk_iterator_class, data_chunk_iterator_kwargs
        )
        self._note_change(type(self).__fields__[dataset_name])


class Data(AbstractContainer, neurodata_type="Data"):
    """An object that is a dataset of the file."""

    data: Any = content("The values.")

    def __init__(self, name: str, data: Any) -> None:
        self._init(locals())

    def _init(self, arguments: Mapping[str, Any]) -> None:
        values = arguments.get("data")
        if hasattr(values, "to_numpy"):  # a column of a data frame
            arguments = {**arguments, "data": values.to_numpy()}  # type: ignore[union-attr]
        super()._init(arguments)

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """Shape of the values; None for an iterator of unknown length."""
        return shape_of(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        values = self.data
        return values is not None and (len(values) > 0 if hasattr(values, "__len__") else bool(values))

    def __getitem__(self, key: Any) -> Any:
        return self.get(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def get(self, key: Any) -> Any:
        """Values at an index, slice, or list of indices."""
        values = self.data
        if isinstance(values, (list, tuple)) and not isinstance(key, (int, slice)) and hasattr(key, "__iter__"):
            return [values[index] for index in key]
        return values[key]

    def append(self, arg: Any) -> None:
        """Add one value at the end."""
        self.extend([arg])

    def extend(self, arg: Any) -> None:
        """Add several values at the end."""
        from photonwb.arrays.growing import extended

        self.__dict__["data"] = extended(self.data, arg)
        self._note_change(type(self).__fields__["data"])

    def transform(self, func: Any) -> Data:
        """Replace the values by what a function makes of them."""
        self.data = func(self.data)
        return self

    def set_data_io(
        self,
        data_io_class: type,
        data_io_kwargs: dict[str, Any],
        data_chunk_iterator_class: type | None = None,
        data_chunk_iterator_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Say how the values are to be stored, by wrapping them."""
        self.__dict__["data"] = _wrapped(
            self.data, data_io_class, data_io_kwargs, data_chunk_iterator_class, data_chunk_iterator_kwargs
        )
        self._note_change(type(self).__fields__["data"])


def _wrapped(
    values: Any, wrapper: type, options: dict[str, Any], iterator: type | None, iterator_options: dict[str, Any] | None
) -> Any:
    if iterator is not None:
        values = iterator(data=values, **(iterator_options or {}))
    return wrapper(data=values, **options)


def _new_id() -> str:
    from uuid import uuid4

    return str(uuid4())


def _summary(value: Any) -> str:
    """One line for a value, without reading bulk data."""
    if isinstance(value, AbstractContainer):
        return f"{value.name} {type(value).__module__}.{type(value).__name__}"
    if isinstance(value, LabelledDict):
        return repr(value)
    shape = shape_of(value)
    if shape is not None and not isinstance(value, (list, tuple)):
        return f"<{type(value).__name__} {' x '.join(str(length) for length in shape) or 'scalar'}>"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
