from __future__ import annotations

import pickle

import numpy as np
import pytest

from photonwb.errors import DamagedFileError, MissingFileError
from photonwb.movies import open_movie, video, write_video

pytest.importorskip("av", reason="no codec for videos is installed")
pytest.importorskip("imageio", reason="no codec for videos is installed")


def moving_spot(frames=12) -> np.ndarray:
    """A bright spot that goes to the right, in the lower part of frames that are not square, as (time, x, y)."""
    movie = np.full((frames, 48, 32), 100, np.uint16)
    for number in range(frames):
        movie[number, 3 * number : 3 * number + 4, 25:29] = 3000
    return movie


def test_what_goes_to_the_right_in_a_video_does_so_when_read(tmp_path):
    write_video(tmp_path / "movie.mp4", moving_spot(), 20)
    movie = open_movie(tmp_path / "movie.mp4")
    assert (movie.shape, movie.dtype) == ((12, 48, 32), np.uint8)
    for number in (0, 11, 5):
        frame = movie[number]
        assert frame[3 * number + 1, 27] > 200
        assert frame[40 if number < 6 else 2, 5] < 60


def test_several_lossless_files_are_one_movie(tmp_path):
    levels = np.clip((moving_spot() - 100) * (255 / 2900), 0, 255).astype(np.uint8)
    for name in ("0.avi", "1.avi"):
        write_video(tmp_path / name, moving_spot(), 20, codec="ffv1")
    movie = pickle.loads(pickle.dumps(open_movie([tmp_path / "0.avi", tmp_path / "1.avi"])))
    assert movie.shape == (24, 48, 32)
    assert movie.source.pages.counts == (12, 12)
    assert np.abs(movie[...].astype(int) - np.concatenate([levels, levels])).max() <= 2
    assert np.array_equal(movie[13:16, 5:20, 26], movie[...][13:16, 5:20, 26])


def test_odd_numbers_of_rows_and_columns(tmp_path):
    write_video(tmp_path / "movie.mp4", moving_spot()[:, :47, :31], 20)
    assert open_movie(tmp_path / "movie.mp4").shape == (12, 48, 32)


def test_the_grey_levels_are_told_or_chosen(tmp_path):
    movie = moving_spot()
    movie[3] = 60000  # a flash
    done: list[tuple[int, int]] = []
    told = write_video(tmp_path / "movie.mp4", movie, 20, progress=lambda *numbers: done.append(numbers))
    assert told == (100, 60000)
    assert done == [(number, 12) for number in range(1, 13)]
    chosen = write_video(tmp_path / "movie.mp4", movie, 20, contrast=(100, 3000), overwrite=True)
    assert chosen == (100, 3000)
    frame = open_movie(tmp_path / "movie.mp4")[0]
    assert frame[2, 27] > 240
    assert frame[40, 5] < 15


def test_a_movie_with_gaps_in_its_values(tmp_path):
    movie = moving_spot().astype(float)
    movie[:, :20] = np.nan
    low, high = write_video(tmp_path / "movie.mp4", movie, 20)
    assert (low, high) == (100, 3000)
    assert open_movie(tmp_path / "movie.mp4")[0, 5, 5] < 15


def test_what_is_no_video(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.avi: no such file"):
        open_movie(tmp_path / "none.avi")
    (tmp_path / "bad.avi").write_bytes(b"RIFF1234AVI LIST")
    with pytest.raises(DamagedFileError, match=r"bad\.avi"):
        open_movie(tmp_path / "bad.avi")


def test_without_a_codec_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "find_spec", lambda name: None)
    assert not video.has_codec()
    with pytest.raises(ImportError, match=r"pip install 'photonwb\[video\]'"):
        open_movie(tmp_path / "movie.avi")
    with pytest.raises(ImportError, match=r"photonwb\[video\]"):
        write_video(tmp_path / "movie.mp4", moving_spot(), 20)
    assert list(tmp_path.iterdir()) == []
