"""The low-level interface of h5py. It is compiled and says nothing about its types, so this is the one place that names them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["h5a", "h5d", "h5f", "h5fd", "h5g", "h5l", "h5o", "h5p", "h5r", "h5s", "h5t", "h5z", "name_bytes", "name_text"]

h5a: Any = import_module("h5py.h5a")
h5d: Any = import_module("h5py.h5d")
h5f: Any = import_module("h5py.h5f")
h5fd: Any = import_module("h5py.h5fd")
h5g: Any = import_module("h5py.h5g")
h5l: Any = import_module("h5py.h5l")
h5o: Any = import_module("h5py.h5o")
h5p: Any = import_module("h5py.h5p")
h5r: Any = import_module("h5py.h5r")
h5s: Any = import_module("h5py.h5s")
h5t: Any = import_module("h5py.h5t")
h5z: Any = import_module("h5py.h5z")


def name_bytes(name: str) -> bytes:
    """A name or path as HDF5 takes it; names that are not UTF-8 survive the way there and back."""
    return name.encode("utf-8", "surrogateescape")


def name_text(name: bytes) -> str:
    """A name or path as HDF5 gives it."""
    return name.decode("utf-8", "surrogateescape")
