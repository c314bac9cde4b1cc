"""Stacks of images that are zero nearly everywhere, as masks of regions are.

A region covers a thousandth of its image. Of each image only the smallest box around what is not zero is kept, and only the
chunks that such a box touches are ever written: HDF5 and Zarr give zeros for a chunk that is not there. What counts as zero
are the bytes, so that every value comes back as it was.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from photonwb.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import DTypeLike, NDArray

    Block = tuple[tuple[slice, ...], NDArray[Any]]

__all__ = ["SparseStack", "without_zeros"]

# Unsigned integers by their width in bytes.
_WORDS = {width: np.dtype(f"u{width}") for width in (1, 2, 4, 8)}


class _Box(NamedTuple):
    """Part of an image: where it lies, and what it holds."""

    place: tuple[slice, ...]
    values: NDArray[Any]


class SparseStack:
    """Images of one shape, read like an array (n, x, y) or (n, x, y, z).

    Parameters
    ----------
    image_shape : tuple of int
    dtype : numpy.dtype

    Notes
    -----
    A stack stays as it is: `extended` gives a longer one.
    """

    __slots__ = ("_boxes", "_count", "dtype", "image_shape")

    def __init__(self, image_shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.image_shape = image_shape
        self.dtype = np.dtype(dtype)
        self._boxes: list[_Box] = []  # shared with the stacks that this one became, which are longer
        self._count = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole."""
        return (self._count, *self.image_shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return 1 + len(self.image_shape)

    @property
    def size(self) -> int:
        """Number of pixels of all images."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self._count

    def extended(self, images: Iterable[Any]) -> SparseStack:
        """The same with more images at the end.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images of another shape, or that hold what does not go together with the others without a loss.
        """
        new: list[_Box] = []
        for image in map(np.asarray, images):
            if image.shape != self.image_shape:
                raise InvalidValueError(f"expected images of shape {self.image_shape}, got {image.shape}")
            place = _bounds(image)
            new.append(_Box(place, image[place].copy()))
        types = {box.values.dtype for box in new}
        if self._count or not new:
            types.add(self.dtype)
        dtype = next(iter(types)) if len(types) == 1 else np.result_type(*types)
        boxes = self._boxes if len(self._boxes) == self._count else self._boxes[: self._count]
        if types != {dtype}:
            boxes, new = ([_Box(place, _fitted(values, dtype)) for place, values in some] for some in (boxes, new))
        boxes.extend(new)
        made = SparseStack(self.image_shape, dtype)
        made._boxes, made._count = boxes, len(boxes)
        return made

    def __getitem__(self, key: Any) -> Any:
        first, *rest = key if isinstance(key, tuple) and key else (... if isinstance(key, tuple) else key,)
        if first is Ellipsis:
            return self._dense(range(self._count))[key]
        rows = np.arange(self._count)[first]
        if not rows.ndim:
            return self._dense([int(rows)])[(0, *rest)]
        return self._dense(rows.tolist())[(slice(None), *rest)]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self._dense([row])[0] for row in range(self._count))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self._dense(range(self._count)).astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shape} {self.dtype}>"

    def _dense(self, rows: Iterable[int]) -> NDArray[Any]:
        wanted = list(rows)
        images = np.zeros((len(wanted), *self.image_shape), self.dtype)
        for position, row in enumerate(wanted):
            box = self._boxes[row]
            images[position, *box.place] = box.values
        return images

    def blocks(self, chunks: tuple[int, ...] | None) -> Iterator[Block]:
        """Places and values of what is to be written: whole chunks around the boxes; all else is zero.

        Parameters
        ----------
        chunks : tuple of int, optional
            Shape of the chunks that the values go to.
        """
        step = chunks[0] if chunks else 1
        edges = chunks[1:] if chunks else self.image_shape
        for start in range(0, self._count, step):
            boxes = self._boxes[start : min(start + step, self._count)]
            place = _on_grid([box.place for box in boxes], edges, self.image_shape)
            values = np.zeros((len(boxes), *(axis.stop - axis.start for axis in place)), self.dtype)
            for position, box in enumerate(boxes):
                values[position, *_within(box.place, place)] = box.values
            if values.size:
                yield (slice(start, start + len(boxes)), *place), values


def without_zeros(blocks: Iterable[Block], chunks: tuple[int, ...]) -> Iterator[Block]:
    """Of blocks of images only the chunks around what is not zero.

    Parameters
    ----------
    blocks : iterable of (tuple of slice, array)
        Places and values; they begin where chunks begin.
    chunks : tuple of int
        Shape of the chunks that the values go to, one of whose axes is that of the images.
    """
    for place, values in blocks:
        for start in range(0, len(values), chunks[0]):
            images = values[start : start + chunks[0]]
            inside = _on_grid([_bounds(images)[1:]], chunks[1:], images.shape[1:])
            part = images[(slice(None), *inside)]
            if part.size:
                first = place[0].start + start
                rest = (slice(axis.start + one.start, axis.start + one.stop) for axis, one in zip(place[1:], inside, strict=True))
                yield (slice(first, first + len(part)), *rest), part


def _bounds(image: NDArray[Any]) -> tuple[slice, ...]:
    """The smallest box around the elements of which some byte is not zero; empty along all axes where there are none."""
    if image.flags.f_contiguous and image.ndim > 1 and not image.flags.c_contiguous:
        return _bounds(image.T)[::-1]
    if not image.size:
        return (slice(0, 0),) * image.ndim
    if len(image) == 1 and image.ndim > 1:
        inside = _bounds(image[0])
        return (slice(0, min(1, inside[0].stop)), *inside)
    words = _words(image)
    first = _span(np.bitwise_or.reduce(words, axis=1) if words.shape[1] > 1 else words[:, 0])
    if image.ndim == 1 or first.start == first.stop:
        return (first, *(slice(0, 0),) * (image.ndim - 1))
    rest = np.bitwise_or.reduce(words[first], axis=0).view(image.dtype).reshape(image.shape[1:])
    return (first, *_bounds(rest))


def _words(image: NDArray[Any]) -> NDArray[Any]:
    """The bytes of each row in the widest words that make it up: they are looked at as fast as memory gives them."""
    rows = (image if image.flags.c_contiguous else image.copy()).reshape(len(image), -1)
    return rows.view(_WORDS[math.gcd(rows.shape[1] * rows.itemsize, 8)])


def _span(marks: NDArray[Any]) -> slice:
    found = marks.nonzero()[0]
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def _on_grid(places: list[tuple[slice, ...]], edges: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Whole chunks around all these places."""
    filled = [place for place in places if not _is_empty(place)]
    if not filled:
        return (slice(0, 0),) * len(shape)
    found: list[slice] = []
    for spans, edge, length in zip(zip(*filled, strict=True), edges, shape, strict=True):
        start = min([span.start for span in spans])
        stop = max([span.stop for span in spans])
        found.append(slice(start - start % edge, min(length, stop + -stop % edge)))
    return tuple(found)


def _within(place: tuple[slice, ...], outer: tuple[slice, ...]) -> tuple[slice, ...]:
    if _is_empty(place):
        return (slice(0, 0),) * len(place)
    starts = [around.start for around in outer]
    return tuple([slice(inner.start - start, inner.stop - start) for inner, start in zip(place, starts, strict=True)])


def _is_empty(place: tuple[slice, ...]) -> bool:
    return not place[0].stop  # nor along any other axis, see `_bounds`


def _fitted(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values in a type that must hold all of them."""
    cast = values.astype(dtype)
    if dtype != values.dtype and cast.astype(values.dtype).tobytes() != values.tobytes():
        raise InvalidTypeError(f"{values.dtype} values cannot be added to {dtype} values without a loss")
    return cast
