"""The tables of intracellular recordings of a file.

They build on each other: recordings are grouped to simultaneous ones, these to sequences, these to repetitions, and these to
experimental conditions. Each table is made together with those below it when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.core import MultiContainerInterface
from photonwb.model.fields import child, children, dataset
from photonwb.model.labelled import adder, creator, getter
from photonwb.model.later import Later

if TYPE_CHECKING:
    from photonwb.base import TimeSeries
    from photonwb.common import DynamicTable
    from photonwb.icephys import (
        ExperimentalConditionsTable,
        IntracellularElectrode,
        IntracellularRecordingsTable,
        RepetitionsTable,
        SequentialRecordingsTable,
        SimultaneousRecordingsTable,
        SweepTable,
    )
    from photonwb.model.labelled import LabelledDict
    from photonwb.typing import ArrayLike
else:
    ExperimentalConditionsTable = Later("photonwb.icephys", "ExperimentalConditionsTable")
    IntracellularElectrode = Later("photonwb.icephys", "IntracellularElectrode")
    IntracellularRecordingsTable = Later("photonwb.icephys", "IntracellularRecordingsTable")
    RepetitionsTable = Later("photonwb.icephys", "RepetitionsTable")
    SequentialRecordingsTable = Later("photonwb.icephys", "SequentialRecordingsTable")
    SimultaneousRecordingsTable = Later("photonwb.icephys", "SimultaneousRecordingsTable")

__all__ = ["IcephysTables"]

_PLACE = "general/intracellular_ephys"


class IcephysTables(MultiContainerInterface):
    """Electrodes and tables of intracellular recordings, with the methods that fill them."""

    icephys_electrodes: LabelledDict[IntracellularElectrode] = children("Intracellular electrodes.", within=_PLACE)
    icephys_filtering: str | None = dataset("Filters of all recordings; only in old files.", within=_PLACE, key="filtering")
    sweep_table: SweepTable | None = child("Series by sweep; only in old files.", within=_PLACE)
    intracellular_recordings: IntracellularRecordingsTable | None = child(
        "Each recording: one electrode, its stimulus and its response.", within=_PLACE
    )
    icephys_simultaneous_recordings: SimultaneousRecordingsTable | None = child(
        "Recordings that were made at the same time.", within=_PLACE, key="simultaneous_recordings"
    )
    icephys_sequential_recordings: SequentialRecordingsTable | None = child(
        "Simultaneous recordings that make up a sequence of stimuli.", within=_PLACE, key="sequential_recordings"
    )
    icephys_repetitions: RepetitionsTable | None = child("Sequences that make up a repetition.", within=_PLACE, key="repetitions")
    icephys_experimental_conditions: ExperimentalConditionsTable | None = child(
        "Repetitions under the same conditions.", within=_PLACE, key="experimental_conditions"
    )

    add_icephys_electrode = adder(IntracellularElectrode, "icephys_electrodes")
    get_icephys_electrode = getter(IntracellularElectrode, "icephys_electrodes")
    create_icephys_electrode = creator(IntracellularElectrode, "icephys_electrodes")

    def get_intracellular_recordings(self) -> IntracellularRecordingsTable:
        """The table `intracellular_recordings`; made if there is none."""
        table = self.intracellular_recordings
        if table is None:
            table = self.intracellular_recordings = IntracellularRecordingsTable()
        return table

    def get_icephys_simultaneous_recordings(self) -> SimultaneousRecordingsTable:
        """The table `icephys_simultaneous_recordings`; made if there is none."""
        table = self.icephys_simultaneous_recordings
        if table is None:
            below = self.get_intracellular_recordings()
            table = self.icephys_simultaneous_recordings = SimultaneousRecordingsTable(intracellular_recordings_table=below)
        return table

    def get_icephys_sequential_recordings(self) -> SequentialRecordingsTable:
        """The table `icephys_sequential_recordings`; made if there is none."""
        table = self.icephys_sequential_recordings
        if table is None:
            below = self.get_icephys_simultaneous_recordings()
            table = self.icephys_sequential_recordings = SequentialRecordingsTable(simultaneous_recordings_table=below)
        return table

    def get_icephys_repetitions(self) -> RepetitionsTable:
        """The table `icephys_repetitions`; made if there is none."""
        table = self.icephys_repetitions
        if table is None:
            below = self.get_icephys_sequential_recordings()
            table = self.icephys_repetitions = RepetitionsTable(sequential_recordings_table=below)
        return table

    def get_icephys_experimental_conditions(self) -> ExperimentalConditionsTable:
        """The table `icephys_experimental_conditions`; made if there is none."""
        table = self.icephys_experimental_conditions
        if table is None:
            below = self.get_icephys_repetitions()
            table = self.icephys_experimental_conditions = ExperimentalConditionsTable(repetitions_table=below)
        return table

    def get_icephys_meta_parent_table(self) -> DynamicTable | None:
        """The topmost of these tables that the file has."""
        tables = (
            self.icephys_experimental_conditions,
            self.icephys_repetitions,
            self.icephys_sequential_recordings,
            self.icephys_simultaneous_recordings,
            self.intracellular_recordings,
        )
        return next((table for table in tables if table is not None), None)

    def add_intracellular_recording(
        self,
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
        electrode_metadata: dict[str, Any] | None = None,
        stimulus_metadata: dict[str, Any] | None = None,
        response_metadata: dict[str, Any] | None = None,
        **extra: Any,
    ) -> int:
        """Add a recording to `intracellular_recordings`, and what it speaks of to the file where it is not there yet.

        The arguments are those of `IntracellularRecordingsTable.add_recording`. Returns the number of the row.
        """
        arguments: dict[str, Any] = {name: value for name, value in locals().items() if name not in ("self", "extra")}
        file: Any = self
        if stimulus is not None and stimulus.name not in file.stimulus and stimulus.name not in file.stimulus_template:
            file.add_stimulus(stimulus)
        if response is not None and response.name not in file.acquisition:
            file.add_acquisition(response)
        if electrode is not None and electrode.name not in self.icephys_electrodes:
            self.add_icephys_electrode(electrode)
        return self.get_intracellular_recordings().add_recording(**arguments, **extra)

    def add_icephys_simultaneous_recording(self, recordings: ArrayLike, **extra: Any) -> int:
        """Group rows of `intracellular_recordings`; returns the number of the new row."""
        return self.get_icephys_simultaneous_recordings().add_simultaneous_recording(recordings, **extra)

    def add_icephys_sequential_recording(self, stimulus_type: str, simultaneous_recordings: ArrayLike, **extra: Any) -> int:
        """Group rows of `icephys_simultaneous_recordings`; returns the number of the new row."""
        table = self.get_icephys_sequential_recordings()
        return table.add_sequential_recording(stimulus_type, simultaneous_recordings, **extra)

    def add_icephys_repetition(self, sequential_recordings: ArrayLike | None = None, **extra: Any) -> int:
        """Group rows of `icephys_sequential_recordings`; returns the number of the new row."""
        return self.get_icephys_repetitions().add_repetition(sequential_recordings, **extra)

    def add_icephys_experimental_condition(self, repetitions: ArrayLike | None = None, **extra: Any) -> int:
        """Group rows of `icephys_repetitions`; returns the number of the new row."""
        return self.get_icephys_experimental_conditions().add_experimental_condition(repetitions, **extra)
