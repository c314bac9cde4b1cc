from __future__ import annotations

import inspect
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from helpers import modules_loaded_by
from photonwb.base import ProcessingModule, TimeSeries
from photonwb.common import DynamicTable
from photonwb.core import ScratchData
from photonwb.dates import iso_duration, with_zone
from photonwb.ecephys import ElectrodesTable
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError
from photonwb.file import ElectrodeTable, InvalidTimesTable, LabMetaData, NWBFile, Subject, TrialTable
from photonwb.model.later import Later

START = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture
def nwbfile() -> NWBFile:
    return NWBFile("a session", "id", START)


def series(name: str = "s") -> TimeSeries:
    return TimeSeries(name, [1.0, 2.0], "V", rate=1.0)


# ---- dates


def test_a_date_with_a_zone_stays_as_it_is() -> None:
    assert with_zone(START, "start") is START


def test_a_date_without_a_zone_is_local_time() -> None:
    with pytest.warns(UserWarning, match="start: the date has no time zone"):
        found = with_zone(datetime(2024, 1, 2, 3), "start")  # noqa: DTZ001
    assert found.replace(tzinfo=None) == datetime(2024, 1, 2, 3)  # noqa: DTZ001
    assert found.utcoffset() == datetime(2024, 1, 2, 3).astimezone().utcoffset()


@pytest.mark.parametrize("value", ["2024-01-01", 2024, date(2024, 1, 1), None])
def test_what_is_no_date_is_refused(value: Any) -> None:
    with pytest.raises(InvalidTypeError, match="start: expected a datetime, got"):
        with_zone(value, "start")


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=90), "P90DT0H0M0S"),
        (timedelta(hours=25, seconds=61), "P1DT1H1M1S"),
        (timedelta(seconds=1, milliseconds=500), "P0DT0H0M1.5S"),
        (timedelta(microseconds=10), "P0DT0H0M0.00001S"),
        (timedelta(0), "P0DT0H0M0S"),
    ],
)
def test_durations(duration: timedelta, text: str) -> None:
    assert iso_duration(duration) == text


# ---- subject


def test_a_subject_takes_what_people_have() -> None:
    subject = Subject(age=timedelta(days=90), weight=0.025, subject_id="m1", sex="F", date_of_birth=START)
    assert (subject.name, subject.age, subject.age__reference, subject.weight) == ("subject", "P90DT0H0M0S", "birth", "0.025 kg")
    assert subject.date_of_birth == START
    assert Subject(weight=1).weight == "1.0 kg"
    assert Subject(weight=np.float32(0.5)).weight == "0.5 kg"


def test_a_subject_refuses_what_makes_no_sense() -> None:
    with pytest.raises(InvalidValueError, match="age__reference: expected 'birth' or 'gestational', got str 'x'"):
        Subject(age="P1D", age__reference="x")
    with pytest.raises(InvalidTypeError, match=r"Subject 'subject'\.sex: expected text, got int 1"):
        Subject(sex=1)  # type: ignore[arg-type]


# ---- a new file


def test_a_new_file_has_what_it_was_given(nwbfile: NWBFile) -> None:
    assert (nwbfile.name, nwbfile.session_description, nwbfile.identifier) == ("root", "a session", "id")
    assert nwbfile.session_start_time == nwbfile.timestamps_reference_time == START
    assert nwbfile.nwb_version == "2.11.0"
    (created,) = nwbfile.file_create_date
    assert created.tzinfo is not None


def test_texts_that_may_be_several() -> None:
    file = NWBFile("d", "i", START, experimenter="A, B", related_publications=["x", "y"], keywords=["k"])
    assert (file.experimenter, file.related_publications, file.keywords) == (("A, B",), ["x", "y"], ["k"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"session_start_time": "now"}, "session_start_time: expected a datetime, got str 'now'"),
        ({"identifier": 3}, "NWBFile 'root'.identifier: expected text, got int 3"),
        ({"identifier": None}, "NWBFile 'root'.identifier: a value is required"),
        ({"source_script_file_name": "x.py"}, "source_script: expected the script"),
        ({"icephys_filtering": "x"}, "only old files have this; use IntracellularElectrode.filtering"),
        ({"was_generated_by": [["a"]]}, r"was_generated_by: expected shape \(any, 2\)"),
        ({"subject": series()}, "subject: expected a Subject, got TimeSeries 's'"),
        ({"devices": [series()]}, "devices: expected a Device, got TimeSeries 's'"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidTypeError, InvalidValueError), match=message):
        NWBFile(**({"session_description": "d", "identifier": "i", "session_start_time": START} | arguments))


