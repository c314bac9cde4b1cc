"""Types beyond the standard: loaded from a namespace file, or found in a file that brings its own specification."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pynwb
import pytest

import photonwb
from photonwb import NWBHDF5IO, NWBFile

NAMESPACE = {
    "namespaces": [
        {
            "name": "ndx-bench",
            "doc": "an extension for tests",
            "version": "0.2.0",
            "author": ["nobody"],
            "contact": ["nobody@nowhere"],
            "schema": [{"namespace": "core"}, {"source": "ndx-bench.extensions.json"}],
        }
    ]
}
TYPES = {
    "groups": [
        {
            "neurodata_type_def": "LaserSeries",
            "neurodata_type_inc": "TimeSeries",
            "doc": "power of a laser",
            "attributes": [
                {"name": "wavelength", "dtype": "float32", "doc": "in nm"},
                {"name": "mode", "dtype": "text", "doc": "pulsed or not", "required": False},
            ],
            "datasets": [{"name": "profile", "dtype": "float64", "shape": [None, 2], "doc": "a profile", "quantity": "?"}],
            "links": [{"name": "laser", "target_type": "Device", "doc": "the laser"}],
        },
        {
            "neurodata_type_def": "BenchMetaData",
            "neurodata_type_inc": "LabMetaData",
            "doc": "about the bench",
            "name": "bench",
            "attributes": [{"name": "table", "dtype": "text", "doc": "which"}],
            "groups": [{"neurodata_type_inc": "Device", "doc": "lasers", "quantity": "*"}],
        },
    ]
}


@pytest.fixture(scope="module")
def namespace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extension")
    (folder / "ndx-bench.extensions.json").write_text(json.dumps(TYPES))
    path = folder / "ndx-bench.namespace.json"
    path.write_text(json.dumps(NAMESPACE))
    photonwb.load_namespaces(path)
    return path


@pytest.fixture
def path(namespace: Path, tmp_path: Path) -> Path:
    LaserSeries: Any = photonwb.get_class("LaserSeries", "ndx-bench")
    BenchMetaData: Any = photonwb.get_class("BenchMetaData", "ndx-bench")
    nwbfile = NWBFile("extension", "extension", datetime(2024, 1, 1, tzinfo=UTC))
    laser = nwbfile.create_device(name="laser")
    nwbfile.add_acquisition(
        LaserSeries(name="power", data=[1.0, 2.0], unit="mW", rate=10.0, wavelength=920, laser=laser, profile=np.ones((3, 2)))
    )
    nwbfile.add_lab_meta_data(BenchMetaData(table="left"))
    photonwb.write(nwbfile, tmp_path / "extension.nwb")
    return tmp_path / "extension.nwb"


def test_namespaces_are_available(namespace: Path) -> None:
    assert "ndx-bench" in photonwb.available_namespaces()
    with pytest.raises(ValueError, match="NoSuchThing"):
        photonwb.get_class("NoSuchThing", "ndx-bench")


def test_classes_check_their_arguments(namespace: Path) -> None:
    LaserSeries: Any = photonwb.get_class("LaserSeries", "ndx-bench")
    with pytest.raises(TypeError, match="wavelength"):
        LaserSeries(name="power", data=[1.0], unit="mW", rate=1.0, wavelength="red", laser=photonwb.device.Device("l"))


def test_the_file_carries_the_specification(path: Path) -> None:
    with h5py.File(path) as file:
        assert set(file["specifications/ndx-bench"]) == {"0.2.0"}
        assert set(file["specifications/ndx-bench/0.2.0"]) == {"namespace", "ndx-bench.extensions"}
        assert file["acquisition/power"].attrs["namespace"] == "ndx-bench"


@pytest.mark.filterwarnings("ignore")
def test_pynwb_reads_and_validates_it(path: Path) -> None:
    with pynwb.NWBHDF5IO(path, "r") as io:
        power = io.read().acquisition["power"]
        assert power.wavelength == 920
        assert power.laser.name == "laser"
        assert power.profile.shape == (3, 2)
    assert list(pynwb.validate(path=str(path))) == []


def test_another_process_needs_no_extension_to_read_it(path: Path) -> None:
    import subprocess
    import sys

    program = f"""
import photonwb
nwbfile = photonwb.open({str(path)!r})
power = nwbfile.acquisition["power"]
print(type(power).__name__, power.namespace, power.wavelength, power.laser.name, power.profile.shape, power.unit)
print(nwbfile.lab_meta_data["bench"].table, isinstance(power, photonwb.TimeSeries))
photonwb.write(nwbfile, {str(path) + ".copy"!r})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["LaserSeries ndx-bench 920.0 laser (3, 2) mW", "left True"]
    with h5py.File(str(path) + ".copy") as file:
        assert "ndx-bench" in file["specifications"]
        assert file["acquisition/power"].attrs["wavelength"] == 920


def test_an_extension_given_to_the_facade(namespace: Path, path: Path) -> None:
    with NWBHDF5IO(path, "r", extensions=str(namespace)) as io:
        assert io.read().acquisition["power"].wavelength == 920


def test_objects_of_two_files_are_linked(path: Path, tmp_path: Path) -> None:
    with photonwb.open(path) as other:
        nwbfile = NWBFile("linking", "linking", datetime(2024, 1, 1, tzinfo=UTC))
        nwbfile.add_acquisition(other.acquisition["power"])
        photonwb.write(nwbfile, tmp_path / "linking.nwb")
    with h5py.File(tmp_path / "linking.nwb") as file:
        link = file["acquisition"].get("power", getlink=True)
        assert (link.filename, link.path) == ("extension.nwb", "/acquisition/power")
    with photonwb.open(tmp_path / "linking.nwb") as nwbfile:
        assert nwbfile.acquisition["power"].data[:].tolist() == [1.0, 2.0]
