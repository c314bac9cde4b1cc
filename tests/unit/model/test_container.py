"""What all objects have in common: copies of them."""

from __future__ import annotations

import pickle
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

import photonwb
from photonwb import NWBFile, TimeSeries
from photonwb.ophys import ImageSegmentation, ImagingPlane, OpticalChannel, TwoPhotonSeries


@pytest.fixture
def nwbfile() -> NWBFile:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    plane = ImagingPlane("plane", OpticalChannel("green", "d", 510.0), "d", nwbfile.create_device("scope"), 920.0, "GCaMP", "V1")
    nwbfile.add_imaging_plane(plane)
    nwbfile.add_acquisition(TwoPhotonSeries("movie", plane, np.ones((3, 4, 5), np.uint16), unit="n.a.", rate=30.0))
    segmentation = ImageSegmentation()
    nwbfile.create_processing_module("ophys", "d").add(segmentation)
    rois = segmentation.create_plane_segmentation(name="rois", description="d", imaging_plane=plane)
    rois.add_rois(pixel_mask=[[(1, 2, 1.0)], [(2, 2, 1.0)] * 3])
    return nwbfile


def test_a_copy_has_the_content_and_an_identity_of_its_own(nwbfile: NWBFile) -> None:
    movie = nwbfile.acquisition["movie"]
    copy = movie.copy()
    assert type(copy) is TwoPhotonSeries
    assert copy.object_id != movie.object_id
    assert copy.parent is None
    assert copy.data is movie.data
    assert copy.imaging_plane is movie.imaging_plane
    copy.rate = 5.0
    assert movie.rate == 30.0
    assert movie.copy("other").name == "other"
    with pytest.raises(ValueError, match="cannot be the name"):
        movie.copy("a/b")


def test_what_is_inside_is_copied_and_links_inside_lead_to_the_copies(nwbfile: NWBFile) -> None:
    segmentation = nwbfile.processing["ophys"]["ImageSegmentation"]
    copy = segmentation.copy()
    rois, old = copy["rois"], segmentation["rois"]
    assert rois is not old
    assert rois.parent is copy
    assert rois["pixel_mask"].target is rois._member("pixel_mask") is not old._member("pixel_mask")
    assert rois.imaging_plane is old.imaging_plane
    rois.add_roi(pixel_mask=[(0, 0, 1.0)])
    assert len(old) == 2
    assert [len(mask) for mask in rois["pixel_mask"][:]] == [1, 3, 1]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_copy_in_the_same_file_links_to_the_data_unless_it_says_other_things_of_them(nwbfile: NWBFile, tmp_path: Path) -> None:
    photonwb.write(nwbfile, tmp_path / "copy.nwb")
    with photonwb.open(tmp_path / "copy.nwb", "r+") as read:
        movie = read.acquisition["movie"]
        changed = movie.copy("changed")
        changed.conversion = 5.0
        read.add_acquisition([movie.copy("linked"), changed])
        read.processing["ophys"].add(read.processing["ophys"]["ImageSegmentation"].copy("again"))
    with h5py.File(tmp_path / "copy.nwb") as file:
        assert file["acquisition/linked"].get("data", getlink=True).path == "/acquisition/movie/data"
        assert file["acquisition/changed/data"].attrs["conversion"] == 5.0
        assert file["acquisition/movie/data"].attrs["conversion"] == 1.0
        index = file["processing/ophys/again/rois/pixel_mask_index"]
        assert file[index.attrs["target"]].name == "/processing/ophys/again/rois/pixel_mask"
        assert index[:].tolist() == [1, 4]


def test_a_copy_shares_what_others_share(nwbfile: NWBFile) -> None:
    one = TimeSeries("one", [1.0, 2.0], "V", timestamps=[0.0, 1.0])
    two = TimeSeries("two", [1.0, 2.0], "V", timestamps=one)
    assert two.copy().fields["timestamps"] is one
    module = nwbfile.create_processing_module("both", "d")
    module.add([one, two])
    copy = module.copy()
    assert copy["two"].fields["timestamps"] is copy["one"]


def test_what_is_pickled_or_copied_deeply_is_the_same_object(nwbfile: NWBFile) -> None:
    for again in (pickle.loads(pickle.dumps(nwbfile)), deepcopy(nwbfile)):
        assert again.object_id == nwbfile.object_id
        assert set(again.objects) == set(nwbfile.objects)
        movie = again.acquisition["movie"]
        assert movie.parent is again
        assert movie.imaging_plane is again.imaging_planes["plane"]
        np.testing.assert_array_equal(movie.data, nwbfile.acquisition["movie"].data)


def test_an_object_shows_what_it_has(nwbfile: NWBFile, tmp_path: Path) -> None:
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as again:
        for shown in (repr(nwbfile), repr(again)):
            assert "\n  identifier: i\n" in shown
            assert "\n  session_start_time: 2024-01-01 00:00:00+00:00\n" in shown
            assert "\n  acquisition: {\n    movie <class 'photonwb.ophys.TwoPhotonSeries'>\n  }\n" in shown
        assert repr(again.acquisition) == "{'movie': <TwoPhotonSeries>}"
        assert not again.acquisition.loaded()  # showing them reads none
        plane = again.imaging_planes["plane"]
        assert f"device: scope photonwb.device.Device at 0x{id(plane.device):x}\n" in repr(plane)
        assert "optical_channel: (\n    green <class 'photonwb.ophys.OpticalChannel'>\n  )\n" in repr(plane)


def test_long_collections_are_shown_in_part(nwbfile: NWBFile) -> None:
    for number in range(60):
        nwbfile.add_acquisition(TimeSeries(f"series{number:02}", [1.0], "V", rate=1.0))
    assert "and 11 more\n  }\n" in repr(nwbfile)
