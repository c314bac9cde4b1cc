"""The file itself: one session of an experiment, with all that was recorded in it and made of it.

The fields say where everything lives; most methods come from the collections. The tables that are filled row by row have
their own modules.
"""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any

from photonwb.core import NWBContainer, NWBDataInterface, ScratchData
from photonwb.dates import with_zone
from photonwb.errors import InvalidValueError
from photonwb.file_editing import EditedFile
from photonwb.file_icephys import IcephysTables
from photonwb.file_tables import ElectrodeTable, InvalidTimesTable, SessionTables, TrialTable
from photonwb.model.fields import attribute, child, children, dataset
from photonwb.model.labelled import LabelledDict, adder, creator, getter
from photonwb.model.later import Later
from photonwb.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from photonwb.base import ProcessingModule, TimeSeries
    from photonwb.common import DynamicTable
    from photonwb.device import Device, DeviceModel
    from photonwb.ecephys import ElectrodeGroup
    from photonwb.epoch import TimeIntervals
    from photonwb.event import EventsTable
    from photonwb.icephys import (
        ExperimentalConditionsTable,
        IntracellularElectrode,
        IntracellularRecordingsTable,
        RepetitionsTable,
        SequentialRecordingsTable,
        SimultaneousRecordingsTable,
        SweepTable,
    )
    from photonwb.image import Images
    from photonwb.layouts.traces import Traces
    from photonwb.misc import Units
    from photonwb.model.container import AbstractContainer
    from photonwb.ogen import OptogeneticStimulusSite
    from photonwb.ophys import ImagingPlane
    from photonwb.resources import HERD
    from photonwb.typing import Array, ArrayLike, Several, TextLike
else:
    Device = Later("photonwb.device", "Device")
    DeviceModel = Later("photonwb.device", "DeviceModel")
    HERD = Later("photonwb.resources", "HERD")
    ImagingPlane = Later("photonwb.ophys", "ImagingPlane")
    OptogeneticStimulusSite = Later("photonwb.ogen", "OptogeneticStimulusSite")
    ProcessingModule = Later("photonwb.base", "ProcessingModule")

__all__ = ["ElectrodeTable", "InvalidTimesTable", "LabMetaData", "NWBFile", "Subject", "TrialTable"]

_TABLES = ("electrodes", "epochs", "trials", "units", "sweep_table", "invalid_times")


class LabMetaData(NWBContainer, neurodata_type="LabMetaData"):
    """What a lab notes about its sessions beyond the standard; the base of such types in extensions."""


