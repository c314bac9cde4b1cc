"""Movies in TIFF files: lazily, whatever their layout, and never more than what was asked for."""

from __future__ import annotations

import pickle
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError
from photonwb.movies import TiffPages, in_natural_order, movie_of, open_movie, tiff_files

FRAMES = np.random.default_rng(0).integers(0, 4000, (11, 40, 64)).astype(np.uint16)
STORED = FRAMES.transpose(0, 2, 1)

LAYOUTS = {
    "plain": ({}, {}),
    "one directory for all pages": ({"imagej": True}, {}),
    "bigtiff with directories between pages": ({"bigtiff": True}, {"contiguous": False}),
    "other byte order": ({"byteorder": ">"}, {}),
    "several strips": ({}, {"rowsperstrip": 7}),
    "compressed": ({}, {"compression": "zlib"}),
    "compressed strips with predictor": ({}, {"compression": "zlib", "predictor": True, "rowsperstrip": 7}),
    "compressed tiles across the edge": ({}, {"compression": "zlib", "tile": (16, 48)}),
    "compressed in other byte order": ({"byteorder": ">"}, {"compression": "lzma"}),
}


def write(path: Path, frames=FRAMES, file=None, pages=None) -> Path:
    with tifffile.TiffWriter(path, **(file or {})) as tiff:
        tiff.write(frames, photometric="minisblack", **(pages or {}))
    return path


@pytest.fixture(params=LAYOUTS)
def stack(request, tmp_path):
    file, pages = LAYOUTS[request.param]
    return write(tmp_path / "movie.tif", FRAMES, file, pages)


def test_every_layout_is_read(stack):
    movie = open_movie(stack)
    assert (movie.shape, movie.dtype, len(movie)) == ((11, 64, 40), np.uint16, 11)
    assert np.array_equal(movie[...], STORED)
    assert np.array_equal(np.stack(list(movie)), STORED)


@pytest.mark.parametrize(
    "key",
    [
        3,
        -1,
        np.s_[2:9:3],
        np.s_[::-2],
        np.s_[:, 5],
        np.s_[4, 60:, :3],
        np.s_[:, [1, 7, 3], 2:5],
        np.s_[[9, 0, 9]],
        np.s_[:, [3, 4], [10, 11]],
        np.s_[..., ::-1],
        np.s_[5:5],
    ],
)
@pytest.mark.parametrize("layout", ["plain", "compressed strips with predictor"])
def test_an_index_gives_what_numpy_gives(layout, key, tmp_path):
    file, pages = LAYOUTS[layout]
    movie = open_movie(write(tmp_path / "movie.tif", FRAMES, file, pages))
    assert np.array_equal(movie[key], STORED[key])


def test_planes_of_volumes_and_skipped_pages(tmp_path):
    pages = TiffPages([write(tmp_path / "movie.tif")])
    places = np.arange(10).reshape(2, 5)[:, :4]  # every fifth page shows nothing of use
    volumes = movie_of(pages, places)
    expected = FRAMES[places].transpose(0, 3, 2, 1)
    assert volumes.shape == (2, 64, 40, 4)
    for key in (np.s_[...], np.s_[1], np.s_[:, 3:5, 7, ::2], np.s_[0, :, :, [0, 3]], np.s_[..., 1]):
        assert np.array_equal(volumes[key], expected[key])


def test_files_continue_each_other(tmp_path):
    paths = [
        write(tmp_path / "a.tif", FRAMES[:4]),
        write(tmp_path / "b.tif", FRAMES[4:5], {"byteorder": ">"}),
        write(tmp_path / "c.tif", FRAMES[5:], None, {"compression": "zlib"}),
    ]
    movie = open_movie(paths)
    assert movie.source.pages.counts == (4, 1, 6)
    assert np.array_equal(movie[...], STORED)
    assert np.array_equal(movie[3:6, 2], STORED[3:6, 2])


def test_a_folder_is_taken_in_the_order_of_its_numbers(tmp_path):
    names = ["m_1.tif", "m_2.tif", "m_10.tif", "m_10_b.TIFF", "n_1.tif"]
    for name in reversed(names):
        write(tmp_path / name, FRAMES[:1])
    (tmp_path / ".m_3.tif").write_bytes(b"what a file manager left behind")
    (tmp_path / "notes.txt").write_text("not a movie")
    assert [path.name for path in tiff_files(tmp_path)] == names
    assert in_natural_order([Path("t9"), Path("t10"), Path("s"), Path("9")]) == [Path("9"), Path("s"), Path("t9"), Path("t10")]


def test_a_movie_goes_to_other_processes(stack):
    movie = pickle.loads(pickle.dumps(open_movie(stack)))
    assert np.array_equal(movie[2:4], STORED[2:4])


def test_threads_share_a_movie(stack):
    movie = open_movie(stack)
    with ThreadPoolExecutor(8) as pool:
        for number, frame in enumerate(pool.map(movie.__getitem__, range(11))):
            assert np.array_equal(frame, STORED[number])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files on this system")
