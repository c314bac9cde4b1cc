"""The mocks are whole: each can be made without arguments, put into a file, written and read back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from photonwb import NWBHDF5IO
from photonwb.arrays.shapes import shape_of
from photonwb.testing.mock import base, device, file, image, ophys, utils

MOCKS = [getattr(module, name) for module in (base, device, image, ophys) for name in module.__all__ if name.startswith("mock_")]


def listed(values: Any) -> list[Any]:
    return np.asarray(values).tolist()


@pytest.mark.filterwarnings("ignore:The linked table")  # that of the ROIs is in no file, and neither is anything else
@pytest.mark.parametrize("mock", MOCKS, ids=lambda mock: mock.__name__)
def test_needs_no_arguments_and_makes_the_class_of_its_name(mock):
    made = mock()
    assert mock.__name__ == f"mock_{type(made).__name__}"
    assert made.name.startswith(type(made).__name__)
    assert mock().name != made.name
    assert mock(name="mine").name == "mine"


@pytest.mark.parametrize("mock", MOCKS, ids=lambda mock: mock.__name__)
def test_stands_in_the_file_and_is_read_back(mock, tmp_path):
    nwbfile = file.mock_NWBFile()
    made = mock(nwbfile=nwbfile)
    assert made.get_ancestor("NWBFile") is nwbfile
    with NWBHDF5IO(tmp_path / "mock.nwb", "w") as io:
        io.write(nwbfile)
    with NWBHDF5IO(tmp_path / "mock.nwb", "r") as io:
        objects = {each.object_id: each for each in io.read().objects.values()}
        assert type(objects[made.object_id]) is type(made)
        assert objects[made.object_id].name == made.name


def test_names_count_up_from_the_bare_name(monkeypatch):
    monkeypatch.setattr(utils, "name_generator_registry", {})
    assert [utils.name_generator("Thing") for _ in range(3)] == ["Thing", "Thing2", "Thing3"]
    assert utils.name_generator("Other") == "Other"


def test_the_model_of_a_device_goes_into_the_file_with_it():
    nwbfile = file.mock_NWBFile()
    model = device.mock_DeviceModel()
    for _ in range(2):
        assert device.mock_Device(model=model, nwbfile=nwbfile).model is model
    assert list(nwbfile.device_models.values()) == [model]


def test_subject_goes_into_the_file():
    nwbfile = file.mock_NWBFile(session_id="s1")
    assert nwbfile.session_id == "s1"
    assert nwbfile.subject is None
    subject = file.mock_Subject(nwbfile=nwbfile)
    assert nwbfile.subject is subject
    assert file.mock_Subject().subject_id != subject.subject_id


def test_timestamps_take_the_place_of_the_rate():
    assert base.mock_TimeSeries().rate == 10.0
    assert base.mock_TimeSeries(timestamps=[0.0, 1.0, 2.0, 3.0]).rate is None
    assert ophys.mock_TwoPhotonSeries(timestamps=np.arange(20.0)).rate is None
    assert ophys.mock_RoiResponseSeries(timestamps=np.arange(30.0)).rate is None


def test_a_movie_may_lie_in_other_files():
    movie = ophys.mock_TwoPhotonSeries(external_file=["a.tif"])
    assert listed(movie.external_file) == ["a.tif"]
    assert movie.format == "external"
    assert listed(movie.starting_frame) == [0]


@pytest.mark.parametrize("mask_type", ["image_mask", "pixel_mask", "voxel_mask"])
def test_rois_have_the_mask_that_is_asked_for(mask_type):
    segmentation = ophys.mock_PlaneSegmentation(n_rois=3, mask_type=mask_type)
    assert len(segmentation) == 3
    assert segmentation.colnames == (mask_type,)


def test_an_unknown_kind_of_mask_is_refused():
    with pytest.raises(ValueError, match="'square'"):
        ophys.mock_PlaneSegmentation(mask_type="square")  # pyright: ignore[reportArgumentType] - wrong on purpose


def test_responses_cover_the_rois_asked_for():
    plane = ophys.mock_PlaneSegmentation(n_rois=4)
    assert shape_of(ophys.mock_RoiResponseSeries(n_rois=7).data) == (30, 7)
    series = ophys.mock_RoiResponseSeries(plane_segmentation=plane)
    assert shape_of(series.data) == (30, 4)
    assert series.rois.table is plane
    assert shape_of(ophys.mock_RoiResponseSeries(rois=series.rois).data) == (30, 4)


def test_only_what_was_asked_for_is_in_the_file():
    nwbfile = file.mock_NWBFile()
    ophys.mock_TwoPhotonSeries(nwbfile=nwbfile)
    assert len(nwbfile.imaging_planes) == len(nwbfile.devices) == 1
