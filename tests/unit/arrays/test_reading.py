"""How much is read and decoded for a request, and what becomes of files that are not as they should be."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from h5py_source import H5pySource, let_settle
from photonwb.arrays import LazyArray, cache, lazy, plain, pool, reading
from photonwb.arrays.codecs import Pipeline
from photonwb.arrays.local import LocalFile
from photonwb.errors import DamagedFileError, StorageError

MOVIE = np.random.default_rng(0).integers(0, 300, (24, 16, 16), dtype="u2")


class Counts:
    """Chunks that were decoded, and bytes that were read."""

    def __init__(self, monkeypatch):
        self.decoded = self.nbytes = 0
        decode, read_into = Pipeline.decode, LocalFile.read_into

        def counting_decode(pipeline, *arguments):
            self.decoded += 1
            decode(pipeline, *arguments)

        def counting_read(file, offset, target):
            self.nbytes += target.nbytes
            read_into(file, offset, target)

        monkeypatch.setattr(Pipeline, "decode", counting_decode)
        monkeypatch.setattr(LocalFile, "read_into", counting_read)


@pytest.fixture
def counts(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "1")
    monkeypatch.setattr(reading, "chunk_cache", cache.ChunkCache())
    return Counts(monkeypatch)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["contiguous"] = MOVIE
        file.create_dataset("plain", data=MOVIE, chunks=(4, 16, 16))
        file.create_dataset("packed", data=MOVIE, chunks=(4, 16, 16), compression="gzip", shuffle=True)
    let_settle(path)
    return path


def test_one_frame_decodes_one_chunk(path, counts):
    movie = LazyArray(H5pySource(path, "packed"))
    assert np.array_equal(movie[5], MOVIE[5])
    assert counts.decoded == 1


def test_frames_of_the_same_chunk_decode_it_once(path, counts):
    movie = LazyArray(H5pySource(path, "packed"))
    for frame in (5, 4, 7, 6, 5):
        assert np.array_equal(movie[frame], MOVIE[frame])
    assert counts.decoded == 1


def test_a_file_that_may_still_change_keeps_nothing(tmp_path, counts):
    path = tmp_path / "fresh.h5"
    for factor in (1, 2):
        with h5py.File(path, "w") as file:
            file.create_dataset("data", data=MOVIE * factor, chunks=(4, 16, 16), shuffle=True)
        assert np.array_equal(LazyArray(H5pySource(path))[0], MOVIE[0] * factor)


def test_a_changed_file_is_read_again(path, counts):
    movie = LazyArray(H5pySource(path, "packed"))
    assert movie[0, 0, 0] == MOVIE[0, 0, 0]
    path.touch()
    assert movie[0, 0, 0] == MOVIE[0, 0, 0]
    assert counts.decoded == 2


def test_only_the_chunks_of_a_selection_are_decoded(path, counts):
    movie = LazyArray(H5pySource(path, "packed"))
    assert np.array_equal(movie[[0, 23, 1], 3], MOVIE[[0, 23, 1], 3])
    assert counts.decoded == 2
    assert movie[::12].shape == (2, 16, 16)
    assert counts.decoded == 3


def test_whole_chunks_are_not_kept(path, counts):
    movie = LazyArray(H5pySource(path, "packed"))
    assert np.array_equal(movie[:], MOVIE)
    assert reading.chunk_cache.nbytes == 0
    assert counts.decoded == 6


@pytest.mark.parametrize("name", ["contiguous", "plain"])
def test_of_plain_bytes_only_the_wanted_ones_are_read(path, counts, name):
    movie = LazyArray(H5pySource(path, name))
    assert np.array_equal(movie[5], MOVIE[5])
    assert counts.nbytes == MOVIE[5].nbytes
    assert np.array_equal(movie[5:7], MOVIE[5:7])
    assert counts.nbytes == 3 * MOVIE[5].nbytes
    assert counts.decoded == 0


def test_reading_on_decodes_ahead(path, monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    monkeypatch.setattr(reading, "chunk_cache", cache.ChunkCache())
    expected: list[tuple[int, ...]] = []
    expect = cache.ChunkCache.expect

    def noting(self, key, start):
        expected.append(key)
        expect(self, key, start)

    monkeypatch.setattr(cache.ChunkCache, "expect", noting)
    movie = LazyArray(H5pySource(path, "packed"))
    movie[0:4]
    assert not expected  # nothing says yet that it goes on
    for start in range(4, 24, 4):
        assert np.array_equal(movie[start : start + 4], MOVIE[start : start + 4])
    assert len(set(expected)) == 4  # chunks 2 to 5


def test_many_threads_read_the_same(path, monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "4")
    monkeypatch.setattr(reading, "GROUP", 1)
    monkeypatch.setattr(lazy, "BLOCK", 1)
    movie = LazyArray(H5pySource(path, "packed"))
    assert np.array_equal(movie[:], MOVIE)
    assert np.array_equal(np.stack(list(movie)), MOVIE)


@pytest.mark.parametrize(("key", "helpers"), [(slice(2, 10), 0), (..., 1)])
def test_only_much_of_plain_bytes_is_read_by_several_threads(path, monkeypatch, key, helpers):
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    for module in (reading, plain):
        monkeypatch.setattr(module, "PIECE", MOVIE[2:10].nbytes)
    asked = []
    submit = pool.submit
    monkeypatch.setattr(pool, "submit", lambda *arguments, **named: asked.append(arguments) or submit(*arguments, **named))
    assert np.array_equal(LazyArray(H5pySource(path, "plain"))[key], MOVIE[key])
    assert len(asked) == helpers


@pytest.mark.parametrize("name", ["contiguous", "plain", "packed"])
@pytest.mark.parametrize("key", [..., 23, (slice(None), 3, 3)])
def test_a_file_that_is_cut_short(path, name, key):
    source = H5pySource(path, name)
    place = max(source.byte_layout().places.values())
    with path.open("r+b") as file:
        file.truncate(place.offset + place.size // 2)
    with pytest.raises(DamagedFileError, match="cut short"):
        LazyArray(source)[key]


@pytest.mark.parametrize("replacement", [b"\0" * 40, b"\xff" * 40])
def test_bytes_that_are_no_deflate_stream(path, replacement):
    source = H5pySource(path, "packed")
    with path.open("r+b") as file:
        file.seek(source.byte_layout().places[1, 0, 0].offset)
        file.write(replacement)
    movie = LazyArray(source)
    assert np.array_equal(movie[:4], MOVIE[:4])
    with pytest.raises(DamagedFileError, match="inflate") as caught:
        movie[:]
    assert "chunk (1, 0, 0)" in caught.value.__notes__[0]


def test_a_place_of_another_size_than_the_chunk(path):
    source = H5pySource(path, "plain")
    layout = source.byte_layout()
    layout.places[0, 0, 0] = layout.places[0, 0, 0]._replace(size=10)
    with pytest.raises(DamagedFileError, match="2048 bytes"):
        LazyArray(source)[0]


def test_a_file_that_is_gone(path):
    source = H5pySource(path, "packed")
    path.unlink()
    with pytest.raises(StorageError, match="cannot be opened"):
        LazyArray(source)[0]


def test_chunks_that_skipped_their_filters(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("data", (8, 16, 16), "u2", chunks=(4, 16, 16), compression="gzip", shuffle=True)
        dataset.id.write_direct_chunk((0, 0, 0), MOVIE[:4].tobytes(), filter_mask=0b11)
        dataset[4:] = MOVIE[4:8]
    movie = LazyArray(H5pySource(path))
    assert np.array_equal(movie[:], MOVIE[:8])
    assert np.array_equal(movie[2:6, 3], MOVIE[2:6, 3])


@pytest.mark.parametrize(
    "key", [(slice(None), 3, 3), (slice(5, 21, 3), 3), (slice(None), [9, 2], slice(4, 9)), ([20, 1], 3, 3)], ids=str
)
def test_little_of_the_file_is_mapped_at_a_time(path, monkeypatch, key):
    mapped = []
    monkeypatch.setattr(plain, "NEAR", 0)
    monkeypatch.setattr(plain, "MAPPED", 4 * MOVIE[0].nbytes)
    monkeypatch.setattr(plain, "_mapped", lambda *place, real=plain._mapped: mapped.append(place[2][0]) or real(*place))
    assert np.array_equal(LazyArray(H5pySource(path, "contiguous"))[key], MOVIE[key])
    assert max(mapped) <= (4 if isinstance(key[0], slice) else 24)


@pytest.mark.parametrize(
    ("key", "nbytes"),
    [
        (5, 512),
        ((5, slice(3, 9)), 6 * 32),
        ((5, slice(3, 9), slice(2, 5)), 6 * 32),  # with what is between, of the rows that are wanted only
        ((slice(4, 12), 3, 3), 0),  # far apart: from a memory map
    ],
)
@pytest.mark.parametrize("name", ["contiguous", "plain"])
def test_what_lies_between_is_read_where_that_is_little(path, counts, monkeypatch, name, key, nbytes):
    monkeypatch.setattr(plain, "NEAR", 100)
    assert np.array_equal(LazyArray(H5pySource(path, name))[key], MOVIE[key])
    assert counts.nbytes == nbytes


def test_memory_for_what_is_between_is_bounded(path, counts, monkeypatch):
    monkeypatch.setattr(plain, "BAND", 1024)
    made: list[tuple[int, ...]] = []
    monkeypatch.setattr(plain.Room, "array", lambda *asked, real=plain.Room.array: made.append(asked[1]) or real(*asked))
    movie = LazyArray(H5pySource(path, "plain"))
    assert np.array_equal(movie[:, :, 3], MOVIE[:, :, 3])
    assert set(made) == {(2, 16, 16)}


def test_traces_are_read_in_one_piece_from_each_chunk(tmp_path, counts):
    traces = np.random.default_rng(0).standard_normal((90, 70), np.float32)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=traces, chunks=(40, 16))
    lazy_traces = LazyArray(H5pySource(tmp_path / "a.h5"))
    assert np.array_equal(lazy_traces[35:55], traces[35:55])
    assert counts.nbytes == 20 * 80 * 4  # the last chunk of each row reaches beyond the array
    counts.nbytes = 0
    assert np.array_equal(lazy_traces[:, 21], traces[:, 21])
    assert counts.nbytes == 90 * 16 * 4
