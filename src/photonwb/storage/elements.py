"""What values are made of, and the one form in which arrays cross the border of a store.

Each store translates this form into its own types; guessing an element type from a Python value, and refusing what would lose
information, happens here alone, so that all stores agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from photonwb.errors import InvalidTypeError, InvalidValueError

from .contract import ASCII, REFERENCE, TEXT, Reference, Typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .contract import ElementType

__all__ = ["convert", "dtype_of", "normalise", "objects", "plain_value", "text"]


def normalise(value: Any, element: ElementType | None = None) -> tuple[NDArray[Any], ElementType]:
    """Array in the form of the contract, and its element type.

    Parameters
    ----------
    value : scalar, nested sequence, array or Typed
    element : ElementType, optional
        What to store it as; told by a `Typed` value, or else guessed from the value.

    Raises
    ------
    InvalidTypeError
        The value is of a kind that no file holds.
    InvalidValueError
        The value does not fit the element type.
    """
    if isinstance(value, Typed):
        value, element = value
    array = _as_array(value, element)
    if element is None:
        element = _guess(array.dtype, array)
    return convert(array, element), element


def convert(array: NDArray[Any], element: ElementType) -> NDArray[Any]:
    """The same values as elements of that type.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Where a value would be lost.
    """
    if isinstance(element, tuple):
        if array.dtype.names is None:
            raise InvalidTypeError(f"expected a structured array with members {[name for name, _ in element]}, got {array.dtype}")
        if missing := [name for name, _ in element if name not in array.dtype.names]:
            raise InvalidValueError(f"expected members {[name for name, _ in element]}, {missing} are missing")
        dtype = dtype_of(element)
        if array.dtype == dtype and not dtype.hasobject:
            return array
        members = np.empty(array.shape, dtype)
        for name, member in element:
            members[name] = convert(array[name], member)
        return members
    if isinstance(element, np.dtype):
        return _convert_numbers(array, element)
    if element == REFERENCE:
        return _map_objects(_checked_reference, array)
    return _map_objects(_checked_text, array)


def dtype_of(element: ElementType) -> np.dtype[Any]:
    """As numpy sees such elements: object for text and references."""
    if isinstance(element, tuple):
        return np.dtype([(name, dtype_of(member)) for name, member in element])
    if isinstance(element, np.dtype):
        # Metadata, by which a library marks its own types, says nothing to others.
        return np.dtype(element.str) if element.metadata else element
    return np.dtype(object)


def plain_value(array: NDArray[Any]) -> Any:
    """The array itself, or what a scalar one holds: str, bool, Reference, numpy scalar."""
    if array.ndim:
        return array
    return array.item() if array.dtype.kind in "Ob" else array[()]


def text(value: str | bytes) -> str:
    """Text of bytes; those that are not UTF-8 survive as surrogates."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def objects(values: list[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Object array of that shape; nothing is taken apart, whatever the values are."""
    array = np.empty(shape, object)
    if not shape:
        array[()] = values[0]
        return array
    flat = array.reshape(-1)
    for position, value in enumerate(values):
        flat[position] = value
    return array


def _map_objects(function: Any, array: NDArray[Any]) -> NDArray[Any]:
    return objects([function(value) for value in array.ravel().tolist()], array.shape)


def _checked_text(value: Any) -> str:
    if not isinstance(value, (str, bytes)):
        raise InvalidTypeError(f"expected text, got {type(value).__name__} {value!r}")
    return text(value)


def _checked_reference(value: Any) -> Reference | None:
    if value is not None and not isinstance(value, Reference):
        raise InvalidTypeError(f"expected a reference, got {type(value).__name__} {value!r}")
    return value


def _convert_numbers(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if array.dtype == dtype or dtype.kind == "O":
        return array
    if array.dtype.kind not in "biufcV" or (array.dtype.kind == "V") != (dtype.kind == "V"):
        raise InvalidTypeError(f"expected {dtype}, got {array.dtype}")
    with np.errstate(invalid="ignore", over="ignore"):
        # Complex numbers and records say themselves what they cannot become.
        converted = array.astype(dtype, casting="unsafe" if array.dtype.kind in "biuf" else "same_kind")
        lossy = dtype.kind in "biu" and not np.array_equal(converted, array)
    if lossy:
        raise InvalidValueError(f"values of {array.dtype} do not fit {dtype} without loss")
    return converted


def _as_array(value: Any, element: ElementType | None) -> NDArray[Any]:
    if value is None and element != REFERENCE:
        raise InvalidTypeError("None cannot be stored; what has no value is left out")
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if isinstance(element, tuple):
        return np.array(value, dtype_of(element))
    leaf = value
    while isinstance(leaf, (list, tuple)) and leaf and not isinstance(leaf, Reference):
        leaf = cast("Any", leaf[0])
    if isinstance(leaf, (str, bytes, Reference)) or leaf is None:
        return _nested_objects(value)
    array = np.asarray(value)
    if array.dtype.kind in "US":
        raise InvalidTypeError(f"numbers and text in one list cannot be stored: {value!r:.80}")
    return array


def _nested_objects(nested: Any) -> NDArray[Any]:
    """Array of text or references from nested sequences; a reference is a tuple that must stay whole."""
    shape: list[int] = []
    flat: list[Any] = [nested]
    while flat and isinstance(flat[0], (list, tuple)) and not isinstance(flat[0], Reference):
        lengths = {len(item) if isinstance(item, (list, tuple)) else -1 for item in flat}
        if len(lengths) > 1:
            raise InvalidValueError(f"a nested list whose rows differ in length cannot be stored: {nested!r:.80}")
        shape.append(lengths.pop())
        flat = [inner for item in flat for inner in item]
    return objects(flat, tuple(shape))


def _guess(dtype: np.dtype[Any], array: NDArray[Any]) -> ElementType:
    if dtype.names is not None:
        return tuple((name, _guess(dtype[name], array[name])) for name in dtype.names)
    if dtype.kind in "UT":
        return TEXT
    if dtype.kind == "S":
        return ASCII
    if dtype.kind == "O" and not dtype.metadata:
        return _guess_objects(array)
    if dtype.kind in "Mm":
        raise InvalidTypeError(f"{dtype} cannot be stored; write times as ISO 8601 text or as seconds")
    return dtype


def _guess_objects(array: NDArray[Any]) -> ElementType:
    first = next((value for value in array.ravel().tolist() if value is not None), None)
    if isinstance(first, Reference) or (first is None and array.size):
        return REFERENCE
    if isinstance(first, bytes):
        return ASCII
    if isinstance(first, str) or first is None:
        return TEXT
    raise InvalidTypeError(f"objects of type {type(first).__name__} cannot be stored")
