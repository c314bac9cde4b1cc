"""Opening a file in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import StorageError
from photonwb.io.facade import io_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.storage.contract import Store

__all__ = ["get_nwbfile_version", "open_file", "read_nwb", "version_of"]


def open_file(
    path: typing.Path | Any,
    mode: str = "r",
    *,
    trusted: bool = False,
    threads: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> NWBFile:
    """Open an NWB file.

    Only the root of the file is looked at; everything else is read when it is touched. The result owns the file: use it in a
    `with` block, or call its `close()`.

    Parameters
    ----------
    path : path, address or binary file object
        An address is read by fsspec: "https://...", "s3://...", and whatever else there is a driver for (docs/interop.md).
    mode : {"r", "r+"}
        Read, or change in place; a file at an address can be read only.
    trusted : bool
        Whether the file may lead to files outside of its folder: by links, by values that lie in other files, and by the paths of
        movies beside it. Without it, links and movies in the folder and below are opened, others raise an error. A file that
        somebody sends you could otherwise have your programs read, and send on, any other file of yours.
    threads : int, optional
        How many may read and write arrays at a time, `PHOTONWB_THREADS` at most. Default is one for each processor.
    storage_options : mapping, optional
        Of an address: what fsspec is told, for example {"anon": True} for a public bucket.

    Returns
    -------
    NWBFile

    Raises
    ------
    StorageError
        There is no such file, or it is none that can be read; the message says what it is.
    MissingLibraryError
        What reads addresses of that kind is not installed; the message says how to.
    """
    if mode not in ("r", "r+"):
        raise StorageError(f"photonwb.open: expected mode 'r' or 'r+', got {mode!r}; to create a file use photonwb.write")
    options = None if storage_options is None else dict(storage_options)
    io = io_for(path)(path, mode, trusted=trusted, threads=threads, storage_options=options)
    try:
        return io.read()
    except BaseException:
        io.discard()
        raise


def read_nwb(path: typing.Path) -> NWBFile:
    """Read an NWB file or address; the same as `open` for reading, but links are followed wherever they lead, as in pynwb."""
    return open_file(path, trusted=True)


def get_nwbfile_version(h5py_file: Any) -> tuple[str | None, tuple[Any, ...] | None]:
    """Version of the standard that an open `h5py.File` was written in, as text and as a tuple."""
    version = h5py_file.attrs.get("nwb_version")
    if version is None:
        return None, None
    return _parsed(version)


def version_of(store: Store) -> tuple[str | None, tuple[Any, ...] | None]:
    """Version of the standard that an open store was written in."""
    version = store.root.attributes.get("nwb_version")
    return (None, None) if version is None else _parsed(version)


def _parsed(version: Any) -> tuple[str, tuple[Any, ...]]:
    text = version.decode() if isinstance(version, bytes) else str(version)
    return text, tuple(
        int(part) if part.isdigit() else part for part in text.replace("NWB-", "").replace("-", ".").replace("_", ".").split(".")
    )
