"""Which store holds a file, and in which state the file is when it is opened."""

from __future__ import annotations

import os
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.arrays import pool
from photonwb.errors import DamagedFileError, StorageError
from photonwb.storage.journal import open_elsewhere, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.storage.contract import Store

__all__ = ["opened_store"]

# How long to wait for a commit to end, and how often to look, in seconds.
PATIENCE = 0.5
INTERVAL = 0.005

# h5py takes long to import, so it waits for the first file. To a program that has it, reading comes as one piece.
if "h5py" in sys.modules:
    for module in ("photonwb.storage.hdf5", "photonwb.arrays.small"):
        import_module(module)


def opened_store(file: Any, mode: str, options: Mapping[str, Any], *, trusted: bool = True, threads: int | None = None) -> Store:
    """Open the store of a file.

    Parameters
    ----------
    file : path or h5py.File
    mode : {"r", "r+", "a"}
        A local file that is opened for changes is changed as a whole or not at all.
    options : mapping
        Handed to `h5py.File`.
    trusted : bool
        Whether the file may lead to files outside of its folder.
    threads : int, optional
        How many may read and write arrays at a time.

    Raises
    ------
    InvalidValueError
        That is no number of threads.
    StorageError
        There is no such file, or it cannot be opened; the message says why.
    """
    pool.threads(threads)  # is refused before anything is opened, if it is none
    store: Any = _opened(file, mode, options)
    store.trusted, store.threads = trusted, threads
    return store


def _opened(file: Any, mode: str, options: Mapping[str, Any]) -> Store:
    is_path = isinstance(file, (str, os.PathLike)) and "://" not in os.fspath(file)
    if is_path and not options:
        if mode != "r" and Path(file).is_file():
            return _opened_for_changes(file)
        if mode == "r":
            return _opened_for_reading(file)
    from photonwb.storage.hdf5 import HDF5Store

    return HDF5Store(file, "r" if mode == "r" else "r+", **options)


def _settled(path: Any) -> None:
    """Complete or undo what a writer that was interrupted has left, and tell of it."""
    if settle(path):
        warnings.warn(
            f"{os.fspath(path)}: the last writer of this file was interrupted; the file holds what was committed before that",
            stacklevel=7,
        )


def _opened_for_changes(path: Any) -> Store:
    from photonwb.storage.journaled import JournaledStore

    try:
        _settled(path)
    except BlockingIOError:
        raise open_elsewhere(path) from None
    return JournaledStore(path)


def _opened_for_reading(path: Any) -> Store:
    from photonwb.storage.hdf5 import HDF5Store

    try:
        _settled(path)
    except BlockingIOError:
        return _opened_beside_writer(path)
    except DamagedFileError:
        raise
    except StorageError:
        # It may not be written, or other readers have it open: then it is read as it should be, and left as it is.
        from photonwb.storage.patched import PatchedFile

        patched = PatchedFile(path)
        if patched.is_patched:
            return HDF5Store(patched, "r")
        patched.close()
    return HDF5Store(path, "r")


def _opened_beside_writer(path: Any) -> Store:
    """A file that is being recorded is open to readers, except for the moments of commits."""
    from photonwb.storage.hdf5 import HDF5Store

    until = time.monotonic() + PATIENCE
    while True:
        try:
            return HDF5Store(path, "r")
        except StorageError as error:
            if "open elsewhere" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(INTERVAL)
