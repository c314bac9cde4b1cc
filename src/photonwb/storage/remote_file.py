"""Bytes of a file on a server, in blocks of which those that were asked for last are kept.

The structure of a file is read in many small pieces that lie close together: around each, much is fetched at a stroke. Of arrays
no more is fetched than it takes to get what is wanted, many stretches at a time.
"""

from __future__ import annotations

import gc
import io
import os
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from photonwb.arrays.cache import ChunkCache
from photonwb.arrays.local import ByteFile, FileKeeper, bytes_of
from photonwb.arrays.pool import submit_waiting

from .checked_file import HEAP, hide_unsound_heap
from .remote import connect, retried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from .remote import Connection

    Block: TypeAlias = NDArray[np.uint8]

__all__ = ["RemoteFile", "RemoteInput"]

Item = TypeVar("Item")

# Bytes of a block.
BLOCK = 32 << 10
# So many blocks are fetched, from a multiple of that on, to get at less than one. At usual speeds of networks they take about as
# long to come as it takes the server to answer.
AROUND = 32
# What is not there yet of a file of so few blocks is fetched at a stroke.
FEW = 128
# A request is for no more blocks than this: several bring more at a time than one.
LONGEST = 128
# Stretches of an array that are no farther apart than this many blocks are fetched together.
NEAR = 4
# So much of an array is fetched together; while it is decoded, as much again comes.
BATCH = 32 << 20

# Without some room for the structure of a file the same would be fetched over and over.
LEAST_CACHE = 16 << 20

# For all files of this process together.
block_cache = ChunkCache(max(ChunkCache().limit, LEAST_CACHE))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=block_cache.reset)


