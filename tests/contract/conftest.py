"""The stores that the contract is tested over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from photonwb.storage.hdf5 import HDF5Store
from photonwb.storage.memory import MemoryStore

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


class HDF5Maker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.opened: list[HDF5Store] = []

    def create(self, name: str = "a.nwb") -> HDF5Store:
        return self._keep(HDF5Store(self._folder / name, "w"))

    def reopen(self, store: HDF5Store, *, writable: bool = False) -> HDF5Store:
        store.close()
        return self._keep(HDF5Store(store.location, "r+" if writable else "r"))

    def _keep(self, store: HDF5Store) -> HDF5Store:
        self.opened.append(store)
        return store


@pytest.fixture(params=["memory", "hdf5"])
def maker(request, tmp_path):
    if request.param == "memory":
        yield MemoryMaker()
        return
    maker = HDF5Maker(tmp_path)
    yield maker
    for store in maker.opened:
        store.close()


@pytest.fixture
def store(maker):
    return maker.create("a.nwb")
