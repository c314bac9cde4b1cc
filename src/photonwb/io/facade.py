"""`NWBHDF5IO` and `NWBZarrIO`: a file with an explicit mode, as users of pynwb and hdmf-zarr know it.

`photonwb.open` is the shorter way to the same thing. What a mode or an argument means beyond the established is written at the
argument; docs/migrating.md lists what is accepted and has no effect.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import ClosedFileError, InvalidTypeError, InvalidValueError, StorageError
from photonwb.io.reading import Reader
from photonwb.io.stores import form_of, opened_store
from photonwb.io.writing import unfilled, write_file, write_into
from photonwb.model.extensions import Manager, get_manager
from photonwb.storage.remote import address_of, is_address, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.storage.contract import Dataset, Store

__all__ = ["NWBHDF5IO", "NWBFileIO", "NWBZarrIO", "io_for"]

_MODES = ("r", "r+", "a", "w", "w-", "x")


class NWBFileIO:
    """What the files of all formats have in common.

    Parameters
    ----------
    path : path
    mode : str
    file : optional
        An open file to work on, in the place of a path.
    options : dict, optional
        How the store is opened.
    extensions : str or list of str, optional
        Paths of namespace files of extensions to load.
    trusted : bool
    threads : int, optional
    """

    form = "hdf5"

    def __init__(
        self,
        path: typing.Path,
        mode: str,
        *,
        file: Any = None,
        options: dict[str, Any] | None = None,
        extensions: Any = None,
        trusted: bool = True,
        threads: int | None = None,
    ) -> None:
        if mode not in _MODES:
            raise InvalidValueError(f"{type(self).__name__}: expected a mode out of {', '.join(_MODES)}, got {mode!r}")
        if extensions is not None:
            from photonwb.model.extensions import load_extensions

            load_extensions(extensions)
        ending = ".nwb.zarr" if self.form == "zarr" else ".nwb"
        if file is None and mode in ("w", "w-", "x") and not os.fspath(path).endswith((".nwb", ending)):
            warnings.warn(f"{path}: archives only take files whose names end in {ending}", stacklevel=3)
        self._path = os.fspath(path)
        self._mode = "w-" if mode == "x" else mode
        self._file = file
        self._options = options or {}
        self._trusted = trusted
        self._threads = threads
        self._reader: Reader | None = None
        self._store: Store | None = None
        self._written: NWBFile | None = None
        self._closed = False
        if is_address(self._path) and self._mode != "r":
            raise StorageError(f"{shown(self._path)}: files at addresses can be read only (mode 'r'); download it to change it")
        if self._mode == "r" or (self._mode in ("r+", "a") and self._exists) or (self._mode == "r+" and file is None):
            self._open_store()
        elif self._mode == "w-" and self._exists:
            raise StorageError(f"{self._path} exists already: choose another path, or mode='w' to replace it")

    @property
    def _exists(self) -> bool:
        if self._file is not None:
            return hasattr(self._file, "seek") or len(self._file) > 0
        return Path(self._path).is_dir() or (Path(self._path).exists() and Path(self._path).stat().st_size > 0)

    def _open_store(self) -> Store:
        if self._closed:
            raise ClosedFileError(f"{shown(self._path)} was closed; open it again")
        if self._store is None:
            self._store = opened_store(
                self._file or self._path, self._mode, self._options, trusted=self._trusted, threads=self._threads, form=self.form
            )
            self._reader = Reader(self._store, self)
        return self._store

    @property
    def store(self) -> Store:
        """The open file, as the storage layer sees it."""
        return self._open_store()

    @property
    def source(self) -> str:
        """Absolute path of the file, or its address."""
        return self._path if is_address(self._path) else os.path.abspath(self._path)

    @property
    def mode(self) -> str:
        """How the file was opened."""
        return self._mode

    @property
    def manager(self) -> Manager:
        """Stands where pynwb has its build manager."""
        return get_manager()

    def open(self) -> None:
        """Open the file again after it was closed."""
        if self._closed:
            self._closed, self._store, self._reader = False, None, None
            self._open_store()

    def is_open(self) -> bool:
        """Whether what the file holds can be read."""
        return self._store is not None and not self._store.closed

    def read(self, skip_version_check: bool = False) -> NWBFile:
        """The content of the file; its fields are read when they are touched.

        Parameters
        ----------
        skip_version_check : bool
            Without effect: files of every version are read.
        """
        if self._mode in ("w", "w-") and self._written is None:
            raise StorageError(f"{self._path} is open for writing (mode {self._mode!r}): open it with mode='r' to read it")
        self._open_store()
        assert self._reader is not None
        return self._reader.root()

    def write(
        self,
        container: NWBFile,
        cache_spec: bool = True,
        link_data: bool = True,
        herd: Any = None,
        *,
        compression: typing.Compression = "fast",
        **options: Any,
    ) -> None:
        """Write a file, or what was added to and changed in one that is open for changes.

        Parameters
        ----------
        container : NWBFile
        cache_spec : bool
            Whether to store the specifications in the file.
        link_data : bool
            Whether arrays that lie in the same file already are linked (True) or copied. Arrays of other files are copied.
        herd
            Accepted and without effect; add external resources to the file object instead.
        compression : {"fast", "small", "none"}, or as in h5py
            How arrays of a new file are stored that no `H5DataIO` says it of.
        **options
            Accepted for compatibility.
        """
        if self._mode == "r":
            raise StorageError(f"{shown(self._path)} is open for reading: open it with mode='r+', 'a' or 'w' to write")
        if self._store is None or container is self._written:
            self._write_new(container, cache_spec=cache_spec, link_data=link_data, compression=compression)
        elif container._stored is None:
            raise InvalidValueError(
                f"{self._path}: the file holds a session already; change what read() gives, or use mode='w' to replace it"
            )
        else:
            self._write_changes(container, cache_spec, link_data)

    def _write_new(self, container: NWBFile, **options: Any) -> None:
        if self._file is not None:
            plan = write_into(container, self._file, again=self._written is not None, **options)
        else:
            plan = write_file(container, self._path, threads=self._threads, form=self.form, **options)
        self._written = container
        if self.form == "zarr" and self._store is not None:  # which was opened to read what was written before
            self._store.close()
            self._store = self._reader = None
        for wrapper, path in unfilled(plan):
            from photonwb.io.stored_array import WritableArray

            wrapper.dataset = WritableArray(cast("Dataset", self._open_store().root[path.strip("/")]))

    def _write_changes(self, container: NWBFile, cache_spec: bool, link_data: bool) -> None:
        from photonwb.io.editing import checked_plan, write_changes

        store = self._open_store()
        plan = checked_plan(container, store.location)
        try:
            write_changes(store, plan, cache_spec=cache_spec, link_data=link_data)
        except BaseException:
            # What was written so far is half of a change: it goes with the store.
            self.discard()
            raise

    def export(
        self,
        src_io: NWBFileIO,
        nwbfile: NWBFile | None = None,
        write_args: dict[str, Any] | None = None,
        cache_spec: bool = True,
        container: NWBFile | None = None,
    ) -> None:
        """Write the content of another file, with what was changed in memory, into this one.

        Parameters
        ----------
        src_io : NWBHDF5IO or NWBZarrIO
            What the other file was opened with.
        nwbfile : NWBFile, optional
            The content, if changed; by default what the file holds.
        write_args : dict, optional
            `link_data`.
        cache_spec : bool
        container : NWBFile, optional
            The same as `nwbfile`.
        """
        from photonwb.io.exporting import export_file

        if self._mode not in ("w", "w-"):
            raise StorageError(f"{self._path}: export needs mode 'w', got {self._mode!r}")
        export_file(src_io, nwbfile or container, self._path, cache_spec=cache_spec, form=self.form)

    def export_to(self, path: typing.Path, nwbfile: NWBFile | None = None, **options: Any) -> None:
        """Write what the file holds, or a part of it, as another file; see `photonwb.export`."""
        from photonwb.io.exporting import export_file

        export_file(self, nwbfile, path, **options)

    @property
    def has_options(self) -> bool:
        """Whether the file is more than a path: an open h5py.File, or read in a way of its own."""
        return self._file is not None or bool(self._options)

    @classmethod
    def can_read(cls, path: str) -> bool:
        """Whether there is a file of NWB version 2 at a path, in the format of this class."""
        try:
            with cls(path, "r") as io:
                text, version = io.nwb_version
        except (OSError, ValueError):
            return False
        if version is None or version[0] < 2:
            text = "does not say its version of NWB" if text is None else f"is of version {text} of NWB, before 2"
            warnings.warn(f"{path} cannot be read: it {text}", stacklevel=2)
            return False
        return True

    @property
    def namespaces(self) -> dict[str, str]:
        """Version of each namespace whose specification the file carries."""
        from photonwb.io.specifications import cached_sources
        from photonwb.schema import Catalog

        sources = cached_sources(self.store)
        return {name: version for name, version in Catalog.from_sources(sources).namespaces.items() if name in sources}

    @property
    def nwb_version(self) -> tuple[str | None, tuple[Any, ...] | None]:
        """Version of the standard the file was written in, as text and as a tuple: ("2.0b", (2, "0b"))."""
        from photonwb.io.opening import version_of

        if self._mode in ("w", "w-") and self._written is None:
            return None, None
        return version_of(self._open_store())

    def close(self, close_links: bool = True) -> None:
        """Close the file; arrays that were not read yet cannot be read afterwards.

        What was assigned to arrays is in the file then, even if it was not followed by `write`. Other changes that were not
        written are forgotten, with a warning.
        """
        store = self._store
        if store is not None and not store.closed and store.writable:
            if self._reader is not None and self._reader.has_unwritten:
                text = f"{self._path}: changes were not written; call write(nwbfile) before the file is closed"
                warnings.warn(text, stacklevel=2)
            if self._reader is not None and self._reader.was_assigned:
                from photonwb.io.editing import note_date

                note_date(store)
            store.commit()
        self.discard()

    def discard(self) -> None:
        """Close the file as it was after the last `write`."""
        self._closed = True
        if self._store is not None:
            self._store.close()

    def close_linked_files(self) -> None:
        """Accepted for compatibility: files reached by links close with the file that links to them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    @property
    def has_changes(self) -> bool:
        """Whether the file is open for changes, and objects of it were changed that were not written yet."""
        return self._mode in ("r+", "a") and self._reader is not None and not self._closed and self._reader.was_changed

    def diff(self, container: NWBFile) -> Any:
        """What `write` would change in the file; see `NWBFile.diff`."""
        from photonwb.io.differences import differences

        return differences(container)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self._path)!r}, {self._mode!r})"


