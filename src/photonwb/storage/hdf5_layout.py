"""How HDF5 datasets are stored: filters, chunks, and where their bytes lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.arrays.source import ByteLayout, ChunkPlace
from photonwb.errors import InvalidValueError

from .contract import Layout
from .elements import dtype_of
from .hdf5_library import h5d, h5p, h5s, h5z
from .hdf5_places import ChunkPlaces
from .hdf5_types import element_from, has_plain_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .contract import ElementType
    from .hdf5_nodes import HDF5Dataset

__all__ = ["byte_layout", "creation_properties", "filters_of", "layout_of", "raw_layout", "reads_other_files"]

NAMES = {
    h5z.FILTER_DEFLATE: "gzip",
    h5z.FILTER_SHUFFLE: "shuffle",
    h5z.FILTER_FLETCHER32: "fletcher32",
    h5z.FILTER_LZF: "lzf",
    h5z.FILTER_SZIP: "szip",
    h5z.FILTER_SCALEOFFSET: "scaleoffset",
}


def filters_of(properties: Any) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The filters of a dataset, as `Layout.filters` names them."""
    return tuple(_filter(*properties.get_filter(i)[::2]) for i in range(properties.get_nfilters()))


def _filter(code: int, values: tuple[int, ...]) -> tuple[str, Mapping[str, Any]]:
    name = NAMES.get(code, str(code))
    if name == "gzip":
        return name, {"level": values[0] if values else 6}
    if name in ("shuffle", "fletcher32", "lzf"):
        return name, {}
    if name in ("szip", "scaleoffset"):
        # The rest is what HDF5 itself worked out for the dataset.
        return name, {"options": tuple(values[:2])}
    return name, {"options": tuple(values)}


def layout_of(dataset: Any) -> Layout:
    """The layout of an open dataset."""
    properties, space = dataset.get_create_plist(), dataset.get_space()
    element = element_from(dataset.get_type())
    chunked = properties.get_layout() == h5d.CHUNKED
    return Layout(
        shape=dataset.shape or (),
        element=element,
        maximum=_maximum(space),
        chunks=properties.get_chunk() if chunked else None,
        filters=filters_of(properties),
        fill=_fill(properties, element),
    )


def _maximum(space: Any) -> tuple[int | None, ...] | None:
    """How far each axis may grow, None as a whole when none may."""
    maximum = space.get_simple_extent_dims(True)
    if maximum is None or maximum == space.get_simple_extent_dims():
        return None
    return tuple(None if length == h5s.UNLIMITED else length for length in maximum)


def _fill(properties: Any, element: ElementType) -> Any:
    dtype = dtype_of(element)
    if dtype.hasobject or properties.fill_value_defined() != h5d.FILL_VALUE_USER_DEFINED:
        return None
    fill = np.zeros((), dtype)
    properties.get_fill_value(fill)
    return fill[()]


def creation_properties(layout: Layout, *, many_attributes: bool = False) -> Any:
    """The property list to create a dataset with.

    Raises
    ------
    InvalidValueError
        A filter that is not known.
    """
    properties = h5p.create(h5p.DATASET_CREATE)
    # The same content gives the same bytes, whenever it is written.
    properties.set_obj_track_times(False)
    if many_attributes:
        properties.set_attr_creation_order(h5p.CRT_ORDER_TRACKED)
    if layout.chunks is not None:
        # HDF5 refuses chunks that reach beyond an axis of fixed length.
        lengths = layout.maximum or layout.shape
        properties.set_chunk(tuple(min(chunk, length or chunk) for chunk, length in zip(layout.chunks, lengths, strict=True)))
    if layout.fill is not None and not dtype_of(layout.element).hasobject:
        properties.set_fill_value(np.asarray(layout.fill, dtype_of(layout.element)))
    for name, options in layout.filters:
        _set_filter(properties, name, options, layout.element)
    return properties


