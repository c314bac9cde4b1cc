from __future__ import annotations

import math

import numpy as np
import pytest

from photonwb.arrays import DataChunkIterator, H5DataIO, incoming, layout_for
from photonwb.arrays.encoding import WAITING
from photonwb.arrays.incoming import Incoming
from photonwb.arrays.layouts import default_chunks
from photonwb.errors import InvalidValueError

FAST = (("shuffle", {}), ("gzip", {"level": 1}))


def layout(shape, dtype="u2", role="whole", default="fast", **options):
    return layout_for(Incoming(shape, np.dtype(dtype), lambda _: iter(()), options), np.dtype(dtype), role, default)


@pytest.mark.parametrize(
    ("shape", "dtype", "chunks"),
    [
        ((1000, 512, 512), "u2", (2, 512, 512)),
        ((1000, 128, 128), "u2", (32, 128, 128)),
        ((None, 512, 512), "u2", (2, 512, 512)),
        ((10, 128, 128), "u2", (10, 128, 128)),
        ((1000, 1024, 1024), "u2", (1, 1024, 1024)),
        ((1000, 2048, 2048), "u2", (1, 1024, 2048)),
        ((1000, 512, 512, 30), "u2", (1, 136, 512, 30)),
    ],
)
def test_chunks_of_movies_are_whole_frames(shape, dtype, chunks):
    found = layout(shape, dtype, "movie")
    assert (found.chunks, found.filters) == (chunks, FAST)
    assert found.maximum == (None, *shape[1:])
    assert found.shape == tuple(length or 0 for length in shape)


