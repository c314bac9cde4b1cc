"""Types of Zarr and elements of the contract, translated into each other.

What has bytes of its own is described by the numpy dtype in which these lie in a chunk, byte order included. Text of any length
has none; its chunks are taken apart by `zarr_objects`. Within compounds text has a fixed length, and references are the paths of
their targets.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from photonwb.errors import DamagedFileError, InvalidTypeError, StorageError

from .contract import REFERENCE, TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .contract import ElementType

__all__ = [
    "LEAST_CHARACTERS",
    "OBJECTS",
    "data_type",
    "dtype_from",
    "element_of",
    "fill_document",
    "fill_from",
    "legacy_dtype",
    "stored_dtype",
]

# What text of any length has in the place of a dtype.
OBJECTS = np.dtype(object)

NUMBERS = frozenset(
    {
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
        *("bool", "float16", "float32", "float64", "complex64", "complex128"),
    }
)
TEXTS = frozenset({"string", "variable_length_utf8", "variable_length_bytes", "bytes"})
# Characters of a text in a compound, unless there are longer ones; as other writers have it.
LEAST_CHARACTERS = 512
CHARACTER = 4


def dtype_from(document: Any) -> np.dtype[Any]:
    """The dtype of a `data_type` of format 3, in little-endian order.

    Raises
    ------
    StorageError
        A type that is not known.
    """
    name, options = (document, {}) if isinstance(document, str) else _named(document)
    if name in NUMBERS:
        return np.dtype(name).newbyteorder("<")
    if name in TEXTS:
        return OBJECTS
    if name in ("struct", "structured"):
        return np.dtype([_field(field) for field in options["fields"]])
    length = int(options.get("length_bytes", 0))
    if name == "fixed_length_utf32":
        return np.dtype(f"<U{length // CHARACTER}")
    if name == "null_terminated_bytes":
        return np.dtype(f"S{length}")
    if name in ("raw_bytes", "fixed_length_bytes"):
        return np.dtype(f"V{length}")
    if name[:1] == "r" and name[1:].isdecimal():
        return np.dtype(f"V{int(name[1:]) // 8}")
    if name in ("numpy.datetime64", "numpy.timedelta64"):
        return np.dtype(f"<{'M' if 'datetime' in name else 'm'}8[{options.get('scale_factor', 1)}{options['unit']}]")
    raise StorageError(f"data type {document!r:.80} is not known")


def _named(document: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise DamagedFileError(f"{document!r:.80} is no data type")
    return document["name"], document.get("configuration") or {}


def _field(field: Any) -> tuple[str, np.dtype[Any]]:
    """Name and dtype of a member, in the form of today or as a pair."""
    name, kind = (field["name"], field["data_type"]) if isinstance(field, dict) else field
    dtype = dtype_from(kind)
    if dtype.hasobject:
        raise StorageError(f"the member {name!r} of a compound has text of any length, which cannot be read")
    return str(name), dtype


def legacy_dtype(document: Any) -> np.dtype[Any]:
    """The dtype of format 2: a text of numpy, or lists of them for a compound."""
    if isinstance(document, str):
        dtype = np.dtype(document)
        return OBJECTS if dtype.kind == "O" else dtype
    fields: list[Any] = []
    for name, kind, *shape in document:
        fields.append((str(name), legacy_dtype(kind), *(tuple(lengths) for lengths in shape)))
    dtype = np.dtype(fields)
    return OBJECTS if dtype.hasobject else dtype


def element_of(dtype: np.dtype[Any], references: Collection[str] | None = None) -> ElementType:
    """What elements of a stored dtype are.

    Parameters
    ----------
    dtype : numpy.dtype
    references : collection of str, optional
        Names of the members that are references; "" among them for elements that are.
    """
    references = references or ()
    if dtype.names is not None:
        return tuple((name, REFERENCE if name in references else element_of(dtype[name])) for name in dtype.names)
    if dtype.kind in "OUS":
        return REFERENCE if "" in references else TEXT
    return dtype


def stored_dtype(element: ElementType, characters: int = LEAST_CHARACTERS) -> np.dtype[Any]:
    """The dtype in which elements are stored; text in compounds has room for so many characters.

    Raises
    ------
    InvalidTypeError
        Zarr has no type for them.
    """
    if isinstance(element, str):
        return OBJECTS
    if isinstance(element, np.dtype):
        if element.names is not None:
            return np.dtype([(name, stored_dtype(element[name]).newbyteorder("<")) for name in element.names])
        if element.name not in NUMBERS:
            raise InvalidTypeError(f"Zarr cannot store elements of {element}")
        return element
    members: list[tuple[str, np.dtype[Any]]] = []
    for name, member in element:
        dtype = stored_dtype(member, characters)
        members.append((name, np.dtype(f"<U{characters}") if dtype == OBJECTS else dtype.newbyteorder("<")))
    return np.dtype(members)


def data_type(dtype: np.dtype[Any]) -> Any:
    """The `data_type` of format 3 that stands for a stored dtype."""
    if dtype == OBJECTS:
        return "string"
    if dtype.names is not None:
        fields = [{"name": name, "data_type": data_type(dtype[name])} for name in dtype.names]
        return {"name": "struct", "configuration": {"fields": fields}}
    if dtype.kind == "U":
        return {"name": "fixed_length_utf32", "configuration": {"length_bytes": dtype.itemsize}}
    return dtype.name


def fill_document(fill: Any, dtype: np.dtype[Any]) -> Any:
    """The `fill_value` of format 3."""
    if dtype.names is not None:
        return {name: fill_document(None, dtype[name]) for name in dtype.names}
    if dtype.kind in "OU":
        return ""
    value = np.asarray(0 if fill is None else fill, dtype)
    if dtype.kind == "c":
        part = np.dtype(f"f{dtype.itemsize // 2}")
        number = complex(value.item())
        return [fill_document(number.real, part), fill_document(number.imag, part)]
    if dtype.kind != "f":
        return value.item()
    if np.isnan(value):
        return "NaN"
    return value.item() if np.isfinite(value) else f"{'-' * bool(value < 0)}Infinity"


def fill_from(document: Any, dtype: np.dtype[Any]) -> Any:
    """What elements are that nobody wrote: a value of that dtype, "" for text.

    Raises
    ------
    DamagedFileError
        The value is none of that type.
    """
    if dtype == OBJECTS:
        return document if isinstance(document, str) else ""
    value = np.zeros((), dtype)
    if document is None or document == 0:
        return value[()]
    try:
        if dtype.names is not None:
            if isinstance(document, dict):
                for name in dtype.names:
                    value[name] = fill_from(cast("Any", document).get(name), dtype[name])
                return value[()]
            return np.frombuffer(base64.b64decode(document), dtype)[0]
        if dtype.kind in "SV":
            raw = base64.b64decode(document) if isinstance(document, str) else bytes(document)
            return np.frombuffer(raw.ljust(dtype.itemsize, b"\0")[: dtype.itemsize], dtype)[0]
        if dtype.kind == "c":
            real, imaginary = (float(part) for part in document)
            return dtype.type(complex(real, imaginary))
        if isinstance(document, str) and document.startswith("0x"):
            raw = int(document, 16).to_bytes(dtype.itemsize, "big")
            return np.frombuffer(raw, dtype.newbyteorder(">"))[0].astype(dtype)
        value[...] = float(document) if dtype.kind == "f" else document
    except (TypeError, ValueError, OverflowError, IndexError, binascii.Error) as error:
        raise DamagedFileError(f"{document!r:.80} is no value of {dtype}") from error
    return value[()]
