"""Series as arrays of xarray."""

from __future__ import annotations

import pickle
import sys

import dask.array as da
import numpy as np
import pytest
import tifffile
import xarray as xr

import photonwb
from photonwb.arrays import DataChunkIterator
from photonwb.arrays.indexed import IndexedArray
from photonwb.errors import InvalidTypeError, InvalidValueError, MissingLibraryError
from photonwb.image import ImageSeries, OpticalSeries
from photonwb.simulation import as_nwbfile, simulate
from photonwb.testing.mock.ophys import mock_PlaneSegmentation

FRAMES = np.arange(4 * 3 * 2, dtype="u2").reshape(4, 3, 2)


@pytest.fixture
def path(tmp_path):
    photonwb.write(as_nwbfile(simulate(frames=30, width=48, height=40, cells=3)), tmp_path / "a.nwb")
    return tmp_path / "a.nwb"


@pytest.fixture
def nwbfile(path):
    with photonwb.open(path) as nwbfile:
        yield nwbfile


@pytest.fixture
def without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.array", None)


def test_a_movie(nwbfile):
    series = nwbfile.acquisition["TwoPhotonSeries"]
    array = series.to_xarray()
    assert array.dims == ("time", "x", "y")
    assert array.name == "TwoPhotonSeries"
    assert isinstance(array.data, da.Array)
    assert (array.values == series.data[:]).all()
    assert (array.time.values == np.arange(30) / 15).all()
    assert array.time.attrs == {"unit": "seconds"}
    assert (array.sel(time=0.4).values == series.data[6]).all()
    assert (array.transpose("time", "y", "x")[7].values == series.frames[7]).all()
    expected = {"unit": series.unit, "rate": 15.0, "description": series.description, "neurodata_type": "TwoPhotonSeries"}
    assert {name: array.attrs[name] for name in expected} == expected
    assert "continuity" not in array.attrs
    assert series.to_xarray(chunks=(10, 48, 40)).data.chunksize == (10, 48, 40)


def test_signals_of_regions(nwbfile):
    series = nwbfile.processing["ophys"]["DfOverF"]["DfOverF"]
    array = series.to_xarray()
    assert array.dims == ("time", "roi")
    assert list(array.roi.values) == list(series.rois.table.id[:])
    assert (array.sel(roi=1).values == series.data[:, 1]).all()


def test_the_ids_of_regions_are_those_of_their_rows():
    table = mock_PlaneSegmentation(n_rois=0)
    for number in (30, 10, 20):
        table.add_roi(id=number, pixel_mask=[(number, 1, 1.0)])
    rois = table.create_roi_table_region("two", region=[2, 0])
    both = photonwb.ophys.RoiResponseSeries("both", np.zeros((5, 2)), "V", rois, rate=1.0)
    assert list(both.to_xarray().roi.values) == [20, 30]
    single = photonwb.ophys.RoiResponseSeries("one", np.zeros(5), "V", table.create_roi_table_region("one", region=[1]), rate=1.0)
    array = single.to_xarray()
    assert (array.dims, array.roi.item()) == (("time",), 10)


def test_times_are_the_timestamps_where_there_are_some():
    series = photonwb.TimeSeries("s", np.zeros((3, 2, 2)), "V", timestamps=[0.5, 1.0, 7.0])
    array = series.to_xarray()
    assert array.dims == ("time", "dim_1", "dim_2")
    assert list(array.time.values) == [0.5, 1.0, 7.0]
    assert "rate" not in array.attrs
    later = photonwb.TimeSeries("s", [1, 2, 3], "V", rate=2.0, starting_time=10.0)
    assert list(later.to_xarray().time.values) == [10.0, 10.5, 11.0]
    shared = photonwb.TimeSeries("t", series, "V", timestamps=series)
    assert list(shared.to_xarray().time.values) == [0.5, 1.0, 7.0]
    with pytest.warns(UserWarning, match="rate is 0"):
        still = photonwb.TimeSeries("s", [1, 2, 3], "V", rate=0.0)
    with pytest.raises(InvalidValueError, match="rate above 0"):
        still.to_xarray()


