"""Runs of bytes of plain chunks, and of arrays in one piece: small parts that a single read gets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .plain import PIECE

if TYPE_CHECKING:
    from .source import ByteLayout

__all__ = ["Runs"]

# So much, from the first to the last byte that is wanted, is read for any part of it; more, up to a piece that one thread reads,
# for a large part.
NEAR = 256 << 10
LARGE = 4


class Runs:
    """The elements of an array without filters, as they lie in its file.

    Parameters
    ----------
    layout : ByteLayout
        One of a file that is kept open.
    """

    __slots__ = ("_chunks", "_layout", "_strides")

    def __init__(self, layout: ByteLayout) -> None:
        self._layout = layout
        self._chunks = layout.chunks or layout.shape
        self._strides = [math.prod(self._chunks[axis + 1 :]) * layout.dtype.itemsize for axis in range(len(layout.shape))]

    def values(self, spans: list[int | range]) -> Any:
        """What lies at the positions along each axis (see `simple_spans`); None if it takes more than one read.

        Raises
        ------
        ClosedFileError, DamagedFileError
        """
        dtype = self._layout.dtype
        offset, extent, wanted = 0, dtype.itemsize, dtype.itemsize
        chunk: list[int] = []
        shape: list[int] = []
        strides: list[int] = []
        for span, length, stride in zip(spans, self._chunks, self._strides, strict=True):
            if isinstance(span, int):
                number, start = divmod(span, length)
            else:
                number, start = divmod(span.start, length)
                if (span.stop - 1) // length != number:
                    return None
                count, step = len(span), span.step * stride
                extent += (count - 1) * step
                wanted *= count
                shape.append(count)
                strides.append(step)
            chunk.append(number)
            offset += start * stride
        if extent > PIECE or (extent > NEAR and extent > LARGE * wanted):
            return None
        place = self._layout.places.get(tuple(chunk) if self._layout.chunks is not None else ())
        if place is None or offset + extent > place.size:
            return None  # never written, or damaged, which the other way tells
        file, offset = self._layout.file(), place.offset + offset
        if extent == wanted:
            values = np.empty(shape, dtype)
            file.read_into(offset, values)
            return values if shape else values[()]
        data = np.empty(extent, np.uint8)
        file.read_into(offset, data)
        return np.ndarray(shape, dtype, data, 0, strides).copy()
