from __future__ import annotations

import numpy as np
import pytest
import tifffile

from photonwb.arrays import LazyArray
from photonwb.errors import ExistingFileError, InvalidValueError
from photonwb.movies import open_movie, write_tiff

MOVIE = np.random.default_rng(1).integers(0, 4000, (7, 12, 9)).astype(np.uint16)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_movie_comes_back_as_it_was(tmp_path, compression):
    path = tmp_path / "movie.tif"
    write_tiff(path, MOVIE, rate=12.5, compression=compression)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        assert tiff.series[0].axes == "TYX"
        assert np.array_equal(tiff.asarray(), MOVIE.transpose(0, 2, 1))
        assert tiff.shaped_metadata[0]["fps"] == 12.5
    assert np.array_equal(open_movie(path)[...], MOVIE)


def test_planes_of_a_volume_follow_each_other(tmp_path):
    volumes = MOVIE[:6].reshape(2, 3, 12, 9).transpose(0, 2, 3, 1)
    write_tiff(tmp_path / "volumes.tif", volumes)
    with tifffile.TiffFile(tmp_path / "volumes.tif") as tiff:
        assert tiff.series[0].axes == "TZYX"
    assert np.array_equal(open_movie(tmp_path / "volumes.tif")[...], MOVIE[:6])


def test_a_long_movie_is_written_in_parts(tmp_path, monkeypatch):
    from photonwb.movies import writing

    monkeypatch.setattr(writing, "BLOCK", 3 * MOVIE[0].nbytes)
    asked: list[slice] = []

    class Watched(LazyArray):
        def __getitem__(self, key):
            asked.append(key)
            return super().__getitem__(key)

    write_tiff(tmp_path / "source.tif", MOVIE)
    write_tiff(tmp_path / "movie.tif", Watched(open_movie(tmp_path / "source.tif").source))
    assert asked == [slice(0, 3), slice(3, 6), slice(6, 9)]
    assert np.array_equal(open_movie(tmp_path / "movie.tif")[...], MOVIE)


def test_what_is_there_is_kept(tmp_path):
    path = tmp_path / "movie.tif"
    path.write_text("precious")
    with pytest.raises(ExistingFileError, match="overwrite=True"):
        write_tiff(path, MOVIE)

    class Broken:
        shape, dtype = MOVIE.shape, MOVIE.dtype

        def __getitem__(self, key):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        write_tiff(path, Broken(), overwrite=True)
    assert path.read_text() == "precious"
    assert [each.name for each in tmp_path.iterdir()] == ["movie.tif"]
    write_tiff(path, MOVIE, overwrite=True)
    assert np.array_equal(open_movie(path)[...], MOVIE)


@pytest.mark.parametrize("movie", [MOVIE[0], [[1, 2], [3, 4]]])
def test_what_is_no_movie_is_refused(tmp_path, movie):
    with pytest.raises(InvalidValueError, match=r"expected an array \(time, x, y\) or \(time, x, y, z\)"):
        write_tiff(tmp_path / "movie.tif", movie)
    assert list(tmp_path.iterdir()) == []
