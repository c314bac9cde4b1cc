"""The same calls on files of pynwb and of photonwb give the same results, warnings and errors."""

from __future__ import annotations

import importlib
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

START = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone(timedelta(hours=2)))
MODULES = ("base", "behavior", "core", "device", "ecephys", "epoch", "event", "file", "icephys", "image", "misc", "ogen", "ophys")
TABLES = {"pynwb": "hdmf.common", "photonwb": "photonwb.common"}


class Library:
    """All names of a package in one place."""

    def __init__(self, package: str) -> None:
        self.modules = [importlib.import_module(f"{package}.{name}") for name in MODULES]
        self.modules.append(importlib.import_module(TABLES[package]))

    def __getattr__(self, name: str) -> Any:
        for module in self.modules:
            with suppress(AttributeError):
                return getattr(module, name)
        raise AssertionError(name)


def plain(value: Any) -> Any:
    """A result without what tells the libraries apart."""
    if isinstance(value, pd.DataFrame):
        return plain(value.reset_index().to_dict("list"))
    if type(value).__name__ == "TimeSeriesReference":
        return [plain(part) for part in value]
    if hasattr(value, "object_id"):
        return f"<{type(value).__name__} {value.name}>"
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if hasattr(value, "items"):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def outcome(call: Any, package: str) -> Any:
    """What came of a call, or the builtin error that it ended with, and the kinds of warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = plain(call(Library(package)))
        except Exception as error:  # noqa: BLE001 - any error is a result here
            kinds = [KeyError, IndexError, TypeError, ValueError, RuntimeError, AttributeError]
            result = next((kind for kind in kinds if isinstance(error, kind)), type(error))
    return result, [warning.category for warning in caught]


def new(lib: Any, **more: Any) -> Any:
    return lib.NWBFile(**({"session_description": "d", "identifier": "i", "session_start_time": START} | more))


def series(lib: Any, name: str = "s", cls: str = "TimeSeries", **more: Any) -> Any:
    return getattr(lib, cls)(
        name=name, data=[1.0, 2.0, 3.0], **({"rate": 10.0} | more), **({"unit": "V"} if cls == "TimeSeries" else {})
    )


def electrodes(lib: Any) -> Any:
    """A file with three electrodes."""
    file = new(lib)
    device = file.create_device(name="probe")
    group = file.create_electrode_group(name="shank", description="d", location="V1", device=device)
    file.add_electrode_column(name="label", description="l")
    for number in range(3):
        file.add_electrode(x=1.0, location="V1", group=group, label=f"e{number}")
    return file


def place(lib: Any, position: Any) -> Any:
    """What an electrode group keeps of its position."""
    return lib.ElectrodeGroup(name="e", description="d", location="V1", device=lib.Device(name="d"), position=position).position


def patched(lib: Any) -> Any:
    """A file with an electrode, a stimulus and a response, not part of it yet."""
    file = new(lib)
    device = file.create_device(name="amplifier")
    electrode = file.create_icephys_electrode(name="e", device=device, description="d")
    stimulus = lib.VoltageClampStimulusSeries(name="stimulus", data=np.arange(5.0), electrode=electrode, gain=1.0, rate=10.0)
    response = lib.VoltageClampSeries(name="response", data=np.arange(7.0), electrode=electrode, gain=1.0, rate=10.0)
    return SimpleNamespace(file=file, electrode=electrode, stimulus=stimulus, response=response)


def recordings(lib: Any) -> Any:
    made = patched(lib)
    rows = [made.file.add_intracellular_recording(electrode=made.electrode, stimulus=made.stimulus, response=made.response)]
    rows.append(made.file.add_intracellular_recording(response=made.response, response_start_index=2))
    rows.append(made.file.add_icephys_simultaneous_recording(recordings=[0, 1]))
    rows.append(made.file.add_icephys_sequential_recording(stimulus_type="square", simultaneous_recordings=[0]))
    rows.append(made.file.add_icephys_repetition(sequential_recordings=[0]))
    rows.append(made.file.add_icephys_experimental_condition(repetitions=[0]))
    return made, rows


def units(lib: Any, **more: Any) -> Any:
    file = electrodes(lib)
    file.add_unit_column(name="quality", description="q")
    file.add_unit(spike_times=[1.0, 2.0, 3.0], obs_intervals=[[0.0, 5.0]], electrodes=[0, 2], quality=0.5, id=7)
    file.add_unit(spike_times=[0.5], obs_intervals=[[0.0, 1.0], [2.0, 3.0]], electrodes=[1], quality=0.7)
    return file


def trials(lib: Any) -> Any:
    file = new(lib)
    file.add_trial_column(name="stim", description="s")
    file.add_trial(start_time=0.0, stop_time=1.0, stim="a", tags="x,y")
    file.add_trial(start_time=2.0, stop_time=2.5, stim="b", tags=["z"])
    return file


CALLS: dict[str, Any] = {
    # Creating
    "fields of a new file": lambda lib: {
        key: value for key, value in new(lib, file_create_date=START).fields.items() if key != "nwb_version"
    },
    "name": lambda lib: new(lib).name,
    "reference time": lambda lib: new(lib).timestamps_reference_time,
    "naive start": lambda lib: new(lib, session_start_time=datetime(2024, 1, 1)).session_start_time.isoformat(),  # noqa: DTZ001
    "naive reference": lambda lib: new(lib, timestamps_reference_time=datetime(2024, 1, 1)).timestamps_reference_time.isoformat(),  # noqa: DTZ001
    "start that is text": lambda lib: new(lib, session_start_time="2024-01-01"),
    "create dates": lambda lib: new(lib, file_create_date=[START, datetime(2025, 1, 1, tzinfo=UTC)]).file_create_date,
    "one experimenter": lambda lib: new(lib, experimenter="A").experimenter,
    "experimenters": lambda lib: new(lib, experimenter=["A", "B"]).experimenter,
    "one publication": lambda lib: new(lib, related_publications="doi").related_publications,
    "publications": lambda lib: new(lib, related_publications=("a", "b")).related_publications,
    "keywords": lambda lib: new(lib, keywords=["a", "b"]).keywords,
    "script name alone": lambda lib: new(lib, source_script_file_name="x.py"),
    "script": lambda lib: new(lib, source_script="x", source_script_file_name="x.py").source_script_file_name,
    "retired filtering": lambda lib: new(lib, icephys_filtering="x"),
    "missing identifier": lambda lib: lib.NWBFile(session_description="d", session_start_time=START),
    "given collections": lambda lib: [
        list(getattr(new(lib, acquisition=[series(lib)], devices=[lib.Device(name="d")]), name))
        for name in ("acquisition", "devices")
    ],
    # Subject
    "age of a timedelta": lambda lib: lib.Subject(age=timedelta(days=90, hours=1, seconds=5, milliseconds=250)).age,
    "weight": lambda lib: lib.Subject(weight=0.025).weight,
    "weight as text": lambda lib: lib.Subject(weight="25 g").weight,
    "reference of the age": lambda lib: lib.Subject(age="P1D", age__reference="gestational").age__reference,
    "wrong reference of the age": lambda lib: lib.Subject(age="P1D", age__reference="x"),
    "fields of a subject": lambda lib: dict(lib.Subject(subject_id="a", date_of_birth=START, strain="s").fields),
    "naive birth": lambda lib: lib.Subject(date_of_birth=datetime(2024, 1, 1)).date_of_birth.isoformat(),  # noqa: DTZ001
    "subject of a file": lambda lib: (lambda file: [file.subject.name, file.subject.parent.name])(
        new(lib, subject=lib.Subject())
    ),
    # Collections
    "add the same name": lambda lib: (lambda file: [file.add_acquisition(series(lib)), file.add_acquisition(series(lib))])(
        new(lib)
    ),
    "get what is missing": lambda lib: new(lib).get_acquisition("x"),
    "get the only one": lambda lib: (lambda file: [file.add_acquisition(series(lib)), file.get_acquisition()])(new(lib)),
    "get one of none": lambda lib: new(lib).get_acquisition(),
    "stimulus": lambda lib: (lambda file: [file.add_stimulus(series(lib)), file.stimulus])(new(lib)),
    "stimulus by name": lambda lib: (lambda file: [file.add_stimulus(stimulus=series(lib)), file.get_stimulus("s")])(new(lib)),
    "template": lambda lib: (lambda file: [file.add_stimulus_template(series(lib)), file.stimulus_template])(new(lib)),
    "analysis": lambda lib: (lambda file: [file.add_analysis(lib.DynamicTable(name="t", description="d")), file.analysis])(
        new(lib)
    )[1],
    "module": lambda lib: (
        lambda file: [file.create_processing_module("ophys", "d"), file.processing, file.get_processing_module()]
    )(new(lib)),
    "device": lambda lib: new(lib).create_device(name="d", description="x").description,
    "device model": lambda lib: new(lib).create_device_model(name="m", manufacturer="x").manufacturer,
    "lab meta data": lambda lib: (lambda file: [file.add_lab_meta_data(lib.LabMetaData(name="m")), file.lab_meta_data])(new(lib))[
        1
    ],
    "wrong acquisition": lambda lib: new(lib).add_acquisition(lib.Device(name="d")),
    "site": lambda lib: (
        lambda file: (
            file.create_ogen_site(
                name="s", device=file.create_device(name="d"), description="d", excitation_lambda=470.0, location="V1"
            ).excitation_lambda
        )
    )(new(lib)),
    # Scratch
    "scratch array": lambda lib: (lambda file: [file.add_scratch(np.arange(3), "n", "d"), file.get_scratch("n")][1])(new(lib)),
    "scratch number": lambda lib: (lambda file: [file.add_scratch(3.5, "n", "d"), file.get_scratch("n")][1])(new(lib)),
    "scratch text": lambda lib: (lambda file: [file.add_scratch("abc", "n", "d"), file.get_scratch("n", convert=False).data][1])(
        new(lib)
    ),
    "scratch frame": lambda lib: (
        lambda file: [file.add_scratch(pd.DataFrame({"a": [1, 2]}), "n", "d"), file.get_scratch("n")["a"].tolist()][1]
    )(new(lib)),
    "scratch series": lambda lib: (lambda file: [file.add_scratch(series(lib)), file.get_scratch("s")][1])(new(lib)),
    "scratch with needless name": lambda lib: (lambda file: [file.add_scratch(series(lib), name="x"), list(file.scratch)][1])(
        new(lib)
    ),
    "scratch without name": lambda lib: new(lib).add_scratch([1], description="d"),
    "scratch without description": lambda lib: new(lib).add_scratch([1], name="n"),
    # Tables
    "trials": lambda lib: trials(lib).trials.to_dataframe(),
    "columns of trials": lambda lib: [trials(lib).trials.colnames, trials(lib).trials.name, trials(lib).trials.description],
    "no trials": lambda lib: new(lib).trials,
    "epochs": lambda lib: (
        lambda file: [file.add_epoch(0.0, 1.0, ["a", "b"]), file.add_epoch(1.0, 2.0, "b"), file.epoch_tags][-1]
    )(new(lib)),
    "no epochs": lambda lib: new(lib).epoch_tags,
    "series of an epoch": lambda lib: (
        lambda file, one: [file.add_acquisition(one), file.add_epoch(0.1, 0.2, timeseries=[one]), file.epochs["timeseries"][0]][
            -1
        ]
    )(new(lib), series(lib)),
    "invalid times": lambda lib: (
        lambda file: [
            file.add_invalid_times_column(name="why", description="w"),
            file.add_invalid_time_interval(start_time=0.0, stop_time=1.0, why="x"),
            file.invalid_times.to_dataframe(),
        ][-1]
    )(new(lib)),
    "intervals": lambda lib: (lambda file: [file.create_time_intervals(name="x", description="d"), file.intervals])(new(lib))[1],
    "unknown column": lambda lib: new(lib).add_trial(start_time=0.0, stop_time=1.0, stim="a"),
    "electrodes": lambda lib: electrodes(lib).electrodes.to_dataframe().drop(columns="group"),
    "name of electrodes": lambda lib: [electrodes(lib).electrodes.name, electrodes(lib).electrodes.description],
    "electrode without place": lambda lib: new(lib).add_electrode(x=1.0),
    "electrode without group": lambda lib: new(lib).add_electrode(location="V1"),
    "the same electrode twice": lambda lib: (
        lambda file: file.add_electrode(location="V1", group=file.electrode_groups["shank"], label="x", id=1)
    )(electrodes(lib)),
    "region": lambda lib: electrodes(lib).create_electrode_table_region([0, 2], "d").data,
    "region out of range": lambda lib: electrodes(lib).create_electrode_table_region([0, 3], "d"),
    "region of nothing": lambda lib: new(lib).create_electrode_table_region([0], "d"),
    "set electrodes twice": lambda lib: electrodes(lib).set_electrode_table(lib.ElectrodesTable()),
    "units": lambda lib: units(lib).units.to_dataframe().drop(columns="electrodes"),
    "table of the electrodes of units": lambda lib: units(lib).units["electrodes"].target.table,
    "spikes of a unit": lambda lib: units(lib).units.get_unit_spike_times(0),
    "spikes of units": lambda lib: units(lib).units.get_unit_spike_times([0, 1]),
    "spikes in an interval": lambda lib: units(lib).units.get_unit_spike_times(0, in_interval=(2.0, 3.0)),
    "intervals of a unit": lambda lib: units(lib).units.get_unit_obs_intervals(1),
    "span of units": lambda lib: [units(lib).units.get_starting_time(), units(lib).units.get_duration()],
    "span of no units": lambda lib: [lib.Units().get_starting_time(), lib.Units().get_duration()],
    "description of units": lambda lib: [lib.Units().name, lib.Units().description, lib.Units().waveform_unit],
    "waveforms": lambda lib: [lib.Units(waveform_rate=3.0).waveform_rate, lib.Units(resolution=0.1).resolution],
    "wrong intervals": lambda lib: new(lib).add_unit(obs_intervals=[[1.0, 2.0, 3.0]]),
    "events": lambda lib: (
        lambda file: [
            file.create_events_table(name="licks", description="d").add_event(timestamp=2.0, annotation="x"),
            file.create_events_table(name="rewards", description="d").add_event(timestamp=1.0, annotation="y"),
            file.get_all_events().index.tolist(),
            file.get_all_events()["source_events_table"].tolist(),
        ][2:]
    )(new(lib)),
    "no events": lambda lib: len(new(lib).get_all_events()),
    # Intracellular recordings
    "rows": lambda lib: recordings(lib)[1],
    "what was added": lambda lib: (lambda file: [file.stimulus, file.acquisition, file.icephys_electrodes])(
        recordings(lib)[0].file
    ),
    "stretches": lambda lib: (
        lambda table: [[table["stimuli"]["stimulus"].data[row][:2] for row in (0, 1)], table["responses"]["response"].data[1][:2]]
    )(recordings(lib)[0].file.intracellular_recordings.category_tables),
    "topmost table": lambda lib: recordings(lib)[0].file.get_icephys_meta_parent_table(),
    "no topmost table": lambda lib: new(lib).get_icephys_meta_parent_table(),
    "tables below": lambda lib: (lambda file: [file.get_icephys_repetitions(), file.intracellular_recordings])(new(lib)),
    "neither stimulus nor response": lambda lib: new(lib).add_intracellular_recording(),
    "out of range": lambda lib: (
        lambda made: made.file.add_intracellular_recording(response=made.response, response_start_index=7)
    )(patched(lib)),
    "two clamps": lambda lib: (
        lambda made: made.file.add_intracellular_recording(
            stimulus=made.stimulus,
            response=lib.CurrentClampSeries(name="c", data=[1.0], electrode=made.electrode, gain=1.0, rate=1.0),
        )
    )(patched(lib)),
    # All of it
    "objects": lambda lib: sorted(type(item).__name__ for item in units(lib).objects.values()),
    "children": lambda lib: sorted(type(item).__name__ for item in trials(lib).all_children()),
    "copy": lambda lib: (
        lambda file, copied: [
            copied.identifier,
            copied.devices,
            copied.electrodes.to_dataframe()["label"].tolist(),
            copied is file,
        ]
    )(*(lambda file: (file, file.copy()))(electrodes(lib))),
    "what a copy shares": lambda lib: (lambda file: file.copy().devices["probe"] is file.devices["probe"])(electrodes(lib)),
    "what a copy copies": lambda lib: (lambda file: file.copy().trials is file.trials)(trials(lib)),
    "resources": lambda lib: new(lib).external_resources,
    # Classes made from the standard
    "LFP": lambda lib: (
        lambda file, lfp: [
            lfp.create_electrical_series(
                name="s", data=np.ones((4, 2)), electrodes=file.create_electrode_table_region([0, 1], "d"), rate=10.0
            ).unit,
            lfp.electrical_series,
            lfp["s"],
            lfp.get_electrical_series(),
            lfp.name,
        ]
    )(electrodes(lib), lib.LFP()),
    "transposed series": lambda lib: (
        lambda file: (
            lib.ElectricalSeries(
                name="s", data=np.ones((2, 4)), electrodes=file.create_electrode_table_region([0, 1], "d"), rate=10.0
            ).data
        )
    )(electrodes(lib)),
    "position of a group": lambda lib: [
        float(
            lib.ElectrodeGroup(name="g", description="d", location="l", device=lib.Device(name="d"), position=(1, 2, 3)).position[
                axis
            ]
        )
        for axis in "xyz"
    ],
    "wrong position of a group": lambda lib: lib.ElectrodeGroup(
        name="g", description="d", location="l", device=lib.Device(name="d"), position=(1, 2)
    ),
    "retired type": lambda lib: lib.SweepTable(),
    "other fixed unit": lambda lib: (
        lib.CurrentClampSeries(
            name="c",
            data=[1.0],
            electrode=lib.IntracellularElectrode(name="e", device=lib.Device(name="d"), description="d"),
            gain=1.0,
            rate=1.0,
            unit="mV",
        ).unit
    ),
    "negative sweep": lambda lib: lib.CurrentClampSeries(
        name="c",
        data=[1.0],
        electrode=lib.IntracellularElectrode(name="e", device=lib.Device(name="d"), description="d"),
        gain=1.0,
        rate=1.0,
        sweep_number=-1,
    ),
    "currents of zero": lambda lib: (
        lib.IZeroClampSeries(
            name="c",
            data=[1.0],
            electrode=lib.IntracellularElectrode(name="e", device=lib.Device(name="d"), description="d"),
            gain=1.0,
            rate=1.0,
        ).bias_current
    ),
    "position": lambda lib: (
        lambda position: [
            position.add_spatial_series(series(lib, cls="SpatialSeries")),
            position["s"].unit,
            position.spatial_series,
        ][1:]
    )(lib.Position()),
    "many dimensions": lambda lib: lib.SpatialSeries(name="s", data=np.ones((3, 5)), rate=1.0).data.shape,
    "behavioural series": lambda lib: (lambda held: [held.add_timeseries(series(lib)), held.time_series][1])(
        lib.BehavioralTimeSeries(name="b")
    ),
    "one of none": lambda lib: lib.Position()[None],
    "intervals of a series": lambda lib: (
        lambda made: [made.add_interval(1.0, 2.0), made.data, made.timestamps, made.unit, made.resolution][1:]
    )(lib.IntervalSeries(name="i", data=[1, -1], timestamps=[0.0, 0.5])),
    "annotations": lambda lib: (lambda made: [made.add_annotation(2.0, "b"), made.data, made.timestamps][1:])(
        lib.AnnotationSeries(name="a", data=["a"], timestamps=[1.0])
    ),
    "features": lambda lib: (lambda made: [made.add_features(2.0, [3.0]), made.data, made.unit][1:])(
        lib.AbstractFeatureSeries(name="a", feature_units=["n"], features=["x"], data=[[1.0]], timestamps=[1.0])
    ),
    "bands": lambda lib: (
        lambda made: [made.add_band(band_name="theta", band_limits=(4.0, 8.0)), made.bands.colnames, made.unit, made.bands.name][
            1:
        ]
    )(lib.DecompositionSeries(name="d", data=np.ones((2, 2, 1)), metric="power", rate=1.0)),
    "wrong features": lambda lib: (
        lambda file: lib.FeatureExtraction(
            electrodes=file.create_electrode_table_region([0, 1], "d"),
            description=["a"],
            times=[1.0],
            features=np.ones((2, 2, 1)),
        )
    )(electrodes(lib)),
    "events of behaviour": lambda lib: lib.BehavioralEvents(lib.TimeSeries(name="t", data=[1.0], unit="V", rate=1.0)).time_series,
    "a place of an electrode": lambda lib: np.array(place(lib, (1.0, 2.0, 3.0))).tolist(),
    "a place of two numbers": lambda lib: place(lib, (1.0, 2.0)),
    "a place of one row": lambda lib: place(lib, [(1.0, 2.0)]),
    "several places": lambda lib: place(lib, np.ones((3, 3))),
    "missing argument": lambda lib: lib.OptogeneticSeries(name="o", data=[1.0], rate=1.0),
    "unknown argument": lambda lib: lib.Position(names="x"),
    "argument of the wrong type": lambda lib: lib.OptogeneticSeries(name="o", data=[1.0], rate=1.0, site=lib.Device(name="d")),
    "too few dimensions": lambda lib: lib.DecompositionSeries(name="d", data=[1.0], metric="power", rate=1.0),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_outcome_is_the_same(name: str) -> None:
    assert outcome(CALLS[name], "photonwb") == outcome(CALLS[name], "pynwb")