def test_no_file_stays_open(tmp_path):
    for number in range(40):
        write(tmp_path / f"{number}.tif", FRAMES[:1], None, {"compression": "zlib"} if number % 2 else {})
    before = len(list(Path("/proc/self/fd").iterdir()))
    movie = open_movie(tiff_files(tmp_path))
    movie[...]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_only_the_wanted_pages_are_in_memory(tmp_path):
    path = tmp_path / "long.tif"
    page = np.zeros((512, 512), np.uint16)
    with tifffile.TiffWriter(path) as tiff:
        for number in range(80):
            page[3, 200] = number
            tiff.write(page, photometric="minisblack", compression="zlib", contiguous=False)
    movie = open_movie(path)
    movie[0]  # imports are not counted
    tracemalloc.start()
    try:
        assert movie[77, 200, 3] == 77
        assert tracemalloc.get_traced_memory()[1] < 4 * page.nbytes
        tracemalloc.reset_peak()
        assert movie[40:44].shape == (4, 512, 512)
        assert tracemalloc.get_traced_memory()[1] < 8 * page.nbytes
    finally:
        tracemalloc.stop()


def test_compressed_pages_are_decoded_by_several_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    movie = open_movie(write(tmp_path / "movie.tif", np.tile(FRAMES, (6, 1, 1)), None, {"compression": "zlib"}))
    from photonwb.movies import tiff

    both = threading.Barrier(2, timeout=30)
    seen: set[str] = set()
    decode = tiff._decode

    def watched(*arguments):
        if threading.current_thread().name not in seen:
            seen.add(threading.current_thread().name)
            both.wait()  # passes only if a second thread is at work too
        decode(*arguments)

    monkeypatch.setattr(tiff, "_decode", watched)
    assert np.array_equal(movie[...], np.tile(STORED, (6, 1, 1)))
    assert len(seen) == 2


# ---- what cannot be read


def test_no_such_file(tmp_path):
    for path in (tmp_path / "none.tif", tmp_path):
        with pytest.raises(MissingFileError, match=str(path.name)):
            tiff_files(path)
    with pytest.raises(MissingFileError, match=r"none\.tif: no such file"):
        open_movie(tmp_path / "none.tif")
    with pytest.raises(MissingFileError, match="got none"):
        TiffPages([])


def test_a_file_that_went_away(tmp_path):
    path = write(tmp_path / "movie.tif")
    movie = open_movie(path)
    path.unlink()
    with pytest.raises(MissingFileError, match="gone since"):
        movie[0]


@pytest.mark.parametrize("pages", [{}, {"compression": "zlib"}])
def test_a_file_that_was_cut_off(tmp_path, pages):
    path = write(tmp_path / "movie.tif", FRAMES, None, pages)
    movie = open_movie(path)
    path.write_bytes(path.read_bytes()[:9000])
    assert np.array_equal(movie[0], STORED[0])
    with pytest.raises(DamagedFileError, match=r"movie\.tif: page 10 lies beyond the end"):
        movie[10]


@pytest.mark.parametrize("content", [b"", b"II*\0", b"not a TIFF at all", b"II*\0\x08\0\0\0\xff\xff"])
def test_no_tiff(tmp_path, content):
    (tmp_path / "bad.tif").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"bad\.tif"):
        open_movie(tmp_path / "bad.tif")


def test_damaged_compressed_bytes(tmp_path):
    path = write(tmp_path / "movie.tif", FRAMES, None, {"compression": "zlib"})
    movie = open_movie(path)
    file = movie.source.pages._files[0]
    content = bytearray(path.read_bytes())
    start = int(file.offsets[4, 0])
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    assert np.array_equal(movie[3], STORED[3])
    with pytest.raises(DamagedFileError, match="page 4 cannot be decoded"):
        movie[4]


def test_pages_that_are_no_movie(tmp_path):
    colours = tmp_path / "rgb.tif"
    tifffile.imwrite(colours, np.zeros((5, 6, 3), np.uint8), photometric="rgb")
    with pytest.raises(InvalidValueError, match="expected a grey image"):
        open_movie(colours)
    paths = [write(tmp_path / "a.tif"), write(tmp_path / "b.tif", FRAMES[:, :5])]
    with pytest.raises(InvalidValueError, match=r"b\.tif: page 0 is \(5, 64\)"):
        open_movie(paths)
    with pytest.raises(InvalidValueError, match="there are 11 pages, not 12"):
        movie_of(TiffPages(paths[:1]), [0, 11])


def test_a_codec_that_is_not_there(tmp_path, monkeypatch):
    path = write(tmp_path / "movie.tif", FRAMES, None, {"compression": "zlib"})
    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", {1: None})
    with pytest.raises(ImportError, match="pip install imagecodecs"):
        open_movie(path)
