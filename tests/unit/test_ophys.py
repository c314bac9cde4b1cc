"""Imaging planes, movies, motion correction and signals."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from photonwb import ophys
from photonwb.base import ProcessingModule, TimeSeries
from photonwb.device import Device
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError
from photonwb.image import ImageSeries
from photonwb.ophys import (
    CorrectedImageStack,
    DfOverF,
    Fluorescence,
    ImagingPlane,
    MotionCorrection,
    OnePhotonSeries,
    OpticalChannel,
    PlaneSegmentation,
    RoiResponseSeries,
    TwoPhotonSeries,
)

DEVICE = Device("microscope")


def test_what_is_used_here_is_found_here():
    assert (ophys.Device, ophys.TimeSeries, ophys.ImageSeries) == (Device, TimeSeries, ImageSeries)


def channel(name="green"):
    return OpticalChannel(name, "GFP", 520)


def plane(**changes):
    arguments = {
        "name": "plane",
        "optical_channel": channel(),
        "device": DEVICE,
        "excitation_lambda": 920,
        "indicator": "GCaMP6f",
        "location": "VISp",
    }
    return ImagingPlane(**(arguments | changes))


def movie(name="movie", **changes):
    return TwoPhotonSeries(
        name, **({"imaging_plane": plane(), "data": np.zeros((5, 4, 3)), "unit": "a.u.", "rate": 30.0} | changes)
    )


def table(regions=3):
    made = PlaneSegmentation("regions", plane())
    for number in range(regions):
        made.add_roi(pixel_mask=[(number, 0, 1.0)])
    return made


def signals(shape=(5, 3), regions=3, **changes):
    region = table(regions).create_roi_table_region("all")
    return RoiResponseSeries(**({"name": "raw", "data": np.zeros(shape), "unit": "a.u.", "rois": region, "rate": 30.0} | changes))


# ---- planes


def test_wavelengths_may_be_whole_numbers():
    assert channel().emission_lambda == 520
    assert plane().excitation_lambda == 920


def test_a_plane_has_a_list_of_channels():
    one = channel()
    assert plane(optical_channel=one).optical_channel == [one]
    several = [channel("green"), channel("red")]
    made = plane(optical_channel=several)
    assert made.optical_channel == several
    assert all(each.parent is made for each in several)


@pytest.mark.parametrize("missing", ["device", "excitation_lambda", "indicator", "location"])
def test_what_a_plane_needs(missing):
    with pytest.raises(InvalidValueError, match=f"ImagingPlane 'plane'.{missing}: a value is required, got None"):
        plane(**{missing: None})


def test_a_plane_needs_a_channel():
    with pytest.raises(InvalidValueError, match="at least one OpticalChannel"):
        plane(optical_channel=[])
    with pytest.raises(InvalidTypeError, match="optical_channel: expected an OpticalChannel, got Device 'microscope'"):
        plane(optical_channel=DEVICE)


@pytest.mark.parametrize(
    ("argument", "value", "replacement"),
    [
        ("manifold", np.zeros((2, 2, 3)), "origin_coords and grid_spacing"),
        ("conversion", 2.0, "origin_coords and grid_spacing"),
        ("unit", "um", "origin_coords_unit and grid_spacing_unit"),
    ],
)
def test_deprecated_arguments_are_kept_with_a_warning(argument, value, replacement):
    with pytest.warns(DeprecationWarning, match=f"'{argument}' of an ImagingPlane is deprecated: use {replacement}") as record:
        made = plane(**{argument: value})
    assert record[0].filename == __file__ or "test_ophys" in record[0].filename
    assert np.array_equal(getattr(made, argument), value)


def test_objects_that_are_read_do_not_warn():
    made = ImagingPlane.__new__(ImagingPlane, in_construct_mode=True)
    made.__init__("plane", channel(), None, DEVICE, 920.0, "GCaMP", "VISp", conversion=2.0)
    assert made.conversion == 2


@pytest.mark.parametrize("spacing", [[1, 2, 3, 4], [[1, 2]], 3])
def test_spacing_has_two_or_three_numbers(spacing):
    with pytest.raises((InvalidValueError, InvalidTypeError), match="grid_spacing: expected"):
        plane(grid_spacing=spacing)
    assert plane(grid_spacing=[1, 2]).grid_spacing == [1, 2]


# ---- movies


def test_movies():
    made = movie(field_of_view=[1e-3, 2e-3], pmt_gain=2, scan_line_rate=16000)
    assert made.field_of_view == [1e-3, 2e-3]
    assert (made.pmt_gain, made.scan_line_rate) == (2.0, 16000.0)
    assert made.imaging_plane.name == "plane"
    assert made.dimension is None


def test_a_movie_in_other_files():
    made = movie(data=None, unit=None, external_file=["a.tif"], num_samples=90)
    assert made.num_samples == 90
    assert made.format == "external"
    assert made.data.shape == (0, 0, 0)


def test_a_movie_needs_a_plane():
    with pytest.raises(InvalidTypeError, match=r"TwoPhotonSeries 'movie'\.imaging_plane"):
        movie(imaging_plane=None)
    with pytest.raises(InvalidTypeError, match="expected an ImagingPlane, got Device 'microscope'"):
        movie(imaging_plane=DEVICE)


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_the_shape_of_the_field_of_view(shape):
    with pytest.raises(InvalidValueError, match=r"field_of_view: expected shape \(2,\) or \(3,\), got"):
        movie(field_of_view=np.zeros(shape))


def test_one_photon():
    arguments = {"name": "movie", "imaging_plane": plane(), "data": np.zeros((5, 4, 3)), "unit": "a.u.", "rate": 30.0}
    made = OnePhotonSeries(**arguments, binning=np.uint8(2), exposure_time=1, power=9, intensity=5)
    assert (made.binning, made.exposure_time, made.power, made.intensity) == (2, 1.0, 9.0, 5.0)
    with pytest.raises(InvalidValueError, match="binning: expected a number >= 0, got int -1"):
        OnePhotonSeries(**arguments, binning=-1)
    with pytest.raises(InvalidTypeError, match="binning: expected a whole number"):
        OnePhotonSeries(**arguments, binning=1.5)


# ---- motion


def stack(name="CorrectedImageStack", **changes):
    arguments = {
        "corrected": ImageSeries("corrected", np.zeros((5, 4, 3)), "a.u.", rate=1.0),
        "original": movie(),
        "xy_translation": TimeSeries("xy_translation", np.zeros((5, 2)), "pixels", rate=1.0),
    }
    return CorrectedImageStack(**(arguments | changes), name=name)


def test_a_corrected_movie_holds_the_result_and_links_to_the_original():
    made = stack()
    assert made.corrected.parent is made
    assert made.xy_translation.parent is made
    assert made.original.parent is None


def test_the_parts_of_a_corrected_movie_have_fixed_names():
    wrong = ImageSeries("movie", np.zeros((5, 4, 3)), "a.u.", rate=1.0)
    with pytest.raises(InvalidValueError, match="corrected: expected an object named 'corrected', got ImageSeries 'movie'"):
        stack(corrected=wrong)
    with pytest.raises(InvalidValueError, match="xy_translation: expected an object named 'xy_translation'"):
        stack(xy_translation=TimeSeries("shift", np.zeros((5, 2)), "pixels", rate=1.0))


# ---- collections


def test_a_collection_takes_one_or_several():
    one, two, three, four = (stack(name) for name in "abcd")
    made = MotionCorrection(one)
    assert made.name == "MotionCorrection"
    assert made.add_corrected_image_stack(two) is two
    made.add_corrected_image_stack([three])
    made.add_corrected_image_stack({"d": four})
    assert list(made.corrected_image_stacks) == ["a", "b", "c", "d"]
    assert made["b"] is made.get_corrected_image_stack("b") is two
    assert two.parent is made


@pytest.mark.parametrize("kind", [Fluorescence, DfOverF])
def test_getting_from_a_collection(kind):
    made = kind()
    assert made.name == kind.__name__
    with pytest.raises(InvalidValueError, match="is empty"):
        made.get_roi_response_series()
    regions = table()
    module = ProcessingModule("ophys", "results")
    module.add([made, regions])
    region = regions.create_roi_table_region("all")
    first = made.create_roi_response_series("raw", np.zeros((5, 3)), "a.u.", region, rate=1.0)
    assert made.get_roi_response_series() is first
    with pytest.raises(NotFoundError, match="'neuropil' is not in roi_response_series"):
        made["neuropil"]
    made.add_roi_response_series(signals(name="neuropil", rois=regions.create_roi_table_region("all")))
    with pytest.raises(InvalidValueError, match="holds several objects"):
        made.get_roi_response_series()


# ---- signals


def test_signals_of_as_many_regions_as_columns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = signals((5, 3), 3)
        signals((5,), 1)
    assert made.rois.parent is made
    assert made.rois.table.name == "plane"


def test_signals_of_other_regions_than_columns():
    with pytest.warns(
        UserWarning, match="RoiResponseSeries 'raw': the second axis of data has 4 columns, but rois has 3 regions"
    ) as got:
        signals((5, 4), 3)
    assert "test_ophys" in got[0].filename
    with pytest.warns(
        UserWarning, match="has 5 columns, but rois has 3 regions, as many as the first axis: the data are transposed"
    ):
        signals((3, 5), 3)


def test_signals_have_one_or_two_axes():
    with pytest.raises(InvalidValueError, match=r"data: expected shape \(any,\) or \(any, any\), got \(5, 3, 1\)"):
        signals((5, 3, 1))


def test_the_regions_of_signals_have_a_fixed_name():
    region = table().create_roi_table_region("all", name="cells")
    with pytest.raises(InvalidValueError, match="rois: expected an object named 'rois', got DynamicTableRegion 'cells'"):
        signals(rois=region)
