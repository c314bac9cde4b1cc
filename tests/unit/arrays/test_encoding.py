"""When chunks leave, in which order, and how much waits for them. What is in them is tested in tests/properties."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from photonwb.arrays import encoding
from photonwb.arrays.encoding import ChunkTarget, can_encode, encode_blocks
from photonwb.errors import InvalidValueError

MOVIE = np.random.default_rng(0).integers(0, 300, (64, 4, 4), dtype="u2")
TARGET = ChunkTarget(MOVIE.shape, MOVIE.dtype, (2, 4, 4), (("shuffle", {}), ("gzip", {"level": 1})))


@pytest.fixture(autouse=True)
def are_handed_over(monkeypatch):
    """Chunks as small as these would stay where they are."""
    monkeypatch.setattr(encoding, "TINY", 0)


def frames(start, stop):
    return (slice(start, stop), slice(0, 4), slice(0, 4)), MOVIE[start:stop]


@pytest.mark.parametrize("count", ["1", "3"])
def test_chunks_leave_in_the_order_in_which_they_came(monkeypatch, count):
    monkeypatch.setenv("PHOTONWB_THREADS", count)
    monkeypatch.setattr(encoding, "GROUP", 1)
    found = [chunk.chunk[0] for chunk in encode_blocks(TARGET, [frames(40, 64), frames(0, 40)])]
    assert found == [*range(20, 32), *range(20)]


@pytest.mark.parametrize(("tiny", "count"), [(64, 32), (65, 0)])
def test_tiny_chunks_are_encoded_where_they_are(monkeypatch, tiny, count):
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    monkeypatch.setattr(encoding, "GROUP", 1)
    monkeypatch.setattr(encoding, "TINY", tiny)  # a chunk has 64 bytes
    handed_over = []
    submit = encoding.submit
    monkeypatch.setattr(encoding, "submit", lambda *arguments, **named: handed_over.append(1) or submit(*arguments, **named))
    assert len(list(encode_blocks(TARGET, [frames(0, 64)]))) == 32
    assert len(handed_over) == count


def test_no_more_is_taken_than_is_under_way(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    monkeypatch.setattr(encoding, "GROUP", 1)
    monkeypatch.setattr(encoding, "AHEAD", 1)
    taken: list[int] = []

    def blocks():
        for start in range(0, 64, 2):
            taken.append(start)
            yield frames(start, start + 2)

    for number, _ in enumerate(encode_blocks(TARGET, blocks())):
        assert len(taken) <= number + 6  # two for each thread, the one that waits, the one that leaves


def test_a_chunk_leaves_as_soon_as_it_is_complete(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "1")
    monkeypatch.setattr(encoding, "GROUP", 1)
    taken: list[int] = []

    def blocks():
        for start in range(5):
            taken.append(start)
            yield frames(start, start + 1)

    sizes = [(chunk.chunk[0], len(taken)) for chunk in encode_blocks(TARGET._replace(shape=(5, 4, 4)), blocks())]
    assert sizes == [(0, 2), (1, 4), (2, 5)]  # the last chunk is cut by the end of the array


def test_of_an_array_that_grows_the_last_chunk_waits_for_the_end(monkeypatch):
    chunks = list(encode_blocks(TARGET._replace(shape=(None, 4, 4), fill=9, filters=()), [frames(0, 3)]))
    assert [chunk.chunk[0] for chunk in chunks] == [0, 1]
    assert np.frombuffer(chunks[1].data, "u2")[16:].tolist() == [9] * 16


def test_chunks_that_come_from_all_sides_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(encoding, "WAITING", 4 * 64)
    stored: dict[tuple[int, ...], np.ndarray] = {}
    columns = [((slice(0, 64), slice(x, x + 1), slice(0, 4)), MOVIE[:, x : x + 1]) for x in range(4)]
    most = 0
    partial_add = encoding._PartialChunks.add

    def watching(self, *arguments):
        nonlocal most
        ready = partial_add(self, *arguments)
        most = max(most, len(self._waiting))
        return ready

    monkeypatch.setattr(encoding._PartialChunks, "add", watching)
    for chunk in encode_blocks(TARGET._replace(filters=()), columns, stored.get):
        stored[chunk.chunk] = np.frombuffer(chunk.data, "u2").reshape(2, 4, 4)
    assert most == 4
    assert np.array_equal(np.concatenate([stored[number, 0, 0] for number in range(32)]), MOVIE)


def test_a_chunk_that_left_cannot_be_added_to_blindly():
    with pytest.raises(InvalidValueError, match=r"chunk \(0, 0, 0\) after it was written"):
        list(encode_blocks(TARGET, [frames(0, 2), frames(1, 2)]))


def test_values_take_the_type_of_the_target():
    target = ChunkTarget((4,), np.dtype(">i4"), (4,))
    (chunk,) = encode_blocks(target, [((slice(0, 4),), np.arange(4, dtype="u1"))])
    assert bytes(chunk.data) == np.arange(4, dtype=">i4").tobytes()


@pytest.mark.parametrize(
    "block",
    [
        ((slice(0, 2), slice(0, 4), slice(0, 4)), MOVIE[:3]),
        ((slice(0, 2), slice(0, 4)), MOVIE[:2]),
        ((slice(63, 65), slice(0, 4), slice(0, 4)), MOVIE[:2]),
    ],
)
def test_blocks_that_do_not_fit(block):
    with pytest.raises(InvalidValueError, match="do not fit"):
        list(encode_blocks(TARGET, [block]))


def test_an_error_of_the_blocks_comes_out():
    def blocks():
        yield frames(0, 2)
        raise RuntimeError("no more frames")

    with pytest.raises(RuntimeError, match="no more frames"):
        list(encode_blocks(TARGET, blocks()))


def test_what_can_be_encoded():
    assert can_encode(MOVIE.dtype, TARGET.filters)
    assert not can_encode(np.dtype(object), TARGET.filters)
    assert not can_encode(MOVIE.dtype, (("lzf", {}),))


def test_any_reader_of_zlib_reads_it():
    target = ChunkTarget((1000,), np.dtype("i4"), (1000,), (("gzip", {"level": 1}),))
    (chunk,) = encode_blocks(target, [((slice(0, 1000),), np.arange(1000, dtype="i4"))])
    assert chunk.skipped_filters == 0
    assert zlib.decompress(chunk.data) == np.arange(1000, dtype="i4").tobytes()
