"""The tree of a file says where what lies, and of what shape and unit, whatever state the file is in."""

from __future__ import annotations

import h5py
import pytest

import photonwb
from photonwb.base import TimeSeries
from photonwb.simulation import as_nwbfile, simulate
from photonwb.tree import tree_lines


@pytest.fixture(scope="module")
def recording():
    return simulate(frames=5, width=48, height=40, cells=2)


@pytest.fixture
def path(recording, tmp_path):
    photonwb.write(as_nwbfile(recording), tmp_path / "session.nwb")
    return tmp_path / "session.nwb"


def line_of(name, lines):
    (found,) = [line for line in lines if line.lstrip("│├└─ ").startswith(f"{name} ")]
    return found.lstrip("│├└─ ").split(maxsplit=2)


def content(line):
    return [word for word in line.strip("│├└─ ").split() if word != "int64"]  # a list has no type before it is stored


def test_a_file_and_the_same_in_memory_give_the_same_tree(recording, path):
    with photonwb.open(path) as stored:
        from_file = tree_lines(stored)
    in_memory = tree_lines(as_nwbfile(recording))
    assert from_file[0].split()[0] == "session.nwb"
    assert sorted(map(content, from_file[1:])) == sorted(map(content, in_memory[1:]))


def test_names_types_and_details_are_in_columns(path):
    with photonwb.open(path) as nwbfile:
        lines = tree_lines(nwbfile)
    assert line_of("corrected", lines) == ["corrected", "ImageSeries", "5 × 48 × 40  uint16  photons  15 Hz"]
    assert line_of("rois", [line for line in lines if "rois" in line][:1])[2] == "2  int64  → PlaneSegmentation"
    assert line_of("microscope", lines)[2] == "A generator of random numbers."
    starts = {line.index("ImageSeries") for line in lines if "ImageSeries" in line}
    assert starts == {line.index("TimeSeries") for line in lines if " TimeSeries" in line}


def test_objects_lie_below_the_groups_of_the_file(path):
    with photonwb.open(path) as nwbfile:
        lines = tree_lines(nwbfile)
    places = [line[4:] for line in lines if line.startswith(("├── ", "└── "))]
    assert {"acquisition", "processing", "general/devices", "general/optophysiology", "general"} == set(places)
    assert "ImagingPlane" in lines[[line[4:] for line in lines].index("general/optophysiology") + 1]


def test_a_table_shows_its_rows_and_columns(path):
    with photonwb.open(path) as nwbfile:
        lines = tree_lines(nwbfile)
    assert line_of("PlaneSegmentation", lines)[2] == "2 rows  → ImagingPlane"
    assert line_of("pixel_mask", lines)[2].endswith("(x, y, weight)")
    assert not any("pixel_mask_index" in line or "ElementIdentifiers" in line for line in lines)


def test_data_of_unknown_length_and_timestamps():
    series = TimeSeries("growing", data=(number for number in range(3)), unit="m", timestamps=[0.0, 1.0, 2.0])
    assert tree_lines(series) == ["growing  TimeSeries  m  with timestamps"]


def test_shared_data_are_said_to_be_shared():
    first = TimeSeries("first", data=[1, 2], unit="m", rate=1.0)
    assert tree_lines(TimeSeries("second", data=first, unit="m", rate=2.0)) == ["second  TimeSeries  the data of first  m  2 Hz"]


def test_a_damaged_object_hides_no_other(path):
    with h5py.File(path, "r+") as file:
        del file["general/devices/microscope"]  # which the plane links to
        file["acquisition/TwoPhotonSeries"].attrs["neurodata_type"] = "a/b"
    with photonwb.open(path) as nwbfile:
        lines = tree_lines(nwbfile)
    assert line_of("corrected", lines)
    (plane,) = [line for line in lines if "── ImagingPlane " in line]
    assert "cannot be read" in plane
    assert "microscope" in plane


def test_texts_of_a_file_cannot_steer_a_terminal():
    (line,) = tree_lines(TimeSeries("a\x1b[2Jb", data=[1], unit="\x1b]0;title\x07", rate=1.0))
    assert line.isprintable()
    assert line.startswith("a�[2Jb")
