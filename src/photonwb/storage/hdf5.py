"""Files of HDF5.

The store keeps the only handles: the file, and a few open objects for the next access to them. A node is no more than a store and
a path, so that closing, pickling and links to other files are the business of this page alone. Structure goes through the
low-level interface of h5py, several times faster than `h5py.Group` on thousands of small objects.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import h5py

from photonwb.arrays.layouts import HDF5_PREFERENCES
from photonwb.errors import (
    BrokenLinkError,
    ClosedFileError,
    DamagedFileError,
    InvalidTypeError,
    InvalidValueError,
    NotFoundError,
    PhotonwbError,
    StorageError,
)

from .hdf5_library import h5fd, h5o, h5r, name_bytes
from .hdf5_nodes import HDF5Dataset, HDF5Group
from .hdf5_opening import FOREIGN_ERRORS, open_file, open_input
from .links import follow
from .neighbours import neighbour
from .remote import address_of, is_address, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from photonwb.arrays.local import FileKeeper
    from photonwb.arrays.source import ByteLayout

    from .checked_file import LocalInput
    from .contract import Link, Reference
    from .hdf5_addresses import Addresses
    from .remote_file import RemoteInput

__all__ = ["HDF5Dataset", "HDF5Group", "HDF5Store"]

# So many objects are kept open for the next access to them.
OPEN_OBJECTS = 256


class HDF5Store:
    """An open HDF5 file.

    Parameters
    ----------
    file : path, address, h5py.File or binary file object
        A file that was opened by somebody else stays open when the store is closed.
    mode : {"r", "r+", "w", "x"}
        Read; read and write; create or replace; create.
    trusted : bool, optional
        Whether links may lead to files outside of the folder of this one, and datasets take their values from other files.
    threads : int, optional
        How many may read and write arrays at a time; see `photonwb.arrays.pool.threads`.
    storage_options : mapping, optional
        Of an address: what goes to fsspec.
    **options
        Handed to `h5py.File` (`driver`, ...). With a driver HDF5 reads an address by itself.

    Raises
    ------
    MissingFileError
        There is no such file.
    DamagedFileError
        The file is truncated, or otherwise not what its writer meant.
    StorageError
        The file is not HDF5, is open elsewhere, or may not be read or written.
    """

    form = "hdf5"
    has_typed_attributes = True
    preferences = HDF5_PREFERENCES

    def __init__(
        self,
        file: Any,
        mode: Literal["r", "r+", "w", "x"] = "r",
        *,
        trusted: bool = True,
        threads: int | None = None,
        storage_options: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        file, storage_options = address_of(file, storage_options)
        if mode not in ("r", "r+", "w", "x"):
            raise InvalidValueError(f"mode must be 'r', 'r+', 'w' or 'x', got {mode!r}")
        self._mode, self.trusted, self.threads, self._options = mode, trusted, threads, options
        self._is_ours = not isinstance(file, h5py.File)
        self._file: Any = file  # h5py.File, or what that has as its `id`: in any case something that can be closed
        self._input: LocalInput | RemoteInput | None = None
        self._unchecked: Any = None
        if isinstance(file, h5py.File):
            name = str(file.filename)
            self.location, self._mode = os.path.abspath(name) if Path(name).exists() else name, file.mode
        elif is_address(file):
            self.location = shown(file)
            if options:
                self._file = open_file(file, mode, self.location, options)
            elif mode == "r":
                self._file, self._input = open_input(file, storage_options)
            else:
                raise StorageError(f"{self.location}: files at addresses can be read only; download it to change it")
        elif isinstance(file, (str, os.PathLike)):
            self.location = os.path.abspath(file)
            if mode == "r" and not options:
                self._file, self._input = open_input(self.location)
            else:
                self._file = open_file(self.location, mode, self.location, options)
        else:
            self.location = str(getattr(file, "name", file))
            self._file = open_file(file, mode, self.location, options)
        # Where another process finds it.
        self._place = file if is_address(file) else self.location if isinstance(file, (str, os.PathLike)) else None
        self._storage_options = storage_options
        if self._input is not None:
            self._id: Any = self._file
            self._is_local = self._is_read_by_us = True
        else:
            self._id = self._file.id
            driver = self._id.get_access_plist().get_driver()
            self._is_local = driver == h5fd.SEC2 and not self._file.swmr_mode
            self._is_read_by_us = driver == h5fd.fileobj_driver
        self._process = os.getpid()
        self._objects: dict[str, Any] = {}
        # Where the bytes of datasets lie, by path; remembered only while nobody can move them.
        self.byte_layouts: dict[str, ByteLayout | None] = {}
        self._keeper: FileKeeper | None = None
        self._addresses: Addresses | None = None
        self._lock = threading.Lock()
        self._family: dict[str, Any] = {}
        self._is_guest = False

    def __repr__(self) -> str:
        return f"<HDF5Store {self.location!r}, {'closed' if self.closed else f'mode {self._mode!r}'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.writable or self._place is None:
            raise InvalidTypeError(f"{self.location}: only a file opened by its path for reading can be pickled")
        options = {"trusted": self.trusted, "threads": self.threads, "storage_options": self._storage_options, **self._options}
        return _reopen, (self._place, options)

    def __enter__(self) -> HDF5Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def root(self) -> HDF5Group:
        return HDF5Group(self, "/")

    @property
    def writable(self) -> bool:
        return self._mode != "r"

    @property
    def closed(self) -> bool:
        return not self._id

    @property
    def keeper(self) -> FileKeeper | None:
        """Has the file open for those who read the bytes of datasets, if it can be kept open for them."""
        if self._keeper is None and self._input is not None:
            self._keeper = self._input.keeper(self.threads)
        return self._keeper

    @property
    def is_local(self) -> bool:
        """Whether the file is a plain one, or on a server, whose bytes can be read beside HDF5.

        One that was removed, or has another in its place now, is still open here; if it cannot be kept open for us, too, it is
        read through HDF5.
        """
        return self._is_local and (self._input is None or self.keeper is not None or self._input.is_in_place)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._id.get_filesize()

    def follow(self, link: Link | Reference, start: Any = None) -> HDF5Group | HDF5Dataset:
        return follow(self, link, start)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes

    def flush(self) -> None:
        if self.writable:
            with self.writing("/"):
                self._file.flush()

    def commit(self) -> None:
        self.flush()

    def close(self) -> None:
        """Close this file and those that were opened to follow its links; once more does nothing."""
        if not self._is_guest:
            family = list(self._family.values())
            self._family.clear()
            for other in family:
                if other is not self:
                    other.close()
        self._objects.clear()
        self.byte_layouts.clear()
        if self._keeper is not None:
            self._keeper.close()
        self._addresses = None
        if self._is_ours and self._file and not self._is_inherited:
            try:
                self._file.close()
            except FOREIGN_ERRORS as error:
                raise StorageError(f"{self.location}: cannot be closed properly: {error}") from error
            finally:
                for other in (self._unchecked, self._input):
                    if other is not None:
                        other.close()

    @property
    def _is_inherited(self) -> bool:
        """Whether this is a copy, made by a fork, of a file that the parent process writes to."""
        return self.writable and self._process != os.getpid()

    # What the nodes need.

    def reading(self, path: str) -> Task:
        """Context in which HDF5 reads the object at a path: its errors become ours, with file and path."""
        return Task(self, path, "read")

    def writing(self, path: str) -> Task:
        """Context in which HDF5 changes the object at a path."""
        if not self.writable:
            raise StorageError(f"{self.location}: {path} cannot be changed: the file was opened for reading only")
        if self._is_inherited:
            raise StorageError(f"{self.location}: {path} cannot be changed: another process opened the file for writing")
        return Task(self, path, "written")

    def object_id(self, path: str) -> Any:
        """The open object at a path without links."""
        found = self._objects.get(path)
        if found is None:
            try:
                found = h5o.open(self._id, name_bytes(path))
            except KeyError as error:
                if "doesn't exist" not in str(error):
                    raise
                raise NotFoundError(f"{self.location}: {path} does not exist (any more)") from error
            self.keep(path, found)
        return found

    def opened(self, path: str) -> Any:
        """The object at a path without links, if it is open already."""
        return self._objects.get(path)

    def with_other_files(self, path: str) -> Any:
        """The dataset at a path, opened so that HDF5 finds the other files in which its values lie.

        Through a file object it would look for them in that object.
        """
        if not self._is_read_by_us:
            return self.object_id(path)
        if is_address(self._place):
            raise StorageError(f"{self.location}: the values of {path} lie in other files; download the file, and those")
        with self._lock:
            if self._unchecked is None:
                self._unchecked = open_file(self.location, "r", self.location, {"locking": False})
            return h5o.open(self._unchecked.id, name_bytes(path))

    def keep(self, path: str, object_id: Any) -> None:
        """Remember an open object for the next access."""
        if len(self._objects) >= OPEN_OBJECTS:
            self._objects.clear()
        self._objects[path] = object_id

    def forget(self, path: str) -> None:
        """Let an open object be opened anew for the next access."""
        self._objects.pop(path, None)

    def forget_addresses(self) -> None:
        """To be called when objects come, go or move."""
        self._addresses = None

    def forget_all(self) -> None:
        """To be called when objects go or move."""
        self._objects.clear()
        self._addresses = None

    def path_at(self, address: int, near: str) -> str:
        """Path of the object at an address, '' for one that was deleted."""
        if self._addresses is None:
            from .hdf5_addresses import Addresses

            self._addresses = Addresses(self._id)
        return self._addresses.path_of(address, near)

    def reference_to(self, reference: Reference) -> Any:
        """The reference as h5py writes it."""
        target = self.follow(reference)
        if target.store is not self:
            raise InvalidValueError(f"{self.location}: a reference cannot lead into another file ({target.store.location})")
        return h5r.create(self._id, name_bytes(target.path), h5r.OBJECT)

    def beside(self, file: str) -> Any:
        """The store of another file, opened for reading the first time that a link leads there."""
        if is_address(self._place) or not Path(self.location).is_file():
            raise BrokenLinkError(f"{self.location}: links to other files can be followed from local files only, not to {file!r}")
        return neighbour(self, file)


def _reopen(location: str, options: dict[str, Any]) -> HDF5Store:
    return HDF5Store(location, "r", **options)


class Task:
    """Something that HDF5 does with one object; what it raises leaves as an error of ours."""

    __slots__ = ("_path", "_store", "_task")

    def __init__(self, store: HDF5Store, path: str, task: str) -> None:
        self._store, self._path, self._task = store, path, task

    def __enter__(self) -> None:
        if self._store.closed:
            raise self._closed()

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        if isinstance(error, PhotonwbError) and self._store.location not in str(error) and not hasattr(error, "__notes__"):
            error.add_note(f"{self._store.location}: {self._path} cannot be {self._task}")
        if error is None or isinstance(error, PhotonwbError) or not isinstance(error, FOREIGN_ERRORS):
            return
        if self._store.closed:
            raise self._closed() from error
        what = f"{self._store.location}: {self._path} cannot be {self._task}: {error or type(error).__name__}"
        if self._task == "read" and not isinstance(error, MemoryError):
            raise DamagedFileError(what) from error
        raise StorageError(what) from error

    def _closed(self) -> ClosedFileError:
        return ClosedFileError(f"{self._store.location}: the file was closed; open it again to use {self._path}")
