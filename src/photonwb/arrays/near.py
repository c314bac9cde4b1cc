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
# So much is read around a request to an array without filters, if that does not reach farther by itself.
ROWS = 512 << 10
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
        held = self._held_around(spans) or self._around(spans)
        if held is None:
            return None
        (starts, _), around = held
        inside = tuple(
            span - start if isinstance(span, int) else slice(span.start - start, span.stop - start, span.step)
            for span, start in zip(spans, starts, strict=True)
        )
        found: Any = around[inside]
        return found.copy() if isinstance(found, np.ndarray) else found

    def _held_around(self, spans: list[int | range]) -> tuple[Box, NDArray[Any]] | None:
        if self._held is None:
            return None
        box, reference = self._held
        around = reference()
        return (box, around) if around is not None and _is_inside(spans, box) else None

    def _around(self, spans: list[int | range]) -> tuple[Box, NDArray[Any]] | None:
        """What is kept around a request, or read and kept now."""
        box, wanted = self._box(spans)
        if box is None:
            return None
        around = chunk_cache.get((self._name, box))
        if around is None:
            is_decoded_anyhow = self._layout.filters and wanted <= SMALL
            if box != self._candidate and not is_decoded_anyhow:
                self._candidate = box
                return None
            around = read(self._layout, tuple(map(range, *box)))
            chunk_cache.put((self._name, box), around)
        self._held = box, weakref.ref(around)
        return box, around

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


def _is_inside(spans: list[int | range], box: Box) -> bool:
    for span, start, stop in zip(spans, *box, strict=True):
        if not (start <= span < stop if isinstance(span, int) else start <= span.start and span.stop <= stop):
            return False
    return True
