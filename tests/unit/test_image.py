from __future__ import annotations

import warnings

import numpy as np
import pytest

from photonwb.arrays.shapes import shape_of
from photonwb.base import Image, Images, TimeSeries
from photonwb.device import Device
from photonwb.errors import InvalidTypeError, InvalidValueError, MissingFileError
from photonwb.image import (
    GrayscaleImage,
    ImageMaskSeries,
    ImageSeries,
    IndexSeries,
    OpticalSeries,
    RGBAImage,
    RGBImage,
)


def movie(shape=(5, 4, 3), **more) -> ImageSeries:
    arguments = {"data": np.arange(np.prod(shape)).reshape(shape), "unit": "n.a.", "rate": 10.0} | more
    return ImageSeries("movie", **arguments)


def external(**more) -> ImageSeries:
    return ImageSeries("movie", **({"external_file": ["a.tif"], "rate": 10.0, "num_samples": 7} | more))


class Stored:
    """An array that can only be indexed, as one in a file."""

    def __init__(self, values) -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype
        self.keys = []

    def __getitem__(self, key):
        self.keys.append(key)
        return self.values[key]


# ---- in the file


def test_frames_in_the_file():
    camera = Device("camera")
    made = movie(dimension=[4, 3], device=camera, format="raw")
    assert (made.num_samples, made.unit, made.format) == (5, "n.a.", "raw")
    assert made.external_file is made.starting_frame is None
    assert made.device is camera
    assert made.dimension == [4, 3]
    assert made.fields.get("num_samples") is None


@pytest.mark.parametrize("shape", [(5,), (5, 4), (5, 4, 3, 2, 1)])
def test_shapes_that_are_no_movie(shape):
    with pytest.raises(InvalidValueError, match=r"ImageSeries 'movie'\.data: expected shape \(any, any, any\) or"):
        movie(shape)


def test_volumes():
    assert movie((5, 4, 3, 2)).num_samples == 5


def test_shared_frames():
    owner = movie()
    other = ImageSeries("other", owner, "n.a.", rate=5.0)
    assert other.data is owner.data
    assert owner.data_link == {other}
    assert other.num_samples == 5


# ---- in external files


def test_frames_in_external_files():
    made = external()
    assert (made.format, made.starting_frame, made.unit, made.num_samples) == ("external", [0], "unknown", 7)
    assert shape_of(made.data) == (0, 0, 0)
    assert made.get_timestamps().tolist() == pytest.approx(np.arange(7) / 10)
    assert made.get_duration() == pytest.approx(0.6)
    assert made.external_file == ["a.tif"]


def test_one_path_is_a_list_of_one():
    assert list(external(external_file="a.tif").external_file or ()) == ["a.tif"]


def test_timestamps_tell_the_number_of_external_frames():
    made = external(rate=None, num_samples=None, timestamps=[0.0, 1.0, 5.0])
    assert made.num_samples == 3
    assert made.get_duration() == 5.0


def test_the_number_of_frames_can_be_set():
    made = external()
    made.num_samples = 9
    assert made.num_samples == 9
    made.num_samples = None
    assert made.num_samples is None
    with pytest.raises(InvalidValueError, match="num_samples: expected a number >= 0, got int -1"):
        made.num_samples = -1


def test_the_number_of_frames_follows_the_data():
    made = movie()
    assert made.num_samples == 5
    made.data = np.zeros((2, 4, 3))
    assert made.num_samples == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImageSeries("movie", rate=1.0), "expected data or external_file, got neither"),
        (lambda: movie(unit=None), "unit: a value is required with data"),
        (lambda: movie(bits_per_pixel=8), "bits_per_pixel: no longer in the standard"),
        (lambda: movie(external_file=["a.tif"], num_samples=5, format="external"), "either data or external_file, got both"),
        (lambda: external(format="tiff"), "expected format 'external' with external_file, got 'tiff'"),
        (lambda: external(external_file=["a.tif", "b.tif"]), "a starting_frame for each of the 2 external files, got None"),
        (lambda: external(starting_frame=[0, 5]), "a starting_frame for each of the 1 external files"),
        (lambda: external(num_samples=None), "expected num_samples with external_file and rate"),
        (lambda: movie(rate=None, timestamps=[1.0]), "got 1 timestamps and data of shape (5, 4, 3)"),
    ],
)
def test_what_makes_no_sense(make, message):
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert message in str(caught.value)
    assert "ImageSeries 'movie'" in str(caught.value)


def test_bits_per_pixel_are_gone():
    assert movie().bits_per_pixel is None
    with pytest.raises(InvalidValueError, match="no longer in the standard"):
        movie(bits_per_pixel=8)


def test_read_without_anything():
    made = ImageSeries.__new__(ImageSeries)
    assert made.data.shape == (0, 0, 0)
    assert (made.unit, made.num_samples, made.external_file, made.device) == ("unknown", 0, None, None)


