"""Types of HDF5 and values of the contract, translated into each other.

References are read as the bare addresses that they are, not as objects of h5py: finding the path of an address ourselves spares
the walk through the whole file that HDF5 makes for each of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from photonwb.errors import DamagedFileError, InvalidTypeError, InvalidValueError, StorageError

from .contract import ASCII, REFERENCE, TEXT, Reference
from .elements import dtype_of, objects
from .hdf5_library import h5r, h5t, name_bytes, name_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .contract import ElementType

__all__ = ["decode", "element_from", "encode", "file_type", "has_plain_bytes", "list_places", "memory_type"]

ADDRESS = np.dtype(np.uint64)
# What texts of any length are read into, nearly always.
TEXTS = np.dtype(object), h5t.py_create(h5py.string_dtype())


def element_from(stored: Any) -> ElementType:
    """What one element of an HDF5 type is; types that the contract has no word for stay dtypes of h5py."""
    kind = stored.get_class()
    if kind == h5t.STRING:
        return TEXT if stored.get_cset() == h5t.CSET_UTF8 else ASCII
    if kind == h5t.REFERENCE:
        return REFERENCE
    if kind == h5t.COMPOUND and stored.dtype.names is not None:
        return tuple((_member_name(stored, i), element_from(stored.get_member_type(i))) for i in range(stored.get_nmembers()))
    return stored.dtype


def _member_name(stored: Any, member: int) -> str:
    """Name of a member of a compound."""
    return name_text(stored.get_member_name(member))


def memory_type(stored: Any) -> tuple[np.dtype[Any], Any]:
    """What to read such elements into: the dtype of the array and, where h5py shall not choose it, the HDF5 type."""
    kind = stored.get_class()
    if kind == h5t.STRING and stored.is_variable_str():
        return TEXTS
    if stored.detect_class(h5t.VLEN):
        _check_lists(stored)
    if not stored.detect_class(h5t.REFERENCE):
        dtype = stored.dtype
        return dtype, None if dtype.subdtype is None else h5t.py_create(dtype)
    if kind == h5t.REFERENCE and stored.equal(h5t.STD_REF_OBJ):
        return ADDRESS, h5t.STD_REF_OBJ
    if kind != h5t.COMPOUND:
        raise StorageError("only references to objects can be read, not those to regions nor lists of them")
    names = [_member_name(stored, i) for i in range(stored.get_nmembers())]
    parts = [memory_type(stored.get_member_type(i)) for i in range(stored.get_nmembers())]
    dtype = np.dtype([(name, part) for name, (part, _) in zip(names, parts, strict=True)])
    compound = h5t.create(h5t.COMPOUND, dtype.itemsize)
    offset = 0
    for name, (part, type_id) in zip(names, parts, strict=True):
        compound.insert(name_bytes(name), offset, type_id or h5t.py_create(part))
        offset += part.itemsize
    return dtype, compound


def _check_lists(stored: Any) -> None:
    """Refuse lists of a kind that does not exist, as damaged files have them: HDF5 ends the process when it reads them."""
    kind = stored.get_class()
    if kind == h5t.COMPOUND:
        for i in range(stored.get_nmembers()):
            _check_lists(stored.get_member_type(i))
    elif kind in (h5t.VLEN, h5t.ARRAY):
        # Behind two bytes that say "a type" and one with its class: 0 for lists, 1 for text, nothing else.
        if kind == h5t.VLEN and stored.encode()[3] & 15:
            raise DamagedFileError("the type of the elements makes no sense")
        _check_lists(stored.get_super())


def list_places(stored: Any) -> tuple[list[int], int]:
    """Where in an element of the file there are texts or lists of any length, each of which begins with that; and its size.

    A type tells what it takes in memory. There a text is a pointer; in the file it takes twice as much, as a list always does.
    """
    places: list[int] = []
    longer = 0
    for place, is_text in sorted(_lists(stored, 0)):
        places.append(place + longer)
        longer += 8 * is_text
    return places, stored.get_size() + longer


def _lists(stored: Any, start: int) -> list[tuple[int, bool]]:
    kind = stored.get_class()
    if kind == h5t.COMPOUND:
        members = range(stored.get_nmembers())
        return [found for i in members for found in _lists(stored.get_member_type(i), start + stored.get_member_offset(i))]
    is_text = kind == h5t.STRING and stored.is_variable_str()
    return [(start, is_text)] if is_text or kind == h5t.VLEN else []


def decode(array: NDArray[Any], stored: Any, path_of: Callable[[int], str]) -> NDArray[Any]:
    """Values as read into `memory_type(stored)`, in the form of the contract.

    Parameters
    ----------
    array : ndarray
    stored : h5py TypeID
        The type in the file.
    path_of : callable
        Gives the path of the object at an address.
    """
    kind = stored.get_class()
    if kind == h5t.STRING:
        return _decode_text(array, stored)
    if kind == h5t.REFERENCE:
        return _decode_references(array, path_of)
    if kind == h5t.COMPOUND and array.dtype.names is not None:
        members = [(name, stored.get_member_type(i)) for i, name in enumerate(array.dtype.names)]
        if all(member.get_class() in (h5t.INTEGER, h5t.FLOAT) for _, member in members):
            return array
        decoded = [decode(array[name], member, path_of) for name, member in members]
        return _structured(array, decoded)
    if array.dtype.metadata and array.dtype.kind != "O":
        return array.view(array.dtype.str)
    return array


def _structured(array: NDArray[Any], members: list[NDArray[Any]]) -> NDArray[Any]:
    names = array.dtype.names or ()
    fields = [(name, values.dtype, values.shape[array.ndim :]) for name, values in zip(names, members, strict=True)]
    result = np.empty(array.shape, fields)
    for name, values in zip(names, members, strict=True):
        result[name] = values
    return result


def _decode_text(array: NDArray[Any], stored: Any) -> NDArray[Any]:
    values: list[Any] = array.ravel().tolist()
    if not stored.is_variable_str():
        padding = b" \0" if stored.get_strpad() == h5t.STR_SPACEPAD else b"\0"
        values = [value.split(b"\0", 1)[0].rstrip(padding) for value in values]
    # What was never written comes as None or 0.
    return objects([(value or b"").decode("utf-8", "surrogateescape") for value in values], array.shape)


def _decode_references(addresses: NDArray[Any], path_of: Callable[[int], str]) -> NDArray[Any]:
    distinct = set(addresses.ravel().tolist())
    found = {address: Reference(path_of(address)) if address else None for address in distinct}
    return objects([found[address] for address in addresses.ravel().tolist()], addresses.shape)


def h5py_dtype(element: ElementType) -> np.dtype[Any]:
    """The dtype by which h5py knows what to store."""
    if isinstance(element, tuple):
        return np.dtype([(name, h5py_dtype(member)) for name, member in element])
    if isinstance(element, np.dtype):
        return element
    return _object_dtype(element)


@cache
def _object_dtype(element: str) -> np.dtype[Any]:
    return h5py.ref_dtype if element == REFERENCE else h5py.string_dtype("ascii" if element == ASCII else "utf-8")


@cache
def _object_type(element: str) -> Any:
    return h5t.py_create(_object_dtype(element), logical=True)


def file_type(element: ElementType) -> Any:
    """The HDF5 type to store such elements as."""
    if isinstance(element, str):
        return _object_type(element)
    try:
        return h5t.py_create(h5py_dtype(element), logical=True)
    except TypeError as error:
        raise InvalidTypeError(f"HDF5 cannot store elements of {element}") from error


def encode(array: NDArray[Any], element: ElementType, reference_to: Callable[[Reference], Any]) -> NDArray[Any]:
    """Values in the form of the contract as h5py wants them for writing."""
    dtype = h5py_dtype(element)
    if isinstance(element, tuple):
        result = np.empty(array.shape, dtype)
        for name, member in element:
            result[name] = encode(array[name], member, reference_to)
        return result
    if isinstance(element, np.dtype):
        return array.astype(dtype, copy=False)
    if element == REFERENCE:
        null = h5r.Reference()
        values = [null if value is None else reference_to(value) for value in array.ravel().tolist()]
    else:
        values = [_encode_text(value, element) for value in array.ravel().tolist()]
    return objects(values, array.shape).astype(dtype)


def _encode_text(value: str, element: str) -> bytes:
    if "\0" in value:
        raise InvalidValueError(f"text with a NUL character cannot be stored in HDF5: {value!r:.80}")
    try:
        return value.encode("ascii" if element == ASCII else "utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidValueError(f"{value!r:.80} holds characters that are not {error.encoding.upper()}") from error


def has_plain_bytes(stored: Any, element: ElementType) -> bool:
    """Whether the bytes in the file are those of a numpy array of the same elements."""
    if dtype_of(element).hasobject:
        return False
    return stored.equal(h5t.py_create(element if isinstance(element, np.dtype) else stored.dtype, logical=True))
