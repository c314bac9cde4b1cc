"""Compressions of Zarr: Zstandard, Blosc, LZ4 and gzip as it is in files.

All but the last come from numcodecs, which the extra `zarr` brings. Each stream says how much it holds; that is compared with
what a chunk should have before anything is decompressed, so that a damaged stream takes no more memory than its chunk.
"""

from __future__ import annotations

import functools
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from .streams import Buffer

__all__ = ["COMPRESSORS", "compress", "crc32c", "decompress", "decompressed"]

# Of how many bytes one may tell at most: a block of Zstandard of one value, all that Blosc and LZ4 can count, deflate.
COMPRESSORS = {"zstd": 1 << 17, "blosc": 1 << 17, "lz4": 255, "gzip-file": 1032}

# RFC 8878: bytes of the size of the content by the two upper bits of the descriptor of a frame; of the dictionary by the lower.
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CONTENT_BYTES = (0, 2, 4, 8)
DICTIONARY_BYTES = (0, 1, 2, 4)

# What a block of Zstandard holds at most.
ZSTD_BLOCK = 128 << 10
# Streams of which nobody else knows the size may have so many bytes, or so many times their own.
CERTAINLY_FITS = 2**30
LIKELY = 1032

SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}


def decompress(name: str, data: Buffer, target: NDArray[np.uint8]) -> None:
    """Decompress a stream into an array of as many bytes as it should hold.

    Raises
    ------
    DamagedFileError
        It holds another number of bytes, or makes no sense.
    StorageError
        The library is missing.
    """
    view = memoryview(data)
    if name == "gzip-file":
        target[:] = memoryview(_gunzipped(view, target.size))
        return
    told = _TOLD[name](view)
    if told is not None and told != target.size:
        raise DamagedFileError(f"a chunk should decompress to {target.size} bytes, its stream gives {told}")
    if not target.size:
        return
    try:
        _codec(name).decode(view, target)
    except Exception as error:  # whatever the library finds wrong with it
        raise DamagedFileError(f"a chunk cannot be decompressed by {name}: {error}") from error


def decompressed(name: str, data: Buffer) -> Buffer:
    """What a stream holds, where nobody knows how much that is: text, most of all.

    Raises
    ------
    DamagedFileError
        It makes no sense, or says that it holds more than anybody would put there.
    StorageError
        The library is missing.
    """
    view = memoryview(data)
    most = max(CERTAINLY_FITS, LIKELY * len(view))
    if name == "gzip-file":
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            return stream.decompress(view)  # no more than deflate can make of it
        except zlib.error as error:
            raise DamagedFileError(f"a chunk cannot be inflated: {error}") from error
    told = _TOLD[name](view)
    bound = _zstd_bound(view) if told is None else told
    if bound > most:
        raise DamagedFileError(f"a chunk of {len(view)} bytes says that it holds {bound}")
    if not bound:
        return b""
    try:
        return memoryview(_codec(name).decode(view))
    except Exception as error:  # whatever the library finds wrong with it
        raise DamagedFileError(f"a chunk cannot be decompressed by {name}: {error}") from error


def compress(name: str, options: Mapping[str, Any], data: Buffer, itemsize: int) -> Buffer:
    """A stream of some bytes, which are elements of so many each."""
    if name == "gzip-file":
        stream = zlib.compressobj(int(options.get("level", 5)), wbits=zlib.MAX_WBITS | 16)
        return stream.compress(data) + stream.flush()
    import numpy as np

    values = np.frombuffer(data, np.uint8)
    # Blosc orders the bytes by what the elements of its input are.
    return _codec(name, **options).encode(values.view(f"V{itemsize}") if values.size % itemsize == 0 else values)


def crc32c(data: Buffer) -> int:
    """Checksum of Castagnoli's polynomial."""
    return int(_library("google_crc32c").value(bytes(data)))


def _zstd_size(view: memoryview) -> int | None:
    """How many bytes a frame of Zstandard says that it holds; None where it leaves that open."""
    if bytes(view[:4]) != ZSTD_MAGIC or len(view) < 6:
        raise DamagedFileError("a chunk is no Zstandard stream")
    start, size = _zstd_content(view)
    if not size:
        return None
    content = int.from_bytes(view[start : start + size], "little")
    return content + 256 if size == 2 else content


def _zstd_content(view: memoryview) -> tuple[int, int]:
    """Where in the header of a frame the size of its content is, and how many bytes it takes."""
    descriptor = view[4]
    is_single = descriptor >> 5 & 1
    return 5 + (not is_single) + DICTIONARY_BYTES[descriptor & 3], CONTENT_BYTES[descriptor >> 6] or is_single


def _zstd_bound(view: memoryview) -> int:
    """How many bytes there can be in a frame, by the headers of its blocks."""
    at, bound, is_last = sum(_zstd_content(view)), 0, False
    while not is_last and at + 3 <= len(view):
        header = int.from_bytes(view[at : at + 3], "little")
        is_last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        bound += ZSTD_BLOCK if kind == 2 else size
        at += 3 + (1 if kind == 1 else size)
    return bound


def _blosc_size(view: memoryview) -> int:
    if len(view) < 16 or int.from_bytes(view[12:16], "little") != len(view):
        raise DamagedFileError("a chunk is no Blosc stream, or is cut short")
    return int.from_bytes(view[4:8], "little")


def _lz4_size(view: memoryview) -> int:
    return int.from_bytes(view[:4], "little")


_TOLD = {"zstd": _zstd_size, "blosc": _blosc_size, "lz4": _lz4_size}


def _gunzipped(view: memoryview, size: int) -> bytes:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = stream.decompress(view, size + 1)
    except zlib.error as error:
        raise DamagedFileError(f"a chunk cannot be inflated: {error}") from error
    if len(data) != size or not stream.eof:
        raise DamagedFileError(
            f"a chunk should inflate to {size} bytes, its stream gives {'more' if len(data) > size else 'less'}"
        )
    return data


def _codec(name: str, **options: Any) -> Any:
    return _made(name, tuple(sorted(options.items())))


@functools.cache
def _made(name: str, options: tuple[tuple[str, Any], ...]) -> Any:
    library, given = _library("numcodecs"), dict(options)
    if name == "zstd":
        return library.Zstd(level=int(given.get("level", 0)), checksum=bool(given.get("checksum", False)))
    if name == "lz4":
        return library.LZ4(acceleration=int(given.get("acceleration", 1)))
    # The threads that work on chunks are ours.
    blosc: Any = import_module("numcodecs.blosc")
    blosc.use_threads = False
    shuffle = given.get("shuffle", 1)
    return library.Blosc(
        cname=str(given.get("cname", "zstd")),
        clevel=int(given.get("clevel", 5)),
        shuffle=SHUFFLES.get(shuffle, shuffle),
        blocksize=int(given.get("blocksize", 0)),
    )


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise StorageError(f"{name} is needed for this compression: pip install photonwb[zarr]") from None