def test_read_external_frames_of_unknown_number():
    made = ImageSeries.__new__(ImageSeries)
    made.__dict__.update(_name="movie", external_file=("a.tif",), rate=10.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert made.num_samples is None


# ---- frames


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 2)])
def test_frames_have_rows_first(shape):
    made = movie(shape)
    expected = np.swapaxes(np.asarray(made.data), 1, 2)
    assert np.array_equal(made.frames, expected)
    assert made.frames.base is not None  # a view
    stored = Stored(made.data)
    lazy = movie(shape, data=stored).frames
    assert (lazy.shape, lazy.dtype, len(lazy)) == (expected.shape, expected.dtype, 5)
    assert np.array_equal(lazy[2, 1:], expected[2, 1:])
    assert stored.keys == [(slice(2, 3), slice(None), slice(1, None), *[slice(None)] * (len(shape) - 3))]


def test_frames_of_a_list():
    assert movie(data=[[[1, 2], [3, 4]]]).frames.tolist() == [[[1, 3], [2, 4]]]


def test_frames_of_external_files():
    # Those that are there: test_external.py.
    with pytest.raises(MissingFileError, match=r"ImageSeries 'movie'\.external_file: there is no a\.tif in \."):
        _ = external().frames


# ---- other series


def test_an_index_series():
    images = Images("shown", [Image("a", np.zeros((2, 2)))])
    made = IndexSeries("order", [0, 0], "N/A", indexed_images=images, rate=1.0)
    assert made.indexed_images is images
    assert (made.unit, made.num_samples) == ("N/A", 2)


def test_an_index_series_counts_images():
    images = Images("shown")
    with pytest.raises(InvalidValueError, match="IndexSeries 'order': expected indexed_images, got nothing"):
        IndexSeries("order", [0], "N/A", rate=1.0)
    with pytest.raises(InvalidValueError, match="indexed_timeseries: deprecated"):
        IndexSeries("order", [0], "N/A", indexed_timeseries=movie(), rate=1.0)
    with pytest.raises(InvalidValueError, match=r"IndexSeries 'order'\.unit: expected 'N/A', the only value"):
        IndexSeries("order", [0], "frames", indexed_images=images, rate=1.0)
    with pytest.raises(InvalidValueError, match=r"data: expected shape \(any,\)"):
        IndexSeries("order", np.zeros((1, 1)), "N/A", indexed_images=images, rate=1.0)
    with pytest.raises(InvalidTypeError, match="indexed_images: expected an Images"):
        IndexSeries("order", [0], "N/A", indexed_images=movie(), rate=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["resolution", "conversion", "offset"])
def test_places_are_not_converted(field):
    with pytest.warns(UserWarning, match=rf"IndexSeries 'order'\.{field}: not used") as caught:
        IndexSeries("order", [0], "N/A", indexed_images=Images("shown"), rate=1.0, **{field: 2.0})
    assert (len(caught), caught[0].filename) == (1, __file__)


def test_mask_series_are_read_only():
    with pytest.raises(InvalidValueError, match="ImageMaskSeries 'mask': deprecated"):
        ImageMaskSeries("mask", movie(), np.zeros((1, 2, 2)), "n.a.", rate=1.0)
    made = ImageMaskSeries.__new__(ImageMaskSeries, in_construct_mode=True)
    under = movie()
    made.__init__("mask", under, np.zeros((1, 2, 2)), "n.a.", rate=1.0)
    assert made.masked_imageseries is under


def test_an_optical_series():
    made = OpticalSeries("film", 0.2, [1.0, 2.0], "up is up", np.zeros((2, 4, 5, 3)), "n.a.", rate=1.0)
    assert (made.distance, made.field_of_view, made.orientation) == (0.2, [1.0, 2.0], "up is up")
    with pytest.raises(InvalidValueError, match=r"OpticalSeries 'film'\.data: expected shape \(any, any, any\) or"):
        OpticalSeries("film", data=np.zeros((2, 4, 5, 2)), unit="n.a.", rate=1.0)
    with pytest.raises(InvalidValueError, match=r"field_of_view: expected shape \(2,\) or \(3,\), got \(4,\)"):
        OpticalSeries("film", field_of_view=[1.0] * 4, data=np.zeros((2, 4, 5)), unit="n.a.", rate=1.0)


@pytest.mark.parametrize(
    ("cls", "good", "bad"),
    [(GrayscaleImage, (4, 5), (4, 5, 3)), (RGBImage, (4, 5, 3), (4, 5)), (RGBAImage, (4, 5, 4), (4, 5, 3))],
)
def test_kinds_of_images(cls, good, bad):
    assert cls("i", np.zeros(good), 3.0, "nice").shape == good
    with pytest.raises(InvalidValueError, match=f"{cls.__name__} 'i'.data: expected shape"):
        cls("i", np.zeros(bad))


def test_series_are_series():
    assert isinstance(movie(), TimeSeries)
