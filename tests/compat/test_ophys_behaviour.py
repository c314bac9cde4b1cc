"""The same calls on pynwb and on photonwb: the same results, warnings for the same situations, errors of the same kind.

Where photonwb takes more or refuses more on purpose (whole numbers for floats, masks outside the image), it is said in a test of
its own at the end.
"""

from __future__ import annotations

import importlib
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from photonwb.ophys import PlaneSegmentation

LIBRARIES = {
    "pynwb": ("hdmf.common", "pynwb.base", "pynwb.device", "pynwb.image", "pynwb.ophys"),
    "photonwb": ("photonwb.common", "photonwb.base", "photonwb.device", "photonwb.image", "photonwb.ophys"),
}


def library(package):
    modules = [importlib.import_module(name) for name in LIBRARIES[package]]
    return SimpleNamespace(**{name: value for module in modules for name, value in vars(module).items() if name[0].isupper()})


def plain(value: Any) -> Any:
    """A result without what tells the libraries apart: objects by their names, masks and arrays as lists of numbers."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "object_id"):
        return f"<{type(value).__name__} {value.name}>"
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def outcome(call, package):
    """What came of a call, or the builtin error it ended with, and the kinds of warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lib = library(package)
        try:
            result = plain(call(lib))
        except Exception as error:  # noqa: BLE001 - any error is a result here
            kinds = [KeyError, IndexError, TypeError, ValueError, AttributeError]
            result = next((kind for kind in kinds if isinstance(error, kind)), type(error))
    return result, [warning.category for warning in caught]


def channel(lib, name="green"):
    return lib.OpticalChannel(name=name, description="GFP", emission_lambda=520.0)


def plane(lib, **more):
    arguments = {
        "name": "plane",
        "optical_channel": channel(lib),
        "device": lib.Device(name="scope"),
        "excitation_lambda": 920.0,
        "indicator": "GCaMP",
        "location": "VISp",
    }
    return lib.ImagingPlane(**{key: value for key, value in (arguments | more).items() if value is not ...})


def movie(lib, cls="TwoPhotonSeries", **more):
    given = {"name": "movie", "imaging_plane": plane(lib), "data": np.zeros((5, 4, 3)), "unit": "a.u.", "rate": 30.0} | more
    return getattr(lib, cls)(**{key: value for key, value in given.items() if value is not ...})


def external(lib, cls="TwoPhotonSeries", **more):
    return movie(lib, cls, **({"data": ..., "unit": ..., "external_file": ["a.tif"], "num_samples": 9} | more))


def images(lib, name="corrected"):
    return lib.ImageSeries(name=name, data=np.zeros((5, 4, 3)), unit="a.u.", rate=1.0)


def stack(lib, name="CorrectedImageStack", **more):
    shifts = lib.TimeSeries(name="xy_translation", data=np.zeros((5, 2)), unit="px", rate=1.0)
    return lib.CorrectedImageStack(
        **({"corrected": images(lib), "original": images(lib, "raw"), "xy_translation": shifts, "name": name} | more)
    )


PIXELS = [[[0, 1, 1.0], [2, 3, 0.5]], [[1, 1, 2.0]]]
VOXELS = [[[0, 1, 2, 1.0], [2, 3, 1, 0.5]], [[1, 1, 0, 2.0]]]
IMAGES = np.arange(24.0).reshape(2, 3, 4)


def table(lib, rows=(), columns=(), **more):
    made = lib.PlaneSegmentation(**({"description": "regions", "imaging_plane": plane(lib), "name": "cells"} | more))
    for name in columns:
        made.add_column(name, "text")
    for row in rows:
        made.add_roi(**row)
    return made


def pixel_table(lib, count=2):
    return table(lib, [{"pixel_mask": PIXELS[number % 2]} for number in range(count)])


def content(made):
    cells = {name: [made[name][row] for row in range(len(made))] for name in made.colnames}
    return sorted(made.colnames), list(made.id[:]), cells, len(made), made.name, made.description


def signals(lib, shape, count=2, **more):
    region = pixel_table(lib, count).create_roi_table_region(description="all")
    return lib.RoiResponseSeries(**({"name": "raw", "data": np.zeros(shape), "unit": "a.u.", "rois": region, "rate": 1.0} | more))