class RemoteFile(ByteFile):
    """A file on a server.

    Parameters
    ----------
    connection : Connection
    threads : int, optional
        See `ByteFile`; how many requests are under way at a time does not depend on it.
    """

    changed = 0.0  # is not known, and need not be: a change is noticed when something is fetched

    def __init__(self, connection: Connection, threads: int | None = None) -> None:
        super().__init__(connection.address, connection.size, threads)
        self.version = self.state = connection.state
        self._connection = connection
        self._cut(0, connection.first, keep=True)
        connection.first = b""

    def batches(
        self, items: Sequence[Item], places_of: Callable[[Item], Iterable[tuple[int, int]]]
    ) -> Iterator[tuple[Sequence[Item], ByteFile]]:
        places = [list(places_of(item)) for item in items]
        sizes = [sum(size for _, size in each) for each in places]
        # What goes through once, and is large, would push out all else.
        keep = sum(sizes) <= block_cache.limit // 2
        coming: tuple[Sequence[Item], ByteFile] | None = None
        for start, stop in _batches(sizes):
            before, coming = coming, (items[start:stop], FetchedFile(self, places[start:stop], keep=keep))
            if before is not None:
                yield before
        if coming is not None:
            yield coming

    def start(self, first: int, behind: int, *, keep: bool) -> Iterator[tuple[int, Block | Future[dict[int, Block]]]]:
        """Have blocks fetched, unless they are there; for each its number, and it or what is going to have it."""
        missing: list[int] = []
        for number in range(first, behind):
            block = self._known(number)
            if block is None:
                missing.append(number)
            else:
                yield number, block
        for part in _parts(missing):
            future = submit_waiting(self._request, part, keep)
            yield from ((number, future) for number in part)

    def _read_some(self, offset: int, target: Any) -> int:
        target = bytes_of(target)
        first, behind = offset // BLOCK, -(-(offset + target.nbytes) // BLOCK)
        inside, done = offset - first * BLOCK, 0
        for block in self._blocks(first, behind, is_small=target.nbytes < BLOCK):
            done += _copy(block, inside, target[done:])
            inside = 0
        return done

    def _blocks(self, first: int, behind: int, *, is_small: bool) -> list[Block]:
        known = [self._known(number) for number in range(first, behind)]
        if all(block is not None for block in known):
            return known  # pyright: ignore[reportReturnType] - which all() does not tell it
        low, high = self._surroundings(first, behind) if is_small else (first, behind)
        parts = _parts([number for number in range(low, high) if self._known(number) is None])
        keep = is_small or (behind - first) * BLOCK <= block_cache.limit // 2
        futures = [submit_waiting(self._request, part, keep) for part in parts[1:]]
        fetched = self._request(parts[0], keep)
        for future in futures:
            fetched.update(future.result())
        return [fetched[number] if block is None else block for number, block in enumerate(known, first)]

    def _surroundings(self, first: int, behind: int) -> tuple[int, int]:
        """The blocks that are fetched with some."""
        count = -(-self.size // BLOCK)
        if count <= FEW:
            return 0, count
        return first // AROUND * AROUND, min(count, -(-behind // AROUND) * AROUND)

    def _known(self, number: int) -> Block | None:
        return block_cache.get((self.version, number))

    def _request(self, numbers: range, keep: bool) -> dict[int, Block]:
        data = retried(self._connection, numbers.start * BLOCK, min(numbers.stop * BLOCK, self.size))
        return self._cut(numbers.start, data, keep=keep)

    def _cut(self, first: int, data: bytes, *, keep: bool) -> dict[int, Block]:
        """Whole blocks, and what is shorter at the end of the file."""
        values = np.frombuffer(data, np.uint8)
        is_end = first * BLOCK + len(data) == self.size
        count = -(-len(data) // BLOCK) if is_end else len(data) // BLOCK
        blocks = {first + number: values[number * BLOCK : (number + 1) * BLOCK] for number in range(count)}
        if keep:
            for number, block in blocks.items():
                block_cache.put((self.version, number), block.copy())  # a part would hold on to the whole
        return blocks


class FetchedFile(ByteFile):
    """A file on a server of which some bytes are here, or on their way.

    Parameters
    ----------
    file : RemoteFile
    places : sequence of sequence of (int, int)
        Offset and size of the stretches that are going to be read.
    keep : bool
        Whether they are kept for those who come later.
    """

    def __init__(self, file: RemoteFile, places: Sequence[Sequence[tuple[int, int]]], *, keep: bool) -> None:
        super().__init__(file.path, file.size, file.threads)
        self.version, self.state, self.changed = file.version, file.state, file.changed
        self._file = file
        self._blocks: dict[int, Block | Future[dict[int, Block]]] = {}
        for first, behind in _stretches([place for each in places for place in each], file.size):
            self._blocks.update(file.start(first, behind, keep=keep))

    def _read_some(self, offset: int, target: Any) -> int:
        number, inside = divmod(offset, BLOCK)
        block = self._blocks.get(number)
        if block is None:
            return self._file._read_some(offset, target)
        return _copy(block if isinstance(block, np.ndarray) else block.result()[number], inside, bytes_of(target))


class RemoteInput(io.RawIOBase):
    """A file on a server, as HDF5 reads its structure; looked at as a `CheckedFile` is.

    Parameters
    ----------
    address : str
    options : mapping
        Go to fsspec.

    Attributes
    ----------
    length_size : int
        Bytes in which the file counts bytes.
    is_in_place : bool
        Always: a file that was replaced cannot be read any more.

    Raises
    ------
    MissingLibraryError, MissingFileError, InvalidValueError, StorageError
    """

    is_in_place = True

    def __init__(self, address: str, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._connection = connect(address, options)
        self._file = RemoteFile(self._connection)
        self._position = 0
        self.size = self._file.size
        self.length_size = 8

    def keeper(self, threads: int | None) -> FileKeeper:
        """The same file for those who read arrays."""
        return FileKeeper(RemoteFile(self._connection, threads))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        done = self._read(view)
        self._position += done
        if done and view[0] == HEAP[0]:
            hide_unsound_heap(view, done, self._read_behind, self.length_size)
        return done

    def _read(self, view: memoryview) -> int:
        view = view[: max(0, min(len(view), self.size - self._position))]
        if not view:
            return 0
        # HDF5 holds the lock of h5py while it waits for us. If the threads that get the bytes met unused objects of h5py in a
        # collection, they would wait for that lock, and all for ever.
        is_collecting = gc.isenabled()
        gc.disable()
        try:
            self._file.read_into(self._position, view)
        finally:
            if is_collecting:
                gc.enable()
        return len(view)

    def _read_behind(self, count: int) -> bytes:
        data = bytearray(count)
        return bytes(data[: self._read(memoryview(data))])


def _copy(block: Block, inside: int, target: memoryview) -> int:
    count = min(len(block) - inside, target.nbytes)
    target[:count] = block[inside : inside + count].data
    return count


def _batches(sizes: list[int]) -> Iterator[tuple[int, int]]:
    """Places in a list between which there are about as many bytes as are fetched together."""
    start = nbytes = 0
    for number, size in enumerate(sizes):
        if nbytes and nbytes + size > BATCH:
            yield start, number
            start, nbytes = number, 0
        nbytes += size
    yield start, len(sizes)


def _stretches(places: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Blocks in which some bytes lie, and those between that are fetched with them."""
    first = behind = 0
    for offset, length in sorted(places):
        start, stop = max(offset, 0) // BLOCK, -(-min(offset + length, size) // BLOCK)
        if start > behind + NEAR:
            if behind > first:
                yield first, behind
            first = start
        behind = max(behind, stop)
    if behind > first:
        yield first, behind


def _parts(numbers: list[int]) -> list[range]:
    """Blocks that are fetched by one request each: all from the first of some to the last."""
    if not numbers:
        return []
    stop = numbers[-1] + 1
    return [range(start, min(start + LONGEST, stop)) for start in range(numbers[0], stop, LONGEST)]
