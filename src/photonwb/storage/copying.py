"""Objects and attributes of one store in another: bytes and all where both are HDF5, by their values otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .contract import Reference
from .relations import holds_references, references_in

if TYPE_CHECKING:
    from .contract import Dataset, Group, Node

__all__ = ["copy_attributes", "copy_dataset", "copy_group", "copy_unknown"]


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
    from photonwb.arrays import incoming

    layout = source.layout
    made = to.create_dataset(name, layout)
    if not holds_references(layout.element) or source.store is to.store:
        made.write_blocks(incoming(source.read() if layout.chunks is None else source.source()).blocks(layout.chunks))
    copy_attributes(source, made)


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