def test_fields_can_be_changed_later(nwbfile: NWBFile) -> None:
    nwbfile.session_description = "another"
    nwbfile.lab = "a lab"
    assert (nwbfile.session_description, nwbfile.lab) == ("another", "a lab")


def test_a_new_file_loads_little() -> None:
    loaded = modules_loaded_by("""
import datetime, photonwb.file as f
f.NWBFile("d", "i", datetime.datetime.now().astimezone(), subject=f.Subject(subject_id="m"))
""")
    assert not {"numpy", "inspect", "json", "photonwb.ecephys", "photonwb.model.generated", "photonwb.common"} & loaded


# ---- collections


def test_each_collection_has_its_place(nwbfile: NWBFile) -> None:
    places = {name: field.where for name, field in NWBFile.__fields__.items() if field.kind == "children"}
    assert places == {
        "acquisition": "acquisition",
        "analysis": "analysis",
        "scratch": "scratch",
        "stimulus": "stimulus/presentation",
        "stimulus_template": "stimulus/templates",
        "processing": "processing",
        "lab_meta_data": "general",
        "devices": "general/devices",
        "device_models": "general/devices/models",
        "electrode_groups": "general/extracellular_ephys",
        "icephys_electrodes": "general/intracellular_ephys",
        "imaging_planes": "general/optophysiology",
        "ogen_sites": "general/optogenetics",
        "intervals": "intervals",
        "events": "events",
    }


def test_what_is_added_belongs_to_the_file(nwbfile: NWBFile) -> None:
    one, module = series(), ProcessingModule("ophys", "d")
    nwbfile.add_acquisition(one)
    nwbfile.add_processing_module(module)
    device = nwbfile.create_device(name="microscope")
    assert (one.parent, module.parent, device.parent) == (nwbfile, nwbfile, nwbfile)
    assert set(nwbfile.children) == {one, module, device}
    assert {item.object_id for item in (nwbfile, one, module, device)} == set(nwbfile.objects)


def test_a_created_object_has_the_signature_of_its_class(nwbfile: NWBFile) -> None:
    assert next(iter(inspect.signature(nwbfile.create_device).parameters)) == "name"
    assert "optical_channel" in inspect.signature(nwbfile.create_imaging_plane).parameters
    assert "excitation_lambda" in inspect.signature(nwbfile.create_ogen_site).parameters


def test_two_objects_of_one_name(nwbfile: NWBFile) -> None:
    nwbfile.add_acquisition(series())
    with pytest.raises(InvalidValueError, match="there already is an object named 's'"):
        nwbfile.add_acquisition(series())
    nwbfile.add_stimulus(series())  # elsewhere the name is free


def test_getting_what_is_not_there(nwbfile: NWBFile) -> None:
    with pytest.raises(NotFoundError, match="'x' is not in acquisition"):
        nwbfile.get_acquisition("x")


def test_lab_meta_data_of_an_own_class(nwbfile: NWBFile) -> None:
    class Mine(LabMetaData):
        pass

    nwbfile.add_lab_meta_data(Mine("m"))
    assert type(nwbfile.get_lab_meta_data("m")) is Mine


# ---- scratch


def test_scratch_keeps_values_with_a_note(nwbfile: NWBFile) -> None:
    nwbfile.add_scratch(np.arange(3), name="a", description="three")
    nwbfile.add_scratch(2.5, "b", "a number")
    kept = nwbfile.get_scratch("a", convert=False)
    assert isinstance(kept, ScratchData)
    assert (kept.description, nwbfile.get_scratch("a").tolist(), nwbfile.get_scratch("b")) == ("three", [0, 1, 2], 2.5)


def test_scratch_keeps_data_frames_as_tables(nwbfile: NWBFile) -> None:
    pd = pytest.importorskip("pandas")
    nwbfile.add_scratch(pd.DataFrame({"x": [1.0, 2.0]}), name="t", description="a table")
    assert isinstance(nwbfile.scratch["t"], DynamicTable)
    assert nwbfile.get_scratch("t")["x"].tolist() == [1.0, 2.0]


def test_scratch_keeps_objects_under_their_own_name(nwbfile: NWBFile) -> None:
    one = series()
    with pytest.warns(UserWarning, match="name is not used: TimeSeries 's' has its own"):
        nwbfile.add_scratch(one, name="x")
    assert nwbfile.get_scratch("s") is one


@pytest.mark.parametrize("missing", ["name", "description"])
def test_scratch_needs_a_name_and_a_note(nwbfile: NWBFile, missing: str) -> None:
    given = {"name": "n", "description": "d"}
    del given[missing]
    with pytest.raises(InvalidValueError, match=f"a {missing} is required"):
        nwbfile.add_scratch([1], **given)


# ---- tables