def _set_filter(properties: Any, name: str, options: Mapping[str, Any], element: ElementType) -> None:
    match name:
        case "shuffle":
            properties.set_shuffle()
        case "gzip":
            properties.set_deflate(int(options.get("level", 4)))
        case "fletcher32":
            properties.set_fletcher32()
        case "lzf":
            properties.set_filter(h5z.FILTER_LZF, h5z.FLAG_OPTIONAL)
        case "szip":
            properties.set_szip(*options["options"])
        case "scaleoffset":
            default = (h5z.SO_FLOAT_DSCALE if dtype_of(element).kind == "f" else h5z.SO_INT, options.get("factor", 0))
            properties.set_scaleoffset(*options.get("options", default))
        case _:
            if not name.isdecimal() or not h5z.filter_avail(int(name)):
                raise InvalidValueError(
                    f"filter {name!r} is not available; use gzip, shuffle, fletcher32, lzf, szip, scaleoffset, or the number "
                    "of a registered filter after importing the package that brings it (such as hdf5plugin)"
                )
            properties.set_filter(int(name), h5z.FLAG_OPTIONAL, tuple(options.get("options", ())))


def byte_layout(dataset: HDF5Dataset) -> ByteLayout | None:
    """Where the bytes of a dataset lie in its file; None where they cannot be told, or are no plain numbers."""
    opened = dataset.object_id
    stored, properties, space = opened.get_type(), opened.get_create_plist(), opened.get_space()
    if not _has_places(properties, space):
        return None
    element = element_from(stored)
    if not has_plain_bytes(stored, element):
        return None
    # That of a compound tells where its members lie, between which there may be room.
    dtype = dtype_of(element) if isinstance(element, np.dtype) else stored.dtype
    fill = np.zeros((), dtype)
    if properties.fill_value_defined() == h5d.FILL_VALUE_USER_DEFINED:
        properties.get_fill_value(fill)
    return _layout_as(dataset, dtype, fill[()], properties, space)


def raw_layout(dataset: HDF5Dataset, itemsize: int, properties: Any, space: Any) -> ByteLayout | None:
    """The same of elements that are taken for so many bytes, whatever they mean."""
    if not _has_places(properties, space):
        return None
    return _layout_as(dataset, np.dtype((np.void, itemsize)), np.void(itemsize), properties, space)


def _has_places(properties: Any, space: Any) -> bool:
    """Whether the elements of a dataset lie in the file itself, one behind the other or in chunks."""
    return (
        properties.get_layout() in (h5d.CHUNKED, h5d.CONTIGUOUS)
        and not properties.get_external_count()
        and space.get_simple_extent_type() != h5s.NULL
    )


def _layout_as(dataset: HDF5Dataset, dtype: np.dtype[Any], fill: Any, properties: Any, space: Any) -> ByteLayout:
    chunks = properties.get_chunk() if properties.get_layout() == h5d.CHUNKED else None
    shape = space.get_simple_extent_dims()
    store, filters = dataset.store, filters_of(properties) if chunks else ()
    places: Mapping[tuple[int, ...], ChunkPlace] = ChunkPlaces(dataset, chunks) if chunks else _one_place(dataset.object_id)
    if isinstance(places, ChunkPlaces) and not filters and not store.writable:
        piece = places.in_one_piece(shape, dtype.itemsize)
        chunks, places = (None, {(): piece}) if piece is not None else (chunks, places)
    return ByteLayout(store.location, shape, dtype, chunks, filters, fill, places, store.threads, store.keeper)


def reads_other_files(properties: Any) -> bool:
    """Whether HDF5 would open files that a dataset, by its properties, names: those of a virtual one, or of external storage."""
    return properties.get_layout() == h5d.VIRTUAL or properties.get_external_count() > 0


def _one_place(dataset: Any) -> dict[tuple[int, ...], ChunkPlace]:
    offset = dataset.get_offset()
    return {} if offset is None else {(): ChunkPlace(offset, dataset.get_storage_size())}
