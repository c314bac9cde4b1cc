"""Chunks of text and of other objects, which have no bytes of their own, as values of the contract and back."""

from __future__ import annotations

import io
import json
import math
import pickle
import struct
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from photonwb.errors import DamagedFileError, PhotonwbError, StorageError

from .contract import REFERENCE, Reference
from .elements import dtype_of, objects, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .contract import ElementType

__all__ = ["decode_objects", "encode_texts", "from_stored", "to_stored"]

LENGTH = struct.Struct("<I")


def decode_objects(data: bytes | memoryview, serializer: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The objects of a chunk: text, bytes, or what JSON has.

    Raises
    ------
    DamagedFileError
        The bytes are none of that form.
    """
    count = math.prod(shape)
    try:
        if serializer in ("vlen-utf8", "vlen-bytes"):
            found: list[Any] = _texts(memoryview(data))
        else:
            found = _pickled(bytes(data)) if serializer == "pickle" else _from_json(bytes(data))
    except PhotonwbError:
        raise
    except Exception as error:
        raise DamagedFileError(f"a chunk cannot be decoded as {serializer}: {error}") from error
    if len(found) != count:
        raise DamagedFileError(f"a chunk should have {count} elements, it has {len(found)}")
    return objects(found, shape)


def _texts(view: memoryview) -> list[str]:
    (count,) = LENGTH.unpack_from(view)
    if count * LENGTH.size > len(view):
        raise DamagedFileError(f"{count} texts cannot be in {len(view)} bytes")
    found: list[str] = []
    at = LENGTH.size
    for _ in range(count):
        (length,) = LENGTH.unpack_from(view, at)
        at += LENGTH.size
        if at + length > len(view):
            raise DamagedFileError("a text goes on behind the end of its chunk")
        found.append(str(view[at : at + length], "utf-8", "surrogateescape"))
        at += length
    return found


def encode_texts(values: NDArray[Any]) -> bytes:
    """The bytes of a chunk of text, or of the paths of references."""
    flat: list[Any] = values.ravel().tolist()
    pieces = [LENGTH.pack(len(flat))]
    for value in flat:
        raw = _as_text(value).encode("utf-8", "surrogateescape")
        pieces += (LENGTH.pack(len(raw)), raw)
    return b"".join(pieces)


def _as_text(value: Any) -> str:
    if isinstance(value, Reference):
        return value.path
    return "" if value is None else value


def _from_json(data: bytes) -> list[Any]:
    """Elements of the codec json2: in C order, and behind them the type and the shape of the array."""
    found = json.loads(data)
    if not isinstance(found, list) or len(cast("list[Any]", found)) < 2:
        raise DamagedFileError("a chunk of JSON has no elements")
    return cast("list[Any]", found)[:-2]


# ---- pickles, of which nothing is made but plain values


class _Array:
    """Stands for an array of numpy in a pickle: keeps its elements, and does nothing."""

    elements: list[Any]

    def __setstate__(self, state: Any) -> None:
        elements = state[4] if isinstance(state, tuple) and len(cast("Any", state)) == 5 else None
        if not isinstance(elements, list):
            raise DamagedFileError("a pickle has no list of elements")
        self.elements = cast("list[Any]", elements)


class _Type:
    """Stands for a dtype in a pickle."""

    def __setstate__(self, state: Any) -> None: ...


class _Mapping(dict[str, Any]):
    """Stands for the references of hdmf-zarr in a pickle."""


def _new_array(*_: Any) -> _Array:
    return _Array()


def _new_type(*_: Any) -> _Type:
    return _Type()


_STAND_INS: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _new_array for core in ("core", "_core")},
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _new_type,
    ("hdmf_zarr.utils", "ZarrReference"): _Mapping,
    ("hdmf.backends.zarr.zarr_utils", "ZarrReference"): _Mapping,
}


class _Unpickler(pickle.Unpickler):
    """Makes nothing but numbers, text, lists, and the stand-ins of above: no code of anybody runs."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        found = _STAND_INS.get((module_name, global_name))
        if found is None:
            raise StorageError(
                f"a pickle asks for {module_name}.{global_name}, which is neither a reference nor text and is not loaded; "
                "convert the store with the program that made it"
            )
        return found


def _pickled(data: bytes) -> list[Any]:
    found = _Unpickler(io.BytesIO(data)).load()
    return found.elements if isinstance(found, _Array) else [found]


# ---- what elements mean


def from_stored(values: NDArray[Any], element: ElementType, path_in: Callable[[Any], str]) -> NDArray[Any]:
    """Values as they were stored, in the form of the contract.

    Parameters
    ----------
    values : array
    element : ElementType
    path_in : callable
        Gives the path in the store of what a stored reference leads to.
    """
    if isinstance(element, tuple):
        return _compounds(values, element, path_in)
    if isinstance(element, np.dtype):
        return values.astype(element) if values.dtype == object else values
    flat: list[Any] = values.ravel().tolist()
    made = [_reference(value, path_in) for value in flat] if element == REFERENCE else [_text(value) for value in flat]
    return objects(made, values.shape)


def _compounds(values: NDArray[Any], element: tuple[tuple[str, ElementType], ...], path_in: Callable[[Any], str]) -> NDArray[Any]:
    if not dtype_of(element).hasobject and values.dtype != object:
        return values
    result = np.empty(values.shape, dtype_of(element))
    rows: list[Any] = values.ravel().tolist() if values.dtype == object else []
    for position, (name, member) in enumerate(element):
        column = objects([row[position] for row in rows], values.shape) if values.dtype == object else values[name]
        result[name] = from_stored(column, member, path_in)
    return result


def _text(value: Any) -> str:
    if isinstance(value, (str, bytes)):
        return text(value)
    return "" if value in (None, 0) else json.dumps(value, ensure_ascii=False)


def _reference(value: Any, path_in: Callable[[Any], str]) -> Reference | None:
    if isinstance(value, bytes):
        value = text(value)
    if isinstance(value, str) and value[:1] == "{":
        value = json.loads(value)
    if not value:
        return None
    return Reference(path_in(value if isinstance(value, dict) else {"source": ".", "path": value}))


def to_stored(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values in the form of the contract as they are stored."""
    if dtype.names is not None:
        result = np.empty(values.shape, dtype)
        for name in dtype.names:
            result[name] = to_stored(values[name], dtype[name])
        return result
    if dtype.kind == "U":
        return np.array([_as_text(value) for value in values.ravel().tolist()], dtype).reshape(values.shape)
    return values.astype(dtype, copy=False)
