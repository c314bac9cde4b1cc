"""A table as it comes out of a file, without a file: each field is given when it is first asked for."""

from __future__ import annotations

from typing import Any

from photonwb.common import DynamicTable, ElementIdentifiers, VectorData, VectorIndex


class Stored:
    """What an object has in the file; `asked` are the fields that were read."""

    location = "/data/session.nwb"
    io = None

    def __init__(self, path: str, parent: Any = None, **values: Any) -> None:
        self.path = path
        self.values = values
        self.asked: list[str] = []
        self._parent = parent

    def load(self, container: Any, field: Any) -> Any:
        self.asked.append(field.name)
        value = self.values.get(field.name)
        if isinstance(value, Members):
            held = container._empty(field)
            held.read_from(value)
            return held
        if isinstance(value, Exception):
            raise value
        return container._empty(field) if value is None else value

    def parent(self, container: Any) -> Any:
        return self._parent

    def object_id(self) -> str | None:
        return None


class Members:
    """The members of a group; `made` are those that became objects."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self._objects = objects
        self.made: list[str] = []

    def names(self) -> list[str]:
        return sorted(self._objects)

    def has(self, name: object) -> bool:
        return name in self._objects

    def class_of(self, name: str) -> Any:
        return type(self._objects[name])

    def read(self, name: str) -> Any:
        self.made.append(name)
        found = self._objects[name]
        if isinstance(found, Exception):
            raise found
        return found


def stored_object(cls: type[Any], name: str, **values: Any) -> Any:
    """An object of a class as the reader makes it."""
    made: Any = object.__new__(cls)
    made.__dict__.update(_name=name, _stored=Stored(f"/{name}", **values), _modified=False)
    return made


def stored_column(name: str, data: Any, cls: type[Any] = VectorData, **values: Any) -> Any:
    return stored_object(cls, name, data=data, description="d", **values)


def stored_index(name: str, ends: Any, target: Any) -> Any:
    return stored_column(name, ends, VectorIndex, target=target)


def stored_table(
    *columns: Any, colnames: Any = None, identifiers: Any = None, cls: type[Any] = DynamicTable, **values: Any
) -> Any:
    """A table with these columns; a column given as (name, error) raises the error when it is read."""
    objects = dict(column if isinstance(column, tuple) else (column.name, column) for column in columns)
    if identifiers is not None:
        identifiers = stored_object(ElementIdentifiers, "id", data=identifiers)
    table = stored_object(cls, "table", columns=Members(objects), colnames=colnames, id=identifiers, description="d", **values)
    for column in objects.values():
        if not isinstance(column, Exception):
            column._stored._parent = table
    return table


class CountedArray:
    """An array that counts how often it is read."""

    def __init__(self, values: Any) -> None:
        self._values = values
        self.shape = values.shape
        self.dtype = values.dtype
        self.reads = 0

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: Any) -> Any:
        self.reads += 1
        return self._values[key].copy()