def collected(lib, cls, add, objects, *, get=None):
    made = getattr(lib, cls)()
    for item in objects:
        getattr(made, f"add_{add}")(item)
    found = getattr(made, f"get_{add}")(*([get] if get else []))
    return made.name, found, [item.parent for item in (found,)]


def region(lib, rows):
    found = pixel_table(lib, 4).create_roi_table_region(description="some", region=rows)
    return list(found.data), found.table, found.name, found.description


PLANE_FIELDS = (
    "optical_channel", "description", "device", "excitation_lambda", "imaging_rate", "indicator", "location", "manifold",
    "conversion", "unit", "reference_frame", "origin_coords", "origin_coords_unit", "grid_spacing", "grid_spacing_unit",
)  # fmt: skip
MOVIE_FIELDS = ("imaging_plane", "pmt_gain", "scan_line_rate", "format", "external_file", "starting_frame", "num_samples", "unit")


def state(made, names):
    return {name: getattr(made, name) for name in names}


PLANES = {
    "required": lambda lib: state(plane(lib), PLANE_FIELDS),
    "everything": lambda lib: state(
        plane(
            lib, optical_channel=[channel(lib), channel(lib, "red")], description="d", imaging_rate=30.0,
            reference_frame="bregma", origin_coords=[1.0, 2.0], origin_coords_unit="mm",
            grid_spacing=[1.0, 2.0, 3.0], grid_spacing_unit="um",
        ),
        PLANE_FIELDS,
    ),
    "no device": lambda lib: plane(lib, device=...),
    "no wavelength": lambda lib: plane(lib, excitation_lambda=...),
    "no indicator": lambda lib: plane(lib, indicator=...),
    "no location": lambda lib: plane(lib, location=...),
    "no channel": lambda lib: plane(lib, optical_channel=...),
    "wrong channel": lambda lib: plane(lib, optical_channel="green"),
    "wrong device": lambda lib: plane(lib, device="scope"),
    "wavelength is a text": lambda lib: plane(lib, excitation_lambda="920"),
    "channel": lambda lib: state(channel(lib), ("name", "description", "emission_lambda")),
    "channel without wavelength": lambda lib: lib.OpticalChannel(name="c", description="d"),
}  # fmt: skip

MOVIES = {
    "two photons": lambda lib: state(
        movie(lib, field_of_view=[1.0, 2.0], pmt_gain=1.5, scan_line_rate=8.0), (*MOVIE_FIELDS, "field_of_view")
    ),
    "one photon": lambda lib: state(
        movie(lib, "OnePhotonSeries", exposure_time=0.1, binning=2, power=3.0, intensity=4.0, pmt_gain=1.0),
        (*MOVIE_FIELDS, "exposure_time", "binning", "power", "intensity"),
    ),
    "binning of numpy": lambda lib: movie(lib, "OnePhotonSeries", binning=np.uint8(4)).binning,
    "binning below zero": lambda lib: movie(lib, "OnePhotonSeries", binning=-1),
    "binning of a half": lambda lib: movie(lib, "OnePhotonSeries", binning=0.5),
    "no plane": lambda lib: movie(lib, imaging_plane=...),
    "plane is None": lambda lib: movie(lib, imaging_plane=None),
    "wrong plane": lambda lib: movie(lib, imaging_plane="plane"),
    "field of view of four": lambda lib: movie(lib, field_of_view=[1.0, 2.0, 3.0, 4.0]),
    "data of two axes": lambda lib: movie(lib, data=np.zeros((5, 4))),
    "no data": lambda lib: movie(lib, data=...),
    "no unit": lambda lib: movie(lib, unit=...),
    "external": lambda lib: state(external(lib), MOVIE_FIELDS),
    "external, one photon": lambda lib: state(external(lib, "OnePhotonSeries"), MOVIE_FIELDS),
    "external without number of frames": lambda lib: external(lib, num_samples=...),
    "external by timestamps": lambda lib: external(lib, num_samples=..., rate=..., timestamps=[1.0, 2.0]).num_samples,
}

