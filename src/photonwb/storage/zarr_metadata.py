"""Metadata of arrays: what the documents of both formats say, in one form, and the documents of format 3 that are written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from photonwb.errors import DamagedFileError, StorageError

from .contract import Layout
from .elements import dtype_of
from .zarr_codecs import Encoding, codec_documents, encoding_from, legacy_encoding
from .zarr_types import OBJECTS, data_type, dtype_from, element_of, fill_document, fill_from, legacy_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .contract import ElementType

__all__ = ["ArrayMetadata", "KeyStyle", "array_document", "metadata_from", "whole_chunk"]

# Attributes of arrays in which the type of their elements is kept, today and before hdmf-zarr 0.14.
TYPE_ATTRIBUTE = "_DTYPE"
REFERENCE_FIELDS = "_REFERENCE_FIELDS"
OLD_TYPE_ATTRIBUTE = "zarr_dtype"
OBJECT_REFERENCE = "object_reference"

MOST_ELEMENTS = 2**63 - 1


class KeyStyle(NamedTuple):
    """How the files of chunks are called."""

    prefix: str = "c"
    separator: str = "/"

    def key(self, chunk: tuple[int, ...]) -> str:
        """Path of the file of a chunk, from the folder of its array."""
        if not chunk:
            return self.prefix or "0"
        numbers = self.separator.join(map(str, chunk))
        return f"{self.prefix}{self.separator}{numbers}" if self.prefix else numbers

    def chunk(self, key: str, dimensions: int) -> tuple[int, ...] | None:
        """The chunk whose file has that name, None for another file."""
        if not dimensions:
            return () if key == (self.prefix or "0") else None
        parts = key.split(self.separator)
        if self.prefix:
            if parts[0] != self.prefix:
                return None
            parts = parts[1:]
        return tuple(map(int, parts)) if len(parts) == dimensions and all(map(str.isdecimal, parts)) else None


class ArrayMetadata(NamedTuple):
    """What there is to know of an array.

    Parameters
    ----------
    shape : tuple of int
    element : ElementType
    dtype : numpy.dtype
        As stored, byte order included; object for text of any length.
    grid : tuple of int
        Shape of what lies in a file: a chunk, or chunks of a shard.
    encoding : Encoding
    fill : scalar
    keys : KeyStyle
    maximum : tuple of int or None, optional
        How far each axis may grow, where that is not told by the form in which it is stored.
    is_noted : bool
        Whether `maximum` was written down.
    is_scalar : bool
        Whether an array of one element stands for that element.
    """

    shape: tuple[int, ...]
    element: ElementType
    dtype: np.dtype[Any]
    grid: tuple[int, ...]
    encoding: Encoding
    fill: Any
    keys: KeyStyle
    maximum: tuple[int | None, ...] | None = None
    is_noted: bool = False
    is_scalar: bool = False

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of what is decoded in one piece."""
        return self.grid if self.encoding.shard is None else self.encoding.shard.chunks

    @property
    def filters(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """What is done to the bytes of a chunk; text is always compressed, and that is no choice of anybody."""
        if dtype_of(self.element).hasobject:
            return ()
        return (self.encoding if self.encoding.shard is None else self.encoding.shard.encoding).filters

    @property
    def layout(self) -> Layout:
        """The layout that the contract has for it."""
        maximum = self.maximum if self.is_noted else self.natural_maximum
        chunked = self.is_noted or self.is_chunked
        filled = dtype_of(self.element).hasobject or not np.asarray(self.fill).tobytes().strip(b"\0")
        return Layout(
            self.shape if not self.is_scalar else (),
            self.element,
            maximum if chunked else None,
            self.chunks if chunked else None,
            self.filters if chunked else (),
            None if filled else self.fill,
        )

    @property
    def is_chunked(self) -> bool:
        """Whether the array lies in more than one plain piece."""
        return bool(self.shape) and not self.is_scalar and (bool(self.filters) or self.chunks != whole_chunk(self.shape))

    @property
    def natural_maximum(self) -> tuple[int | None, ...] | None:
        """What is assumed of an array in chunks: that more can be added at its end."""
        return (None, *self.shape[1:]) if self.is_chunked else None


def whole_chunk(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The chunk that holds all of an array."""
    return tuple(max(1, length) for length in shape)


def metadata_from(document: Mapping[str, Any], maximum: Any = ()) -> ArrayMetadata:
    """What the document of an array says.

    Parameters
    ----------
    document : mapping
        `zarr.json` of format 3; of format 2 `.zarray`, with the attributes as "attributes".
    maximum : list or None
        What was noted of how far it may grow; () for nothing.

    Raises
    ------
    DamagedFileError, StorageError
        It makes no sense, or needs what this version does not know.
    """
    try:
        made = _current(document) if document.get("zarr_format") == 3 else _legacy(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        raise DamagedFileError(f"the metadata of an array make no sense: {type(error).__name__}: {error}") from error
    if maximum == () or not made.shape:
        return made
    is_list = isinstance(maximum, list) and len(cast("list[Any]", maximum)) == len(made.shape)
    return made._replace(maximum=tuple(maximum) if is_list else None, is_noted=True)


def _current(document: Mapping[str, Any]) -> ArrayMetadata:
    dtype = dtype_from(document["data_type"])
    shape = _lengths(document["shape"])
    grid = document["chunk_grid"]
    if grid["name"] != "regular":
        raise StorageError(f"chunks on a grid {grid['name']!r:.40} cannot be read")
    encoding = encoding_from(document["codecs"], dtype)
    if document.get("storage_transformers"):
        raise StorageError("storage transformers cannot be read")
    attributes: Mapping[str, Any] = document.get("attributes") or {}
    references = [str(name) for name in attributes.get(REFERENCE_FIELDS) or ()]
    if attributes.get(TYPE_ATTRIBUTE) == OBJECT_REFERENCE:
        references.append("")
    inner = encoding if encoding.shard is None else encoding.shard.encoding
    if inner.is_big_endian:
        dtype = dtype.newbyteorder(">")
    fill = fill_from(document.get("fill_value"), dtype)
    element, chunks = element_of(dtype, references), _lengths(grid["configuration"]["chunk_shape"])
    return _checked(ArrayMetadata(shape, element, dtype, chunks, encoding, fill, _key_style(document.get("chunk_key_encoding"))))


def _key_style(document: Any) -> KeyStyle:
    keys: dict[str, Any] = {"name": "default"} if document is None else document
    options: dict[str, Any] = keys.get("configuration") or {}
    if keys["name"] == "default":
        return KeyStyle("c", options.get("separator", "/"))
    if keys["name"] != "v2":
        raise StorageError(f"names of chunks after {keys['name']!r:.40} are not known")
    return KeyStyle("", options.get("separator", "."))


def _legacy(document: Mapping[str, Any]) -> ArrayMetadata:
    dtype = legacy_dtype(document["dtype"])
    shape = _lengths(document["shape"])
    style = KeyStyle("", document.get("dimension_separator") or ".")
    attributes: Mapping[str, Any] = document.get("attributes") or {}
    kind = attributes.get(OLD_TYPE_ATTRIBUTE)
    element = _legacy_element(dtype, kind)
    fill = fill_from(document.get("fill_value"), dtype)
    found = ArrayMetadata(shape, element, dtype, _lengths(document["chunks"]), legacy_encoding(document, dtype), fill, style)
    return _checked(found._replace(is_scalar=kind == "scalar" and math.prod(shape) == 1))


def _legacy_element(dtype: np.dtype[Any], kind: Any) -> ElementType:
    """What `zarr_dtype` says of objects: references, or the names and types of members."""
    if isinstance(kind, list) and dtype.hasobject:
        members: list[tuple[str, ElementType]] = []
        for member in cast("list[dict[str, Any]]", kind):
            said = member["dtype"]
            name: Any = said.get("name", "object") if isinstance(said, dict) else said  # pyright: ignore[reportUnknownVariableType]
            members.append((str(member["name"]), _legacy_member(str(name))))
        return tuple(members)
    return element_of(dtype, [""] if kind in ("object", OBJECT_REFERENCE) else ())


def _legacy_member(name: str) -> ElementType:
    from .contract import REFERENCE, TEXT

    if name in ("object", "reference", "ref", OBJECT_REFERENCE):
        return REFERENCE
    if name in ("text", "utf", "utf8", "utf-8", "str", "ascii", "bytes", "isodatetime", "datetime"):
        return TEXT
    return np.dtype({"int": "int32", "uint": "uint32", "float": "float32", "double": "float64", "long": "int64"}.get(name, name))


def _lengths(lengths: Any) -> tuple[int, ...]:
    if not isinstance(lengths, list) or not all(type(length) is int and length >= 0 for length in cast("list[Any]", lengths)):
        raise DamagedFileError(f"{lengths!r:.80} is no shape")
    return tuple(cast("list[int]", lengths))


def _checked(found: ArrayMetadata) -> ArrayMetadata:
    """The same, unless its shapes cannot be those of an array."""
    pieces = [found.grid] if found.encoding.shard is None else [found.grid, found.chunks]
    for piece in pieces:
        if len(piece) != len(found.shape) or 0 in piece:
            raise DamagedFileError(f"chunks of {piece} do not go with a shape of {found.shape}")
    if any(whole % part for whole, part in zip(found.grid, found.chunks, strict=True)):
        raise DamagedFileError(f"a shard of {found.grid} cannot be cut into chunks of {found.chunks}")
    size = max(1, found.dtype.itemsize)
    if any(math.prod(shape) * size > MOST_ELEMENTS for shape in (found.shape, *pieces)):
        raise DamagedFileError(f"a shape of {found.shape} in chunks of {found.grid} is larger than anything")
    axes = found.encoding.axes
    if axes is not None and len(axes) != len(found.shape):
        raise DamagedFileError(f"{axes} is no order of the axes of a shape of {found.shape}")
    separators = (".", "/")
    if found.keys.separator not in separators:
        raise DamagedFileError(f"{found.keys.separator!r:.20} cannot stand between the numbers of chunks")
    return found


def array_document(array: ArrayMetadata, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The document of format 3 of an array, its attributes behind those that tell the type of its elements."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(array.shape),
        "data_type": data_type(array.dtype),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(array.grid)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill_document(array.fill, array.dtype),
        "codecs": codec_documents(array.encoding.filters, array.dtype),
        "attributes": {**_type_attributes(array), **attributes},
        "storage_transformers": [],
    }


def _type_attributes(array: ArrayMetadata) -> dict[str, Any]:
    if isinstance(array.element, tuple):
        references = [name for name, member in array.element if member == "reference"]
        return {REFERENCE_FIELDS: references} if references else {}
    if array.dtype == OBJECTS:
        return {TYPE_ATTRIBUTE: OBJECT_REFERENCE if array.element == "reference" else "str"}
    return {TYPE_ATTRIBUTE: array.dtype.name}
