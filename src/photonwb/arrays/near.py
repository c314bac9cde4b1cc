"""Small requests that lie close together in an array, such as those of a loop over rows or over regions.

Where the second of them falls beside the first, the rows around both are read at a stroke and kept for those that come; of an
array with filters the chunks, which have to be decoded anyhow. They are kept as decoded chunks are, within the bound that all
arrays of a process share, and for as long as the file is open.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .cache import chunk_cache
from .reading import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .source import ByteLayout

    # The first positions of a box along each axis, and those behind it.
    Box: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]

__all__ = ["Neighbourhood"]

# More than this is read as fast by itself, unless it is made of several chunks with filters, or picked from longer rows.
SMALL = 16 << 10
SEVERAL = 4
# So much is read around a request to an array without filters, if that does not reach farther by itself. The system gives, and
# clears, the memory of larger arrays anew each time.
ROWS = 112 << 10
# What is kept has to be so many times larger than a request that picks from it, and the cache so many times larger again.
PART = 4


class Neighbourhood:
    """What is kept of an array from one small request to the next.

    Parameters
    ----------
    layout : ByteLayout
        One that `can_read` accepts, of a file that does not change.
    """

    __slots__ = ("_candidate", "_chunks", "_held", "_layout", "_name")

    def __init__(self, layout: ByteLayout) -> None:
        self._layout = layout
        self._chunks = layout.chunks or layout.shape
        self._name = object()  # in the cache
        # What was around the last request that nothing was at hand for.
        self._candidate: Box | None = None
        # What was around the last for which there was, with its values while the cache has them.
        self._held: tuple[Box, weakref.ref[NDArray[Any]]] | None = None

    def values(self, spans: list[int | range]) -> Any:
        """What lies at the positions along each axis (see `simple_spans`); None unless it is at hand, or becomes so.

        Raises
        ------
        DamagedFileError
        """
        held = self._held
        if held is not None:
            around = held[1]()
            inside = _inside(spans, held[0]) if around is not None else None
            if around is not None and inside is not None:
                return _own(around[inside])
        box, wanted = self._box(spans)
        around = self._around(box, wanted) if box is not None else None
        inside = _inside(spans, box) if box is not None else None
        return _own(around[inside]) if around is not None and inside is not None else None

    def _around(self, box: Box, wanted: int) -> NDArray[Any] | None:
        """What is kept around a request of so many bytes, or read and kept now."""
        around = chunk_cache.get((self._name, box))
        if around is None:
            is_decoded_anyhow = self._layout.filters and wanted <= SMALL
            if box != self._candidate and not is_decoded_anyhow:
                self._candidate = box
                return None
            around = read(self._layout, tuple(map(range, *box)))
            chunk_cache.put((self._name, box), around)
        self._held = box, weakref.ref(around)
        return around

    def _box(self, spans: list[int | range]) -> tuple[Box | None, int]:
        """What would be kept around a request, None if that is not worth while; and the bytes of the request."""
        layout, chunks = self._layout, self._chunks
        starts, stops, pieces = [0], [0], 1
        row = wanted = layout.dtype.itemsize
        for span, chunk, length in zip(spans[1:], chunks[1:], layout.shape[1:], strict=True):
            start, stop, count, touched = _whole_chunks(span, chunk, length)
            starts.append(start)
            stops.append(stop)
            row *= stop - start
            wanted *= count
            pieces *= touched
        rows = chunks[0] if layout.filters else max(1, ROWS // row)
        starts[0], stops[0], count, touched = _whole_chunks(spans[0], rows, layout.shape[0])
        wanted, pieces, nbytes = wanted * count, pieces * touched, row * (stops[0] - starts[0])
        if layout.filters:
            is_worth_while = pieces >= SEVERAL
        else:
            is_picked = isinstance(spans[-1], int) or len(spans[-1]) < stops[-1] - starts[-1]
            is_worth_while = is_picked and wanted * PART <= nbytes
        if nbytes * PART > chunk_cache.limit or (wanted > SMALL and not is_worth_while):
            return None, wanted
        return (tuple(starts), tuple(stops)), wanted


def _whole_chunks(span: int | range, chunk: int, length: int) -> tuple[int, int, int, int]:
    """Where the chunks that a part of an axis touches begin and end, how much it takes of them, and how many they are."""
    if isinstance(span, int):
        start, stop, count = span, span + 1, 1
    else:
        start, stop, count = span.start, span.stop, len(span)
    first, behind = start // chunk, -(-stop // chunk)
    return first * chunk, min(behind * chunk, length), count, behind - first


def _inside(spans: list[int | range], box: Box) -> tuple[int | slice, ...] | None:
    """Positions of an array as an index of a box in it; None if they are not all there."""
    inside: list[int | slice] = []
    for span, start, stop in zip(spans, *box, strict=True):
        if isinstance(span, int):
            if not start <= span < stop:
                return None
            inside.append(span - start)
        else:
            first, behind = span.start, span.stop
            if first < start or behind > stop:
                return None
            inside.append(slice(first - start, behind - start, span.step))
    return tuple(inside)


def _own(found: Any) -> Any:
    """A part of what is kept, in memory of its own."""
    return found.copy() if isinstance(found, np.ndarray) else found
