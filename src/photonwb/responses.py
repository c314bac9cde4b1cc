"""Signals of regions of interest over time, and the collections of such signals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.core import LabelledDict, MultiContainerInterface
from photonwb.model.fields import child, children, shared_dataset
from photonwb.model.labelled import adder, creator, getter
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from photonwb.common import DynamicTableRegion
    from photonwb.typing import Array, ArrayLike, Several

__all__ = ["DfOverF", "Fluorescence", "RoiResponseSeries"]


class RoiResponseSeries(TimeSeries, neurodata_type="RoiResponseSeries"):
    """Signals of regions of interest over time.

    Parameters
    ----------
    name : str
    data : array-like, shape (time,) or (time, regions), or TimeSeries
        The signals, one region per column.
    unit : str
    rois : DynamicTableRegion
        The rows of a PlaneSegmentation that the signals belong to, in the order of the columns; see
        `PlaneSegmentation.create_roi_table_region`. Must be named "rois".
    resolution, conversion, timestamps, starting_time, rate, comments, description, control, control_description, offset
        See `TimeSeries`.

    Warns
    -----
    UserWarning
        There are not as many columns as regions.
    """

    data: Array = shared_dataset("The signals, time first, regions second.", dtype="numeric", shape=((None,), (None, None)))
    rois: DynamicTableRegion = child("The rows of a PlaneSegmentation that the signals belong to.")

    def __init__(
        self,
        name: str,
        data: ArrayLike | TimeSeries,
        unit: str,
        rois: DynamicTableRegion,
        resolution: float = -1.0,
        conversion: float = 1.0,
        timestamps: ArrayLike | TimeSeries | None = None,
        starting_time: float | None = None,
        rate: float | None = None,
        comments: str = "no comments",
        description: str = "no description",
        control: ArrayLike | None = None,
        control_description: ArrayLike | None = None,
        offset: float = 0.0,
    ) -> None:
        self._init(locals())
        mismatch = self._rois_mismatch()
        if mismatch:
            warnings.warn(f"{self._label()}: {mismatch}", stacklevel=2)

    _axes = ("roi",)

    def _labels(self) -> dict[str, Any]:
        import numpy as np

        rows = np.asarray(self.rois.data)
        return {"roi": np.asarray(self.rois.table.id)[rows]}

    def _rois_mismatch(self) -> str | None:
        """What is wrong with the shape of the data, seen from the regions; None where nothing is, or nothing is known."""
        shape, count = shape_of(self.data), (shape_of(self.rois.data) or (None,))[0]
        if shape is None or len(shape) != 2 or count is None or shape[1] is None or shape[1] == count:
            return None
        found = f"the second axis of data has {shape[1]} columns, but rois has {count} regions"
        if shape[0] == count:
            return f"{found}, as many as the first axis: the data are transposed, give data.T"
        return f"{found}; time must be the first axis, so the data may be transposed"


class _RoiResponses(MultiContainerInterface):
    """Signals of regions of interest, by name."""

    roi_response_series: LabelledDict[RoiResponseSeries] = children("The signals.", required=True)

    add_roi_response_series = adder(RoiResponseSeries, "roi_response_series")
    get_roi_response_series = getter(RoiResponseSeries, "roi_response_series")
    create_roi_response_series = creator(RoiResponseSeries, "roi_response_series")

    def __getitem__(self, name: str | None = None) -> RoiResponseSeries:
        return self._get("roi_response_series", name)


class DfOverF(_RoiResponses, neurodata_type="DfOverF"):
    """Relative changes of the fluorescence (dF/F) of regions of interest, by name."""

    def __init__(self, roi_response_series: Several[RoiResponseSeries] = (), name: str = "DfOverF") -> None:
        self._init(locals())


class Fluorescence(_RoiResponses, neurodata_type="Fluorescence"):
    """Fluorescence of regions of interest, by name."""

    def __init__(self, roi_response_series: Several[RoiResponseSeries] = (), name: str = "Fluorescence") -> None:
        self._init(locals())
