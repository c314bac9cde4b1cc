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
from photonwb.storage.remote import address_of, is_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.storage.contract import Store

__all__ = ["form_of", "new_store", "opened_store"]

# How long to wait for a commit to end, and how often to look, in seconds.
PATIENCE = 0.5
INTERVAL = 0.005

# h5py takes long to import, so it waits for the first file. To a program that has it, reading comes as one piece.
if "h5py" in sys.modules:
    for module in ("photonwb.storage.hdf5", "photonwb.arrays.small"):
        import_module(module)


def form_of(path: Any) -> str:
    """The format of what is at a path, or is to be written there: "zarr" for folders and names that end in .zarr, or "hdf5"."""
    if not isinstance(path, (str, os.PathLike)):
        return "hdf5"
    address = os.fspath(path)
    has_name = address.rstrip("/\\").lower().endswith(".zarr") and "://" not in address
    return "zarr" if os.path.isdir(address) or (has_name and not os.path.isfile(address)) else "hdf5"  # noqa: PTH112, PTH113 - for each file


def new_store(path: Path, form: str, location: str | None = None, threads: int | None = None) -> Any:
    """A new store, open for writing; nobody may know its path before it is complete.

    Parameters
    ----------
    path : path
    form : {"hdf5", "zarr"}
    location : str, optional
        What messages call the store, if it is going to have another name.
    threads : int, optional
        How many may work at a time.
    """
    if form == "zarr":
        from photonwb.storage.zarr_store import ZarrStore

        return ZarrStore(path, "w", location=location, threads=threads)
    from photonwb.storage.new_file import NewStore

    return NewStore(path, location, threads)


def opened_store(
    file: Any,
    mode: str,
    options: Mapping[str, Any],
    *,
    trusted: bool = True,
    threads: int | None = None,
    form: str | None = None,
) -> Store:
    """Open the store of a file.

    Parameters
    ----------
    file : path, address, h5py.File or binary file object
    mode : {"r", "r+", "a"}
        A local file that is opened for changes is changed as a whole or not at all.
    options : mapping
        Handed to `h5py.File`, or to `ZarrStore`; `storage_options`, of an address, to fsspec.
    trusted : bool
        Whether the file may lead to files outside of its folder.
    threads : int, optional
        How many may read and write arrays at a time.
    form : {"hdf5", "zarr"}, optional
        The format. Default is what is at the path.

    Raises
    ------
    InvalidValueError
        That is no number of threads.
    StorageError
        There is no such file, or it cannot be opened; the message says why.
    """
    pool.threads(threads)  # is refused before anything is opened, if it is none
    is_folder = (form or form_of(file)) == "zarr"
    store: Any = _opened_folder(file, mode, options, trusted) if is_folder else _opened(file, mode, options)
    store.trusted, store.threads = trusted, threads
    return store


def _opened_folder(path: Any, mode: str, options: Mapping[str, Any], trusted: bool) -> Store:
    from photonwb.io.replacing import restored
    from photonwb.storage.zarr_store import ZarrStore

    if restored(Path(os.path.abspath(path))):
        _tell_of_interruption(path)
    if mode in ("r+", "a"):
        raise StorageError(
            f"{os.fspath(path)}: a store of Zarr is not changed in place, where an interruption would leave half of a change; "
            "open it with mode 'r', and write what you change to a new store: photonwb.export(nwbfile, path)"
        )
    return ZarrStore(path, "r", trusted=trusted, **options)


def _opened(file: Any, mode: str, options: Mapping[str, Any]) -> Store:
    file, storage_options = address_of(file, options.get("storage_options"))
    if is_address(file):
        options = {**options, "storage_options": storage_options}
    elif isinstance(file, (str, os.PathLike)) and not options.keys() - {"storage_options"}:
        if mode != "r" and Path(file).is_file():
            return _opened_for_changes(file)
        if mode == "r":
            return _opened_for_reading(file)
    from photonwb.storage.hdf5 import HDF5Store

    return HDF5Store(file, "r" if mode == "r" else "r+", **options)


def _settled(path: Any) -> None:
    """Complete or undo what a writer that was interrupted has left, and tell of it."""
    if settle(path):
        _tell_of_interruption(path)


def _tell_of_interruption(path: Any) -> None:
    warnings.warn(
        f"{os.fspath(path)}: the last writer of this file was interrupted; the file holds what was committed before that",
        stacklevel=8,
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
