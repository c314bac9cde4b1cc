"""Looking at values within bounds of memory and time, whether they lie in a file or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["beginning", "blocks", "finite_length", "known_shape", "number", "numbers"]

# A rule never holds more than this of an array, and never looks at more elements of a long one than these.
BLOCK_BYTES = 32 << 20
MOST_ELEMENTS = 1 << 20
MOST_CHUNKS = 1 << 14


def known_shape(values: Any) -> tuple[int, ...] | None:
    """Shape of an array whose lengths are all known; None for anything else."""
    shape = shape_of(values)
    if shape is None or None in shape:
        return None
    return shape  # type: ignore[return-value] - None was looked for


def finite_length(values: Any) -> int | None:
    """Length of the first axis; None where there is none."""
    shape = known_shape(values)
    return shape[0] if shape else None


def beginning(values: Any, most: int = MOST_ELEMENTS) -> NDArray[Any]:
    """The first elements of a list or array."""
    import numpy as np

    chunks: Any = getattr(values, "chunks", None)
    if chunks and isinstance(chunks[0], int):
        most = min(most, chunks[0] * MOST_CHUNKS)
    return np.asarray(values[: min(most, len(values))])


def numbers(values: Any, most: int = MOST_ELEMENTS) -> NDArray[Any] | None:
    """The first elements of an array of numbers, 1-D; None for anything else."""
    shape = known_shape(values)
    if shape is None or len(shape) != 1:
        return None
    found = beginning(values, most)
    return found if found.dtype.kind in "iuf" else None


def number(value: Any) -> float | None:
    """A single number; None for anything else."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or shape_of(value):
        return None
    return float(value)


def blocks(values: Any, row_bytes: int) -> Iterator[tuple[int, NDArray[Any]]]:
    """Rows of an array, some at a time, each time with the number of the first."""
    import numpy as np

    step = max(1, BLOCK_BYTES // max(1, row_bytes))
    for start in range(0, len(values), step):
        yield start, np.asarray(values[start : start + step])
