"""Other files that the links of one lead to, whatever kind of store each of them is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from photonwb.errors import BrokenLinkError, UntrustedLinkError

from .links import is_in_folder_of

__all__ = ["neighbour"]


def neighbour(store: Any, file: str) -> Any:
    """The store of another file, opened for reading the first time that a link leads there.

    Parameters
    ----------
    store : HDF5Store or ZarrStore
    file : str
        As the link names it: absolute, or from the folder that the store is in.

    Raises
    ------
    BrokenLinkError
        The store is none whose files have neighbours.
    UntrustedLinkError
        The file lies outside of the folder of a store that is not trusted.
    """
    location = store.location
    if not Path(location).exists():
        raise BrokenLinkError(f"{location}: links to other files can be followed from local files only, not to {file!r}")
    folder = Path(location).parent
    # From the folder as it was named, or that in which the file really is; or one that moved together with its neighbour.
    places = [folder / file, Path(os.path.realpath(location)).parent / file, folder / Path(file).name]
    path = os.path.realpath(next((place for place in places[: 2 + Path(file).is_absolute()] if place.exists()), places[0]))
    if not store.trusted and not is_in_folder_of(location, path):
        raise UntrustedLinkError(
            f"{location}: a link leads to {path}, outside of the folder of this file, and is not followed; open the "
            "file with trusted=True if you know who made it"
        )
    with store._lock:
        # All files that links lead to share this table, so that circles end at what is open already.
        store._family.setdefault(os.path.realpath(location), store)
        found = store._family.get(path)
        if found is None or found.closed:
            found = _opened(path, store)
            found._family, found._lock, found._is_guest = store._family, store._lock, True
            store._family[path] = found
    return found


def _opened(path: str, store: Any) -> Any:
    if Path(path).is_dir():
        from .zarr_store import ZarrStore

        return ZarrStore(path, "r", trusted=store.trusted, threads=store.threads)
    from .hdf5 import HDF5Store

    return HDF5Store(path, "r", trusted=store.trusted, threads=store.threads)