class NWBFile(EditedFile, SessionTables, IcephysTables, neurodata_type="NWBFile"):
    """One session of an experiment, with all that was recorded in it and made of it.

    Parameters
    ----------
    session_description : str
        What happened in the session.
    identifier : str
        Unique among all files.
    session_start_time : datetime.datetime
        Without a time zone it is taken as local time.
    file_create_date : datetime.datetime or list of datetime.datetime, optional
        When the file was made and changed. Default is now.
    timestamps_reference_time : datetime.datetime, optional
        The time from which all times in the file count. Default is `session_start_time`.
    experimenter, related_publications, keywords : str or list of str, optional
    source_script, source_script_file_name : str, optional
        The program that made the file, and its name; a name needs the script.
    was_generated_by : list of (str, str), optional
        Name and version of each program that made the file.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        An argument is none that its field can hold, or one that only old files have.

    Notes
    -----
    The other arguments fill the fields of the same names. A file that was read can be used in a `with` statement, which
    closes it at the end. Of a file that was opened for changes it writes them first, all or none; when the block ends with an
    error, the file stays as it was.
    """

    nwb_version: str = attribute("Version of the standard.", fixed="2.11.0")
    session_description: str = dataset("What happened in the session.")
    identifier: str = dataset("Text that is unique among all files.")
    session_start_time: datetime = dataset("When the session began.")
    timestamps_reference_time: datetime = dataset("The time from which all times in the file count.")
    file_create_date: list[datetime] = dataset("When the file was made and changed.", dtype="isodatetime", shape=(None,))

    experimenter: tuple[str, ...] | None = dataset("Who did the experiment.", within="general", dtype="text", shape=(None,))
    experiment_description: str | None = dataset("What the experiment is about.", within="general")
    session_id: str | None = dataset("Name of the session, unique in the lab.", within="general")
    institution: str | None = dataset("Where the experiment was done.", within="general")
    keywords: Array | None = dataset("Terms to search for.", within="general", dtype="text", shape=(None,))
    notes: str | None = dataset("Remarks.", within="general")
    pharmacology: str | None = dataset("Drugs, with dose and time.", within="general")
    protocol: str | None = dataset("Protocol under which the experiment was approved.", within="general")
    related_publications: tuple[str, ...] | None = dataset(
        "Publications, by DOI, PMID or URL.", within="general", dtype="text", shape=(None,)
    )
    slices: str | None = dataset("Slices of tissue, and how they were made and kept.", within="general")
    source_script: str | None = dataset("Program that made the file.", within="general")
    source_script_file_name: str | None = attribute("Its name.", of="general/source_script", key="file_name")
    was_generated_by: Array | None = dataset(
        "Name and version of each program that made the file.", within="general", dtype="text", shape=(None, 2)
    )
    data_collection: str | None = dataset("How the data were collected and analysed.", within="general")
    surgery: str | None = dataset("Surgeries, with date and surgeon.", within="general")
    virus: str | None = dataset("Viruses, with where and how they were injected.", within="general")
    stimulus_notes: str | None = dataset("Stimuli, and how they were presented.", within="general", key="stimulus")
    lab: str | None = dataset("Lab in which the experiment was done.", within="general")

    acquisition: LabelledDict[NWBDataInterface | DynamicTable] = children("Data as recorded.", within="acquisition", always=True)
    analysis: LabelledDict[NWBContainer | DynamicTable] = children("Results.", within="analysis", always=True)
    scratch: LabelledDict[NWBContainer | DynamicTable | ScratchData] = children("What was put aside.", within="scratch")
    stimulus: LabelledDict[NWBDataInterface | DynamicTable] = children(
        "Stimuli as presented.", within="stimulus/presentation", always=True
    )
    stimulus_template: LabelledDict[TimeSeries | Images] = children(
        "Stimuli before presentation.", within="stimulus/templates", always=True
    )
    processing: LabelledDict[ProcessingModule] = children("Data derived from the recorded.", within="processing", always=True)
    lab_meta_data: LabelledDict[LabMetaData] = children("What the lab notes beyond the standard.", within="general", always=True)
    devices: LabelledDict[Device] = children("Devices that recorded.", within="general/devices")
    device_models: LabelledDict[DeviceModel] = children("Models of the devices.", within="general/devices/models")
    imaging_planes: LabelledDict[ImagingPlane] = children("Planes that were imaged.", within="general/optophysiology")
    ogen_sites: LabelledDict[OptogeneticStimulusSite] = children(
        "Sites that were stimulated by light.", within="general/optogenetics"
    )
    subject: Subject | None = child("Who was recorded from.", within="general")
    external_resources: HERD | None = child("Terms of ontologies that the data refer to.", within="general")

    def __init__(
        self,
        session_description: str,
        identifier: str,
        session_start_time: datetime,
        file_create_date: Iterable[datetime] | datetime | None = None,
        timestamps_reference_time: datetime | None = None,
        experimenter: TextLike | None = None,
        experiment_description: str | None = None,
        session_id: str | None = None,
        institution: str | None = None,
        keywords: ArrayLike | None = None,
        notes: str | None = None,
        external_resources: HERD | None = None,
        pharmacology: str | None = None,
        protocol: str | None = None,
        related_publications: TextLike | None = None,
        slices: str | None = None,
        source_script: str | None = None,
        source_script_file_name: str | None = None,
        was_generated_by: ArrayLike | None = None,
        data_collection: str | None = None,
        surgery: str | None = None,
        virus: str | None = None,
        stimulus_notes: str | None = None,
        lab: str | None = None,
        acquisition: Several[NWBDataInterface | DynamicTable] | None = None,
        analysis: Several[NWBContainer | DynamicTable] | None = None,
        stimulus: Several[NWBDataInterface | DynamicTable] | None = None,
        stimulus_template: Several[TimeSeries | Images] | None = None,
        epochs: TimeIntervals | None = None,
        trials: TimeIntervals | None = None,
        invalid_times: TimeIntervals | None = None,
        intervals: Several[TimeIntervals] | None = None,
        events: Several[EventsTable] | None = None,
        units: Units | None = None,
        processing: Several[ProcessingModule] | None = None,
        lab_meta_data: Several[LabMetaData] | None = None,
        electrodes: DynamicTable | None = None,
        electrode_groups: Several[ElectrodeGroup] | None = None,
        sweep_table: SweepTable | None = None,
        imaging_planes: Several[ImagingPlane] | None = None,
        ogen_sites: Several[OptogeneticStimulusSite] | None = None,
        devices: Several[Device] | None = None,
        device_models: Several[DeviceModel] | None = None,
        subject: Subject | None = None,
        scratch: Several[NWBContainer | DynamicTable | ScratchData] | None = None,
        icephys_electrodes: Several[IntracellularElectrode] | None = None,
        icephys_filtering: str | None = None,
        intracellular_recordings: IntracellularRecordingsTable | None = None,
        icephys_simultaneous_recordings: SimultaneousRecordingsTable | None = None,
        icephys_sequential_recordings: SequentialRecordingsTable | None = None,
        icephys_repetitions: RepetitionsTable | None = None,
        icephys_experimental_conditions: ExperimentalConditionsTable | None = None,
    ) -> None:
        given: dict[str, Any] = locals()
        self._check_retired(sweep_table=sweep_table, icephys_filtering=icephys_filtering)
        if source_script is None and source_script_file_name is not None:
            raise InvalidValueError(
                f"{self._label()}.source_script: expected the script, as source_script_file_name is given, got None"
            )
        start = given["session_start_time"] = with_zone(session_start_time, "session_start_time")
        reference = timestamps_reference_time or start
        given["timestamps_reference_time"] = with_zone(reference, "timestamps_reference_time")
        dates = datetime.now().astimezone() if file_create_date is None else file_create_date
        dates = [dates] if isinstance(dates, datetime) else list(dates)
        given["file_create_date"] = [with_zone(date, "file_create_date") for date in dates]
        self._init(given)

    def _check_retired(self, **given: Any) -> None:
        """Refuse in new files what only old ones may have."""
        for name, value in given.items():
            if value is not None and not self._in_construct_mode:
                instead = {"sweep_table": "add_intracellular_recording()"}.get(name, "IntracellularElectrode.filtering")
                raise InvalidValueError(f"{self._label()}.{name}: only old files have this; use {instead}")

    # ---- collections

    get_acquisition = getter(NWBDataInterface, "acquisition")
    add_analysis = adder(NWBContainer, "analysis")
    get_analysis = getter(NWBContainer, "analysis")
    get_stimulus = getter(NWBDataInterface, "stimulus")
    get_stimulus_template = getter(NWBDataInterface, "stimulus_template")
    add_processing_module = adder(ProcessingModule, "processing")
    get_processing_module = getter(ProcessingModule, "processing")
    create_processing_module = creator(ProcessingModule, "processing")
    add_lab_meta_data = adder(LabMetaData, "lab_meta_data")
    get_lab_meta_data = getter(LabMetaData, "lab_meta_data")
    create_lab_meta_data = creator(LabMetaData, "lab_meta_data")
    add_device = adder(Device, "devices")
    get_device = getter(Device, "devices")
    create_device = creator(Device, "devices")
    add_device_model = adder(DeviceModel, "device_models")
    get_device_model = getter(DeviceModel, "device_models")
    create_device_model = creator(DeviceModel, "device_models")
    add_imaging_plane = adder(ImagingPlane, "imaging_planes")
    get_imaging_plane = getter(ImagingPlane, "imaging_planes")
    create_imaging_plane = creator(ImagingPlane, "imaging_planes")
    add_ogen_site = adder(OptogeneticStimulusSite, "ogen_sites")
    get_ogen_site = getter(OptogeneticStimulusSite, "ogen_sites")
    create_ogen_site = creator(OptogeneticStimulusSite, "ogen_sites")

    def add_acquisition(self, nwbdata: NWBDataInterface | DynamicTable, use_sweep_table: bool = False) -> None:
        """Add recorded data.

        Parameters
        ----------
        nwbdata : NWBDataInterface or DynamicTable
        use_sweep_table : bool
            Whether to enter the series in the `sweep_table`; only for files that have one.
        """
        self._add("acquisition", nwbdata)
        self._enter_sweep(nwbdata, use_sweep_table)

    def add_stimulus(self, stimulus: NWBDataInterface | DynamicTable, use_sweep_table: bool = False) -> None:
        """Add a stimulus as it was presented; the arguments are those of `add_acquisition`."""
        self._add("stimulus", stimulus)
        self._enter_sweep(stimulus, use_sweep_table)

    def add_stimulus_template(self, timeseries: TimeSeries | Images, use_sweep_table: bool = False) -> None:
        """Add a stimulus as it is before presentation; the arguments are those of `add_acquisition`."""
        self._add("stimulus_template", timeseries)
        self._enter_sweep(timeseries, use_sweep_table)

    def _enter_sweep(self, series: Any, use_sweep_table: bool) -> None:
        if not use_sweep_table or getattr(series, "sweep_number", None) is None:
            return
        if self.sweep_table is None:
            raise InvalidValueError(f"{self._label()}.sweep_table: only old files have this; use add_intracellular_recording()")
        self.sweep_table.add_entry(series)

    # ---- scratch

    def add_scratch(self, data: Any, name: str | None = None, description: str | None = None) -> Any:
        """Put something aside for later.

        Parameters
        ----------
        data : scalar, array, list, DataFrame, or an object of the model
        name, description : str
            Required, unless `data` is an object of the model, which has its own.
        """
        import warnings

        if hasattr(data, "neurodata_type"):
            for argument, value in (("name", name), ("description", description)):
                if value is not None:
                    warnings.warn(f"add_scratch(): {argument} is not used: {data._label()} has its own", stacklevel=2)
            return self._add("scratch", data)
        if name is None or description is None:
            missing = "name" if name is None else "description"
            raise InvalidValueError(f"add_scratch(): a {missing} is required for data that are no object of the model")
        if hasattr(data, "iloc") and hasattr(data, "columns"):
            from photonwb.common import DynamicTable

            return self._add("scratch", DynamicTable.from_dataframe(df=data, name=name, table_description=description))
        return self._add("scratch", ScratchData(name=name, data=data, description=description))

    def get_scratch(self, name: str, convert: bool = True) -> Any:
        """Get what was put aside under a name.

        Parameters
        ----------
        name : str
        convert : bool
            Whether to give a table as a data frame, and an array or scalar as a numpy array.
        """
        found = self._get("scratch", name)
        if not convert:
            return found
        if isinstance(found, ScratchData):
            import numpy as np

            return np.asarray(found.data)
        return found.to_dataframe() if hasattr(found, "to_dataframe") else found

    # ---- external resources

    _linked_resources: HERD | None = None

    def link_resources(self, external_resources: HERD) -> None:
        """Use references to ontologies that are kept outside of this file; they are not written."""
        self.__dict__["_linked_resources"] = external_resources

    def get_external_resources(self, linked: bool = False) -> HERD | None:
        """References to ontologies: those in this file, made if there are none, or those that were linked."""
        if linked:
            return self._linked_resources
        if self.external_resources is None:
            self.external_resources = HERD()
        return self.external_resources

    # ---- all of it

    @property
    def objects(self) -> LabelledDict[AbstractContainer]:
        """Everything in the file, by object_id."""
        return self.all_objects

    def traces(self, kind: str, where: Any = None, *, channel: int | None = None) -> Traces:
        """The signals of regions of a kind, found in the layouts of suite2p, CaImAn, neuroconv, Allen, MatNWB and photonwb.

        Parameters
        ----------
        kind : {"raw", "neuropil", "dff", "denoised", "deconvolved", "demixed", "corrected", "baseline", "background"}
            "corrected" is fluorescence less the neuropil; of files without "raw", that is the "demixed" one.
        where : str, PlaneSegmentation or ImagingPlane, optional
            Where there are several: that table or plane, or the name of the series, of what holds it, or of one of those.
        channel : int, optional
            Where there are several: the number of the channel, from 1.

        Returns
        -------
        Traces
            With `data` (time, region), `rois`, `series`, and `how` they were recognised.

        Raises
        ------
        NotFoundError, InvalidValueError
            There are none of that kind, or several; the message lists what there is.
        """
        from photonwb.layouts.traces import find_traces, only_traces

        return only_traces(find_traces(self), kind, where, channel, self._label())

    def copy(self) -> NWBFile:  # pyright: ignore[reportIncompatibleMethodOverride] - a file has no name to be given
        """A new file that holds the same objects, which it will link to; tables are copied."""
        given = {name: list(value.values()) if isinstance(value, LabelledDict) else value for name, value in self.fields.items()}
        del given["nwb_version"]
        for name in _TABLES:
            if name in given:
                given[name] = given[name].copy()
        for name in ("scratch", "intervals"):
            # Among the intervals that were read are those with fields of their own.
            items = [item for item in given.get(name, ()) if item is not self.fields.get(item.name)]
            given[name] = [item.copy() if hasattr(item, "colnames") else item for item in items]
        return NWBFile(**given)

    # ---- the file it was read from

    def close(self) -> None:
        """Close the file that this was read from, as it was after it was last written; without effect on one made in memory.

        Changes that were not written are forgotten, with a warning: leave a `with` block to write them.
        """
        io = self.get_read_io()
        if io is not None:
            if io.has_changes:
                text = "changes were not written; use a `with` block, which writes them, or get_read_io().write(nwbfile)"
                warnings.warn(f"{io.source}: {text}", stacklevel=2)
            io.discard()

    def __enter__(self) -> NWBFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        io = self.get_read_io()
        if io is None:
            return
        try:
            if kind is None:
                if io.has_changes:
                    io.write(self)
                io.close()
        finally:
            io.discard()
