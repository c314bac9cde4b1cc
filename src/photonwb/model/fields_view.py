"""The fields of an object as a dict."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from photonwb.errors import NotFoundError
from photonwb.model.fields import Kind

if TYPE_CHECKING:
    from photonwb.model.container import AbstractContainer

__all__ = ["FieldsView"]


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
