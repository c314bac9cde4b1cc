"""How an array is chunked and compressed where nobody says it.

A movie is read by frames, whole ones: chunks hold as many as make about 1 MiB. A trace is read as one ROI over all time as well
as all ROIs over a while. Unless a small file is wanted traces are not compressed, which would save little of the noise in a
signal and take much of the time to read a part of it. Of plain chunks nothing else is read than what is wanted: they are long and
narrow, so that a ROI lies in few of them, close together, and a while is one run of bytes in each. Compressed chunks are read as
a whole: they have the proportions at which both ways of reading touch the same share of the data.
Images of masks are zero nearly everywhere: they are cut into tiles, of which only those with something in them are stored.
Columns of tables and masks grow by rows; a column is compressed once it is large enough to count beside the movie that it was
made from, for the filters would take longer than all the rest. Small arrays lie in one piece, which is the fastest to read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.errors import InvalidValueError

from .grid import block_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.typing import Compression

    from .incoming import Incoming

__all__ = ["HDF5_PREFERENCES", "ArrayLayout", "Preferences", "layout_for"]

# Less than this is not worth a chunk index, or the time of a filter.
SMALL = 32 << 10
MOVIE_CHUNK = 1 << 20
MOST_OF_A_FRAME = 4 << 20
CHUNK = 512 << 10  # of anything else
# Of plain traces: bytes of a sample of all ROIs in a chunk; of a chunk, which the cache of any HDF5 library has room for; of all
# chunks side by side, which wait in memory when samples come one by one, and of which a part is empty when samples are added.
TRACE_RUN = 256
TRACE_CHUNK = (256 << 10, 1 << 20)
TRACE_ROW = 96 << 20
PLAIN_COLUMN = 32 << 20
# Edge of a tile of a mask that is an image, or a volume.
TILE_EDGE = {2: 64, 3: 16}
# Frames, samples or rows to expect of data whose length is not known yet.
EXPECTED = 1 << 16
FEWEST_ROWS = 64

FILTERS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "fast": (("shuffle", {}), ("gzip", {"level": 1})),
    "small": (("shuffle", {}), ("gzip", {"level": 4})),
    "none": (),
}


class Preferences(NamedTuple):
    """What is best in one format of files.

    Parameters
    ----------
    filters : mapping
        What "fast", "small" and "none" stand for.
    has_tiles : bool
        Whether a chunk costs so little that masks are best cut into tiles of the size of a few regions. Where each chunk is a
        file, they are stored as whole images.
    known : frozenset of str
        The filters that it has.
    has_numbers : bool
        Whether there may be others, which go by their number.
    """

    filters: Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]]
    has_tiles: bool = True
    known: frozenset[str] = frozenset({"gzip", "shuffle", "fletcher32", "lzf", "szip", "scaleoffset"})
    has_numbers: bool = True

    def adapted(self, filters: tuple[tuple[str, Mapping[str, Any]], ...]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """The filters of an array in another format, or those of this one that do what they do."""
        if all(name in self.known or (self.has_numbers and name.isdecimal()) for name, _ in filters):
            return filters
        return self.filters["fast"]


HDF5_PREFERENCES = Preferences(FILTERS)
# Those whose first axis may grow later on.
GROWING = ("movie", "trace", "column", "mask")


class ArrayLayout(NamedTuple):
    """How an array is stored; the fields are those of the `Layout` of a store, in its order."""

    shape: tuple[int, ...]
    element: Any
    maximum: tuple[int | None, ...] | None = None
    chunks: tuple[int, ...] | None = None
    filters: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    fill: Any = None


def layout_for(
    data: Incoming,
    element: Any,
    role: str = "whole",
    compression: Compression = "fast",
    preferences: Preferences = HDF5_PREFERENCES,
) -> ArrayLayout:
    """Layout of an array that is to be written.

    Parameters
    ----------
    data : Incoming
        Its options go before all defaults.
    element : numpy.dtype, str or tuple
        Type of an element; a name for text and references, pairs of name and type for a compound.
    role : {"movie", "trace", "column", "mask", "whole"}
        What the array is for: images over time (or masks over ROIs); samples over time; rows of a table; masks in a table;
        anything else, which is mostly read as a whole.
    compression : {"fast", "small", "none"}, or as in h5py
        What to do where the options do not say it. "fast" leaves out what would take longer than it is worth; any other value
        means all arrays that are large enough.
    preferences : Preferences
        Those of the format that the array is stored in.

    Returns
    -------
    ArrayLayout
        With length 0 for each axis whose length is not known yet.

    Raises
    ------
    InvalidValueError
        Options that do not go with the shape of the data.
    """
    options = data.options
    maximum = _maximum(data.shape, options.get("maxshape"), role)
    itemsize = _itemsize(element)
    known = tuple(length or 0 for length in data.shape)
    must_chunk = _wants_chunks(options) or None in data.shape or options.get("maxshape") is not None or role in ("column", "mask")
    must_chunk = must_chunk or (role == "trace" and math.prod(known) * itemsize > SMALL)
    if not known or not (must_chunk or math.prod(known) * itemsize > SMALL):
        return ArrayLayout(known, element, fill=options.get("fillvalue"))
    # A filter that is asked for by name is worth it at any size.
    nbytes = math.prod(known) * itemsize if None not in data.shape and compression in FILTERS else None
    is_plain = not _is_worth_it(element, nbytes) or (compression == "fast" and _is_faster_plain(element, nbytes, role))
    filters = () if is_plain else _filters_of(compression, preferences)
    filters = preferences.adapted(options["codecs"]) if "codecs" in options else _filters(options, filters)
    if not filters and not must_chunk:
        return ArrayLayout(known, element, fill=options.get("fillvalue"))
    chunks = _given_chunks(options, data.shape)
    if chunks is None:
        shaped = "movie" if role == "mask" and not preferences.has_tiles else role
        chunks = default_chunks(data.shape, itemsize, shaped, is_plain=not filters)
    return ArrayLayout(known, element, maximum, chunks, filters, options.get("fillvalue"))


def default_chunks(shape: tuple[int | None, ...], itemsize: int, role: str, *, is_plain: bool) -> tuple[int, ...]:
    """Shape of the chunks of an array with that role, which are filtered or plain."""
    lengths = tuple(EXPECTED if length is None else max(1, length) for length in shape)
    if role == "trace" and len(lengths) > 1:
        # Data that end soon fill but a part of chunks that were made for longer ones.
        share = 1 if shape[0] is not None else 2
        return _plain_trace_chunks(lengths, itemsize, share) if is_plain else _trace_chunks(lengths, itemsize)
    if role == "mask" and len(lengths) - 1 in TILE_EDGE:
        return _mask_chunks(lengths)
    if len(lengths) > 2:
        return _movie_chunks(lengths, itemsize)
    chunks = list(block_shape(lengths, None, itemsize, CHUNK))
    if role == "column":
        chunks[0] = max(chunks[0], FEWEST_ROWS if len(lengths) == 1 else 1)
    return tuple(chunks)


def _movie_chunks(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Whole frames; a very large one is cut into bands."""
    frame = math.prod(shape[1:]) * itemsize
    if frame > MOST_OF_A_FRAME:
        return (1, *block_shape(shape[1:], None, itemsize, MOST_OF_A_FRAME))
    return (min(shape[0], max(1, round(MOVIE_CHUNK / frame))), *shape[1:])


