"""Two HDF5 files compared in all that they hold, by plain h5py: what is known to the model and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np


def content(path: Path | str) -> dict[str, Any]:
    """All of a file by path: each object, its attributes (path@name), its values; references as the paths they lead to."""
    found: dict[str, Any] = {}
    with h5py.File(path, "r") as file:
        _collect(file, "/", file, found)
    return found


def differences(one: Path | str | dict[str, Any], other: Path | str | dict[str, Any]) -> list[str]:
    """Paths of all that is in one file only, or not the same in both."""
    left = one if isinstance(one, dict) else content(one)
    right = other if isinstance(other, dict) else content(other)
    return sorted(path for path in left.keys() | right.keys() if left.get(path) != right.get(path))


def _collect(file: h5py.File, path: str, node: Any, found: dict[str, Any]) -> None:
    for name in node.attrs:
        attribute = h5py.h5a.open(node.id, name.encode("utf-8", "surrogateescape"))
        kind = _kind(attribute.get_type())
        found[f"{path}@{name}"] = (kind, *_value(file, node.attrs[name]))
    if isinstance(node, h5py.Dataset):
        properties = node.id.get_create_plist()
        filters = tuple(properties.get_filter(i) for i in range(properties.get_nfilters()))
        values = None if node.shape is None else node[()]
        found[path] = ("dataset", _kind(node.id.get_type()), node.maxshape, node.chunks, filters, *_value(file, values))
        return
    found[path] = ("group",)
    for name in node:
        member = f"{path.rstrip('/')}/{name}"
        link = node.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            found[member] = ("link", link.path)
        elif isinstance(link, h5py.ExternalLink):
            found[member] = ("external link", link.filename, link.path)
        else:
            _collect(file, member, node[name], found)


def _kind(stored: Any) -> bytes:
    """The type in the file, bit by bit."""
    return stored.encode()


def _value(file: h5py.File, value: Any) -> tuple[Any, ...]:
    if isinstance(value, h5py.Empty) or value is None:
        return ("empty",)
    array = np.asarray(value)
    if isinstance(value, h5py.Reference) or array.dtype.hasobject:
        return array.shape, repr(_plain(file, value if isinstance(value, h5py.Reference) else array.tolist()))
    return array.shape, array.tobytes()


def _plain(file: h5py.File, value: Any) -> Any:
    if isinstance(value, h5py.Reference):
        return ("reference", file[value].name if value else None)
    if isinstance(value, (list, tuple)):
        return [_plain(file, item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value