MOTION = {
    "stack": lambda lib: state(stack(lib), ("name", "corrected", "original", "xy_translation")),
    "parents": lambda lib: [
        (made.corrected.parent is made, made.xy_translation.parent is made, made.original.parent) for made in [stack(lib)]
    ],
    "corrected of another name": lambda lib: stack(lib, corrected=images(lib, "other")),
    "shifts of another name": lambda lib: stack(lib, xy_translation=lib.TimeSeries(name="s", data=[1.0], unit="px", rate=1.0)),
    "original is no series": lambda lib: stack(lib, original=3),
}

COLLECTIONS = {
    "one": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", [stack(lib)]),
    "list": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", [[stack(lib)]]),
    "dict": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", [{"CorrectedImageStack": stack(lib)}]),
    "two, by name": lambda lib: collected(
        lib, "MotionCorrection", "corrected_image_stack", [(stack(lib, "a"), stack(lib, "b"))], get="b"
    ),
    "two, without a name": lambda lib: collected(
        lib, "MotionCorrection", "corrected_image_stack", [stack(lib, "a"), stack(lib, "b")]
    ),
    "none, without a name": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", []),
    "absent": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", [stack(lib)], get="absent"),
    "twice the same name": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", [stack(lib), stack(lib)]),
    "something else": lambda lib: collected(lib, "MotionCorrection", "corrected_image_stack", [plane(lib)]),
    "fluorescence": lambda lib: collected(lib, "Fluorescence", "roi_response_series", [signals(lib, (5, 2))]),
    "dF/F": lambda lib: collected(lib, "DfOverF", "roi_response_series", [signals(lib, (5, 2))]),
    "in the constructor": lambda lib: list(lib.ImageSegmentation([table(lib)], name="s").plane_segmentations),
    "by brackets": lambda lib: lib.ImageSegmentation(table(lib))["cells"],
    "by wrong brackets": lambda lib: lib.ImageSegmentation(table(lib))["others"],
    "what adding gives": lambda lib: lib.ImageSegmentation().add_plane_segmentation(table(lib)),
    "creating": lambda lib: lib.ImageSegmentation().create_plane_segmentation(description="d", imaging_plane=plane(lib)).name,
    "creating stacks": lambda lib: lib.MotionCorrection().create_corrected_image_stack(
        corrected=images(lib), original=images(lib, "raw"),
        xy_translation=lib.TimeSeries(name="xy_translation", data=[1.0], unit="px", rate=1.0),
    ),
    "adding a segmentation": lambda lib: content(lib.ImageSegmentation().add_segmentation(plane(lib, description="d"), "text")),
    "adding a named segmentation": lambda lib: content(lib.ImageSegmentation().add_segmentation(plane(lib), "text", "name")),
}  # fmt: skip

TABLES = {
    "empty": lambda lib: content(table(lib)),
    "name of the plane": lambda lib: table(lib, name=None).name,
    "pixels": lambda lib: content(pixel_table(lib)),
    "pixels as arrays": lambda lib: content(table(lib, [{"pixel_mask": np.array(mask)} for mask in PIXELS])),
    "voxels": lambda lib: content(table(lib, [{"voxel_mask": mask} for mask in VOXELS])),
    "images": lambda lib: content(table(lib, [{"image_mask": mask} for mask in IMAGES])),
    "volumes": lambda lib: content(table(lib, [{"image_mask": IMAGES}, {"image_mask": IMAGES}])),
    "nested lists": lambda lib: content(table(lib, [{"image_mask": mask.tolist()} for mask in IMAGES])),
    "two kinds": lambda lib: content(table(lib, [{"image_mask": IMAGES[0], "pixel_mask": PIXELS[0]}])),
    "identifiers": lambda lib: content(table(lib, [{"pixel_mask": PIXELS[0], "id": 17}])),
    "other columns": lambda lib: content(table(lib, [{"pixel_mask": PIXELS[0], "area": 2}], ["area"])),
    "descriptions": lambda lib: {
        name: column.description
        for kind, mask in (("pixel_mask", PIXELS), ("voxel_mask", VOXELS), ("image_mask", IMAGES))
        for name, column in [(kind, getattr(table(lib, [{kind: mask[0]}]), kind))]
    },
    "no mask": lambda lib: table(lib, [{}]),
    "rows without masks": lambda lib: table(lib, id=[1, 2]),
    "columns without masks": lambda lib: lib.PlaneSegmentation(
        description="d", imaging_plane=plane(lib), columns=[lib.VectorData(name="a", description="d", data=[1.0])]
    ),
    "unknown column": lambda lib: table(lib, [{"pixel_mask": PIXELS[0], "area": 2}]),
    "missing column": lambda lib: table(lib, [{"pixel_mask": PIXELS[0]}], ["area"]),
    "other kind": lambda lib: table(lib, [{"pixel_mask": PIXELS[0]}, {"voxel_mask": VOXELS[0]}]),
    "pixels of four numbers": lambda lib: table(lib, [{"pixel_mask": VOXELS[0]}]),
    "image of one axis": lambda lib: table(lib, [{"image_mask": np.zeros(3)}]),
    "reference": lambda lib: table(lib, reference_images=images(lib)).reference_images,
    "references": lambda lib: table(lib, reference_images=[images(lib), images(lib, "b")]).reference_images,
    "no reference": lambda lib: table(lib).reference_images,
    "wrong reference": lambda lib: table(lib, reference_images=plane(lib)),
    "no plane": lambda lib: table(lib, imaging_plane=None),
}

