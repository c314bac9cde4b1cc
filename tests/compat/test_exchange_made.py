"""Objects of classes that are made from the standard, exchanged with pynwb in both directions."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pynwb
import pytest

import photonwb
from compat.comparison import differences
from compat.test_file_behaviour import Library, electrodes, new, patched, series

if TYPE_CHECKING:
    from pathlib import Path


def ecephys(lib: Any) -> Any:
    file = electrodes(lib)
    file.add_electrode_group(
        lib.ElectrodeGroup(name="g", description="d", location="l", device=file.devices["probe"], position=(1.0, 2.0, 3.0))
    )
    module = file.create_processing_module("ecephys", "d")
    module.add(lfp := lib.LFP())
    lfp.create_electrical_series(
        name="s",
        data=np.ones((4, 2)),
        electrodes=file.create_electrode_table_region([0, 1], "d"),
        rate=10.0,
        channel_conversion=[1.0, 2.0],
        filtering="none",
    )
    file.add_acquisition(
        spikes := lib.SpikeEventSeries(
            name="spikes",
            data=np.ones((3, 2, 5)),
            timestamps=[1.0, 2.0, 3.0],
            electrodes=file.create_electrode_table_region([0, 1], "d"),
        )
    )
    module.add(lib.EventDetection(detection_method="x", source_electricalseries=spikes, source_idx=[1, 2]))
    module.add(
        lib.FeatureExtraction(
            electrodes=file.create_electrode_table_region([0, 1], "d"),
            description=["a", "b"],
            times=[1.0, 2.0],
            features=np.ones((2, 2, 2)),
        )
    )
    return file


def units(lib: Any) -> Any:
    file = electrodes(lib)
    file.add_unit_column(name="quality", description="q")
    file.units.waveform_rate = 30000.0
    file.units.resolution = 1e-5
    for number in range(2):
        file.add_unit(
            spike_times=[1.0, 2.0 + number],
            obs_intervals=[[0.0, 5.0]],
            electrodes=[0, 2],
            electrode_group=file.electrode_groups["shank"],
            waveform_mean=[1.0, 2.0, 3.0],
            quality=0.5,
        )
    return file


def behavior(lib: Any) -> Any:
    file = new(lib)
    module = file.create_processing_module("behavior", "d")
    for collection in (lib.Position(), lib.EyeTracking(), lib.CompassDirection()):
        module.add(collection)
        collection.add_spatial_series(series(lib, cls="SpatialSeries", reference_frame="corner"))
    for collection in (lib.BehavioralTimeSeries(), lib.PupilTracking(), lib.BehavioralEvents()):
        module.add(collection)
        collection.add_timeseries(series(lib))
    module.add(epochs := lib.BehavioralEpochs())
    epochs.create_interval_series(name="i", data=[1, -1], timestamps=[0.0, 1.0])
    return file


def misc(lib: Any) -> Any:
    file = new(lib)
    file.add_acquisition(lib.AnnotationSeries(name="notes", data=["a"], timestamps=[1.0]))
    file.add_acquisition(lib.AbstractFeatureSeries(name="f", feature_units=["n"], features=["x"], data=[[1.0]], timestamps=[1.0]))
    file.add_acquisition(source := series(lib))
    module = file.create_processing_module("misc", "d")
    module.add(
        bands := lib.DecompositionSeries(name="d", data=np.ones((2, 2, 1)), metric="power", rate=1.0, source_timeseries=source)
    )
    bands.add_band(band_name="theta", band_limits=(4.0, 8.0), band_mean=6.0, band_stdev=1.0)
    return file


def ogen_and_events(lib: Any) -> Any:
    file = new(lib)
    site = file.create_ogen_site(
        name="site", device=file.create_device(name="laser"), description="d", excitation_lambda=470.0, location="V1"
    )
    file.add_stimulus(lib.OptogeneticSeries(name="light", data=[1.0, 2.0], site=site, rate=1.0))
    licks = file.create_events_table(name="licks", description="d", source_description="camera")
    licks.add_event(timestamp=1.0, duration=0.5, annotation="x")
    return file


def icephys(lib: Any) -> Any:
    made = patched(lib)
    file = made.file
    for start in (0, 2):
        file.add_intracellular_recording(stimulus=made.stimulus, response=made.response, response_start_index=start)
    file.add_icephys_simultaneous_recording(recordings=[0, 1])
    file.add_icephys_sequential_recording(stimulus_type="square", simultaneous_recordings=[0])
    file.add_icephys_repetition(sequential_recordings=[0])
    file.add_icephys_experimental_condition(repetitions=[0])
    file.add_acquisition(lib.IZeroClampSeries(name="z", data=[1.0], electrode=made.electrode, gain=1.0, rate=1.0))
    return file


PYNWB: Any = pynwb
FILES = [ecephys, units, behavior, misc, ogen_and_events, icephys]


def built(build: Any, package: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # AnnotationSeries is deprecated
        return build(Library(package))


def told(path: Path) -> list[str]:
    """Differences between what photonwb and pynwb read from a file, but for descriptions that pynwb knows and does not read."""
    with photonwb.NWBHDF5IO(path, "r") as ours, PYNWB.NWBHDF5IO(path, "r") as theirs:
        found = list(differences(ours.read(), theirs.read()))
    return [each for each in found if ".icephys_" not in each or ".description:" not in each]


@pytest.mark.parametrize("build", FILES)
def test_pynwb_reads_what_photonwb_writes(build: Any, tmp_path: Path) -> None:
    path = tmp_path / "ours.nwb"
    with photonwb.NWBHDF5IO(path, "w") as io:
        io.write(built(build, "photonwb"))
    assert pynwb.validate(path=str(path)) == []
    assert told(path) == []


@pytest.mark.parametrize("build", FILES)
def test_photonwb_reads_what_pynwb_writes(build: Any, tmp_path: Path) -> None:
    path = tmp_path / "theirs.nwb"
    with PYNWB.NWBHDF5IO(path, "w") as io:
        io.write(built(build, "pynwb"))
    assert told(path) == []