def _mask_chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Tiles of the size of a few regions; of small images, several."""
    edge = TILE_EDGE[len(shape) - 1]
    tile = tuple(min(length, edge) for length in shape[1:])
    return (min(shape[0], max(1, edge ** len(tile) // math.prod(tile))), *tile)


def _trace_chunks(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The proportions of the whole array of samples and ROIs: reading a row or a column of it touches as many bytes."""
    samples, rois = shape[:2]
    room = max(1, CHUNK // (itemsize * math.prod(shape[2:])))
    width = min(rois, max(1, round(math.sqrt(room * rois / samples))))
    return (min(samples, max(1, room // width)), width, *shape[2:])


def _plain_trace_chunks(shape: tuple[int, ...], itemsize: int, share: int) -> tuple[int, ...]:
    """Long and narrow; of the largest size, or so and so small a share of it."""
    samples, rois = shape[:2]
    itemsize *= math.prod(shape[2:])
    least, most = TRACE_CHUNK
    length = min(samples, max(1, TRACE_ROW // share // (rois * itemsize)))
    width = _even(rois, max(1, TRACE_RUN // itemsize, least // (length * itemsize)))
    return (_even(samples, min(length, max(1, most // share // (width * itemsize)))), width, *shape[2:])


def _even(length: int, most: int) -> int:
    """The step, no longer than allowed, of which the fewest make up a length, with as little left over as can be."""
    return -(-length // -(-length // most))


def _itemsize(element: Any) -> int:
    """Bytes of an element; text and references take 16, for what points at them."""
    if isinstance(element, tuple):
        members = cast("tuple[tuple[str, Any], ...]", element)
        return sum(_itemsize(member) for _, member in members)
    return 16 if isinstance(element, str) else max(1, element.itemsize)


def _is_worth_it(element: Any, nbytes: int | None) -> bool:
    """Whether a filter has something to work on: the bytes of text lie elsewhere."""
    if isinstance(element, tuple):
        return all(_is_worth_it(member, nbytes) for _, member in cast("tuple[tuple[str, Any], ...]", element))
    return not isinstance(element, str) and (nbytes is None or nbytes > SMALL)


def _is_faster_plain(element: Any, nbytes: int | None, role: str) -> bool:
    """Whether a filter would take more time than it saves room."""
    if role == "column":
        return nbytes is not None and nbytes <= PLAIN_COLUMN
    return role == "trace" and not isinstance(element, (str, tuple)) and element.kind == "f"


def _maximum(shape: tuple[int | None, ...], wanted: Any, role: str) -> tuple[int | None, ...] | None:
    if wanted is None:
        return (None, *shape[1:]) if shape and (role in GROWING or None in shape) else None
    maximum = tuple(wanted)
    fits = len(maximum) == len(shape) and all(
        most is None or length is None or length <= most for most, length in zip(maximum, shape, strict=True)
    )
    if not fits:
        raise InvalidValueError(f"maxshape {maximum} does not go with data of shape {shape}")
    return maximum


def _wants_chunks(options: Mapping[str, Any]) -> bool:
    return any(options.get(name) for name in ("chunks", "compression", "codecs", "shuffle", "fletcher32"))


def _given_chunks(options: Mapping[str, Any], shape: tuple[int | None, ...]) -> tuple[int, ...] | None:
    chunks: Any = options.get("chunks")
    if chunks is None or isinstance(chunks, bool):
        return None
    if len(chunks) != len(shape) or min(chunks) < 1:
        raise InvalidValueError(f"chunks of {tuple(chunks)} do not go with data of shape {shape}")
    # A chunk larger than an axis that cannot grow would hold what is never there.
    most = options.get("maxshape") or shape
    return tuple(
        int(chunk) if length is None else min(int(chunk), max(1, length)) for chunk, length in zip(chunks, most, strict=True)
    )


def _filters(
    options: Mapping[str, Any], default: tuple[tuple[str, Mapping[str, Any]], ...]
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The filters that the options ask for; what they leave open is as in the default."""
    compression, level = options.get("compression"), options.get("compression_opts")
    filters = [*default] if compression is None else []
    if compression not in (None, False):
        filters.append(_compression(compression, level))
    elif compression is None and level is not None and filters:
        filters[-1] = _compression("gzip", level)
    shuffle = options.get("shuffle")
    has_shuffle = any(name == "shuffle" for name, _ in filters)
    if shuffle and not has_shuffle:
        filters.insert(0, ("shuffle", {}))
    elif shuffle is False and has_shuffle:
        filters = filters[1:]
    if options.get("fletcher32"):
        filters.append(("fletcher32", {}))
    return tuple(filters)


def _filters_of(compression: Compression, preferences: Preferences) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    if isinstance(compression, str) and compression in preferences.filters:
        return preferences.filters[compression]
    if compression is None or compression is False:
        return ()
    level = compression if type(compression) is int else None
    return ("shuffle", {}), _compression("gzip" if level is not None else compression, level)


def _compression(name: Any, options: Any) -> tuple[str, Mapping[str, Any]]:
    if name in ("gzip", True, 1):
        return "gzip", {"level": 4 if options is None else int(options)}
    if name == "lzf":
        return "lzf", {}
    if name == "szip":
        method, pixels = options or ("nn", 8)
        return "szip", {"options": (_SZIP_METHODS[method], pixels)}
    return str(name), {"options": tuple(options) if isinstance(options, (list, tuple)) else () if options is None else (options,)}


_SZIP_METHODS = {"ec": 4, "nn": 32}
