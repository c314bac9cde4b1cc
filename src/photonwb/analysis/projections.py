"""Images that sum up a movie: its mean, maximum, standard deviation, and how each pixel goes along with its neighbours.

A movie does not fit into memory, so it is gone through once, some frames at a time, and what is kept are images. All are worked
out of sums; the values are taken relative to the mean of the first frames, or rounding would eat small deviations from a large
mean.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["KINDS", "frame_blocks", "project"]

KINDS = ("mean", "max", "std", "correlation")
BLOCK_BYTES = 16 << 20


def project(
    movie: Any, kinds: Sequence[str] = KINDS, *, progress: Callable[[int, int], object] | None = None
) -> dict[str, NDArray[Any]]:
    """Images that sum up a movie, in one pass and in bounded memory.

    Parameters
    ----------
    movie : array-like, shape (time, ...)
        For example `series.data`, or `series.frames` for images of rows and columns. Numbers without NaN.
    kinds : sequence of {"mean", "max", "std", "correlation"}
        "std" is the standard deviation over time (of the population, as numpy has it). "correlation" is the local correlation
        image: for each pixel the mean of the Pearson correlations over time between it and each of its neighbours, diagonal ones
        included [1]_. A pixel that never changes correlates with nothing: 0.
    progress : callable, optional
        Called with the number of frames done and of all, after each block.

    Returns
    -------
    dict of arrays
        An image for each kind, of the shape of a frame: single precision, but for the maximum, which is of the type of the movie.

    Raises
    ------
    InvalidValueError
        A kind that is none of these, or no frames.

    References
    ----------
    .. [1] S. L. Smith and M. Häusser, "Parallel processing of visual space by neighboring neurons in mouse visual cortex",
       Nature Neuroscience 13, 1144-1149 (2010).
    """
    import numpy as np

    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise InvalidValueError(f"project: expected kinds out of {', '.join(KINDS)}, got {', '.join(unknown)}")
    total = len(movie)
    sums: _Sums | None = None
    for start, block in frame_blocks(movie):
        if sums is None:
            sums = _Sums(block, kinds)
        sums.add(block)
        if progress is not None:
            progress(start + len(block), total)
    if sums is None:
        raise InvalidValueError(f"project: expected a movie with frames, got shape {np.shape(movie)}")
    return {kind: sums.image(kind) for kind in kinds}


def frame_blocks(movie: Any, nbytes: int = BLOCK_BYTES) -> Iterator[tuple[int, NDArray[Any]]]:
    """Whole frames of a movie, some at a time, each time with the number of the first; whole chunks where there are any.

    Parameters
    ----------
    movie : array-like, shape (time, ...)
    nbytes : int, optional
        About how large a block may be in double precision; one frame at least.
    """
    import numpy as np

    if isinstance(movie, (list, tuple)):
        movie = np.asarray(movie)
    shape: Any = shape_of(movie)
    if shape is None or len(shape) < 2 or None in shape:
        raise InvalidValueError(f"expected a movie of shape (time, ...), got {shape}")
    room = max(1, nbytes // max(1, 8 * math.prod(shape[1:])))
    chunks = getattr(movie, "chunks", None)
    chunk = chunks[0] if chunks and isinstance(chunks[0], int) else 1
    step = room - room % chunk if room > chunk else room
    for start in range(0, shape[0], step):
        yield start, np.asarray(movie[start : start + step])


class _Sums:
    """What is kept of the frames so far."""

    def __init__(self, first: NDArray[Any], kinds: Sequence[str]) -> None:
        import numpy as np

        if first.dtype.kind not in "iufb":
            raise InvalidValueError(f"project: expected a movie of real numbers, got {first.dtype}")
        shape = first.shape[1:]
        self.count = 0
        self.origin = first.mean(axis=0, dtype="f8")
        self.total = np.zeros(shape)
        self.squares = np.zeros(shape) if {"std", "correlation"} & set(kinds) else None
        self.maximum = first[0].copy() if "max" in kinds else None
        self.products = dict.fromkeys(_neighbours(len(shape)), 0.0) if "correlation" in kinds else {}

    def add(self, block: NDArray[Any]) -> None:
        """Take some frames."""
        import numpy as np

        self.count += len(block)
        if self.maximum is not None:
            np.maximum(self.maximum, block.max(axis=0), out=self.maximum)
        values = block - self.origin
        self.total += values.sum(axis=0)
        if self.squares is not None:
            self.squares += np.einsum("t...,t...->...", values, values)
        for offset, product in self.products.items():
            here, there = _overlap(offset)
            self.products[offset] = product + np.einsum("t...,t...->...", values[:, *here], values[:, *there])

    def image(self, kind: str) -> NDArray[Any]:
        """One of the images."""
        import numpy as np

        if kind == "max":
            assert self.maximum is not None
            return self.maximum
        if kind == "mean":
            return (self.origin + self.total / self.count).astype("f4")
        return (np.sqrt(self._variance()) if kind == "std" else self._correlation()).astype("f4")

    def _variance(self) -> NDArray[Any]:
        import numpy as np

        assert self.squares is not None
        variance = self.squares / self.count - (self.total / self.count) ** 2
        # What rounding leaves of the variance of a pixel that never changes.
        noise = 1e-14 * self.squares / self.count
        return np.where(variance > noise, variance, 0.0)

    def _correlation(self) -> NDArray[Any]:
        import numpy as np

        mean, deviation = self.total / self.count, np.sqrt(self._variance())
        image, neighbours = np.zeros(mean.shape), np.zeros(mean.shape)
        for offset, product in self.products.items():
            here, there = _overlap(offset)
            both = deviation[here] * deviation[there]
            covariance = product / self.count - mean[here] * mean[there]
            correlation = np.divide(covariance, both, out=np.zeros_like(both), where=both > 0)
            for place in (here, there):
                image[place] += correlation
                neighbours[place] += 1
        return image / np.maximum(neighbours, 1)


def _neighbours(dimensions: int) -> list[tuple[int, ...]]:
    """Offsets to neighbours, one for each pair: of two opposite ones only that which comes later."""
    return [offset for offset in itertools.product((-1, 0, 1), repeat=dimensions) if offset > (0,) * dimensions]


def _overlap(offset: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The pixels that have a neighbour at an offset, and these neighbours."""
    here = tuple(slice(max(0, -step), -step if step > 0 else None) for step in offset)
    there = tuple(slice(max(0, step), step if step < 0 else None) for step in offset)
    return here, there
