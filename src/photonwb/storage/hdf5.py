"""NWB files on HDF5.

Nodes are a store and a path, and open what they need when they need it: a handle kept by every node would keep the file open and
would have to be closed by somebody. Structure goes through the low-level interface of h5py, several times faster than `h5py.Group`
on files of thousands of small objects.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import h5py
import numpy as np
from h5py import h5d, h5fd, h5g, h5l, h5o, h5p, h5r, h5s

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

from .contract import Link, Reference
from .elements import dtype_of, normalise, plain_value
from .hdf5_addresses import Addresses
from .hdf5_attributes import HDF5Attributes, needs_dense_storage
from .hdf5_layout import byte_layout, creation_properties, filters_of, layout_of
from .hdf5_opening import open_file
from .hdf5_types import decode, element_from, encode, file_type, memory_type
from .links import checked_name, descend, follow
from .selections import read_selection, spans

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping
    from types import TracebackType

    from numpy.typing import NDArray

    from photonwb.arrays.source import ByteLayout

    from .contract import Block, Layout, Selection
    from .selections import Box

__all__ = ["HDF5Dataset", "HDF5Group", "HDF5Store"]

# So many objects are kept open for the next access to them.
OPEN_OBJECTS = 256

# What h5py raises when HDF5 fails, or when a file makes no sense to it.
FOREIGN_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, ArithmeticError, MemoryError, SystemError)


class HDF5Store:
    """An open HDF5 file.

    Parameters
    ----------
    file : path, address, h5py.File or binary file object
        A file that was opened by somebody else stays open when the store is closed.
    mode : {"r", "r+", "w", "x"}
        Read; read and write; create or replace; create.
    trusted : bool, optional
        Whether links may lead to files outside of the folder of this one.
    **options
        Handed to `h5py.File` (`driver`, ...).

    Raises
    ------
    MissingFileError
        There is no such file.
    DamagedFileError
        The file is truncated, or otherwise not what its writer meant.
    StorageError
        The file is not HDF5, is open elsewhere, or may not be read or written.
    """

    def __init__(self, file: Any, mode: Literal["r", "r+", "w", "x"] = "r", *, trusted: bool = True, **options: Any) -> None:
        if mode not in ("r", "r+", "w", "x"):
            raise InvalidValueError(f"mode must be 'r', 'r+', 'w' or 'x', got {mode!r}")
        self._mode, self._trusted, self._options = mode, trusted, options
        self._is_ours = not isinstance(file, h5py.File)
        self._file: Any = file
        if isinstance(file, h5py.File):
            self.location, self._mode = str(file.filename), file.mode
        elif isinstance(file, (str, os.PathLike)):
            address = os.fspath(file)
            self.location = address if "://" in address else os.path.abspath(address)  # noqa: PTH100 - links stay links
            self._file = open_file(self.location, mode, self.location, options)
        else:
            self.location = str(getattr(file, "name", file))
            self._file = open_file(file, mode, self.location, options)
        self._is_local = not options and self._file.id.get_access_plist().get_driver() == h5fd.SEC2 and not self._file.swmr_mode
        self._process = os.getpid()
        self._objects: dict[str, Any] = {}
        self._addresses: Addresses | None = None
        # The files that links lead to, by their real path; they share this table, so that circles end at what is open already.
        self._lock = threading.Lock()
        self._family: dict[str, HDF5Store] = {os.path.realpath(self.location): self}
        self._opened_for_links: list[HDF5Store] = []

    def __repr__(self) -> str:
        return f"<HDF5Store {self.location!r}, {'closed' if self.closed else f'mode {self._mode!r}'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.writable or not self._is_ours or not self._is_local:
            raise InvalidTypeError(f"{self.location}: only a local file opened by its path for reading can be pickled")
        return _reopen, (self.location, self._trusted)

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
        return not self._file

    @property
    def is_local(self) -> bool:
        """Whether the file is a plain one, whose bytes can be read beside HDF5."""
        return self._is_local

    def follow(self, link: Link | Reference, start: Any = None) -> HDF5Group | HDF5Dataset:
        return follow(self, link, start)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes

    def flush(self) -> None:
        if self.writable:
            with self.writing("/"):
                self._file.flush()

    def close(self) -> None:
        """Close this file and those that were opened to follow its links; once more does nothing."""
        for other in self._opened_for_links:
            other.close()
        self._opened_for_links.clear()
        self._objects.clear()
        self._addresses = None
        if self._is_ours and self._file and not self._is_inherited:
            try:
                self._file.close()
            except FOREIGN_ERRORS as error:
                raise StorageError(f"{self.location}: cannot be closed properly: {error}") from error

    @property
    def _is_inherited(self) -> bool:
        """Whether this is a copy, made by a fork, of a file that the parent process writes to."""
        return self.writable and self._process != os.getpid()

    # What the nodes need.

    def reading(self, path: str) -> _Task:
        """Context in which HDF5 reads the object at a path: its errors become ours, with file and path."""
        return _Task(self, path, "read")

    def writing(self, path: str) -> _Task:
        """Context in which HDF5 changes the object at a path."""
        if not self.writable:
            raise StorageError(f"{self.location}: {path} cannot be changed: the file was opened for reading only")
        if self._is_inherited:
            raise StorageError(f"{self.location}: {path} cannot be changed: another process opened the file for writing")
        return _Task(self, path, "written")

    def object_id(self, path: str) -> Any:
        """The open object at a path without links."""
        found = self._objects.get(path)
        if found is None:
            try:
                found = h5o.open(self._file.id, _raw(path))
            except KeyError as error:
                if "doesn't exist" not in str(error):
                    raise
                raise NotFoundError(f"{self.location}: {path} does not exist (any more)") from error
            self.keep(path, found)
        return found

    def keep(self, path: str, object_id: Any) -> None:
        """Remember an open object for the next access."""
        if len(self._objects) >= OPEN_OBJECTS:
            self._objects.clear()
        self._objects[path] = object_id

    def forget_structure(self) -> None:
        """To be called when objects come, go or move."""
        self._objects.clear()
        self._addresses = None

    def path_at(self, address: int, near: str) -> str:
        """Path of the object at an address, '' for one that was deleted."""
        if self._addresses is None:
            self._addresses = Addresses(self._file.id)
        return self._addresses.path_of(address, near)

    def reference_to(self, reference: Reference) -> Any:
        """The reference as h5py writes it."""
        target = self.follow(reference)
        if target.store is not self:
            raise InvalidValueError(f"{self.location}: a reference cannot lead into another file ({target.store.location})")
        return h5r.create(self._file.id, _raw(target.path), h5r.OBJECT)

    def beside(self, file: str) -> HDF5Store:
        """The store of another file, opened for reading the first time that a link leads there."""
        if not Path(self.location).is_file():
            raise BrokenLinkError(f"{self.location}: links to other files can be followed from local files only, not to {file!r}")
        folder = os.path.dirname(os.path.realpath(self.location))  # noqa: PTH120 - like the two below
        path = os.path.realpath(os.path.join(folder, file))  # noqa: PTH118 - `file` may be absolute, and must lose its '..'
        if not Path(path).exists() and Path(file).is_absolute():
            # A file that moved together with its neighbour; HDF5 looks there, too.
            path = os.path.join(folder, Path(file).name)  # noqa: PTH118
        if not self._trusted and not Path(path).is_relative_to(folder):
            raise BrokenLinkError(f"{self.location}: a link leads to {path}, outside of the folder of this file; not followed")
        with self._lock:
            store = self._family.get(path)
            if store is None or store.closed:
                store = HDF5Store(path, "r", trusted=self._trusted)
                store._family, store._lock, store._opened_for_links = self._family, self._lock, self._opened_for_links
                self._family[path] = store
                self._opened_for_links.append(store)
        return store


def _reopen(location: str, trusted: bool) -> HDF5Store:
    return HDF5Store(location, "r", trusted=trusted)


class _Task:
    """Something that HDF5 does with one object; what it raises leaves as an error of ours."""

    __slots__ = ("_path", "_store", "_task")

    def __init__(self, store: HDF5Store, path: str, task: str) -> None:
        self._store, self._path, self._task = store, path, task

    def __enter__(self) -> None:
        if self._store.closed:
            raise self._closed()

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
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


class _Node:
    """What groups and datasets have in common."""

    __slots__ = ("path", "store")

    def __init__(self, store: HDF5Store, path: str) -> None:
        self.store = store
        self.path = path

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r} of {self.store.location!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.store is other.store and self.path == other.path

    def __hash__(self) -> int:
        return hash((id(self.store), self.path))

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2] or "/"

    @property
    def identity(self) -> Hashable:
        with self.store.reading(self.path):
            info = h5o.get_info(self.store.object_id(self.path))
            return info.fileno, info.addr

    @property
    def attributes(self) -> HDF5Attributes:
        return HDF5Attributes(self.store, self.path)

    @property
    def _id(self) -> Any:
        return self.store.object_id(self.path)


class HDF5Group(_Node):
    """A group of an HDF5 file."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        names: list[bytes] = []
        with self.store.reading(self.path):
            group = self._id
            group.links.iterate(names.append)
        return iter([name.decode("utf-8", "surrogateescape") for name in names])

    def __len__(self) -> int:
        with self.store.reading(self.path):
            return self._id.get_num_objs()

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or not name or "\0" in name:
            return False
        if "/" in name:
            try:
                return descend(self, name) is not None
            except NotFoundError:
                return False
        with self.store.reading(self.path):
            group = self._id
            return name not in (".", "..") and group.links.exists(_raw(name))

    def __getitem__(self, name: str) -> HDF5Group | HDF5Dataset | Link:
        if "/" in name:
            return descend(self, name)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes
        if name not in self:
            raise NotFoundError(f"{self.store.location}: {self.path} has no member {name!r}")
        with self.store.reading(self._child(name)):
            group, raw = self._id, _raw(name)
            info = group.links.get_info(raw)
            if info.type == h5l.TYPE_HARD:
                return self._open(name, h5o.open(group, raw))
            if info.type not in (h5l.TYPE_SOFT, h5l.TYPE_EXTERNAL):
                raise StorageError(f"{self.store.location}: {self._child(name)} is a link of an unknown kind")
            target = group.links.get_val(raw)
            file, path = target if info.type == h5l.TYPE_EXTERNAL else (None, target)
            return Link(os.fsdecode(path), None if file is None else os.fsdecode(file))

    def create_group(self, name: str, attributes: Mapping[str, Any] | None = None) -> HDF5Group:
        with self._new_member(name):
            properties = h5p.create(h5p.GROUP_CREATE)
            if _has_large(attributes):
                properties.set_attr_creation_order(h5p.CRT_ORDER_TRACKED)
            member = self._open(name, h5g.create(self._id, _raw(name), gcpl=properties))
            member.attributes.update(attributes or {})
        return member  # pyright: ignore[reportReturnType] - `_open` tells groups and datasets apart at run time

    def create_dataset(
        self, name: str, layout: Layout, value: Any = None, attributes: Mapping[str, Any] | None = None
    ) -> HDF5Dataset:
        values = None
        if value is not None:
            values = normalise(value, layout.element)[0]
            if values.shape != layout.shape:
                raise InvalidValueError(f"{self._child(name)}: the layout has shape {layout.shape}, the value {values.shape}")
        with self._new_member(name):
            properties = creation_properties(layout, many_attributes=_has_large(attributes))
            space = h5s.create(h5s.SCALAR)
            if layout.shape:
                maximum = tuple(h5s.UNLIMITED if length is None else length for length in layout.maximum or layout.shape)
                space = h5s.create_simple(layout.shape, maximum)
            created = h5d.create(self._id, _raw(name), file_type(layout.element), space, properties)
            member = self._open(name, created)
            assert isinstance(member, HDF5Dataset)
            if values is not None:
                member.write((), values)
            member.attributes.update(attributes or {})
        return member

    def create_link(self, name: str, link: Link) -> None:
        with self._new_member(name):
            group = self._id
            if link.file is None:
                group.links.create_soft(_raw(name), _raw(link.path))
            else:
                group.links.create_external(_raw(name), _raw(link.file), _raw(link.path))

    def delete(self, name: str) -> None:
        self._require(name)
        with self.store.writing(self._child(name)):
            self._id.unlink(_raw(name))
        self.store.forget_structure()

    def move(self, name: str, to: Any, new_name: str) -> None:
        self._require(name)
        if not isinstance(to, HDF5Group) or to.store is not self.store:
            raise InvalidValueError(f"{self._child(name)} can be moved within its own file only ({self.store.location})")
        if (to.path + "/").startswith(self._child(name) + "/"):
            raise InvalidValueError(f"{self._child(name)} cannot be moved into itself")
        checked_name(to, new_name)
        with self.store.writing(self._child(name)):
            group = self._id
            group.links.move(_raw(name), to._id, _raw(new_name))
        self.store.forget_structure()

    def _child(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def _require(self, name: str) -> None:
        if "/" in name or name not in self:
            raise NotFoundError(f"{self.store.location}: {self.path} has no member {name!r}")

    def _new_member(self, name: str) -> _Task:
        """Context in which a member is made, after its name was checked."""
        task = self.store.writing(self._child(name))
        checked_name(self, name)
        self.store.forget_structure()
        return task

    def _open(self, name: str, object_id: Any) -> HDF5Group | HDF5Dataset:
        path = self._child(name)
        if isinstance(object_id, h5d.DatasetID):
            self.store.keep(path, object_id)
            return HDF5Dataset(self.store, path)
        if isinstance(object_id, h5g.GroupID):
            self.store.keep(path, object_id)
            return HDF5Group(self.store, path)
        raise StorageError(f"{self.store.location}: {path} is a named type, neither group nor dataset")


class HDF5Dataset(_Node):
    """A dataset of an HDF5 file; also what `photonwb.arrays` reads from."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        with self.store.reading(self.path):
            return self._id.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        with self.store.reading(self.path):
            return dtype_of(element_from(self._id.get_type()))

    @property
    def layout(self) -> Layout:
        with self.store.reading(self.path):
            return layout_of(self._id)

    @property
    def chunks(self) -> tuple[int, ...] | None:
        with self.store.reading(self.path):
            properties = self._id.get_create_plist()
            return properties.get_chunk() if properties.get_layout() == h5d.CHUNKED else None

    @property
    def filters(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        with self.store.reading(self.path):
            return filters_of(self._id.get_create_plist())

    @property
    def description(self) -> str:
        return f"{self.store.location}: {self.path}"

    def read(self, selection: Selection | Any = ()) -> Any:
        with self.store.reading(self.path):
            dataset = self._id
            space, stored = dataset.get_space(), dataset.get_type()
            if space.get_simple_extent_type() == h5s.NULL:
                return None
            dtype, type_id = memory_type(stored)
            shape = space.get_simple_extent_dims()

        def read_box(box: Box) -> NDArray[Any]:
            counts = tuple(map(len, box))
            with self.store.reading(self.path):
                array = np.empty(counts, dtype)
                if array.size:
                    memory, chosen = _spaces(space, shape, box)
                    dataset.read(memory, chosen, array, type_id)
                return decode(array, stored, lambda address: self.store.path_at(address, self.path))

        if isinstance(selection, tuple) and not selection:
            return plain_value(read_box(tuple(map(range, shape))))
        values = read_selection(selection, shape, read_box)
        return plain_value(values)

    def source(self) -> HDF5Dataset:
        return self

    def byte_layout(self) -> ByteLayout | None:
        with self.store.reading(self.path):
            if not self.store.is_local:
                return None
            if self.store.writable:
                self.store.flush()
            return byte_layout(self._id, self.store.location)

    def write(self, selection: tuple[slice, ...], values: Any) -> None:
        with self.store.writing(self.path):
            dataset = self._id
            element = element_from(dataset.get_type())
            array = normalise(values, element)[0]
            box = spans(selection, dataset.shape)
            counts = tuple(map(len, box))
            try:
                array = np.broadcast_to(array, counts)
            except ValueError:
                raise InvalidValueError(f"{self.description}: expected values of shape {counts}, got {array.shape}") from None
            if array.size:
                encoded = np.ascontiguousarray(encode(array, element, self.store.reference_to)).reshape(counts)
                dataset.write(*_spaces(dataset.get_space(), dataset.shape, box), encoded)

    def write_blocks(self, blocks: Iterable[Block]) -> None:
        for selection, values in blocks:
            self.write(selection, values)

    def resize(self, shape: tuple[int, ...]) -> None:
        layout = self.layout
        maximum = layout.maximum or layout.shape
        fits = len(shape) == len(maximum) and all(
            0 <= length and (most is None or length <= most) for length, most in zip(shape, maximum, strict=True)
        )
        if layout.chunks is None or not fits:
            raise InvalidValueError(f"{self.description}: shape {layout.shape} cannot become {shape}; it may grow to {maximum}")
        with self.store.writing(self.path):
            self._id.set_extent(tuple(shape))


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _has_large(attributes: Mapping[str, Any] | None) -> bool:
    return any(map(needs_dense_storage, (attributes or {}).values()))


def _spaces(space: Any, shape: tuple[int, ...], box: Box) -> tuple[Any, Any]:
    """What to read or write in memory and in the file, for one box of a dataset."""
    if all(len(wanted) == length for wanted, length in zip(box, shape, strict=True)):
        return h5s.ALL, h5s.ALL
    counts = tuple(map(len, box))
    # A selection belongs to the dataspace, which other reads of the dataset share.
    space = space.copy()
    space.select_hyperslab(tuple(wanted.start for wanted in box), counts, tuple(wanted.step for wanted in box))
    return h5s.create_simple(counts), space
