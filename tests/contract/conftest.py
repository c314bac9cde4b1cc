"""The stores that the contract is tested over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from photonwb.storage.hdf5 import HDF5Store
from photonwb.storage.memory import MemoryStore
from photonwb.storage.zarr_store import ZarrStore

if TYPE_CHECKING:
    from pathlib import Path


class Maker(Protocol):
    """Makes stores of one kind."""

    def create(self, name: str) -> Any: ...

    def reopen(self, store: Any, *, writable: bool = False) -> Any:
        """The same content as somebody finds it who comes later."""
        ...


class MemoryMaker:
    def __init__(self) -> None:
        self._files: dict[str, MemoryStore] = {}

    def create(self, name: str = "a.nwb") -> MemoryStore:
        store = self._files[name] = MemoryStore(name)
        store._files = self._files
        return store

    def reopen(self, store: MemoryStore, *, writable: bool = False) -> MemoryStore:
        store.writable = writable
        return store


class PathMaker:
    """Stores that have a path."""

    def __init__(self, kind: type[HDF5Store] | type[ZarrStore], folder: Path) -> None:
        self._kind = kind
        self._folder = folder
        self.opened: list[Any] = []

    def create(self, name: str = "a.nwb") -> Any:
        return self._keep(self._kind(self._folder / name, "w"))

    def reopen(self, store: Any, *, writable: bool = False) -> Any:
        store.close()
        return self._keep(self._kind(store.location, "r+" if writable else "r"))

    def _keep(self, store: Any) -> Any:
        self.opened.append(store)
        return store


@pytest.fixture(params=["memory", "hdf5", "zarr"])
def maker(request, tmp_path):
    if request.param == "memory":
        yield MemoryMaker()
        return
    maker = PathMaker(HDF5Store if request.param == "hdf5" else ZarrStore, tmp_path)
    yield maker
    for store in maker.opened:
        store.close()


@pytest.fixture
def store(maker):
    return maker.create("a.nwb")
