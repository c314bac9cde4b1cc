"""Where the bytes of an array lie, told by a store to the code that reads them.

A store that can say so lets `photonwb.arrays` fetch and decode the chunks by itself, in parallel and outside the lock of the
library. A store that cannot (an exotic filter, a virtual dataset) answers None and is read through `read`, with the same result.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .local import LocalFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from .local import ByteFile, FileKeeper

__all__ = ["ArraySource", "ByteLayout", "ChunkPlace"]


class ChunkPlace(NamedTuple):
    """Where the stored bytes of one chunk lie, and which of its filters were skipped (bit i: filter i).

    The path is that of the file that holds them, where that is not the one of the whole array.
    """

    offset: int
    size: int
    skipped_filters: int = 0
    path: str = ""


class ByteLayout(NamedTuple):
    """How the bytes of an array lie in a file, or in the files of a local folder.

    Parameters
    ----------
    path : str
        The file; of an array whose chunks have files of their own the folder, which is named in messages only.
    shape : tuple of int
    dtype : numpy.dtype
        As stored, byte order included.
    chunks : tuple of int or None
        Shape of a chunk; None when the array lies in one piece.
    filters : tuple of (str, dict)
        In the order of encoding: ("shuffle", {}), ("gzip", {"level": 4}), ("fletcher32", {}), ...
    fill : numpy scalar
        Value of chunks that were never written.
    places : mapping
        Chunk coordinates (in chunks, not elements) to their place; {(): place} for an array in one piece. One that can tell of
        many chunks quicker than one by one does so in its method `among`.
    threads : int, optional
        How many may read it at a time, see `pool.threads`.
    keeper : FileKeeper, optional
        Has the file open; without it a local file is opened by its path for each read.
    axes : tuple of int, optional
        Order in which the axes of the array lie in a chunk, if it is another one.
    in_files : bool
        Whether each place has a path of its own.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...] | None
    filters: tuple[tuple[str, Mapping[str, Any]], ...]
    fill: Any
    places: Mapping[tuple[int, ...], ChunkPlace]
    threads: int | None = None
    keeper: FileKeeper | None = None
    axes: tuple[int, ...] | None = None
    in_files: bool = False

    def file(self) -> ByteFile:
        """The file, to read from."""
        return LocalFile(self.path, self.threads) if self.keeper is None else self.keeper.file

    def stored(self, numbers: Sequence[Sequence[int]]) -> Iterable[object]:
        """For each chunk with these numbers along each axis, in C order, something that is true if it is stored."""
        among = getattr(self.places, "among", None)
        return among(numbers) if among is not None else map(self.places.get, itertools.product(*numbers))


class ArraySource(Protocol):
    """An array that can be read; implemented by the datasets of each store."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def chunks(self) -> tuple[int, ...] | None: ...

    @property
    def filters(self) -> tuple[tuple[str, Mapping[str, Any]], ...]: ...

    @property
    def description(self) -> str:
        """File and path, for messages."""
        ...

    def read(self, selection: Any = ()) -> Any:
        """Values of a basic selection (integers, slices, Ellipsis, at most one index array), through the library."""
        ...

    def byte_layout(self) -> ByteLayout | None:
        """Where the bytes lie now, or None when only `read` will do. Raises ClosedFileError after the file was closed.

        Asked for at every read, be it of one element: a store remembers the answer for as long as nothing can have changed.
        """
        ...