class NWBHDF5IO(NWBFileIO):
    """An NWB file in HDF5.

    Parameters
    ----------
    path : path or address, optional
        An address is read by fsspec: "https://...", "s3://...", and whatever else there is a driver for. So are its file objects.
    mode : {"r", "r+", "a", "w", "w-", "x"}
        Read; change an existing file; change it or create it; create, replacing what is there; create, refusing what is there.
    load_namespaces : bool
        Accepted and without effect: specifications cached in a file are always used where they are needed.
    manager
        Accepted and without effect: there is no build manager.
    file : h5py.File or binary file object, optional
        An open file to work on; it stays open when this object is closed. A new session is written into an `h5py.File` that is
        empty.
    comm : optional
        Accepted for compatibility; parallel HDF5 is refused.
    driver : str, optional
        Driver of HDF5, for example "ros3", that reads the address in place of fsspec.
    aws_region : str, optional
        Region of a bucket, for the driver "ros3".
    herd_path : path, optional
        Accepted and without effect.
    extensions : str or list of str, optional
        Paths of namespace files of extensions to load.
    trusted : bool
        Whether the file may lead to files outside of its folder, as any may in pynwb; see `photonwb.open`.
    threads : int, optional
        How many may read and write arrays at a time, `PHOTONWB_THREADS` at most. Default is one for each processor.
    storage_options : mapping, optional
        Of an address: what fsspec is told, for example {"anon": True} for a public bucket.
    """

    def __init__(
        self,
        path: typing.Path | None = None,
        mode: str = "r",
        load_namespaces: bool = True,
        manager: Any = None,
        file: Any = None,
        comm: Any = None,
        driver: str | None = None,
        aws_region: str | None = None,
        herd_path: str | None = None,
        extensions: Any = None,
        *,
        trusted: bool = True,
        threads: int | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        if path is None and file is None:
            raise InvalidValueError("NWBHDF5IO: give the path of a file, or an open h5py.File as file=")
        if comm is not None:
            raise InvalidTypeError("NWBHDF5IO: parallel HDF5 (comm=) is not supported; write from one process")
        options: dict[str, Any] = {}
        if driver is not None:
            options["driver"] = driver
        if aws_region is not None:
            options["aws_region"] = aws_region.encode()
        place, file, storage_options = _path_and_file(path, file, storage_options)
        if storage_options:
            options["storage_options"] = storage_options
        super().__init__(place, mode, file=file, options=options, extensions=extensions, trusted=trusted, threads=threads)

    @staticmethod
    def read_nwb(path: typing.Path | None = None, file: Any = None) -> NWBFile:
        """Read a file in one call; the result keeps it open.

        Parameters
        ----------
        path : path, optional
        file : h5py.File, optional
            An open file, in the place of a path.
        """
        return NWBHDF5IO(path, "r", file=file).read()

    @classmethod
    def get_namespaces(
        cls, path: typing.Path | None = None, file: Any = None, driver: str | None = None, aws_region: str | None = None
    ) -> dict[str, str]:
        """Version of each namespace whose specification a file carries."""
        with cls(path, "r", file=file, driver=driver, aws_region=aws_region) as io:
            return io.namespaces


class NWBZarrIO(NWBFileIO):
    """An NWB file in a store of Zarr, a folder.

    Parameters
    ----------
    path : path or zarr.storage.LocalStore
    mode : {"r", "r-", "w", "w-", "x"}
        Read; read without the metadata that stand together in the root; create, replacing what is there; create, refusing what
        is there. "r+" and "a" change no store that is there: export it, with its changes, to a new one.
    manager
        Accepted and without effect: there is no build manager.
    storage_options : dict, optional
        Accepted for compatibility; stores that are not in a folder are refused.
    force_overwrite : bool
        Accepted and without effect: a store is replaced by mode "w", and what is none by no mode.
    load_namespaces : bool
        Accepted and without effect: specifications cached in a file are always used where they are needed.
    extensions : str or list of str, optional
        Paths of namespace files of extensions to load.
    trusted : bool
        Whether the store may lead to files outside of its folder; see `photonwb.open`.
    threads : int, optional
        How many may read and write arrays at a time, `PHOTONWB_THREADS` at most. Default is one for each processor.
    """

    form = "zarr"

    def __init__(
        self,
        path: typing.Path,
        mode: str = "r",
        manager: Any = None,
        storage_options: dict[str, Any] | None = None,
        force_overwrite: bool = False,
        load_namespaces: bool = True,
        extensions: Any = None,
        *,
        trusted: bool = True,
        threads: int | None = None,
    ) -> None:
        if not _is_path(path) and _is_path(getattr(path, "root", None)):
            path = cast("Any", path).root  # of a LocalStore of zarr
        if storage_options is not None or not _is_path(path) or "://" in os.fspath(path):
            raise InvalidTypeError(
                f"NWBZarrIO: expected the path of a folder, got {path!r:.80}; copy the store to a folder first"
            )
        options: dict[str, Any] = {"consolidated": False} if mode == "r-" else {}
        super().__init__(
            path, "r" if mode == "r-" else mode, options=options, extensions=extensions, trusted=trusted, threads=threads
        )

    @staticmethod
    def read_nwb(path: typing.Path) -> NWBFile:
        """Read a store in one call; the result keeps it open."""
        return NWBZarrIO(path, "r").read()

    @classmethod
    def get_namespaces(cls, path: typing.Path) -> dict[str, str]:
        """Version of each namespace whose specification a store carries."""
        with cls(path, "r") as io:
            return io.namespaces


def _is_path(path: Any) -> bool:
    return isinstance(path, (str, os.PathLike))


def io_for(path: Any) -> type[NWBHDF5IO] | type[NWBZarrIO]:
    """The class that opens what is at a path."""
    return NWBZarrIO if form_of(path) == "zarr" else NWBHDF5IO


def _path_and_file(path: Any, file: Any, options: Mapping[str, Any] | None) -> tuple[str, Any, dict[str, Any]]:
    """A path or address, what is open already, and what fsspec is told."""
    place, storage_options = address_of(path if file is None else file, options)
    if _is_path(place):
        return os.fspath(place), None, storage_options
    named = path if file is not None and path is not None else getattr(place, "filename", None) or getattr(place, "name", place)
    return str(named), place, {}
