"""Extracellular electrophysiology: electrodes, what they recorded, and what was made of it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError
from photonwb.model.generated import SERIES, Additions, Recipe, offered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.common import DynamicTable
    from photonwb.core import MultiContainerInterface, NWBContainer, NWBDataInterface
    from photonwb.model.generated import FromSchema
    from photonwb.timeseries import TimeSeries

    # ruff: noqa: D101 - the descriptions come from the standard
    class ElectrodeGroup(FromSchema, NWBContainer): ...

    class ElectricalSeries(FromSchema, TimeSeries): ...

    class SpikeEventSeries(ElectricalSeries): ...

    class EventDetection(FromSchema, NWBDataInterface): ...

    class EventWaveform(FromSchema, MultiContainerInterface): ...

    class Clustering(FromSchema, NWBDataInterface): ...

    class ClusterWaveforms(FromSchema, NWBDataInterface): ...

    class LFP(FromSchema, MultiContainerInterface): ...

    class FilteredEphys(FromSchema, MultiContainerInterface): ...

    class FeatureExtraction(FromSchema, NWBDataInterface): ...

    class ElectrodesTable(FromSchema, DynamicTable): ...


__all__ = [
    "LFP",
    "ElectricalSeries",
    "ElectrodeGroup",
    "ElectrodesTable",
    "EventDetection",
    "FeatureExtraction",
    "FilteredEphys",
    "SpikeEventSeries",
]


def _length(values: Any, axis: int = 0) -> int | None:
    """Length of an axis, None where it is not known."""
    shape = shape_of(getattr(values, "data", values))
    return shape[axis] if shape is not None and len(shape) > axis else None


class _ElectrodeGroup(Additions):
    def _before(self, given: dict[str, Any]) -> None:
        position = given["position"]
        if position is None:
            return
        members: Any = getattr(getattr(position, "dtype", None), "names", None)
        shape = shape_of(position) or ()
        if len(shape) > 1 or (len(members) if members else (*shape, 0)[0]) != 3:
            raise InvalidValueError(
                f"ElectrodeGroup {given['name']!r}.position: expected three numbers x, y, z, got {position!r}"
            )


class _ElectricalSeries(Additions):
    def _after(self, given: Mapping[str, Any]) -> None:
        shape = shape_of(given["data"])
        electrodes = _length(given["electrodes"])
        if shape is None or electrodes is None or len(shape) != 2 or shape[1] == electrodes:
            return
        doubt = "the first does, so the data are to be transposed" if shape[0] == electrodes else "the data may be transposed"
        warnings.warn(
            f"{type(self).__name__} {given['name']!r}: the second dimension of data, {shape[1]}, does not match the {electrodes} "
            f"electrodes; {doubt}",
            stacklevel=4,
        )


class _EventDetection(Additions):
    def _before(self, given: dict[str, Any]) -> None:
        if given["times"] is not None:
            text = "EventDetection: times is deprecated; say the time of the events by source_idx"
            warnings.warn(text, DeprecationWarning, stacklevel=4)


class _FeatureExtraction(Additions):
    def _before(self, given: dict[str, Any]) -> None:
        for axis, name in enumerate(("times", "electrodes", "description")):
            length, wanted = _length(given[name]), _length(given["features"], axis)
            if None not in (length, wanted) and length != wanted:
                place = f"FeatureExtraction {given['name']!r}.features"
                raise InvalidValueError(f"{place}: expected axis {axis} as long as {name}, {length}, got {wanted}")


_UNITS = "use Units or NWBFile.units"
_TABLE = "id columns colnames target_tables meanings_tables"
_ELECTRODES = {"name": "electrodes", "description": "metadata about extracellular electrodes"}

RECIPES = {
    "ElectrodeGroup": Recipe("name description location device position", methods=_ElectrodeGroup),
    "ElectricalSeries": Recipe(f"name data electrodes channel_conversion filtering {SERIES}", methods=_ElectricalSeries),
    "SpikeEventSeries": Recipe(
        "name data timestamps electrodes resolution conversion comments description control control_description offset"
    ),
    "EventDetection": Recipe(
        "detection_method source_electricalseries source_idx times name", names={"times/unit": "unit"}, methods=_EventDetection
    ),
    "EventWaveform": Recipe("spike_event_series name", retired="use SpikeEventSeries or Units"),
    "Clustering": Recipe("description num peak_over_rms times name", retired=_UNITS),
    "ClusterWaveforms": Recipe("clustering_interface waveform_filtering waveform_mean waveform_sd name", retired=_UNITS),
    "LFP": Recipe("electrical_series name"),
    "FilteredEphys": Recipe("electrical_series name"),
    "FeatureExtraction": Recipe("electrodes description times features name", methods=_FeatureExtraction),
    "ElectrodesTable": Recipe(_TABLE, given=_ELECTRODES),
}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
