"""Objects and attributes of one store in another: bytes and all where both are HDF5, by their values otherwise.

Chunks that are stored in the same way in both are not decoded, whatever the formats are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.grid import block_shape
from photonwb.arrays.layouts import SMALL

from .contract import Reference
from .elements import dtype_of
from .relations import holds_references, references_in

if TYPE_CHECKING:
    from .contract import Dataset, Group, Layout, Node, Store

__all__ = ["adapted", "copy_attributes", "copy_dataset", "copy_group", "copy_unknown"]

# Chunks of more bytes are those of a program that did not think of chunks.
LARGEST_CHUNK = 32 << 20
CHUNK = 1 << 20


def copy_attributes(source: Node, to: Node) -> None:
    """Copy all attributes that the target does not have; those that refer to objects only within one store."""
    if _is_hdf5(source) and _is_hdf5(to):
        from .hdf5_copying import copy_attributes as copy_raw

        copy_raw(cast("Any", source), cast("Any", to))
        return
    for name, value in source.attributes.items():
        refers = isinstance(value, Reference) or references_in(value)
        if name not in to.attributes and not (refers and source.store is not to.store):
            to.attributes[name] = value


def copy_dataset(source: Dataset, to: Group, name: str) -> None:
    """Copy a dataset with its attributes; references within come out empty in another store."""
    if _is_hdf5(source) and _is_hdf5(to):
        from .hdf5_copying import copy_object

        copy_object(cast("Any", source), cast("Any", to), name)
        return
    from photonwb.arrays import LazyArray, incoming

    from .zarr_copying import copy_chunks

    layout = adapted(source.layout, to.store)
    made = to.create_dataset(name, layout)
    if (not holds_references(layout.element) or source.store is to.store) and not copy_chunks(source, made):
        data: Any = LazyArray(source.source()) if layout.shape else source.read()
        if layout.shape:
            made.write_blocks(incoming(data).blocks(made.layout.chunks))
        else:
            made.write((), data)
    copy_attributes(source, made)


def adapted(layout: Layout, store: Store) -> Layout:
    """A layout of another store, with the filters and chunks that this one would have in its place."""
    filters = store.preferences.adapted(layout.filters)
    if layout.chunks is None or filters == layout.filters:
        return layout
    dtype = dtype_of(layout.element)
    if dtype.hasobject or math.prod(layout.shape) * dtype.itemsize <= SMALL:
        filters = ()
    chunks = layout.chunks
    if math.prod(chunks) * dtype.itemsize > LARGEST_CHUNK:
        chunks = block_shape(layout.shape, None, dtype.itemsize, CHUNK)
    return layout._replace(filters=filters, chunks=chunks)


def copy_group(source: Group, to: Group, name: str) -> Group:
    """Copy a group with its attributes and without what is in it."""
    if _is_hdf5(source) and _is_hdf5(to):
        from .hdf5_copying import copy_group as copy_raw

        return cast("Group", copy_raw(cast("Any", source), cast("Any", to), name))
    made = to.create_group(name)
    copy_attributes(source, made)
    return made


def copy_unknown(source: Group, to: Group, name: str) -> None:
    """Copy a member that the store has no word for, where both can."""
    if _is_hdf5(source) and _is_hdf5(to):
        from .hdf5_copying import copy_member

        copy_member(cast("Any", source), cast("Any", to), name)


def _is_hdf5(node: Node) -> bool:
    return hasattr(node, "object_id")
