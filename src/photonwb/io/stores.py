"""Which store holds a file, and in which state the file is when it is opened."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.storage.contract import Store

__all__ = ["opened_store"]


def opened_store(file: Any, mode: str, options: Mapping[str, Any]) -> Store:
    """Open the store of a file.

    Parameters
    ----------
    file : path or h5py.File
    mode : {"r", "r+", "a"}
        A local file that is opened for changes is changed as a whole or not at all.
    options : mapping
        Handed to `h5py.File`.

    Raises
    ------
    StorageError
        There is no such file, or it cannot be opened; the message says why.
    """
    from photonwb.storage.hdf5 import HDF5Store
    from photonwb.storage.journal import roll_back

    is_path = isinstance(file, (str, os.PathLike)) and "://" not in os.fspath(file)
    if is_path and not options:
        if roll_back(file):
            warnings.warn(
                f"{os.fspath(file)}: a change of this file was interrupted; it was brought back to what it was before",
                stacklevel=5,
            )
        if mode != "r" and Path(file).is_file():
            from photonwb.storage.journaled import JournaledStore

            return JournaledStore(file)
    return HDF5Store(file, "r" if mode == "r" else "r+", **options)
