"""Filters of chunks: what is done to the bytes of a chunk before they are stored, and how it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from photonwb.errors import DamagedFileError

from .compressors import COMPRESSORS, compress, crc32c, decompress, decompressed
from .streams import MOST_INFLATED, Buffer, deflate, inflate, inflate_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Pipeline", "fletcher32", "is_known", "most_compressed", "shuffle", "unshuffle"]

Filters: TypeAlias = "Sequence[tuple[str, Mapping[str, Any]]]"

KNOWN = frozenset({"gzip", "shuffle", "fletcher32", "crc32c", *COMPRESSORS})
CHECKSUMS = ("fletcher32", "crc32c")

CACHE_LINE = 64


def is_known(filters: Filters) -> bool:
    """Whether all these filters can be done here; two compressions in a row leave the size between them unknown."""
    names = [name for name, _ in filters]
    return KNOWN.issuperset(names) and sum(name == "gzip" or name in COMPRESSORS for name in names) < 2


def most_compressed(filters: Filters) -> int:
    """How many bytes at most these filters make of one when they are undone."""
    return max((COMPRESSORS.get(name, MOST_INFLATED) for name, _ in filters), default=MOST_INFLATED)


class Pipeline:
    """The filters of an array.

    Parameters
    ----------
    filters : sequence of (str, dict)
        In the order of encoding.
    itemsize : int
        Bytes of an element.
    nbytes : int
        Bytes of a whole chunk.
    may_skip : bool
        Whether a chunk can say that a filter, which would not have helped, was left out.
    """

    def __init__(self, filters: Filters, itemsize: int, nbytes: int, *, may_skip: bool = True) -> None:
        self.may_skip = may_skip
        self.filters = tuple(filters)
        self.itemsize = itemsize
        self.nbytes = nbytes

    def decode(self, data: Buffer, target: NDArray[np.uint8], skipped: int = 0) -> None:
        """Undo the filters.

        Parameters
        ----------
        data : buffer
            As stored.
        target : array of uint8, shape (nbytes,)
            Where the elements of the chunk go.
        skipped : int
            Bit i: filter i was left out.

        Raises
        ------
        DamagedFileError
            The bytes are not what these filters make of a chunk.
        """
        active = [name for place, (name, _) in enumerate(self.filters) if not skipped >> place & 1]
        while active:
            name = active.pop()
            if name in CHECKSUMS:
                data = _checked(data) if name == "fletcher32" else _checked_crc(data)
            elif name == "gzip":
                data = inflate(data, self._size_before(active))
            elif name in COMPRESSORS:
                if not active:
                    return decompress(name, data, target)
                whole = np.empty(self._size_before(active), np.uint8)
                decompress(name, data, whole)
                data = whole.data
            elif not active:
                return unshuffle(self._complete(data), self.itemsize, target)
            else:
                whole = np.empty(len(data), np.uint8)
                unshuffle(data, self.itemsize, whole)
                data = whole.data
        target[:] = np.frombuffer(self._complete(data), np.uint8)
        return None

    def decode_all(self, data: Buffer) -> Buffer:
        """Undo the filters of a chunk of which nobody knows how many bytes it has.

        Raises
        ------
        DamagedFileError
            As `decode`.
        """
        for name, _ in reversed(self.filters):
            if name == "fletcher32":
                data = _checked(data)
            elif name == "crc32c":
                data = _checked_crc(data)
            elif name in COMPRESSORS:
                data = decompressed(name, data)
            elif name == "gzip":
                data = inflate_all(data)
        return data

    def encode(self, values: NDArray[Any]) -> tuple[Buffer, int]:
        """Apply the filters.

        Parameters
        ----------
        values : array
            A whole chunk.

        Returns
        -------
        buffer, int
            What to store, and which filters were left out (bit i: filter i) because they would not have helped.
        """
        skipped = 0
        data: Buffer | None = None
        for place, (name, options) in enumerate(self.filters):
            if name == "shuffle" and data is None:
                data = shuffle(values)
                continue
            data = _plain_bytes(values) if data is None else data
            if name == "shuffle":
                data = shuffle(np.frombuffer(data, np.uint8), self.itemsize)
            elif name in CHECKSUMS:
                checksum = fletcher32(data) if name == "fletcher32" else crc32c(data)
                data = b"".join((data, checksum.to_bytes(4, "little")))
            elif name in COMPRESSORS:
                data = compress(name, options, data, self.itemsize)
            else:
                # Bytes that were shuffled are as alike as their places in an element.
                stretch = len(data) // self.itemsize if place and self.filters[place - 1][0] == "shuffle" else 0
                deflated = deflate(data, int(options.get("level", 4)), stretch)
                if len(deflated) < len(data) or not self.may_skip:
                    data = deflated
                else:
                    skipped |= 1 << place
        return _plain_bytes(values) if data is None else data, skipped

    def _size_before(self, active: list[str]) -> int:
        """Bytes of a chunk before it was compressed: they hold the checksums that were added by then."""
        return self.nbytes + 4 * sum(name in CHECKSUMS for name in active)

    def _complete(self, data: Buffer) -> Buffer:
        if len(data) != self.nbytes:
            raise DamagedFileError(f"a chunk should have {self.nbytes} bytes, it has {len(data)}")
        return data


def _plain_bytes(values: NDArray[Any]) -> memoryview:
    return _in_order(values).reshape(-1).view(np.uint8).data


def _in_order(values: NDArray[Any]) -> NDArray[Any]:
    """The values one behind the other in memory.

    What lies there with its axes exchanged is copied in strips, of which each line fills a line of the cache: twice as fast.
    """
    if values.flags.c_contiguous or values.ndim < 2 or values.strides[-1] <= values.itemsize:
        return np.ascontiguousarray(values)
    ordered = np.empty(values.shape, values.dtype)
    width = max(1, CACHE_LINE // values.itemsize)
    for start in range(0, values.shape[-1], width):
        ordered[..., start : start + width] = values[..., start : start + width]
    return ordered


def shuffle(values: NDArray[Any], itemsize: int = 0) -> memoryview:
    """First bytes of all elements, then the second ones, and so on."""
    itemsize = itemsize or values.dtype.itemsize
    if itemsize == 1:
        return _plain_bytes(values)
    if values.dtype.kind in "iuf" and itemsize == 2 and values.dtype.itemsize == 2:
        return _shuffle_pairs(values)
    data = np.frombuffer(_plain_bytes(values), np.uint8)
    shuffled = np.empty_like(data)
    length = data.size // itemsize
    whole = length * itemsize
    elements = data[:whole].reshape(length, itemsize)
    for byte in range(itemsize):
        shuffled[byte * length : (byte + 1) * length] = elements[:, byte]
    shuffled[whole:] = data[whole:]
    return shuffled.data


def _shuffle_pairs(values: NDArray[Any]) -> memoryview:
    """The same for two bytes, by arithmetic on whole elements, which is several times as fast."""
    values = _in_order(values)
    pairs = values.view(np.dtype(np.uint16).newbyteorder(values.dtype.byteorder))
    shuffled = np.empty((2, *values.shape), np.uint8)
    low, high = (1, 0) if _is_big_endian(values.dtype) else (0, 1)
    np.copyto(shuffled[low], pairs, casting="unsafe")
    np.right_shift(pairs, 8, out=shuffled[high], casting="unsafe")
    return shuffled.reshape(-1).data


def _is_big_endian(dtype: np.dtype[Any]) -> bool:
    return dtype.newbyteorder(">") == dtype


def unshuffle(data: Buffer, itemsize: int, target: NDArray[np.uint8]) -> None:
    """Undo `shuffle`; the target has as many bytes as the data."""
    source = np.frombuffer(data, np.uint8)
    length = source.size // itemsize
    whole = length * itemsize
    if itemsize == 2 and target.ctypes.data % 2 == 0:
        pairs = target[:whole].view("<u2")
        pairs[:] = source[length:whole]
        pairs <<= 8
        pairs |= source[:length]
    else:
        elements = target[:whole].reshape(length, itemsize)
        for byte in range(itemsize):
            elements[:, byte] = source[byte * length : (byte + 1) * length]
    target[whole:] = source[whole:]


def _checked(data: Buffer) -> Buffer:
    """What a checksum at its end belongs to."""
    if len(data) < 4:
        raise DamagedFileError("a chunk is shorter than its checksum")
    content = memoryview(data)[:-4]
    stored = int.from_bytes(memoryview(data)[-4:], "little")
    computed = fletcher32(content)
    # Early releases of HDF5 swapped the bytes of each half on some machines; it accepts both ever since.
    swapped = (computed & 0x00FF00FF) << 8 | computed >> 8 & 0x00FF00FF
    if stored not in (computed, swapped):
        raise DamagedFileError(f"a chunk does not match its checksum: {stored:#010x} is stored, {computed:#010x} computed")
    return content


def _checked_crc(data: Buffer) -> Buffer:
    """What a CRC32C at its end belongs to."""
    content = memoryview(data)[:-4]
    if len(data) < 4 or int.from_bytes(memoryview(data)[-4:], "little") != crc32c(content):
        raise DamagedFileError("a chunk does not match its checksum")
    return content


def fletcher32(data: Buffer) -> int:
    """Checksum of HDF5: Fletcher's over big-endian words of 16 bits, an odd byte at the end padded with zero.

    That is the sum of all words, and the sum of all partial sums, modulo 65535. The words are summed as they lie in memory, four
    at a time: exchanging the bytes of a word multiplies it by 256 in this arithmetic, and so it does with the sums.
    """
    content = np.frombuffer(data, np.uint8)
    words = -(-content.size // 2)
    padded = -(-content.size // ROW_BYTES) * ROW_BYTES
    whole = content.size // ROW_BYTES * ROW_BYTES
    rest = np.zeros(padded - whole, np.uint8)
    rest[: content.size - whole] = content[whole:]
    total = weighted = 0
    blocks = [content[start : min(start + BLOCK_BYTES, whole)] for start in range(0, whole, BLOCK_BYTES)]
    for number, block in enumerate([*blocks, rest]):
        first = whole // 2 if block is rest else number * BLOCK_BYTES // 2
        block_total, block_weighted = _word_sums(block.view("<u8").reshape(-1, ROW_BYTES // 8))
        total += block_total
        weighted += first * block_total + block_weighted
    return _folded(256 * (words * total - weighted)) << 16 | _folded(256 * total)


# A row of words, and rows that stay in the cache of a processor while they are summed in several ways.
ROW_BYTES = 8 << 10
BLOCK_BYTES = 512 << 10


def _word_sums(rows: NDArray[np.uint64]) -> tuple[int, int]:
    """Sum of the words, and sum of each word times its position: from the sums of rows and columns, two words to a lane."""
    lanes, low = np.uint64(0x0000FFFF0000FFFF), np.uint64(0xFFFFFFFF)
    sixteen, half = np.uint64(16), np.uint64(32)
    even, odd = rows & lanes, rows >> sixteen & lanes
    columns = even.sum(axis=0), odd.sum(axis=0)
    even += odd
    by_row = even.sum(axis=1)
    by_row = (by_row & low) + (by_row >> half)
    by_word = np.stack([columns[0] & low, columns[1] & low, columns[0] >> half, columns[1] >> half], axis=1).ravel()
    weighted = np.arange(by_word.size, dtype=np.uint64) @ by_word
    return int(by_row.sum()), int(weighted) + by_word.size * int(np.arange(by_row.size, dtype=np.uint64) @ by_row)


def _folded(total: int) -> int:
    """Modulo 65535, where 65535 itself stands for 0 of a sum that is not zero."""
    return (total - 1) % 65535 + 1 if total else 0