@pytest.mark.parametrize("shape", [(100_000, 500), (1_000_000, 3), (2000, 5000), (None, 200)])
def test_chunks_of_compressed_traces_serve_both_ways(shape):
    chunks = default_chunks(shape, 4, "trace", is_plain=False)
    assert math.prod(chunks) * 4 <= 512 << 10
    samples, rois = shape[0] or 1 << 16, shape[1]
    along = -(-samples // chunks[0]) * math.prod(chunks)  # elements touched by one ROI over all time
    across = -(-rois // chunks[1]) * math.prod(chunks)  # elements touched by all ROIs over a moment
    assert 1 / 4 < (along / samples / rois) / (across / samples / rois) < 4 or 1 in chunks or chunks[1] == rois


@pytest.mark.parametrize(
    ("shape", "dtype", "chunks"),
    [
        ((20_000, 10_000), "f4", (2500, 64)),
        ((20_000, 10_000), "f8", (1250, 32)),
        ((108_000, 300), "f4", (4320, 60)),
        ((5000, 65), "f4", (5000, 33)),
        ((1_000_000, 3), "f4", (83_334, 3)),
        ((100, 10_000), "f4", (100, 625)),
        ((20_000, 1000, 2), "f4", (4000, 32, 2)),
    ],
)
def test_chunks_of_plain_traces_are_long_and_narrow(shape, dtype, chunks):
    found = layout(shape, dtype, "trace")
    assert (found.chunks, found.filters) == (chunks, ())


TRACES = [(20_000, 10_000), (20_001, 10_007), (101, 6000), (1000, 131), (77_777, 65), (5, 100_000), (3, 1_000_000)]


@pytest.mark.parametrize("itemsize", [2, 4, 8])
@pytest.mark.parametrize("shape", TRACES)
def test_chunks_of_plain_traces_hold_little_more_than_the_traces(shape, itemsize):
    chunks = default_chunks(shape, itemsize, "trace", is_plain=True)
    stored = math.prod(-(-length // step) * step for length, step in zip(shape, chunks, strict=True))
    assert stored <= 1.04 * math.prod(shape)
    assert math.prod(chunks) * itemsize <= 1 << 20  # what the cache of any HDF5 library has room for


@pytest.mark.parametrize("rois", [1, 30, 200, 10_000, 100_000])
def test_traces_that_end_soon_leave_little_room_empty(rois):
    samples, width = default_chunks((None, rois), 4, "trace", is_plain=True)
    assert samples * -(-rois // width) * width * 4 <= 50 << 20


@pytest.mark.parametrize("shape", [(20_000, 10_000), (2000, 100_000), (None, 10_000)])
def test_a_row_of_chunks_of_traces_waits_in_memory(shape):
    samples, width = default_chunks(shape, 4, "trace", is_plain=True)
    assert -(-shape[1] // width) <= WAITING // (samples * width * 4)


def test_traces_of_one_axis():
    assert layout((1_000_000,), "f8", "trace").chunks == (65536,)


def test_columns_grow():
    found = layout((3,), "f8", "column")
    assert (found.shape, found.maximum, found.chunks, found.filters) == ((3,), (None,), (64,), ())
    assert layout((100_000,), "f8", "column").chunks == (65536,)
    assert layout_for(incoming(["a", "b"]), "text", "column").filters == ()
    assert layout_for(incoming(["a"] * 90000), "text", "column").filters == ()


def test_only_long_columns_are_compressed():
    assert layout((100_000,), "f8", "column").filters == ()
    assert dict(layout((100_000,), "f8", "column", default="small").filters)["gzip"] == {"level": 4}
    assert layout((5_000_000,), "f8", "column").filters == FAST


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [
        ((200, 512, 512), (1, 64, 64)),
        ((200, 512, 40), (1, 64, 40)),
        ((200, 32, 16), (8, 32, 16)),
        ((200, 512, 512, 30), (1, 16, 16, 16)),
    ],
)
def test_masks_are_kept_in_tiles(shape, chunks):
    found = layout(shape, "f4", "mask")
    assert (found.chunks, found.maximum, found.filters) == (chunks, (None, *shape[1:]), FAST)


def test_small_arrays_lie_in_one_piece():
    found = layout((100, 3), "f8")
    assert (found.maximum, found.chunks, found.filters) == (None, None, ())
    assert layout((), "f8").shape == ()
    assert layout((0,), "f8").chunks is None


def test_one_argument_changes_the_compression():
    assert layout((1000, 512, 512), role="movie", default="none").filters == ()
    assert layout((1000, 512, 512), role="whole", default="none").chunks is None
    assert dict(layout((1000, 512, 512), role="movie", default="small").filters)["gzip"] == {"level": 4}


def test_compounds_of_numbers_are_compressed_those_with_text_are_not():
    data = Incoming((10_000_000,), np.dtype("O"), lambda _: iter(()), {})
    numbers = (("x", np.dtype("u4")), ("weight", np.dtype("f4")))
    assert layout_for(data, numbers, "column").filters == FAST
    assert layout_for(data, numbers, "column").chunks == (65536,)
    assert layout_for(data, (*numbers, ("label", "text")), "column").filters == ()


def test_options_go_first():
    assert layout((100, 100, 100), chunks=(5, 5, 5)).chunks == (5, 5, 5)
    assert layout((4, 3), chunks=(50, 2)).chunks == (4, 2)
    assert layout((4, 3), chunks=(50, 2), maxshape=(None, 3)).chunks == (50, 2)
    assert layout((4, 3), chunks=True).chunks == (4, 3)
    assert layout((4, 3), maxshape=(None, 10)).maximum == (None, 10)
    assert layout((4, 3), fillvalue=7).fill == 7


@pytest.mark.parametrize(
    ("options", "filters"),
    [
        ({"compression": "gzip"}, (("gzip", {"level": 4}),)),
        ({"compression": "gzip", "compression_opts": 9, "shuffle": True}, (("shuffle", {}), ("gzip", {"level": 9}))),
        ({"compression": False}, ()),
        ({"compression": False, "fletcher32": True}, (("fletcher32", {}),)),
        ({"shuffle": False}, (("gzip", {"level": 1}),)),
        ({"compression_opts": 3}, (("shuffle", {}), ("gzip", {"level": 3}))),
        ({"fletcher32": True}, (*FAST, ("fletcher32", {}))),
        ({"compression": "lzf", "shuffle": True}, (("shuffle", {}), ("lzf", {}))),
        ({"compression": "szip", "compression_opts": ("ec", 16)}, (("szip", {"options": (4, 16)}),)),
        ({"compression": 32001, "compression_opts": (0, 0, 5)}, (("32001", {"options": (0, 0, 5)}),)),
        ({"compression": 32015}, (("32015", {"options": ()}),)),
    ],
)
def test_filters_that_are_asked_for(options, filters):
    assert layout((1000, 64, 64), **options).filters == filters


@pytest.mark.parametrize("options", [{"chunks": (5,)}, {"chunks": (0, 5)}, {"maxshape": (4,)}, {"maxshape": (3, None)}])
def test_options_that_do_not_go_with_the_shape(options):
    with pytest.raises(InvalidValueError, match=r"do(es)? not go with data"):
        layout((4, 5), **options)


def test_from_what_users_give():
    found = layout_for(
        incoming(H5DataIO(np.zeros((50, 40)), compression="gzip", compression_opts=2, chunks=(10, 40))), np.dtype("f4")
    )
    assert (found.shape, found.chunks, found.filters) == ((50, 40), (10, 40), (("gzip", {"level": 2}),))
    growing = layout_for(incoming(DataChunkIterator(iter(np.zeros((4, 3))))), np.dtype("f8"), "trace")
    assert (growing.shape, growing.maximum) == ((0, 3), (None, 3))
