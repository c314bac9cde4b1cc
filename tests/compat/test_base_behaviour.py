"""The same calls on pynwb and on photonwb: the same results, warnings for the same situations, errors of the same kind.

Where photonwb takes more (an int for a float, a field that is set again), nothing is compared.
"""

from __future__ import annotations

import importlib
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hdmf.data_utils import DataChunkIterator

MODULES_OF_A_LIBRARY = ("core", "base", "device", "image", "epoch")


def library(package):
    modules = [importlib.import_module(f"{package}.{name}") for name in MODULES_OF_A_LIBRARY]
    return SimpleNamespace(**{name: value for module in modules for name, value in vars(module).items() if name[0].isupper()})


def plain(value: Any) -> Any:
    """A result without what tells the libraries apart."""
    if hasattr(value, "object_id"):
        return f"<{value.neurodata_type} {value.name}>"
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if hasattr(value, "items"):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def outcome(call, package):
    """What came of a call, or the builtin error that it ended with, and the kinds of warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = plain(call(library(package)))
        except Exception as error:  # noqa: BLE001 - any error is a result here
            kinds = [KeyError, IndexError, TypeError, ValueError, AttributeError]
            result = next((kind for kind in kinds if isinstance(error, kind)), type(error))
    return result, [warning.category for warning in caught]


def series(lib: Any, name: Any = "s", data: Any = (1.0, 2.0, 3.0), **more):
    timing = {} if {"rate", "timestamps"} & set(more) else {"rate": 10.0}
    return lib.TimeSeries(name=name, data=list(data) if isinstance(data, tuple) else data, unit="V", **timing, **more)


def movie(lib, cls="ImageSeries", **more):
    return getattr(lib, cls)(name="m", **({"data": np.arange(24).reshape(4, 3, 2), "unit": "n.a.", "rate": 2.0} | more))


def external(lib, **more):
    return lib.ImageSeries(name="m", **({"external_file": ["a.tif"], "rate": 2.0, "num_samples": 7} | more))


TIME_FIELDS = ("rate", "starting_time", "starting_time_unit", "timestamps", "timestamps_unit", "interval", "time_unit")
VALUE_FIELDS = ("data", "unit", "resolution", "conversion", "offset", "comments", "description", "control", "continuity")
IMAGE_FIELDS = ("format", "external_file", "starting_frame", "num_samples", "dimension", "device", "bits_per_pixel")


def state(made, *names):
    return {name: getattr(made, name) for name in (*TIME_FIELDS, *VALUE_FIELDS, *names)}


def times(made):
    return made.num_samples, made.get_timestamps(), made.get_starting_time(), made.get_duration()


def shared(lib):
    owner = series(lib, "owner", timestamps=[0.0, 1.0, 4.0])
    other = series(lib, "other", data=owner, timestamps=owner)
    third = series(lib, "third", data=other)
    links = [(each.data_link, each.timestamp_link) for each in (owner, other, third)]
    return links, third.data, other.timestamps, other.fields["data"], times(other), state(other)


def unknown(lib, **more):
    blocks = DataChunkIterator(data=(np.zeros(2) for _ in range(3)), maxshape=(None, 2), dtype=np.dtype(float))
    return series(lib, data=blocks, **more)


SERIES = {
    "by rate": lambda lib: state(series(lib)),
    "by rate and start": lambda lib: state(series(lib, starting_time=1.5)),
    "by timestamps": lambda lib: state(series(lib, timestamps=[0.0, 0.5, 2.0])),
    "everything": lambda lib: state(
        series(
            lib, resolution=0.1, conversion=2.0, offset=1.0, comments="c", description="d", control=[1, 2, 3],
            control_description=["a", "b"], continuity="step",
        ),
        "control_description",
    ),
    "times by rate": lambda lib: times(series(lib, rate=30.0, starting_time=0.25)),
    "times by timestamps": lambda lib: times(series(lib, timestamps=np.array([0.5, 1.0, 7.0]))),
    "times of one sample": lambda lib: times(series(lib, data=[1.0])),
    "times of no samples": lambda lib: times(series(lib, data=[])),
    "times of no samples by timestamps": lambda lib: times(series(lib, data=[], timestamps=[])),
    "chunks as arrays": lambda lib: [np.asarray(chunk) for chunk in unknown(lib).data],
    "one value alone": lambda lib: lib.NWBData(name="d", data=1).append(2),
    "in units": lambda lib: series(lib, data=np.array([1, 2], "i2"), conversion=0.5, offset=3.0).get_data_in_units(),
    "in units, one byte": lambda lib: series(lib, data=np.array([200, 250], "u1"), conversion=2.0).get_data_in_units(),
    "number of samples": lambda lib: series(lib, data=np.zeros((5, 2))).num_samples,
    "number unknown": lambda lib: unknown(lib).num_samples,
    "number by timestamps": lambda lib: unknown(lib, timestamps=[1.0, 2.0]).num_samples,
    "times unknown": lambda lib: unknown(lib).get_timestamps(),
    "shared": shared,
    "neither timestamps nor rate": lambda lib: series(lib, rate=None),
    "start alone": lambda lib: series(lib, rate=None, starting_time=1.0),
    "both timestamps and rate": lambda lib: series(lib, rate=1.0, timestamps=[1.0, 2.0, 3.0]),
    "both timestamps and start": lambda lib: series(lib, starting_time=1.0, timestamps=[1.0, 2.0, 3.0]),
    "negative rate": lambda lib: series(lib, rate=-1.0),
    "rate of zero": lambda lib: state(series(lib, rate=0.0)),
    "rate of zero, one sample": lambda lib: state(series(lib, data=[1.0], rate=0.0)),
    "wrong number of timestamps": lambda lib: series(lib, timestamps=[1.0, 2.0]),
    "timestamps in two axes": lambda lib: series(lib, timestamps=np.zeros((3, 1))),
    "no data": lambda lib: series(lib, data=None),
    "data is a number": lambda lib: series(lib, data=5.0),
    "data is a text": lambda lib: series(lib, data="abc"),
    "no unit": lambda lib: lib.TimeSeries(name="s", data=[1.0], unit=None, rate=1.0),
    "unit is a number": lambda lib: lib.TimeSeries(name="s", data=[1.0], unit=5, rate=1.0),
    "no name": lambda lib: series(lib, name=None),
    "slash in the name": lambda lib: series(lib, name="a/b"),
    "unknown continuity": lambda lib: series(lib, continuity="jumpy"),
    "unknown argument": lambda lib: series(lib, colour="red"),
    "defaults": lambda lib: [
        getattr(lib.TimeSeries, f"DEFAULT_{name}") for name in ("DATA", "UNIT", "RESOLUTION", "CONVERSION", "OFFSET")
    ],
}  # fmt: skip

IMAGES_OVER_TIME = {
    "frames": lambda lib: state(movie(lib), *IMAGE_FIELDS),
    "frames with all": lambda lib: state(
        movie(lib, format="raw", dimension=[3, 2], device=lib.Device(name="camera")), *IMAGE_FIELDS
    ),
    "volumes": lambda lib: times(movie(lib, data=np.zeros((4, 3, 2, 5)))),
    "external": lambda lib: state(external(lib), *IMAGE_FIELDS),
    "external with unit": lambda lib: state(external(lib, unit="n.a.", format="external"), *IMAGE_FIELDS),
    "several external": lambda lib: state(external(lib, external_file=["a", "b"], starting_frame=[0, 4]), *IMAGE_FIELDS),
    "external by timestamps": lambda lib: state(external(lib, rate=None, num_samples=None, timestamps=[0.0, 1.0]), *IMAGE_FIELDS),
    "duration of external": lambda lib: external(lib).get_duration(),
    "shared frames": lambda lib: state(lib.ImageSeries(name="o", data=movie(lib), unit="n.a.", rate=1.0), *IMAGE_FIELDS),
    "neither": lambda lib: lib.ImageSeries(name="m", rate=1.0),
    "both": lambda lib: movie(lib, external_file=["a"], format="external", num_samples=4),
    "data without unit": lambda lib: movie(lib, unit=None),
    "two axes": lambda lib: movie(lib, data=np.zeros((4, 3))),
    "five axes": lambda lib: movie(lib, data=np.zeros((4, 3, 2, 2, 2))),
    "bits per pixel": lambda lib: movie(lib, bits_per_pixel=8),
    "external in another format": lambda lib: external(lib, format="tiff"),
    "external without starts": lambda lib: external(lib, external_file=["a", "b"]),
    "external with too many starts": lambda lib: external(lib, starting_frame=[0, 3]),
    "external without number": lambda lib: external(lib, num_samples=None),
    "wrong number of timestamps": lambda lib: movie(lib, rate=None, timestamps=[0.0]),
    "device is a text": lambda lib: movie(lib, device="camera"),
    "mask series": lambda lib: movie(lib, "ImageMaskSeries", masked_imageseries=movie(lib)),
    "optical": lambda lib: state(
        movie(lib, "OpticalSeries", distance=0.1, field_of_view=[1.0, 2.0], orientation="up"),
        "distance",
        "field_of_view",
        "orientation",
    ),
    "optical in colour": lambda lib: movie(lib, "OpticalSeries", data=np.zeros((4, 3, 2, 3))).data,
    "optical in four colours": lambda lib: movie(lib, "OpticalSeries", data=np.zeros((4, 3, 2, 4))),
    "optical without a good field of view": lambda lib: movie(lib, "OpticalSeries", field_of_view=[1.0]),
    "default data": lambda lib: (lib.ImageSeries.DEFAULT_DATA.shape, str(lib.ImageSeries.DEFAULT_DATA.dtype)),
}  # fmt: skip


def indexed(lib, **more):
    images = lib.Images(name="i", images=[lib.Image(name="a", data=np.zeros((2, 2)))])
    return lib.IndexSeries(name="x", **({"data": [0, 0], "unit": "N/A", "indexed_images": images, "rate": 1.0} | more))


def image(lib, cls="Image", shape=(2, 3), **more):
    return getattr(lib, cls)(name="a", data=np.zeros(shape), **more)


def images(lib, **more):
    return lib.Images(name="i", images=[image(lib), lib.ExternalImage(name="b", data="b.png", image_format="PNG")], **more)


SINGLE_IMAGES = {
    "index series": lambda lib: state(indexed(lib), "indexed_images", "indexed_timeseries"),
    "index series of nothing": lambda lib: indexed(lib, indexed_images=None),
    "index series of frames": lambda lib: indexed(lib, indexed_timeseries=movie(lib)),
    "index series with a unit": lambda lib: indexed(lib, unit="frames"),
    "index series converted": lambda lib: indexed(lib, conversion=2.0).unit,
    "index series offset and resolved": lambda lib: indexed(lib, offset=2.0, resolution=1.0).unit,
    "index series in two axes": lambda lib: indexed(lib, data=np.zeros((1, 1))),
    "image": lambda lib: (image(lib, resolution=2.0, description="d").resolution, image(lib).shape, image(lib).description),
    "grey in colour": lambda lib: image(lib, "GrayscaleImage", (2, 3, 3)),
    "colour": lambda lib: image(lib, "RGBImage", (2, 3, 3)).shape,
    "colour in grey": lambda lib: image(lib, "RGBImage"),
    "transparent": lambda lib: image(lib, "RGBAImage", (2, 3, 4)).shape,
    "not an image": lambda lib: image(lib, shape=(2, 3, 5)),
    "external image": lambda lib: lib.ExternalImage(name="a", data="a.gif", image_format="GIF", image_mode="RGB").image_mode,
    "external image in another format": lambda lib: lib.ExternalImage(name="a", data="a.tif", image_format="TIFF"),
    "images": lambda lib: (images(lib).images, images(lib)["a"], images(lib).get_image("b"), images(lib).description),
    "images in order": lambda lib: images(
        lib, order_of_images=lib.ImageReferences(name="order_of_images", data=[image(lib)])
    ).order_of_images,
    "order by another name": lambda lib: images(lib, order_of_images=lib.ImageReferences(name="order", data=[])),
    "no such image": lambda lib: images(lib)["c"],
    "one of several images": lambda lib: images(lib).get_image(),
    "image twice": lambda lib: images(lib).add_image(image(lib)),
    "series as image": lambda lib: images(lib).add_image(series(lib)),
}  # fmt: skip


def module(lib, *items):
    return lib.ProcessingModule(name="p", description="d", data_interfaces=list(items))


MODULES = {
    "module": lambda lib: (module(lib, series(lib)).data_interfaces, module(lib).description, module(lib, series(lib))["s"]),
    "dict": lambda lib: [list(getattr(module(lib, series(lib)), name)()) for name in ("keys", "values", "items")],
    "length": lambda lib: len(module(lib, series(lib, "a"), series(lib, "b"))),
    "containers": lambda lib: module(lib, series(lib)).containers,
    "get": lambda lib: (module(lib, series(lib)).get("s"), module(lib, series(lib)).get()),
    "get missing": lambda lib: module(lib, series(lib)).get("x"),
    "get one of none": lambda lib: module(lib).get(),
    "add a device": lambda lib: module(lib).add(lib.Device(name="d")),
    "add twice": lambda lib: module(lib, series(lib)).add(series(lib)),
    "no description": lambda lib: lib.ProcessingModule(name="p", description=None),
    "device": lambda lib: lib.Device(name="d", description="x", serial_number="1").serial_number,
    "device of a model": lambda lib: lib.Device(name="d", model=lib.DeviceModel(name="m", manufacturer="x")).model,
    "device with a manufacturer": lambda lib: lib.Device(name="d", manufacturer="x").manufacturer,
    "device with all": lambda lib: lib.Device(name="d", manufacturer="x", model_name="m", model_number="1").model_name,
    "model without manufacturer": lambda lib: lib.DeviceModel(name="m", manufacturer=None),
    "device of a text": lambda lib: lib.Device(name="d", model="m"),
    "scratch": lambda lib: lib.ScratchData(name="s", data=[1, 2], description="x").description,
    "scratch without notes": lambda lib: lib.ScratchData(name="s", data=[1, 2]),
}


def stretch(lib, first, count, **more):
    reference = lib.TimeSeriesReference(first, count, series(lib, data=np.arange(10), **more))
    return reference.isvalid(), reference.data, reference.timestamps


def references(lib):
    column = lib.TimeSeriesReferenceVectorData()
    one = series(lib)
    column.add_row((0, 2, one))
    column.append(lib.TimeSeriesReference(1, 1, one))
    column.add_row(lib.TimeSeriesReference.empty(one))
    keys = (0, slice(1, None), [0, 2], np.array([1, 0]), np.int64(1))
    return [column[key] for key in keys], column.get(2), column.name, column.description, list(column.data)


REFERENCES = {
    "stretch": lambda lib: stretch(lib, 2, 3),
    "stretch of timestamps": lambda lib: stretch(lib, 2, 3, timestamps=np.arange(10) * 0.1),
    "stretch of nothing": lambda lib: stretch(lib, 2, 0),
    "missing": lambda lib: stretch(lib, -1, -1),
    "too long": lambda lib: stretch(lib, 8, 3),
    "too late": lambda lib: stretch(lib, 10, 0),
    "half negative": lambda lib: stretch(lib, -1, 3),
    "fraction": lambda lib: stretch(lib, 1.5, 3),
    "empty": lambda lib: lib.TimeSeriesReference.empty(series(lib)),
    "of a text": lambda lib: lib.TimeSeriesReference(0, 1, "s").isvalid(),
    "column": references,
    "column with a text": lambda lib: lib.TimeSeriesReferenceVectorData().append((0, 1, "s")),
    "column with a pair": lambda lib: lib.TimeSeriesReferenceVectorData().append((0, 1)),
}


def intervals(lib, *rows):
    table = lib.TimeIntervals(name="epochs")
    for row in rows:
        table.add_interval(**row)
    return table


def cells(table, *names):
    columns = [[plain(table[name][row]) for row in range(len(table))] for name in names]
    return (
        list(table.colnames),
        plain(table.id.data),
        table.description,
        [table[name].description for name in ("start_time",)],
        columns,
    )


def samples(lib, start, stop, **more):
    table = intervals(lib, {"start_time": start, "stop_time": stop, "timeseries": series(lib, data=np.arange(100), **more)})
    return table["timeseries"][0]


INTERVALS = {
    "plain": lambda lib: cells(intervals(lib, {"start_time": 1.0, "stop_time": 2.0}), "start_time", "stop_time"),
    "tags": lambda lib: cells(intervals(lib, {"start_time": 1.0, "stop_time": 2.0, "tags": "a, b"}), "tags"),
    "list of tags": lambda lib: cells(intervals(lib, {"start_time": 1.0, "stop_time": 2.0, "tags": ["a, b", "c"]}), "tags"),
    "samples": lambda lib: samples(lib, 2.0, 3.0),
    "samples between": lambda lib: samples(lib, 2.25, 3.29),
    "samples after a start": lambda lib: samples(lib, 2.0, 3.0, rate=4.0, starting_time=1.0),
    "samples by timestamps": lambda lib: samples(lib, 2.25, 3.5, timestamps=np.arange(100) / 4),
    "no samples": lambda lib: samples(lib, 2.0, 2.0),
    "no series": lambda lib: cells(intervals(lib, {"start_time": 1.0, "stop_time": 2.0, "timeseries": []})),
    "description of samples": lambda lib: intervals(
        lib, {"start_time": 1.0, "stop_time": 2.0, "timeseries": [series(lib)]}
    )["timeseries"].target.description,
    "no stop": lambda lib: intervals(lib, {"start_time": 1.0}),
    "stop is a text": lambda lib: intervals(lib, {"start_time": 1.0, "stop_time": "2.0"}),
    "unknown column": lambda lib: intervals(lib, {"start_time": 1.0, "stop_time": 2.0, "side": "left"}),
    "tags too late": lambda lib: intervals(
        lib, {"start_time": 1.0, "stop_time": 2.0}, {"start_time": 1.0, "stop_time": 2.0, "tags": "a"}
    ),
    "span": lambda lib: [
        getattr(intervals(lib, {"start_time": 3.0, "stop_time": 4.5}, {"start_time": 1.0, "stop_time": 2.0}), name)()
        for name in ("get_starting_time", "get_duration")
    ],
    "span of none": lambda lib: (intervals(lib).get_starting_time(), intervals(lib).get_duration()),
}  # fmt: skip

CASES = {
    f"{group}: {name}": call
    for group, cases in {
        "series": SERIES,
        "movie": IMAGES_OVER_TIME,
        "image": SINGLE_IMAGES,
        "module": MODULES,
        "reference": REFERENCES,
        "interval": INTERVALS,
    }.items()
    for name, call in cases.items()
}


@pytest.mark.parametrize("call", CASES.values(), ids=CASES)
def test_same_behaviour(call):
    assert outcome(call, "photonwb") == outcome(call, "pynwb")


def test_results_errors_and_warnings_are_all_seen():
    assert outcome(lambda lib: [series(lib)], "photonwb") == (["<TimeSeries s>"], [])
    assert outcome(lambda lib: {}["x"], "photonwb") == (KeyError, [])
    assert outcome(lambda lib: warnings.warn("x", stacklevel=1), "photonwb") == (None, [UserWarning])
