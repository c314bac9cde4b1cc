"""Deflate streams, made and undone by the fastest library at hand: libdeflate, ISA-L, or the zlib of Python.

All of them let other threads run. Level 1 is ISA-L's, 3 to 9 times as fast as zlib; other levels are honoured by libdeflate or
zlib. What is inflated never takes more memory than it should, whatever the stream says.

The lower bytes of a movie are the noise of photons, in which deflate finds next to nothing: with level 1 such stretches go into
the stream as they are, as deflate allows. A chunk of a movie becomes 1 % larger by that, and is inflated twice as fast, by
every library.
"""

from __future__ import annotations

import functools
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

from photonwb.errors import DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MOST_INFLATED", "Buffer", "deflate", "inflate", "inflate_all"]

Buffer: TypeAlias = "bytes | bytearray | memoryview"

# Deflate makes no more of a byte than this.
MOST_INFLATED = 1032

# RFC 1950: a window of 32 KiB, the fastest level. RFC 1951: the most that a block without compression holds, and an empty one,
# the last of its stream.
ZLIB_HEADER = b"\x78\x01"
PIECE = 0xFFFF
LAST_BLOCK = b"\x01\x00\x00\xff\xff"
# A piece that does not get smaller by this share of itself is stored as it is.
LEAST_GAIN = 32


def inflate(data: Buffer, size: int) -> Buffer:
    """A zlib stream inflated to `size` bytes; one that would give more gives an error before it has them all."""
    if size > MOST_INFLATED * len(data) + 64:
        raise DamagedFileError(f"{len(data)} deflated bytes cannot hold the {size} bytes of a chunk")
    try:
        inflated = _inflater()(data, size)
    except Exception as error:  # each of the libraries has an error of its own
        raise DamagedFileError(f"a chunk cannot be inflated: {error}") from error
    if len(inflated) != size:
        raise DamagedFileError(
            f"a chunk should inflate to {size} bytes, its stream gives {'more' if len(inflated) > size else 'less'}"
        )
    return inflated


def inflate_all(data: Buffer) -> bytes:
    """A zlib stream inflated, however many bytes that are."""
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise DamagedFileError(f"a chunk cannot be inflated: {error}") from error


def deflate(data: Buffer, level: int, stretch: int = 0) -> bytes | bytearray:
    """A zlib stream.

    Parameters
    ----------
    data : buffer
    level : int
        0 to 9, as in zlib.
    stretch : int, optional
        After so many bytes others of another kind follow, as they do where bytes were shuffled.
    """
    if level == 1 and len(data) > PIECE:
        return _in_pieces(memoryview(data).cast("B"), stretch or len(data))
    return _deflater(level)(data)


def _in_pieces(data: memoryview, stretch: int) -> bytes:
    """A stream of level 1 whose pieces know nothing of each other, so that some can be left as they are."""
    make, flush, checksum = _fast_stream()
    stream = make()
    blocks: list[Buffer] = [ZLIB_HEADER]
    for start in range(0, len(data), stretch):
        failed = untried = 0
        for piece in _cut(data[start : start + stretch], PIECE):
            deflated = None
            if untried:
                untried -= 1
            else:
                deflated = stream.compress(piece) + stream.flush(flush)
                # Noise is likely to go on: the more of it came, the longer nothing else is expected.
                failed = 0 if len(deflated) <= len(piece) - len(piece) // LEAST_GAIN else failed + 1
                untried = failed
            blocks += _plain_block(piece) if deflated is None or failed else [deflated]
    return b"".join([*blocks, LAST_BLOCK, checksum(data).to_bytes(4, "big")])


def _cut(data: memoryview, length: int) -> Iterator[memoryview]:
    return (data[start : start + length] for start in range(0, len(data), length))


def _plain_block(piece: memoryview) -> list[Buffer]:
    return [b"\x00", len(piece).to_bytes(2, "little"), (len(piece) ^ 0xFFFF).to_bytes(2, "little"), piece]


@functools.cache
def _fast_stream() -> tuple[Callable[[], Any], int, Callable[[Buffer], int]]:
    """What makes an object that deflates without header and end, what has it forget the past, and the checksum of zlib."""
    library: Any
    try:
        from isal import isal_zlib as library
    except ImportError:
        library = zlib
    return functools.partial(library.compressobj, level=1, wbits=-zlib.MAX_WBITS), library.Z_FULL_FLUSH, library.adler32


@functools.cache
def _inflater() -> Callable[[Buffer, int], bytes | bytearray]:
    try:
        from deflate import zlib_decompress
    except ImportError:
        pass
    else:
        return zlib_decompress
    try:
        from isal.isal_zlib import decompressobj
    except ImportError:
        from zlib import decompressobj

    def inflated(data: Buffer, size: int) -> bytes:
        # One byte more than there should be tells a stream that is too long.
        stream: Any = decompressobj()
        result = stream.decompress(data, size + 1)
        if len(result) == size and not stream.eof:
            raise ValueError("incomplete or truncated stream")
        return result

    return inflated


@functools.cache
def _deflater(level: int) -> Callable[[Buffer], bytes | bytearray]:
    if level == 1:
        try:
            from isal.isal_zlib import compress
        except ImportError:
            pass
        else:
            return functools.partial(compress, level=1)
    if level > 0:
        try:
            from deflate import zlib_compress
        except ImportError:
            pass
        else:
            return functools.partial(zlib_compress, compresslevel=level)
    return functools.partial(zlib.compress, level=level)