@pytest.mark.parametrize("has_dask", [True, False])
def test_units(tmp_path, has_dask, monkeypatch):
    nwbfile = as_nwbfile(simulate(frames=5, width=48, height=40, cells=3))
    nwbfile.add_acquisition(photonwb.TimeSeries("s", np.arange(6.0).reshape(3, 2), "V", conversion=0.5, offset=1.0, rate=1.0))
    photonwb.write(nwbfile, tmp_path / "units.nwb")
    if not has_dask:
        monkeypatch.setitem(sys.modules, "dask.array", None)
    with photonwb.open(tmp_path / "units.nwb") as read:
        for series in (nwbfile.acquisition["s"], read.acquisition["s"]):
            stored, converted = series.to_xarray(), series.to_xarray(in_units=True)
            assert (stored.values == np.arange(6.0).reshape(3, 2)).all()
            assert (stored.attrs["conversion"], stored.attrs["offset"]) == (0.5, 1.0)
            assert (converted.values == series.get_data_in_units()).all()
            assert converted.attrs["unit"] == "V"
            assert not {"conversion", "offset"} & set(converted.attrs)
        assert isinstance(read.acquisition["s"].to_xarray(in_units=True).data, da.Array) == has_dask


def test_volumes_and_colours():
    volume = ImageSeries("v", np.zeros((2, 3, 4, 5)), "V", rate=1.0)
    assert volume.to_xarray().dims == ("time", "x", "y", "z")
    colours = OpticalSeries("o", 1.0, [1.0, 1.0], "up", np.zeros((2, 4, 5, 3), "u1"), "V", rate=1.0)
    assert colours.to_xarray().dims == ("time", "x", "y", "color")


def test_movies_with_rows_first_come_as_the_standard_says():
    series = ImageSeries("m", FRAMES, "V", rate=1.0)
    series.axis_order = "yx"
    array = series.to_xarray()
    assert array.dims == ("time", "x", "y")
    assert (array.transpose("time", "y", "x").values == FRAMES).all()


def test_external_movies(tmp_path):
    tifffile.imwrite(tmp_path / "movie.tif", FRAMES, photometric="minisblack")
    nwbfile = as_nwbfile(simulate(frames=5, width=48, height=40, cells=3))
    nwbfile.add_acquisition(ImageSeries("m", external_file=["movie.tif"], rate=1.0, num_samples=4))
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as read:
        array = read.acquisition["m"].to_xarray()
        assert isinstance(array.data, da.Array)
        assert (array.transpose("time", "y", "x").values == FRAMES).all()


def test_without_dask_values_are_read_when_they_are_needed(nwbfile, without_dask, monkeypatch):
    series = nwbfile.acquisition["TwoPhotonSeries"]
    expected = series.data[:]
    read = []
    picked = IndexedArray._picked
    monkeypatch.setattr(IndexedArray, "_picked", lambda array, key: read.append(key) or picked(array, key))
    array = series.to_xarray()
    part = array[3:9, 5]
    assert read == []
    assert (part.values == expected[3:9, 5]).all()
    assert [key[:2] for key in read] == [(slice(3, 9, 1), 5)]
    assert (array[-1].values == expected[-1]).all()
    assert (array[2, :, [1, 30]].values == expected[2][:, [1, 30]]).all()
    assert (array.isel(time=[1, 5], y=[2, 3]).values == expected[[1, 5]][:, :, [2, 3]]).all()
    points = {name: xr.DataArray(where, dims="p") for name, where in (("time", [1, 5]), ("x", [2, 3]))}
    assert (array.isel(points).values == expected[[1, 5], [2, 3]]).all()
    assert (pickle.loads(pickle.dumps(array[4])).values == expected[4]).all()
    with pytest.raises(MissingLibraryError, match="dask"):
        series.to_xarray(chunks=(1, 48, 40))


def test_what_to_install(nwbfile, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'photonwb\[lazy\]'"):
        nwbfile.acquisition["TwoPhotonSeries"].to_xarray()


def test_data_that_nobody_knows_yet():
    series = photonwb.TimeSeries("s", DataChunkIterator(iter([[1, 2], [3, 4]])), "V", rate=1.0)
    with pytest.raises(InvalidTypeError, match="before they are written"):
        series.to_xarray()
