"""Movies that are plain arrays."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import zarr

from photonwb.errors import InvalidValueError, StorageError
from photonwb.importers.arrays import can_open, read

MOVIE = np.arange(2 * 3 * 4 * 5 * 6, dtype="u2").reshape(2, 3, 4, 5, 6)


@pytest.fixture(params=["npy", "h5", "zarr"])
def path(request, tmp_path):
    path = tmp_path / f"movie.{request.param}"
    if request.param == "npy":
        np.save(path, MOVIE)
    elif request.param == "h5":
        with h5py.File(path, "w") as file:
            file["a/movie"] = MOVIE
            file["times"] = np.arange(3)
    else:
        zarr.save_array(path, MOVIE)
    return path


def test_every_channel_has_its_movie(path):
    assert can_open(path)
    fragment = read(path, axes="ctzyx")
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeriesChannel0", "TwoPhotonSeriesChannel1"]
    for channel, movie in enumerate(fragment.movies):
        assert movie.data.shape == (3, 6, 5, 4)
        assert (movie.data[:] == MOVIE[channel].transpose(0, 3, 2, 1)).all()
        assert (movie.data[1:3, ..., 2] == MOVIE[channel].transpose(0, 3, 2, 1)[1:3, ..., 2]).all()
        assert (movie.data[-1, 2] == MOVIE[channel].transpose(0, 3, 2, 1)[-1, 2]).all()
    assert [channel.name for channel in fragment.planes[0].channels] == ["Channel0", "Channel1"]


def test_axes_are_never_guessed(path):
    with pytest.raises(InvalidValueError, match="give axes, for example 'tyx'"):
        read(path)
    for axes in ("tyx", "ttzyx", "tzyxq", "zcabx"):
        with pytest.raises(InvalidValueError, match="a letter for each axis"):
            read(path, axes=axes)


def test_one_photon_and_unit(tmp_path):
    np.save(tmp_path / "m.npy", MOVIE[0, :, 0])
    (movie,) = read(tmp_path / "m.npy", axes="TXY", one_photon=True, unit="photons").movies
    assert (movie.kind, movie.name, movie.unit) == ("OnePhotonSeries", "OnePhotonSeries", "photons")
    assert (movie.data[:] == MOVIE[0, :, 0]).all()


@pytest.mark.parametrize("kind", ["h5", "zarr"])
def test_one_of_several(tmp_path, kind):
    path = tmp_path / f"several.{kind}"
    if kind == "h5":
        with h5py.File(path, "w") as file:
            file["a/raw"], file["b"] = MOVIE[0, 0], MOVIE[0, :, 0] + 1
    else:
        group = zarr.open_group(path, mode="w")
        group.create_group("a").create_array("raw", data=MOVIE[0, 0])
        group.create_array("b", data=MOVIE[0, :, 0] + 1)
    assert not can_open(path)
    with pytest.raises(StorageError, match=r"a/raw.*dataset="):
        read(path, axes="tyx")
    (movie,) = read(path, axes="tyx", dataset="/a/raw").movies
    assert (movie.data[:] == MOVIE[0, 0].swapaxes(1, 2)).all()
    with pytest.raises(StorageError, match="a/raw"):
        read(path, axes="tyx", dataset="c")


def test_files_of_nwb_are_no_source(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.8.0"
        file["acquisition/movie/data"] = MOVIE[0]
    assert not can_open(tmp_path / "a.nwb")


@pytest.mark.parametrize("values", [np.zeros((3, 4)), np.zeros((3, 4, 5), bool), np.array({"a": 1}, object), np.zeros((0, 4, 5))])
def test_what_is_no_movie(tmp_path, values):
    np.save(tmp_path / "a.npy", values)
    assert not can_open(tmp_path / "a.npy")
    with pytest.raises(StorageError, match="none"):
        read(tmp_path / "a.npy", axes="tyx")
