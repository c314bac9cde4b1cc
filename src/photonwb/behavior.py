"""Behaviour: where the subject was, where it looked, what it did."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.model.generated import Additions, Recipe, offered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.core import MultiContainerInterface
    from photonwb.model.generated import FromSchema
    from photonwb.timeseries import TimeSeries

    # ruff: noqa: D101 - the descriptions come from the standard
    class SpatialSeries(FromSchema, TimeSeries): ...

    class BehavioralEpochs(FromSchema, MultiContainerInterface): ...

    class BehavioralEvents(FromSchema, MultiContainerInterface): ...

    class BehavioralTimeSeries(FromSchema, MultiContainerInterface): ...

    class PupilTracking(FromSchema, MultiContainerInterface): ...

    class EyeTracking(FromSchema, MultiContainerInterface): ...

    class CompassDirection(FromSchema, MultiContainerInterface): ...

    class Position(FromSchema, MultiContainerInterface): ...


__all__ = [
    "BehavioralEpochs",
    "BehavioralEvents",
    "BehavioralTimeSeries",
    "CompassDirection",
    "EyeTracking",
    "Position",
    "PupilTracking",
    "SpatialSeries",
]


class _SpatialSeries(Additions):
    def _after(self, given: Mapping[str, Any]) -> None:
        shape = shape_of(given["data"])
        if shape is not None and len(shape) == 2 and (shape[1] or 0) > 3:
            warnings.warn(
                f"SpatialSeries {given['name']!r}: data has shape {shape}, but the second dimension is for x, y and z, at most 3",
                stacklevel=4,
            )


class _BehavioralEvents(Additions):
    def _after(self: Any, given: Mapping[str, Any]) -> None:
        if not self._in_construct_mode:
            warnings.warn("BehavioralEvents is deprecated: use an EventsTable, NWBFile.create_events_table()", stacklevel=4)


_TIME_SERIES = Recipe("time_series name", singular="timeseries")
_SPATIAL_SERIES = Recipe("spatial_series name")

RECIPES = {
    "SpatialSeries": Recipe(
        "name data reference_frame unit conversion resolution timestamps starting_time rate comments description control "
        "control_description offset",
        # More than three columns are warned of, not refused: older files have them.
        shapes={"data": ((None,), (None, None))},
        methods=_SpatialSeries,
    ),
    "BehavioralEpochs": Recipe("interval_series name"),
    "BehavioralEvents": _TIME_SERIES._replace(methods=_BehavioralEvents),
    "BehavioralTimeSeries": _TIME_SERIES,
    "PupilTracking": _TIME_SERIES,
    "EyeTracking": _SPATIAL_SERIES,
    "CompassDirection": _SPATIAL_SERIES,
    "Position": _SPATIAL_SERIES,
}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
