"""Columns of masks that are none: an error says where and what was expected, and nothing is taken for an empty table."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.errors import InvalidValueError, OutOfRangeError
from photonwb.simulation import as_nwbfile, simulate

TABLE = "/processing/ophys/ImageSegmentation/PlaneSegmentation"


@pytest.fixture
def path(tmp_path):
    photonwb.write(as_nwbfile(simulate(frames=3, width=48, height=40, cells=2)), tmp_path / "session.nwb")
    return tmp_path / "session.nwb"


def table_of(nwbfile):
    return nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]


def as_images(file):
    """Let the masks be images instead."""
    table = file[TABLE]
    attributes = dict(table["pixel_mask"].attrs)
    del table["pixel_mask"], table["pixel_mask_index"]
    table["image_mask"] = np.ones((2, 48, 40))
    table["image_mask"].attrs.update(attributes)
    table.attrs["colnames"] = ["image_mask" if name == "pixel_mask" else name for name in table.attrs["colnames"]]


def replaced(file, name, values):
    attributes = dict(file[TABLE][name].attrs)
    del file[TABLE][name]
    file[TABLE][name] = values
    file[TABLE][name].attrs.update(attributes)


@pytest.mark.parametrize("name", ["pixel_mask", "pixel_mask_index", "image_mask"])
@pytest.mark.parametrize("neurodata_type", ["TimeSeries", "Device", "ElementIdentifiers", "Nonsense"])
def test_another_object_under_the_name_of_a_column(path, name, neurodata_type):
    with h5py.File(path, "r+") as file:
        if name == "image_mask":
            as_images(file)
        file[TABLE][name].attrs["neurodata_type"] = neurodata_type
    with photonwb.open(path) as nwbfile:
        table = table_of(nwbfile)
        for get in (lambda: table.rois, lambda: table.masks):
            with pytest.raises(InvalidValueError, match=rf"{path.name}: {TABLE}/{name}: expected Vector.*, got none"):
                get()
        assert table.axis_order.how == "standard"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("pixel_mask", np.zeros(5)),
        ("pixel_mask", np.zeros((5, 2))),
        ("pixel_mask", 3.0),
        ("pixel_mask_index", np.array([1.5, 2.0])),
        ("pixel_mask_index", np.array([b"a", b"b"])),
        ("pixel_mask_index", np.zeros((2, 2), "u1")),
        ("pixel_mask_index", 3),
        ("image_mask", np.zeros((2, 4))),
        ("image_mask", np.zeros((2, 2, 2, 2, 2))),
    ],
)
def test_a_column_of_another_form(path, name, values):
    with h5py.File(path, "r+") as file:
        if name == "image_mask":
            as_images(file)
        replaced(file, name, values)
    with photonwb.open(path) as nwbfile:
        with pytest.raises(InvalidValueError, match=rf"{TABLE}/{name}: expected Vector.*, got shape \("):
            table_of(nwbfile).rois  # noqa: B018 - reading it is what fails
        assert table_of(nwbfile).axis_order.how == "standard"


def test_masks_of_a_kind_that_is_well_stand_for_those_that_are_not(path):
    with h5py.File(path, "r+") as file:
        table = file[TABLE]
        table["image_mask"] = np.ones((2, 48, 40))
        table["image_mask"].attrs.update(dict(table["pixel_mask"].attrs))
        names: Any = table.attrs["colnames"]
        table.attrs["colnames"] = [*names, "image_mask"]
        replaced(file, "pixel_mask", np.zeros(5))
    with photonwb.open(path) as nwbfile:
        assert table_of(nwbfile).rois.areas().tolist() == [1920, 1920]


def test_a_region_that_does_not_exist(path):
    with photonwb.open(path) as nwbfile, pytest.raises(OutOfRangeError, match="there is no region 2, of 2"):
        table_of(nwbfile).rois[2]
