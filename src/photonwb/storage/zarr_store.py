"""Stores of Zarr: folders, in format 3 as hdmf-zarr writes it, or in format 2 as it did before.

The metadata are small documents of JSON, which are read here; zarr-python, which takes long to import, is asked only for what
photonwb does not decode. A store that is written has its metadata in memory until the end: nobody reads it before.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from photonwb.arrays.layouts import Preferences
from photonwb.errors import (
    BrokenLinkError,
    ClosedFileError,
    DamagedFileError,
    ExistingFileError,
    InvalidTypeError,
    InvalidValueError,
    NotFoundError,
    StorageError,
)

from .contract import Link, Reference
from .links import follow
from .neighbours import neighbour
from .zarr_attributes import referring
from .zarr_codecs import FILTERS, WRITTEN
from .zarr_files import Folder
from .zarr_nodes import ZarrDataset, ZarrGroup
from .zarr_records import DOCUMENT, Record, new_group, read_tree, tree_documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb.arrays.source import ByteLayout

    from .zarr_metadata import ArrayMetadata

__all__ = ["ZarrDataset", "ZarrGroup", "ZarrStore"]


class ZarrStore:
    """An open store of Zarr.

    Parameters
    ----------
    path : path
        The folder.
    mode : {"r", "r+", "w", "x"}
        Read; read and write; create or replace; create. What is written in place is not written as a whole or not at all: that is
        for a folder which nobody knows yet.
    trusted : bool, optional
        Whether links may lead to files outside of the folder in which the store is.
    threads : int, optional
        How many may read and write arrays at a time; see `photonwb.arrays.pool.threads`.
    location : str, optional
        What messages call the store, if it is going to have another name.
    consolidated : bool
        Whether to trust the metadata of all objects that stand together in the root, where there are such.

    Raises
    ------
    MissingFileError
        There is no such folder.
    DamagedFileError
        The metadata make no sense.
    StorageError
        It is no store of Zarr, or may not be read or written.
    """

    form = "zarr"
    has_typed_attributes = False
    preferences = Preferences(FILTERS, has_tiles=False, known=WRITTEN, has_numbers=False)

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: Literal["r", "r+", "w", "x"] = "r",
        *,
        trusted: bool = True,
        threads: int | None = None,
        location: str | None = None,
        consolidated: bool = True,
    ) -> None:
        if mode not in ("r", "r+", "w", "x"):
            raise InvalidValueError(f"mode must be 'r', 'r+', 'w' or 'x', got {mode!r}")
        self.location = location or os.path.abspath(path)
        self.threads, self._mode, self.closed = threads, mode, False
        self.byte_layouts: dict[str, tuple[ArrayMetadata, ByteLayout]] = {}
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()
        self._family: dict[str, Any] = {}
        self._is_guest = False
        if mode in ("w", "x"):
            self._create(Path(os.path.abspath(path)))
        self.folder = Folder(os.path.abspath(path), trusted=trusted)
        if mode in ("w", "x"):
            return
        try:
            self._root, self.format = read_tree(self.folder, consolidated=consolidated)
        except DamagedFileError as error:
            if self.location not in str(error):
                error.add_note(f"{self.location} cannot be opened")
            raise
        if mode == "r+" and self.format != 3:
            raise StorageError(f"{self.location}: a store of format {self.format} is not changed; export it to a new store first")

    def _create(self, path: Path) -> None:
        if path.exists():
            if self._mode == "x":
                raise ExistingFileError(f"{self.location}: exists already; choose another path")
            if not path.is_dir() or (any(path.iterdir()) and not (path / DOCUMENT).is_file()):
                raise ExistingFileError(f"{self.location}: is no store of Zarr, and is not replaced by one; remove it first")
            shutil.rmtree(path)
        try:
            path.mkdir()
        except OSError as error:
            raise StorageError(f"{self.location}: cannot be created: {error.strerror}") from error
        self._root, self.format = new_group(), 3

    def __repr__(self) -> str:
        return f"<ZarrStore {self.location!r}, {'closed' if self.closed else f'mode {self._mode!r}'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.writable:
            raise InvalidTypeError(f"{self.location}: only a store that is open for reading can be pickled")
        return _reopen, (self.location, {"trusted": self.trusted, "threads": self.threads})

    def __enter__(self) -> ZarrStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def trusted(self) -> bool:
        """Whether links may lead out of the folder in which the store is."""
        return self.folder.trusted

    @trusted.setter
    def trusted(self, value: bool) -> None:
        self.folder.trusted = value

    @property
    def root(self) -> ZarrGroup:
        return ZarrGroup(self, "/")

    @property
    def writable(self) -> bool:
        return self._mode != "r"

    def follow(self, link: Link | Reference, start: Any = None) -> ZarrGroup | ZarrDataset:
        self.check("/")
        return follow(self, link, start)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes

    def flush(self) -> None:
        self.check("/")

    def commit(self) -> None:
        """Write the metadata of all objects."""
        self.check("/")
        if not self.writable:
            return
        from .zarr_documents import write_documents

        write_documents(self.folder, tree_documents(self._root, self._written_link))

    def close(self) -> None:
        """Close this store and those that were opened to follow its links; once more does nothing."""
        if self.closed:
            return
        try:
            self.commit()
        finally:
            self.closed = True
            if not self._is_guest:
                family = [other for other in self._family.values() if other is not self]
                self._family.clear()
                for other in family:
                    other.close()

    # What the nodes need.

    def check(self, path: str) -> None:
        """Refuse to use what was closed."""
        if self.closed:
            raise ClosedFileError(f"{self.location}: the store was closed; open it again to use {path}")

    def record(self, path: str) -> Record:
        """What is known of the object at a path without links."""
        self.check(path)
        found = self._records.get(path)
        if found is None:
            found = self._root
            for name in path.split("/"):
                if name:
                    member = found.members.get(name)
                    if member is None:
                        raise NotFoundError(f"{self.location}: {path} does not exist (any more)")
                    found = member
            try:
                _ = found.attributes
            except DamagedFileError as error:
                if self.location not in str(error) and not hasattr(error, "__notes__"):
                    error.add_note(f"in the metadata of {self.location}: {path}")
                raise
            self._records[path] = found
        return found

    def changing(self, path: str) -> Record:
        """The same of an object that is going to be changed."""
        self.check(path)
        if not self.writable:
            raise StorageError(f"{self.location}: {path} cannot be changed: the store was opened for reading only")
        return self.record(path)

    def target_of(self, reference: Reference) -> str:
        """The path without links of what a new reference leads to."""
        target = self.follow(reference)
        if target.store is not self:
            raise InvalidValueError(f"{self.location}: a reference cannot lead into another file ({target.store.location})")
        return target.path

    def path_in(self, document: Any) -> str:
        """The path in this store of what a stored reference leads to.

        Raises
        ------
        BrokenLinkError
            It leads into another store.
        DamagedFileError
            It is no reference.
        """
        if not isinstance(document, dict):
            raise DamagedFileError(f"{document!r:.80} is no reference")
        found = cast("dict[str, Any]", document)
        path, source = found.get("path"), found.get("source")
        if not isinstance(path, str) or not (source is None or isinstance(source, str)):
            raise DamagedFileError(f"{document!r:.80} is no reference")
        if source not in (None, "", ".") and os.path.normpath(os.path.join(self.folder.path, source)) != self.folder.path:
            raise BrokenLinkError(f"{self.location}: a reference leads into another store ({source}), which is not followed")
        return f"/{path.strip('/')}" if path else ""

    def link_from(self, link: Link) -> Link:
        """A link as it is stored, as the contract has it: other files are named from the folder of this one."""
        if link.file is None or os.path.isabs(link.file):
            return link
        return Link(link.path, os.path.normpath(os.path.join(os.path.basename(self.location), link.file)))

    def link_to(self, link: Link) -> Link:
        """And back: other files are named from the store itself."""
        return link if link.file is None or os.path.isabs(link.file) else Link(link.path, os.path.join("..", link.file))

    def _written_link(self, group: str, link: Link) -> dict[str, str]:
        path = link.path if link.path.startswith("/") else f"/{group}/{link.path}".replace("//", "/")
        return {"source": link.file or ".", "path": path}

    def remove(self, path: str) -> None:
        """Remove an object; references to it lead nowhere then."""
        holder, _, name = path.rpartition("/")
        del self.record(holder or "/").members[name]
        self._forget()
        shutil.rmtree(self.folder.file(path.strip("/")), ignore_errors=True)
        self._retarget(lambda target: "" if f"{target}/".startswith(f"{path}/") else target)

    def rename(self, path: str, new: str) -> None:
        """Give an object another place; references follow it."""
        (holder, _, name), (new_holder, _, new_name) = path.rpartition("/"), new.rpartition("/")
        to = self.record(new_holder or "/")
        to.members[new_name] = self.record(holder or "/").members.pop(name)
        self._forget()
        old_folder, new_folder = self.folder.file(path.strip("/")), self.folder.file(new.strip("/"))
        if os.path.isdir(old_folder):
            os.makedirs(os.path.dirname(new_folder), exist_ok=True)
            os.rename(old_folder, new_folder)
        self._retarget(lambda target: f"{new}{target[len(path) :]}" if f"{target}/".startswith(f"{path}/") else target)

    def _forget(self) -> None:
        self._records.clear()
        self.byte_layouts.clear()

    def _retarget(self, new: Callable[[str], str]) -> None:
        """Have all references lead where a function says."""
        waiting = [("/", self._root)]
        while waiting:
            path, record = waiting.pop()
            for name, document in record.attributes.items():
                record.attributes[name] = referring(document, new)
            if record.is_array:
                self._retarget_dataset(ZarrDataset(self, path), new)
            waiting += [(f"{path.rstrip('/')}/{name}", member) for name, member in record.members.items()]

    def _retarget_dataset(self, dataset: ZarrDataset, new: Callable[[str], str]) -> None:
        from .relations import holds_references, mapped_references, references_in

        if not holds_references(dataset.layout.element):
            return
        values = dataset.read()
        if any(new(path) != path for path in references_in(values)):
            dataset.write((), mapped_references(values, lambda old: Reference(path) if (path := new(old.path)) else None))

    def beside(self, file: str) -> Any:
        """The store of another file, opened for reading the first time that a link leads there."""
        return neighbour(self, file)


def _reopen(location: str, options: dict[str, Any]) -> ZarrStore:
    return ZarrStore(location, "r", **options)