def test_tables_exist_from_their_first_row_or_column_on(nwbfile: NWBFile) -> None:
    assert [getattr(nwbfile, name) for name in ("trials", "epochs", "invalid_times", "units", "electrodes")] == [None] * 5
    nwbfile.add_trial_column("stim", "what was shown")
    nwbfile.add_trial(0.0, 1.0, stim="grating")
    nwbfile.add_epoch(0.0, 1.0, tags=["rest"])
    assert nwbfile.trials is not None
    assert (nwbfile.trials.name, len(nwbfile.trials), nwbfile.trials["stim"][0]) == ("trials", 1, "grating")
    assert nwbfile.trials.parent is nwbfile
    assert nwbfile.epoch_tags == {"rest"}


def test_methods_of_tables_have_names_signatures_and_help(nwbfile: NWBFile) -> None:
    for method, argument in (("add_trial_column", "check_ragged"), ("add_epoch", "timeseries"), ("add_unit", "waveforms")):
        function = getattr(NWBFile, method)
        assert function.__name__ == method
        assert argument in inspect.signature(function).parameters
        assert function.__doc__


def test_electrodes_and_regions(nwbfile: NWBFile) -> None:
    with pytest.raises(RuntimeError, match="add electrodes before"):
        nwbfile.create_electrode_table_region([0], "d")
    group = nwbfile.create_electrode_group("g", "d", "V1", nwbfile.create_device("probe"))
    for _ in range(3):
        nwbfile.add_electrode(location="V1", group=group)
    assert nwbfile.create_electrode_table_region(slice(1, 3), "d").data == [1, 2]
    with pytest.raises(IndexError, match="no row 3 in a table of 3"):
        nwbfile.create_electrode_table_region([3], "d")
    with pytest.raises(InvalidValueError, match="location: expected a value"):
        nwbfile.add_electrode(group=group)
    with pytest.raises(InvalidValueError, match="already is a table"):
        nwbfile.set_electrode_table(ElectrodesTable())


def test_tables_made_by_functions() -> None:
    assert TrialTable().colnames == ("start_time", "stop_time")
    assert InvalidTimesTable().name == "invalid_times"
    with pytest.warns(DeprecationWarning, match="use ElectrodesTable"):
        assert ElectrodeTable().name == "electrodes"


def test_tables_of_recordings_are_made_with_those_below(nwbfile: NWBFile) -> None:
    assert nwbfile.get_icephys_meta_parent_table() is None
    repetitions = nwbfile.get_icephys_repetitions()
    assert repetitions is nwbfile.get_icephys_meta_parent_table()
    assert nwbfile.icephys_sequential_recordings is repetitions["sequential_recordings"].target.table
    assert nwbfile.icephys_experimental_conditions is None


# ---- copies, and the file behind


def test_a_copy_shares_objects_and_copies_tables(nwbfile: NWBFile) -> None:
    nwbfile.create_device(name="d")
    nwbfile.add_trial(0.0, 1.0)
    nwbfile.create_time_intervals("more")
    copied = nwbfile.copy()
    assert copied.devices["d"] is nwbfile.devices["d"]
    assert copied.devices["d"].parent is nwbfile
    assert copied.trials is not nwbfile.trials
    assert len(copied.trials or ()) == 1
    assert copied.intervals["more"] is not nwbfile.intervals["more"]


def test_a_file_in_memory_can_be_closed(nwbfile: NWBFile) -> None:
    with nwbfile as same:
        assert same is nwbfile
    nwbfile.close()
    assert nwbfile.identifier == "id"


def test_a_file_that_was_read_closes_what_it_was_read_with(nwbfile: NWBFile) -> None:
    called: list[str] = []
    io = SimpleNamespace(close=lambda: called.append("close"), discard=lambda: called.append("discard"), has_changes=False)
    nwbfile.__dict__["_stored"] = SimpleNamespace(io=io, path="/")
    with pytest.raises(ZeroDivisionError), nwbfile:
        _ = 1 / 0
    assert called == ["discard"]
    with nwbfile:
        pass
    assert called == ["discard", "close", "discard"]


def test_resources_are_made_on_demand_and_linked_ones_kept_apart(nwbfile: NWBFile) -> None:
    assert nwbfile.external_resources is None
    linked: Any = object()
    nwbfile.link_resources(linked)
    assert nwbfile.get_external_resources(linked=True) is linked
    assert nwbfile.external_resources is None


def test_a_class_for_later() -> None:
    later = Later("collections", "OrderedDict")
    assert repr(later) == "<collections.OrderedDict, not imported yet>"
    assert later([("a", 1)]) == {"a": 1}
    assert later.__name__ == "OrderedDict"
