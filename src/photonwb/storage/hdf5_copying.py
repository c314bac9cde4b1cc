"""Objects of HDF5 files as they are, bytes and all, in another place or file.

HDF5 copies the chunks of a dataset without decoding them, and every property of it that nobody here has a word for. What it
cannot carry into another file are references, which are addresses: they come out empty, and are written again by whoever knows
where their targets went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .hdf5_library import h5a, h5o, h5p, h5s, h5t, name_bytes

if TYPE_CHECKING:
    from .hdf5_nodes import HDF5Dataset, HDF5Group

__all__ = ["copy_attributes", "copy_group", "copy_member", "copy_object"]


def copy_object(source: HDF5Dataset | HDF5Group, to: HDF5Group, name: str) -> None:
    """Copy a dataset, or a group with all that is in it, links included."""
    with source.store.reading(source.path):
        opened = source.object_id
        with to.store.writing(f"{to.path.rstrip('/')}/{name}"):
            h5o.copy(opened, b".", to.object_id, name_bytes(name))
    to.store.forget_addresses()


def copy_member(source: HDF5Group, to: HDF5Group, name: str) -> None:
    """Copy a member of whatever kind, such as a named type."""
    with source.store.reading(source.path):
        opened = source.object_id
        with to.store.writing(f"{to.path.rstrip('/')}/{name}"):
            h5o.copy(opened, name_bytes(name), to.object_id, name_bytes(name))
    to.store.forget_addresses()


def copy_group(source: HDF5Group, to: HDF5Group, name: str) -> HDF5Group:
    """Copy a group with its attributes and without what is in it."""
    from .hdf5_library import h5g

    with source.store.reading(source.path):
        properties = source.object_id.get_create_plist() if hasattr(source.object_id, "get_create_plist") else None
    with to.store.writing(f"{to.path.rstrip('/')}/{name}"):
        h5g.create(to.object_id, name_bytes(name), gcpl=properties or h5p.create(h5p.GROUP_CREATE))
    to.store.forget_addresses()
    made: Any = to[name]
    copy_attributes(source, made)
    return made


def copy_attributes(source: HDF5Dataset | HDF5Group, to: HDF5Dataset | HDF5Group) -> None:
    """Copy all attributes that the target does not have; references only within a file."""
    names: list[bytes] = []
    with source.store.reading(source.path):
        h5a.iterate(source.object_id, names.append)
    for name in names:
        with source.store.reading(source.path):
            old = h5a.open(source.object_id, name)
            stored, space = old.get_type(), old.get_space()
            is_empty = space.get_simple_extent_type() == h5s.NULL
            value = None if is_empty else np.empty(old.shape, old.dtype)
            if value is not None:
                old.read(value)
        if stored.detect_class(h5t.REFERENCE) and source.store is not to.store:
            continue
        with to.store.writing(to.path):
            if not h5a.exists(to.object_id, name):
                new = h5a.create(to.object_id, name, stored, space)
                if value is not None and value.size:
                    new.write(value)