REGIONS = {
    "all": lambda lib: region(lib, slice(None)),
    "slice": lambda lib: region(lib, slice(1, 3)),
    "list": lambda lib: region(lib, [3, 0]),
    "tuple": lambda lib: region(lib, (1,)),
    "beyond": lambda lib: region(lib, [4]),
    "below": lambda lib: region(lib, [-1]),
    "slice beyond": lambda lib: region(lib, slice(0, 5)),
}

SIGNALS = {
    "as many": lambda lib: state(signals(lib, (5, 2)), ("data", "rois", "unit", "rate")),
    "one": lambda lib: state(signals(lib, (5,), 1), ("data", "rois")),
    "transposed": lambda lib: signals(lib, (2, 5)),
    "other number": lambda lib: signals(lib, (5, 3)),
    "three axes": lambda lib: signals(lib, (5, 2, 1)),
    "no rois": lambda lib: signals(lib, (5, 2), rois=None),
    "rois are numbers": lambda lib: signals(lib, (5, 2), rois=[0, 1]),
}

CASES = {
    f"{group}: {name}": call
    for group, cases in {
        "plane": PLANES,
        "movie": MOVIES,
        "motion": MOTION,
        "collection": COLLECTIONS,
        "table": TABLES,
        "region": REGIONS,
        "signals": SIGNALS,
    }.items()
    for name, call in cases.items()
}


@pytest.mark.parametrize("call", CASES.values(), ids=CASES)
def test_same_behaviour(call):
    assert outcome(call, "photonwb") == outcome(call, "pynwb")


def test_conversions_of_masks_that_pynwb_tests():
    pixels = [[0, 0, 1.0], [1, 0, 2.0], [2, 0, 2.0]]
    with pytest.warns(UserWarning, match="without image_shape"):
        ours = PlaneSegmentation.pixel_to_image(pixels)
    assert np.array_equal(ours, library("pynwb").PlaneSegmentation.pixel_to_image(pixels))
    image = np.eye(3)
    assert np.array_equal(PlaneSegmentation.image_to_pixel(image), library("pynwb").PlaneSegmentation.image_to_pixel(image))


def test_the_pixels_of_an_image_are_those_of_pynwb():
    image = np.random.default_rng(0).random((7, 5)) * (np.arange(35).reshape(7, 5) % 3 > 0)
    assert np.array_equal(PlaneSegmentation.image_to_pixel(image), library("pynwb").PlaneSegmentation.image_to_pixel(image))


def test_what_pynwb_refuses_and_we_take():
    lib = library("photonwb")
    assert lib.OpticalChannel(name="c", description="d", emission_lambda=520).emission_lambda == 520
    with pytest.warns(DeprecationWarning, match="manifold"):
        plane(lib, manifold=np.zeros((2, 2, 3)))


def test_what_pynwb_takes_and_we_refuse():
    wrong = [{"pixel_mask": [[-1, 0, 1.0]]}, {"pixel_mask": [[0, 0, np.nan]]}, {"pixel_mask": [[90, 0, 1.0]]}]
    for row in wrong:
        table(library("pynwb"), [row], reference_images=images(library("pynwb")))
        with pytest.raises(ValueError, match=r"expected|outside"):
            table(library("photonwb"), [row], reference_images=images(library("photonwb")))
