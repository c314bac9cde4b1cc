"""Processing modules, single images and references; time series are in test_timeseries.py."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.base import (
    BaseImage,
    ExternalImage,
    Image,
    ImageReferences,
    Images,
    ProcessingModule,
    TimeSeries,
    TimeSeriesReference,
    TimeSeriesReferenceVectorData,
)
from photonwb.device import Device
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError


def series(name="s", count=10, **more) -> TimeSeries:
    return TimeSeries(name, np.arange(count), "V", **({"rate": 10.0} | more))


# ---- modules


def test_a_module_is_like_a_dict():
    first, second = series("a"), series("b")
    module = ProcessingModule("ophys", "results", [first])
    module.add(second)
    assert module["a"] is module.get("a") is module.data_interfaces["a"] is first
    assert list(module) == list(module.keys()) == ["a", "b"]
    assert list(module.values()) == [first, second]
    assert list(module.items()) == [("a", first), ("b", second)]
    assert (len(module), "a" in module, "c" in module) == (2, True, False)
    assert module.containers is module.data_interfaces
    assert first.parent is module


def test_the_only_result_needs_no_name():
    only = series()
    module = ProcessingModule("ophys", "results", {"s": only})
    assert module[None] is module.get() is only
    module.add(series("other"))
    with pytest.raises(InvalidValueError, match="several"):
        module.get()


@pytest.mark.parametrize("wrong", [Device("d"), [series("x"), Device("d")], "text", 5])
def test_a_module_takes_data_only(wrong):
    module = ProcessingModule("ophys", "results")
    with pytest.raises(InvalidTypeError, match=r"ProcessingModule 'ophys'\.data_interfaces: expected"):
        module.add(wrong)
    assert len(module) == 0


def test_names_in_a_module():
    module = ProcessingModule("ophys", "results", [series("a")])
    with pytest.raises(NotFoundError, match="'b' is not in"):
        module["b"]
    with pytest.raises(InvalidValueError, match="already is an object named 'a'"):
        module.add([series("c"), series("a")])
    assert list(module) == ["a"]


def test_a_module_is_described():
    with pytest.raises(InvalidTypeError, match=r"description: a value is required"):
        ProcessingModule("ophys", None)  # type: ignore[arg-type]


# ---- images


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3), (4, 5, 4)])
def test_an_image(shape):
    image = Image("mean", np.zeros(shape), 40, "mean of all frames")
    assert image.shape == shape
    assert (image.resolution, image.description) == (40.0, "mean of all frames")


@pytest.mark.parametrize("shape", [(4,), (4, 5, 2), (1, 4, 5, 3)])
def test_shapes_that_are_no_image(shape):
    with pytest.raises(InvalidValueError, match=r"Image 'mean'\.data: expected shape \(any, any\)"):
        Image("mean", np.zeros(shape))


def test_an_external_image():
    image = ExternalImage("mean", "mean.png", "PNG", "mean", "RGB")
    assert (image.data, image.image_format, image.image_mode, image.description) == ("mean.png", "PNG", "RGB", "mean")
    with pytest.raises(InvalidValueError, match="expected 'PNG' or 'JPEG' or 'GIF', got str 'TIFF'"):
        ExternalImage("mean", "mean.tif", "TIFF")
    with pytest.raises(InvalidTypeError, match="expected text"):
        ExternalImage("mean", np.zeros((2, 2)), "PNG")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        image.image_format = "TIFF"


def test_images_in_an_order():
    first, second = Image("a", np.zeros((2, 2))), ExternalImage("b", "b.png", "PNG")
    order = ImageReferences("order_of_images", [second, first])
    images = Images("summary", [first, second], "summary images", order)
    assert images["a"] is images.get_image("a") is first
    assert list(images.images) == ["a", "b"]
    assert images.order_of_images is order
    assert order.parent is images
    assert list(order) == [second, first]
    assert order[0] is second
    assert order.shape == (2,)


def test_images_grow():
    images = Images("summary")
    assert images.description == "no description"
    images.add_image(Image("a", np.zeros((2, 2))))
    images.add_image([Image("b", np.zeros((2, 2))), Image("c", np.zeros((2, 2)))])
    made = images.create_image("d", data=[[1]])
    assert type(made) is BaseImage
    assert list(images.images) == ["a", "b", "c", "d"]
    images.images["a"].description = "first"
    with pytest.raises(InvalidTypeError):
        images.add_image(series())  # type: ignore[arg-type]


def test_an_order_holds_images_and_has_its_name():
    with pytest.raises(InvalidTypeError, match="expected images only, got TimeSeries at position 1"):
        ImageReferences("order_of_images", [Image("a", np.zeros((2, 2))), series()])
    with pytest.raises(InvalidValueError, match="expected an object named 'order_of_images'"):
        Images("summary", order_of_images=ImageReferences("order", []))


# ---- references


def test_a_stretch_by_rate():
    reference = TimeSeriesReference(2, 3, series(starting_time=1.0))
    assert reference.isvalid()
    assert reference.check_types()
    assert reference.data.tolist() == [2, 3, 4]
    assert reference.timestamps.tolist() == pytest.approx([1.2, 1.3, 1.4])
    assert reference == (2, 3, reference.timeseries)


def test_a_stretch_by_timestamps():
    reference = TimeSeriesReference(*np.array([1, 2]), timeseries=series(count=3, rate=None, timestamps=[0.0, 5.0, 6.0]))
    assert reference.timestamps == [5.0, 6.0]


def test_a_missing_reference():
    empty = TimeSeriesReference.empty(series())
    assert empty[:2] == (-1, -1)
    assert not empty.isvalid()
    assert empty.data is empty.timestamps is None


@pytest.mark.parametrize("stretch", [(10, 0), (0, 11), (5, 6), (-1, 3), (3, -1)])
def test_a_stretch_outside_the_series(stretch):
    first, count = stretch
    reference = TimeSeriesReference(first, count, series())
    with pytest.raises(IndexError, match=r"do not lie in TimeSeries 's', which has 10 samples"):
        reference.isvalid()
    with pytest.raises(IndexError):
        _ = reference.data


@pytest.mark.parametrize(
    ("parts", "name"),
    [((1.0, 2, series()), "idx_start"), ((1, "2", series()), "count"), ((1, 2, "s"), "timeseries"), ((None,) * 3, "idx_start")],
)
def test_parts_of_the_wrong_kind(parts, name):
    with pytest.raises(InvalidTypeError, match=rf"TimeSeriesReference\.{name}: expected"):
        TimeSeriesReference._make(parts).check_types()


def test_a_column_of_references():
    one = series()
    column = TimeSeriesReferenceVectorData(data=[(0, 1, one)])
    column.add_row((1, 2, one))
    column.append(TimeSeriesReference(2, 2, one))
    column.extend([(-1, -1, one)])
    missing = TimeSeriesReferenceVectorData.TIME_SERIES_REFERENCE_NONE_TYPE
    assert (column.name, column.namespace) == ("timeseries", "core")
    assert missing == (None, None, None)
    assert column[0] == (0, 1, one)
    assert isinstance(column[0], TimeSeriesReference)
    assert column[np.int64(3)] == missing
    assert column[1:] == column[[1, 2, 3]] == [(1, 2, one), (2, 2, one), missing]
    assert column.data[3] == (-1, -1, one)
    assert len(column) == 4


@pytest.mark.parametrize("row", [(1, 2), (1, 2, 3), (1.5, 2, series())])
def test_a_column_of_references_takes_nothing_else(row):
    column = TimeSeriesReferenceVectorData()
    with pytest.raises(TypeError):
        column.append(row)
    with pytest.raises(TypeError):
        TimeSeriesReferenceVectorData(data=[row])
    assert len(column) == 0


def test_a_column_that_was_read():
    one = series()
    rows = np.empty(2, dtype=[("idx_start", "i4"), ("count", "i4"), ("timeseries", object)])
    rows[0], rows[1] = (1, 2, one), (-1, -1, one)
    column = TimeSeriesReferenceVectorData(data=rows)
    assert column[0] == (1, 2, one)
    assert type(column[0].idx_start) is int
    assert column[:][1] == (None, None, None)
