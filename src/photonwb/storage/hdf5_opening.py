"""Opening HDF5 files, and saying what is wrong with those that do not open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from photonwb.errors import DamagedFileError, ExistingFileError, MissingFileError, PhotonwbError, StorageError

from .checked_file import CheckedFile, LocalInput
from .hdf5_library import h5f, h5fd, h5p, name_bytes
from .remote import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .remote_file import RemoteInput

__all__ = ["open_file", "open_input"]

# What h5py raises when HDF5 fails, or when a file makes no sense to it.
FOREIGN_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, ArithmeticError, MemoryError, SystemError)

SIGNATURE = b"\x89HDF\r\n\x1a\n"

# First bytes of what people open by mistake, what it is, and what to do.
STRANGERS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the data itself", "fetch the data with `git lfs pull`"),
    (b"/annex/objects/", "a git-annex pointer, not the data itself", "fetch the data with `git annex get` or `datalad get`"),
    (b"../.git/annex/", "a git-annex pointer, not the data itself", "fetch the data with `git annex get` or `datalad get`"),
    (b"II*\0", "a TIFF file", "import it, for instance with photonwb.importers"),
    (b"MM\0*", "a TIFF file", "import it, for instance with photonwb.importers"),
    (b"II+\0", "a BigTIFF file", "import it, for instance with photonwb.importers"),
    (b"MM\0+", "a BigTIFF file", "import it, for instance with photonwb.importers"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file before version 7.3, which is no HDF5", "read it with scipy.io.loadmat"),
    (b"\x93NUMPY", "a numpy file", "read it with numpy.load"),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"<!doctype html", "a web page, perhaps of a failed download", "download the file again"),
    (b"<html", "a web page, perhaps of a failed download", "download the file again"),
    (b"<?xml", "an XML file, perhaps the message of a failed download", "download the file again"),
)


def open_input(path: str, options: Mapping[str, Any] | None = None) -> tuple[Any, LocalInput | RemoteInput]:
    """The `FileID` of a file opened for reading, and what HDF5 reads it through, which is to be closed after it.

    Parameters
    ----------
    path : str
        Or an address.
    options : mapping, optional
        Of an address: what goes to fsspec.

    Raises
    ------
    MissingFileError, DamagedFileError, StorageError
    """
    source: Any = None
    try:
        source = LocalInput(path) if options is None else _remote_input(path, options)
        # What h5py.File does, without all that it may be asked for.
        access = h5p.create(h5p.FILE_ACCESS)
        access.set_fclose_degree(h5f.CLOSE_STRONG)
        access.set_fileobj_driver(h5fd.fileobj_driver, source)
        file = h5f.open(name_bytes(path), h5f.ACC_RDONLY, access)
        source.length_size = file.get_create_plist().get_sizes()[1]
    except PhotonwbError:
        if source is not None:
            source.close()
        raise
    except FOREIGN_ERRORS as error:
        if source is not None and options is not None:
            raise _content_explanation(shown(path), *_head(source), str(error)) from error
        if source is not None:
            source.close()
        raise _explanation(path, "r", path, error) from error
    return file, source


def _remote_input(address: str, options: Mapping[str, Any]) -> RemoteInput:
    from .remote_file import RemoteInput

    return RemoteInput(address, options)


def open_file(file: Any, mode: str, location: str, options: Mapping[str, Any]) -> Any:
    """An open `h5py.File`.

    Parameters
    ----------
    file : str or file object
        Path, address, or a binary Python file object.
    mode : {"r", "r+", "w", "x"}
    location : str
        What to call the file in messages.
    options : mapping
        Handed to `h5py.File`.

    Raises
    ------
    MissingFileError, ExistingFileError, DamagedFileError, StorageError
    """
    if mode in ("w", "x"):
        # Whatever the defaults of h5py in this process: members in the order of their names, as the standard's tools write them.
        options = {"track_order": False, **options}
    try:
        if mode == "r+" and isinstance(file, str) and Path(file).is_file() and not Path(file).stat().st_size:
            raise OSError("empty")  # HDF5 would fill it
        if not isinstance(file, (str, h5py.File)):
            file = CheckedFile(file)
        try:
            return h5py.File(file, mode, **options)
        except OSError as error:
            if mode != "r" or "locking" in options or not _locks_are_missing(error):
                raise
            return h5py.File(file, mode, locking=False, **options)
    except FOREIGN_ERRORS as error:
        raise _explanation(file, mode, location, error) from error


def _locks_are_missing(error: OSError) -> bool:
    """Whether a file could not be locked because its file system has no locks, which reading can do without."""
    message = str(error)
    return "unable to lock file" in message and "errno = 11," not in message and "errno = 35," not in message


def _explanation(file: Any, mode: str, location: str, error: Exception) -> StorageError:
    message = str(error)
    if "unable to lock file" in message or "already open" in message:
        return StorageError(
            f"{location}: the file is open elsewhere; close it there, or wait until its writer is done ({message})"
        )
    if not isinstance(file, str) or "://" in file:
        return StorageError(f"{location}: cannot be opened as HDF5: {message}")
    path = Path(file)
    if mode in ("w", "x"):
        return _creation_explanation(path, mode, message)
    if not path.exists():
        kind = "a link to a file that does not exist" if path.is_symlink() else "no such file"
        return MissingFileError(f"{location}: {kind}; check the path")
    if path.is_dir():
        return StorageError(f"{location}: a folder, not an HDF5 file; a store of Zarr is opened by NWBZarrIO or photonwb.open")
    if not path.is_file():
        return StorageError(f"{location}: a pipe or a device, not a file; copy what comes out of it into a file first")
    try:
        with path.open("rb") as stream:
            head, size = _head(stream)
    except OSError as unreadable:
        return StorageError(f"{location}: cannot be read: {unreadable.strerror}; check the permissions of the file")
    return _content_explanation(location, head, size, message)


def _creation_explanation(path: Path, mode: str, message: str) -> StorageError:
    if mode == "x" and path.exists():
        return ExistingFileError(f"{path}: exists already; choose another name, or mode 'w' to replace it")
    if not path.parent.is_dir():
        return MissingFileError(f"{path}: the folder {str(path.parent)!r} does not exist; create it first")
    return StorageError(f"{path}: cannot be created: {message}")


def _content_explanation(location: str, head: bytes, size: int, message: str) -> StorageError:
    if not size:
        return DamagedFileError(f"{location}: an empty file; write or copy it again")
    if SIGNATURE in head:
        if truncated := re.search(r"eof = (\d+).*stored_eof = (\d+)", message):
            have, expected = truncated.groups()
            return DamagedFileError(
                f"{location}: truncated: {have} of {expected} bytes are there; copy or download the file again (a writer that "
                "was interrupted leaves such files, too)"
            )
        if "Permission denied" in message:
            return StorageError(f"{location}: the file may not be written; open it with mode 'r', or change its permissions")
        return DamagedFileError(f"{location}: a damaged HDF5 file: {message}")
    for start, kind, advice in STRANGERS:
        if head.lower().startswith(start.lower()):
            return StorageError(f"{location}: {kind}; {advice}")
    return StorageError(f"{location}: not an HDF5 file (it starts with {head[:8]!r})")


def _head(stream: Any) -> tuple[bytes, int]:
    # The signature of HDF5 lies at 0, or behind a user block of 512, 1024, 2048, ... bytes.
    stream.seek(0)
    head = stream.read(64)
    size = stream.seek(0, 2)
    at = 512
    while SIGNATURE not in head and at < size:
        stream.seek(at)
        head += signature if (signature := stream.read(8)) == SIGNATURE else b""
        at *= 2
    return head, size
