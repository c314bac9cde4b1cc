"""Intracellular electrophysiology: electrodes, what they recorded, and how the recordings belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError
from photonwb.model.generated import SERIES, Additions, Recipe, offered

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from photonwb.common import AlignedDynamicTable, DynamicTable
    from photonwb.core import NWBContainer
    from photonwb.model.generated import FromSchema
    from photonwb.timeseries import TimeSeries
    from photonwb.typing import ArrayLike

    # ruff: noqa: D101 - the descriptions come from the standard
    class IntracellularElectrode(FromSchema, NWBContainer): ...

    class PatchClampSeries(FromSchema, TimeSeries): ...

    class CurrentClampSeries(PatchClampSeries): ...

    class IZeroClampSeries(CurrentClampSeries): ...

    class CurrentClampStimulusSeries(PatchClampSeries): ...

    class VoltageClampSeries(PatchClampSeries): ...

    class VoltageClampStimulusSeries(PatchClampSeries): ...

    class SweepTable(FromSchema, DynamicTable): ...

    class IntracellularElectrodesTable(FromSchema, DynamicTable): ...

    class IntracellularStimuliTable(FromSchema, DynamicTable): ...

    class IntracellularResponsesTable(FromSchema, DynamicTable): ...

    class IntracellularRecordingsTable(FromSchema, AlignedDynamicTable): ...

    class SimultaneousRecordingsTable(FromSchema, DynamicTable): ...

    class SequentialRecordingsTable(FromSchema, DynamicTable): ...

    class RepetitionsTable(FromSchema, DynamicTable): ...

    class ExperimentalConditionsTable(FromSchema, DynamicTable): ...


__all__ = [
    "CurrentClampSeries",
    "CurrentClampStimulusSeries",
    "ExperimentalConditionsTable",
    "IZeroClampSeries",
    "IntracellularElectrode",
    "IntracellularElectrodesTable",
    "IntracellularRecordingsTable",
    "IntracellularResponsesTable",
    "IntracellularStimuliTable",
    "PatchClampSeries",
    "RepetitionsTable",
    "SequentialRecordingsTable",
    "SimultaneousRecordingsTable",
    "VoltageClampSeries",
    "VoltageClampStimulusSeries",
]


class _PatchClampSeries(Additions):
    def _before(self, given: dict[str, Any]) -> None:
        sweep = given["sweep_number"]
        if sweep is not None and sweep < 0:
            raise InvalidValueError(f"{type(self).__name__} {given['name']!r}.sweep_number: expected a number >= 0, got {sweep}")


class _SweepTable(Additions):
    def add_entry(self: Any, pcs: PatchClampSeries) -> None:
        """Add a series under its sweep number."""
        self.add_row(sweep_number=pcs.sweep_number, series=[pcs])

    def get_series(self: Any, sweep_number: int) -> list[PatchClampSeries] | None:
        """All series of a sweep; None if there is none."""
        rows = [row for row, number in enumerate(self["sweep_number"].data[:]) if number == sweep_number]
        return [series for row in rows for series in self["series"][row]] or None


class _RecordingsTable(Additions):
    def _before(self, given: dict[str, Any]) -> None:
        tables = list(given["category_tables"] or ())
        names: list[str] = [table.name for table in tables]
        missing = [name for name in _CATEGORIES if name not in names]
        if missing and any(len(table) for table in tables):
            raise InvalidValueError(
                f"IntracellularRecordingsTable: expected the categories {', '.join(_CATEGORIES)}, as the tables have rows "
                f"already, got {', '.join(names)}"
            )
        made = [__getattr__(_CATEGORIES[name])() for name in missing]
        given["category_tables"] = [*made, *tables]
        if given["categories"] is not None:
            given["categories"] = [*missing, *given["categories"]]

    def add_recording(
        self: Any,
        electrode: IntracellularElectrode | None = None,
        stimulus_start_index: int | None = None,
        stimulus_index_count: int | None = None,
        stimulus: TimeSeries | None = None,
        stimulus_template_start_index: int | None = None,
        stimulus_template_index_count: int | None = None,
        stimulus_template: TimeSeries | None = None,
        response_start_index: int | None = None,
        response_index_count: int | None = None,
        response: TimeSeries | None = None,
        electrode_metadata: Mapping[str, Any] | None = None,
        stimulus_metadata: Mapping[str, Any] | None = None,
        response_metadata: Mapping[str, Any] | None = None,
        **extra: Any,
    ) -> int:
        """Add a recording: what was applied through an electrode, and what was recorded from it.

        Parameters
        ----------
        electrode : IntracellularElectrode, optional
            Default is the electrode of the stimulus, or of the response.
        stimulus, response, stimulus_template : TimeSeries, optional
            Stimulus or response may be missing, but not both.
        stimulus_start_index, stimulus_index_count, ... : int, optional
            The samples that are meant; default is all.
        electrode_metadata, stimulus_metadata, response_metadata : dict, optional
            Values of further columns of the three tables.
        **extra
            Values of further columns of this one.

        Returns
        -------
        int
            Number of the row.

        Raises
        ------
        InvalidValueError
            If stimulus and response are both missing, or cannot belong together.
        IndexError
            If a series does not have the samples.
        """
        if stimulus is None and response is None:
            raise InvalidValueError(f"{self._label()}.add_recording(): expected a stimulus or a response, got neither")
        if electrode is None:
            electrode = getattr(stimulus if stimulus is not None else response, "electrode", None)
        _check_pair(stimulus, response)
        # A reference always leads to a series; that there is no such recording is told by counts below zero.
        other: Any = stimulus if stimulus is not None else response
        stimuli = {
            **(stimulus_metadata or {}),
            "stimulus": _stretch("stimulus", stimulus, stimulus_start_index, stimulus_index_count, other),
        }
        if stimulus_template is not None or "stimulus_template" in self.category_tables["stimuli"].colnames:
            stimuli["stimulus_template"] = _stretch(
                "stimulus_template", stimulus_template, stimulus_template_start_index, stimulus_template_index_count, other
            )
        responses = {
            **(response_metadata or {}),
            "response": _stretch("response", response, response_start_index, response_index_count, other),
        }
        electrodes = {**(electrode_metadata or {}), "electrode": electrode}
        self.add_row(enforce_unique_id=True, electrodes=electrodes, stimuli=stimuli, responses=responses, **extra)
        return len(self) - 1

    def to_dataframe(
        self: Any,
        ignore_category_ids: bool = False,
        electrode_refs_as_objectids: bool = False,
        stimulus_refs_as_objectids: bool = False,
        response_refs_as_objectids: bool = False,
    ) -> pd.DataFrame:
        """All tables side by side; on request with object ids in place of objects."""
        from photonwb.common import AlignedDynamicTable

        frame = AlignedDynamicTable.to_dataframe(self, ignore_category_ids=ignore_category_ids)
        if electrode_refs_as_objectids:
            frame["electrodes", "electrode"] = [each.object_id for each in frame["electrodes", "electrode"]]
        for wanted, key in (
            (stimulus_refs_as_objectids, ("stimuli", "stimulus")),
            (response_refs_as_objectids, ("responses", "response")),
        ):
            if wanted:
                frame[key] = [_with_object_id(each) for each in frame[key]]
        return frame


_CATEGORIES = {
    "electrodes": "IntracellularElectrodesTable",
    "stimuli": "IntracellularStimuliTable",
    "responses": "IntracellularResponsesTable",
}


def _with_object_id(reference: Any) -> Any:
    return reference if reference[2] is None else type(reference)(reference[0], reference[1], reference[2].object_id)


def _check_pair(stimulus: Any, response: Any) -> None:
    """Refuse a stimulus and a response that cannot belong to one recording."""
    if stimulus is None or response is None:
        return
    kinds = stimulus.neurodata_type, response.neurodata_type
    if all(any(kind.startswith(clamp) for kind in kinds) for clamp in ("CurrentClamp", "VoltageClamp")):
        raise InvalidValueError(f"add_recording(): a {kinds[0]} as stimulus and a {kinds[1]} as response cannot belong together")
    if response.neurodata_type == "IZeroClampSeries":
        raise InvalidValueError("add_recording(): expected no stimulus for a response that is an IZeroClampSeries")
    one, other = (getattr(each, "electrode", None) for each in (stimulus, response))
    if one is not None and other is not None and one is not other:
        raise InvalidValueError(
            f"add_recording(): expected the same electrode for stimulus and response, got {one._label()} and {other._label()}"
        )


def _stretch(name: str, series: Any, start: int | None, count: int | None, other: Any) -> Any:
    """The samples of a series that are meant, as a reference; all of them where nothing is said."""
    from photonwb.base import TimeSeriesReference

    if series is None:
        return TimeSeriesReference(-1, -1, other)
    start = 0 if start is None or start < 0 else start
    samples: int | None = series.num_samples
    if count is None or count < 0:
        if samples is None:
            raise IndexError(f"add_recording(): {name}_index_count cannot be told from {series._label()}: give it")
        count = samples - start
    assert count is not None
    if samples is not None and (start >= samples or start + count > samples):
        raise IndexError(
            f"add_recording(): {name}: {count} samples from {start} are out of range: {series._label()} has {samples}"
        )
    return TimeSeriesReference(start, count, series)


class _GroupingTable(Additions):
    """A table each row of which groups rows of another table."""

    _groups: str
    _other: str

    def _after(self: Any, given: Mapping[str, Any]) -> None:
        region = self[self._groups].target
        if region.table is None:
            if given[self._other] is None:
                raise InvalidValueError(f"{self._label()}.{self._other}: expected the table whose rows are grouped, got None")
            region.table = given[self._other]

    def _group(self: Any, row: Mapping[str, Any]) -> int:
        self.add_row(enforce_unique_id=True, **{name: value for name, value in row.items() if value is not None})
        return len(self) - 1


class _SimultaneousRecordingsTable(_GroupingTable):
    _groups, _other = "recordings", "intracellular_recordings_table"

    def add_simultaneous_recording(self, recordings: ArrayLike, **extra: Any) -> int:
        """Group recordings that were made at the same time; returns the number of the row."""
        return self._group({"recordings": recordings, **extra})


class _SequentialRecordingsTable(_GroupingTable):
    _groups, _other = "simultaneous_recordings", "simultaneous_recordings_table"

    def add_sequential_recording(self, stimulus_type: str, simultaneous_recordings: ArrayLike, **extra: Any) -> int:
        """Group simultaneous recordings that make up a sequence of stimuli; returns the number of the row."""
        return self._group({"stimulus_type": stimulus_type, "simultaneous_recordings": simultaneous_recordings, **extra})


class _RepetitionsTable(_GroupingTable):
    _groups, _other = "sequential_recordings", "sequential_recordings_table"

    def add_repetition(self, sequential_recordings: ArrayLike | None = None, **extra: Any) -> int:
        """Group sequences that make up a repetition; returns the number of the row."""
        return self._group({"sequential_recordings": sequential_recordings, **extra})


class _ExperimentalConditionsTable(_GroupingTable):
    _groups, _other = "repetitions", "repetitions_table"

    def add_experimental_condition(self, repetitions: ArrayLike | None = None, **extra: Any) -> int:
        """Group repetitions under the same conditions; returns the number of the row."""
        return self._group({"repetitions": repetitions, **extra})


_TABLE = "id columns colnames target_tables meanings_tables"
_SETTINGS = "capacitance_fast capacitance_slow resistance_comp_bandwidth resistance_comp_correction resistance_comp_prediction"
_CLAMP = "name data electrode gain stimulus_description"
_TIMES = f"{SERIES.removesuffix(' offset')} sweep_number offset unit"
_NOT_KNOWN = {"stimulus_description": "N/A"}

RECIPES = {
    "IntracellularElectrode": Recipe(
        "name device description slice seal location resistance filtering initial_access_resistance cell_id"
    ),
    "PatchClampSeries": Recipe(
        f"name data unit electrode gain stimulus_description {SERIES} sweep_number",
        defaults=_NOT_KNOWN,
        methods=_PatchClampSeries,
    ),
    "CurrentClampSeries": Recipe(f"{_CLAMP} bias_current bridge_balance capacitance_compensation {_TIMES}", defaults=_NOT_KNOWN),
    "IZeroClampSeries": Recipe(f"{_CLAMP} {_TIMES}", defaults=_NOT_KNOWN),
    "CurrentClampStimulusSeries": Recipe(f"{_CLAMP} {_TIMES}", defaults=_NOT_KNOWN),
    "VoltageClampSeries": Recipe(
        f"{_CLAMP} {_SETTINGS} whole_cell_capacitance_comp whole_cell_series_resistance_comp {_TIMES}", defaults=_NOT_KNOWN
    ),
    "VoltageClampStimulusSeries": Recipe(f"{_CLAMP} {_TIMES}", defaults=_NOT_KNOWN),
    "SweepTable": Recipe(
        "name description id columns colnames",
        defaults={"name": "sweep_table", "description": "A sweep table groups different PatchClampSeries together."},
        methods=_SweepTable,
        retired="use IntracellularRecordingsTable, NWBFile.add_intracellular_recording()",
    ),
    "IntracellularElectrodesTable": Recipe(_TABLE, given={"name": "electrodes"}),
    "IntracellularStimuliTable": Recipe(_TABLE, given={"name": "stimuli"}),
    "IntracellularResponsesTable": Recipe(_TABLE, given={"name": "responses"}),
    "IntracellularRecordingsTable": Recipe(
        "id columns colnames category_tables categories target_tables",
        given={"name": "intracellular_recordings"},
        methods=_RecordingsTable,
    ),
    "SimultaneousRecordingsTable": Recipe(
        f"intracellular_recordings_table {_TABLE}",
        given={"name": "simultaneous_recordings", "description": "Recordings that were made at the same time."},
        methods=_SimultaneousRecordingsTable,
    ),
    "SequentialRecordingsTable": Recipe(
        f"simultaneous_recordings_table {_TABLE}",
        given={"name": "sequential_recordings", "description": "Simultaneous recordings that make up a sequence of stimuli."},
        methods=_SequentialRecordingsTable,
    ),
    "RepetitionsTable": Recipe(
        f"sequential_recordings_table {_TABLE}",
        given={"name": "repetitions", "description": "Sequential recordings that make up a repetition."},
        methods=_RepetitionsTable,
    ),
    "ExperimentalConditionsTable": Recipe(
        f"repetitions_table {_TABLE}",
        given={"name": "experimental_conditions", "description": "Repetitions under the same conditions."},
        methods=_ExperimentalConditionsTable,
    ),
}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
