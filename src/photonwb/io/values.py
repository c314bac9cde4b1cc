"""What stored values become in the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import UnreadableObjectError
from photonwb.io.stored_array import StoredArray, WritableArray
from photonwb.storage.contract import Reference
from photonwb.storage.relations import holds_references

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb.io.reading import Reader
    from photonwb.model.fields import Field
    from photonwb.storage.contract import Dataset

__all__ = ["ResolvingArray", "field_value", "parsed_date", "resolving_array", "resolving_value"]


def field_value(field: Field, value: Any) -> Any:
    """A scalar, a text or a small array as the model keeps it."""
    if value is None:
        return None
    wants_many = field.annotation.startswith(("tuple", "list")) or bool(field.shapes) or "Array" in field.annotation
    if getattr(value, "shape", ()) == (1,) and not wants_many:
        value = value[0]
    if field.dtype == "isodatetime":
        dates = [parsed_date(text) for text in _texts(value)]
        return dates if wants_many else dates[0]
    if field.annotation.startswith(("tuple", "list")):
        return tuple(_texts(value))
    if not wants_many:
        _check_kind(field, value)
    return _plain(value)


def _check_kind(field: Field, value: Any) -> None:
    """Refuse text where a number belongs, and the other way round: computing with it would fail far from here."""
    wanted = field.types[0]
    if (wanted == "str" and not isinstance(value, str)) or (wanted in ("float", "int") and isinstance(value, str)):
        raise UnreadableObjectError(f"{field.path}: expected {'text' if wanted == 'str' else 'a number'}, got {value!r}")


def _plain(value: Any) -> Any:
    """A numpy scalar that a Python number holds exactly, as that number; anything else as it is."""
    if getattr(value, "shape", None) == () and getattr(value, "dtype", None) is not None and value.dtype.char in "dlq?":
        return value.item()
    return value


def _texts(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value]
    return list(value.tolist() if hasattr(value, "tolist") else value)


def parsed_date(text: Any) -> Any:
    """A date of any of the forms found in files; one without a zone is in the zone of this computer.

    Raises
    ------
    UnreadableObjectError
        The text is no date.
    """
    import datetime as dt

    try:
        date = dt.datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        raise UnreadableObjectError(f"{text!r} is no date in ISO 8601 form, such as 2024-05-06T07:08:09+02:00") from None
    return date.astimezone() if date.tzinfo is None else date


def resolving_value(reader: Reader, dataset: Dataset, note: Callable[[str], None]) -> Any:
    """The values of a dataset: a scalar, or an array as `resolving_array` has it."""
    if dataset.shape == ():
        value = dataset.read()
        return reader.referred(value) if isinstance(value, Reference) else _plain(value)
    return resolving_array(reader, dataset, note)


def resolving_array(reader: Reader, dataset: Dataset, note: Callable[[str], None]) -> Any:
    """The values of a dataset that is no scalar, as an array that is read when it is indexed.

    `note` is called when a part of the array was assigned to, which a file that is open for changes allows.
    """
    if dataset.dtype.hasobject and holds_references(dataset.layout.element):
        return ResolvingArray(StoredArray(dataset), reader)
    return WritableArray(dataset, note) if dataset.store.writable else StoredArray(dataset)


class ResolvingArray:
    """An array of references that gives the objects they point to, each when it is asked for.

    Rows of compound arrays come as structured numpy values whose members of references hold the objects.
    """

    def __init__(self, array: Any, reader: Reader) -> None:
        self._array = array
        self._reader = reader
        self.shape: tuple[int, ...] = array.shape
        self.dtype = array.dtype
        self.ndim: int = array.ndim

    @property
    def references(self) -> Any:
        """The array as stored, with `Reference` for each element."""
        return self._array

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        return self._resolved(self._array[key])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self[...]

    def _resolved(self, value: Any) -> Any:
        if value is None or isinstance(value, Reference):
            return self._reader.referred(value)
        if value.dtype.names is None:
            resolved = value.copy()
            for index, item in enumerate(value.flat):
                resolved.flat[index] = self._reader.referred(item)
            return resolved
        resolved = value.copy()
        for name in value.dtype.names:
            if value.dtype[name].kind == "O":
                resolved[name] = self._resolved_member(value[name])
        return resolved

    def _resolved_member(self, member: Any) -> Any:
        if isinstance(member, str):
            return member
        if member is None or isinstance(member, Reference):
            return self._reader.referred(member)
        import numpy as np

        items = np.empty(member.shape, dtype=object)
        for index, item in enumerate(member.flat):
            items.flat[index] = item if isinstance(item, str) else self._reader.referred(item)
        return items

    def __repr__(self) -> str:
        return f"<ResolvingArray of references, shape {self.shape}>"
