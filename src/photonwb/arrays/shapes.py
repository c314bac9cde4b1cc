"""The shape of anything that can be given as data, without reading it."""

from __future__ import annotations

from typing import Any

__all__ = ["shape_of"]


def shape_of(data: Any) -> tuple[int | None, ...] | None:
    """Shape of an array, a wrapper, an iterator of blocks or a nested sequence.

    Parameters
    ----------
    data
        numpy, h5py, zarr, dask or lazy array, `DataIO` wrapper, chunk iterator, list, tuple.

    Returns
    -------
    tuple or None
        None for an axis whose length is not known yet; None as a whole when nothing is known (a plain generator).
    """
    shape = getattr(data, "shape", None)
    if shape is None:
        shape = getattr(data, "maxshape", None)
    if shape is not None:
        return tuple(shape)
    wrapped = getattr(data, "data", None)
    if wrapped is not None and wrapped is not data and not isinstance(data, memoryview):
        return shape_of(wrapped)
    if isinstance(data, range):
        return (len(data),)
    if isinstance(data, (list, tuple)):
        return _sequence_shape(data)  # pyright: ignore[reportUnknownArgumentType] - nothing is known of the items
    return None


def _sequence_shape(data: list[Any] | tuple[Any, ...]) -> tuple[int | None, ...]:
    if not data:
        return (0,)
    first = data[0]
    if isinstance(first, (str, bytes)):
        return (len(data),)
    inner = shape_of(first) if isinstance(first, (list, tuple)) or hasattr(first, "dtype") else ()  # objects stay whole
    return (len(data), *(inner or ()))
