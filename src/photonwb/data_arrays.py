"""Series as arrays of xarray: the axes have names, the times are coordinates, and the values stay in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays import LazyArray
from photonwb.arrays.appended import AppendedArray
from photonwb.arrays.dask_arrays import dask_array, has_dask
from photonwb.arrays.shapes import shape_of
from photonwb.arrays.swapped import SwappedAxes
from photonwb.errors import InvalidTypeError, MissingLibraryError

if TYPE_CHECKING:
    import xarray as xr

    from photonwb.timeseries import TimeSeries

__all__ = ["data_array"]

# Fields that say something of the values, where they have some.
_FACTS = ("unit", "conversion", "offset", "resolution", "continuity", "rate", "description", "comments")
_OF_STORED_VALUES = frozenset({"conversion", "offset"})


def data_array(series: TimeSeries, *, in_units: bool, chunks: Any) -> xr.DataArray:
    """See `TimeSeries.to_xarray`."""
    try:
        import xarray as xr
    except ImportError as error:
        raise MissingLibraryError("arrays of xarray need xarray: pip install 'photonwb[lazy]'") from error
    import numpy as np

    values, shape = _values(series, in_units=in_units, chunks=chunks)
    axes = ("time", *(series._axes[axis] if axis < len(series._axes) else f"dim_{axis + 1}" for axis in range(len(shape) - 1)))
    times = np.asarray(series.get_timestamps() if series.timestamps is not None else series._sample_times(0, shape[0]))
    coordinates: dict[str, Any] = {"time": ("time", times, {"unit": series.time_unit})}
    for name, labels in series._labels().items():
        # The signal of a single region has no axis for it.
        if name not in axes and len(labels) == 1:
            coordinates[name] = labels[0]
        elif name in axes and len(labels) == shape[axes.index(name)]:
            coordinates[name] = (name, labels)
    return xr.DataArray(values, coordinates, axes, series.name, _facts(series, in_units=in_units))


def _facts(series: TimeSeries, *, in_units: bool) -> dict[str, Any]:
    known = {"neurodata_type": series.neurodata_type, **{name: getattr(series, name, None) for name in _FACTS}}
    left_out = _OF_STORED_VALUES if in_units else frozenset()
    return {name: value for name, value in known.items() if value is not None and name not in left_out}


def _values(series: TimeSeries, *, in_units: bool, chunks: Any) -> tuple[Any, tuple[int, ...]]:
    """The values, lazy where they are, and their shape."""
    import numpy as np

    values = series._stored_data()
    if isinstance(values, (list, tuple)):
        values = np.asarray(values)
    shape: Any = shape_of(values)
    if shape is None or None in shape:
        raise InvalidTypeError(f"{series._label()}: the data are not known before they are written; write the file first")
    is_lazy = not isinstance(values, np.ndarray)
    if is_lazy and (has_dask() or chunks is not None):
        values = dask_array(values, chunks)
    elif is_lazy and not in_units:
        from xarray.core.indexing import LazilyIndexedArray

        from photonwb.arrays.indexed import IndexedArray

        return LazilyIndexedArray(IndexedArray(values)), shape
    if in_units:
        scaled = np.asarray(values) if isinstance(values, (LazyArray, SwappedAxes, AppendedArray)) else values
        values = scaled * series._scale() + series.offset
    return values, shape
