"""An HDF5 file that something has broken, read as far as it goes.

Where the end of the file is missing there are zeros in its place, so that HDF5 opens what is left; whatever reaches into them
counts as unreadable, and so does what HDF5 refuses or cannot decode.
"""

from __future__ import annotations

import math
import re
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.arrays.reading import CERTAINLY_FITS, MOST_COMPRESSED
from photonwb.errors import DamagedFileError, PhotonwbError, StorageError

from .damaged_headers import member_table, root_header, table_in, without_missing_parts
from .damaged_names import names_given
from .hdf5 import HDF5Store
from .hdf5_library import h5d, h5l, name_bytes
from .patched import PatchedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from photonwb import typing

    from .contract import Block
    from .hdf5_nodes import HDF5Dataset, HDF5Group

__all__ = ["DamagedStore"]

BLOCK = 16 << 20


class DamagedStore(HDF5Store):
    """A file that may be damaged, open for reading; it is not touched.

    Parameters
    ----------
    path : path
    names : sequence of (str, str)
        Names that members of the root may have, in their order, see `damaged_names`.

    Attributes
    ----------
    missing : int
        How many bytes the file should have and has not.
    is_root_whole : bool
        Whether all attributes of the root are there.
    lost_names : int
        How many members of the root have names that were made up.

    Raises
    ------
    StorageError
        Not even its beginning can be read.
    """

    def __init__(self, path: typing.Path, names: Sequence[tuple[str, str]] = ()) -> None:
        self.is_root_whole = True
        self.lost_names = 0
        self._patched = PatchedFile(path)
        try:
            super().__init__(self._patched, "r", trusted=False)
        except StorageError as error:
            self._patched.close()
            expected = re.search(r"stored_eof = (\d+)", str(error))
            if expected is None:
                raise
            self._patched = PatchedFile(path, int(expected[1]))
            root = root_header(self._patched.bytes_at(0, 96))
            self.is_root_whole = root is None or not self._leave_out_missing_parts(root)
            self.lost_names = 0 if root is None else self._give_names(root, names)
            super().__init__(self._patched, "r", trusted=False)

    @property
    def missing(self) -> int:
        return self._patched.missing

    def close(self) -> None:
        super().close()
        self._patched.close()

    def _leave_out_missing_parts(self, address: int) -> bool:
        patches = without_missing_parts(self._patched.bytes_at, address, self._patched.present, self._member_table)
        for patch in patches:
            self._patched.patch(*patch)
        return bool(patches)

    def _give_names(self, header: int, names: Sequence[tuple[str, str]]) -> int:
        """Give names to the members of a group that have lost theirs; returns how many were made up."""
        read = self._patched.bytes_at
        table = table_in(read, header) or self._member_table(header)
        patches, made_up = names_given(read, table, self._patched.present, names) if table is not None else ([], 0)
        for patch in patches:
            self._patched.patch(*patch)
        return made_up

    def name_members(self, group: HDF5Group, name: str, names: Sequence[tuple[str, str]]) -> int:
        """Give names to what is in a member, if it lost them; returns how many were made up, rather than of those given."""
        with self.reading(group.path):
            link: Any = group.object_id.links.get_info(name_bytes(name))
        return self._give_names(link.u, names) if link.type == h5l.TYPE_HARD else 0

    def _member_table(self, header: int) -> bytes | None:
        with Path(self._patched.name).open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            return member_table(content, header)

    def leave_out_missing_parts(self, group: HDF5Group, name: str) -> bool:
        """Let the header of a member end with what there is of it; returns whether it went on."""
        with self.reading(group.path):
            link: Any = group.object_id.links.get_info(name_bytes(name))
        return link.type == h5l.TYPE_HARD and self._leave_out_missing_parts(link.u)

    def value(self, dataset: HDF5Dataset) -> Any:
        """All of a dataset.

        Raises
        ------
        DamagedFileError
        """
        self._patched.missing_was_read = False
        values = dataset.read()
        if self._patched.missing_was_read:
            raise DamagedFileError("it lies beyond the end of the file")
        return values

    def present_rows(self, dataset: HDF5Dataset) -> int:
        """How many rows of a dataset in one piece lie before the end of the file; of one in chunks, as many as can be in it."""
        rows = dataset.shape[0]
        with self.reading(dataset.path):
            stored: Any = dataset.object_id
            if stored.get_create_plist().get_layout() != h5d.CONTIGUOUS:
                row = max(1, math.prod(dataset.shape[1:]))
                # Each chunk takes bytes of its own, if only those that tell where it lies, and so does each text.
                most = self.size if dataset.dtype.hasobject else max(CERTAINLY_FITS, MOST_COMPRESSED * self.size)
                return min(rows, most // (row * dataset.dtype.itemsize), self.size // 8 * (dataset.chunks or (rows,))[0])
            offset, nbytes = stored.get_offset(), math.prod(dataset.shape[1:]) * stored.get_type().get_size()
        return rows if offset is None or not nbytes else max(0, min(rows, (self._patched.present - offset) // nbytes))

    def readable_blocks(self, dataset: HDF5Dataset, rows: int) -> Iterator[Block]:
        """Those of the first rows that can be read, a few at a time."""
        unit = (dataset.chunks or (1,))[0]
        nbytes = max(1, unit * math.prod(dataset.shape[1:]) * dataset.dtype.itemsize)
        step = unit * max(1, BLOCK // nbytes)
        for start in range(0, rows, step):
            yield from self._readable_parts(dataset, start, min(start + step, rows), unit)

    def _readable_parts(self, dataset: HDF5Dataset, start: int, stop: int, unit: int) -> Iterator[Block]:
        try:
            values = self._rows(dataset, start, stop)
        except PhotonwbError:
            if stop - start > unit:
                # One bad chunk must not take the others along.
                for at in range(start, stop, unit):
                    yield from self._readable_parts(dataset, at, min(at + unit, stop), unit)
        else:
            yield (slice(start, stop), *(slice(0, length) for length in dataset.shape[1:])), values

    def _rows(self, dataset: HDF5Dataset, start: int, stop: int) -> Any:
        self._patched.missing_was_read = False
        values = dataset.read((slice(start, stop),))
        # What HDF5 reads of a dataset in one piece it reads in large pieces; where that ends is known.
        if self._patched.missing_was_read and dataset.chunks is not None:
            raise DamagedFileError(f"rows {start} to {stop} of {dataset.path} lie beyond the end of the file")
        return values
