"""Attributes of HDF5 objects as a mapping."""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.errors import DamagedFileError, InvalidValueError, NotFoundError

from .contract import ASCII, TEXT
from .elements import normalise, plain_value
from .hdf5_library import h5a, h5s, name_bytes, name_text
from .hdf5_types import decode, encode, file_type, memory_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .contract import ElementType
    from .hdf5 import HDF5Store

__all__ = ["HDF5Attributes", "needs_dense_storage"]

# Largest attribute that fits into the classic header of an object, in bytes.
LARGEST = 65_000
SIZE_OF_TEXT = 16  # which lies elsewhere: its length and place


class HDF5Attributes(MutableMapping[str, Any]):
    """The attributes of one object; each is read when it is asked for.

    Parameters
    ----------
    store : HDF5Store
    path : str
        Of the object.
    """

    __slots__ = ("_path", "_store")

    def __init__(self, store: HDF5Store, path: str) -> None:
        self._store = store
        self._path = path

    def __repr__(self) -> str:
        return f"<attributes of {self._path}: {', '.join(self)}>"

    def __iter__(self) -> Iterator[str]:
        names: list[bytes] = []
        with self._store.reading(self._path):
            h5a.iterate(self._store.object_id(self._path), names.append)
        return iter([name_text(name) for name in names])

    def __len__(self) -> int:
        with self._store.reading(self._path):
            return h5a.get_num_attrs(self._store.object_id(self._path))

    def __contains__(self, name: object) -> bool:
        with self._store.reading(self._path):
            return isinstance(name, str) and h5a.exists(self._store.object_id(self._path), _checked_name(name))

    def __getitem__(self, name: str) -> Any:
        store, path = self._store, self._path
        with store.reading(path):
            owner, raw = store.object_id(path), _checked_name(name)
            try:
                attribute = h5a.open(owner, raw)
            except (KeyError, RuntimeError, ValueError) as error:
                if h5a.exists(owner, raw):
                    raise
                raise NotFoundError(f"{store.location}: {path} has no attribute {name!r}") from error
            shape, stored = attribute.get_space().get_simple_extent_dims(), attribute.get_type()
            if shape is None:  # no value, not even an empty one
                return None
            dtype, type_id = memory_type(stored)
            nbytes = stored.get_size() * math.prod(shape)
            if nbytes > LARGEST and nbytes > store.size:
                raise DamagedFileError(f"{store.location}: {path}: attribute {name!r} would be larger than the file")
            array = np.empty(shape, dtype)
            attribute.read(array, mtype=type_id)
            return plain_value(decode(array, stored, lambda address: store.path_at(address, path)))

    def __setitem__(self, name: str, value: Any) -> None:
        store, path = self._store, self._path
        array, element = normalise(value)
        with store.writing(path):
            owner, raw = store.object_id(path), _checked_name(name)
            type_id = file_type(element)
            encoded = encode(array, element, store.reference_to)
            # An old value goes only when the new one is written.
            exists = h5a.exists(owner, raw)
            new = b"photonwb_new_value" if exists else raw
            space = h5s.create_simple(array.shape) if array.ndim else h5s.create(h5s.SCALAR)
            try:
                attribute = h5a.create(owner, new, type_id, space)
            except (OSError, RuntimeError) as error:
                if _size_in_file(element) * array.size <= LARGEST:
                    raise
                raise InvalidValueError(
                    f"{store.location}: {path}: attribute {name!r} of {array.shape} elements is larger than the 64 KiB that an "
                    "existing HDF5 object takes; give it when the object is created"
                ) from error
            if array.size:
                attribute.write(encoded)
            if exists:
                h5a.delete(owner, raw)
                h5a.rename(owner, new, raw)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise NotFoundError(f"{self._store.location}: {self._path} has no attribute {name!r}")
        with self._store.writing(self._path):
            h5a.delete(self._store.object_id(self._path), _checked_name(name))


def needs_dense_storage(value: Any) -> bool:
    """Whether an attribute is too large for the classic header of an object."""
    array, element = normalise(value)
    return _size_in_file(element) * array.size > LARGEST


def _size_in_file(element: ElementType) -> int:
    return SIZE_OF_TEXT if element in (TEXT, ASCII) else file_type(element).get_size()


def _checked_name(name: str) -> bytes:
    if "\0" in name:
        raise InvalidValueError(f"{name!r} cannot be the name of an attribute: it holds a NUL character")
    return name_bytes(name)
