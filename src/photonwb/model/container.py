"""What every object of a file has in common: a name, a parent, an identity and a table of fields.

`Container` stands for a group of the file, `Data` for a dataset. All that distinguishes one class from another is declared in its
body as fields; what is here works from that table. An object that was read from a file holds a `Stored`, through which its
fields are loaded at first touch.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.errors import ClosedFileError, InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.model.checks import describe_value
from photonwb.model.fielded import Fielded
from photonwb.model.fields import Field, Kind, content
from photonwb.model.hierarchy import Stored
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["AbstractContainer", "Container", "Data", "Stored"]

# So many objects of a collection are listed when an object is shown.
_MOST_MEMBERS = 50


class AbstractContainer(Fielded):
    """Base of all objects of the model."""

    # Instances override these only when they differ, which keeps construction cheap.
    _object_id: str | None = None
    _container_source: str | None = None

    # ---- identity

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

    # ---- copies

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled, or copied by the module `copy`: that is the same object, so it has the same identity."""
        if self._stored is None and self._object_id is None:
            self.__dict__["_object_id"] = _new_id()
        return self.__dict__

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

    # ---- state

    def _before_writing(self) -> None:
        """Hook: add what a file needs and an object in memory does not; called before a new object is written."""

    def _problems(self) -> list[str]:
        """What would make the object unreadable once written; looked at before anything is written."""
        return []

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
        values = self.data
        if not hasattr(values, "__len__"):
            raise InvalidTypeError(f"{self._label()}: expected several values, got {describe_value(values)}, which has no length")
        return len(values)

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
    """A random UUID (version 4); to import `uuid` would take as long as to write many an object."""
    number = int.from_bytes(os.urandom(16), "big")
    number = number & ~(0xF000 << 64 | 0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _summary(value: Any) -> str:
    """A value without its bulk data; objects in a collection by name and class."""
    if isinstance(value, AbstractContainer):
        return f"{value.name} {type(value).__module__}.{type(value).__name__} at 0x{id(value):x}"
    if isinstance(value, LabelledDict):
        return _listing("{}", [(name, value.kind(name)) for name in value])
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], AbstractContainer):
        return _listing("()", [(item.name, type(item)) for item in value])
    shape = shape_of(value)
    if shape is not None and not isinstance(value, (list, tuple)):
        return f"<{type(value).__name__} {' x '.join(str(length) for length in shape) or 'scalar'}>"
    text = str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _listing(brackets: str, members: list[tuple[str, type | None]]) -> str:
    lines = [f"    {name} {kind or '(not readable)'}" for name, kind in members[:_MOST_MEMBERS]]
    if len(members) > _MOST_MEMBERS:
        lines.append(f"    and {len(members) - _MOST_MEMBERS} more")
    return "\n".join([brackets[0], ",\n".join(lines), f"  {brackets[1]}"])
