"""Chunks that are encoded here are read by h5py as the values that went in, however the blocks came."""

from __future__ import annotations

import itertools

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from photonwb.arrays import encoding, streams
from photonwb.arrays.encoding import ChunkTarget, encode_blocks

MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COMPOUND = np.dtype([("x", "<u4"), ("y", ">u2"), ("weight", "<f4")])
DTYPES = st.sampled_from(["u1", "<u2", ">u2", ">i4", "<f4", ">f8", "?", "f2", COMPOUND])
FILTERS = st.sampled_from(
    [
        (),
        (("gzip", {"level": 1}),),
        (("shuffle", {}), ("gzip", {"level": 1})),
        (("shuffle", {}), ("gzip", {"level": 6}), ("fletcher32", {})),
        (("fletcher32", {}), ("shuffle", {}), ("gzip", {"level": 0})),
        (("shuffle", {}),),
    ]
)


@pytest.fixture(autouse=True, params=["handed over", "in pieces"])
def way(request, monkeypatch):
    """Chunks that are small for the sake of the test go the ways of large ones: to other threads, and into streams of pieces."""
    if request.param == "handed over":
        monkeypatch.setattr(encoding, "TINY", 0)
    else:
        monkeypatch.setattr(streams, "PIECE", 16)


def write(path, target, blocks, shape, *, before=None):
    """Values of a new dataset, or one that holds some already, after the chunks were stored; read by h5py."""
    with h5py.File(path, "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(target.chunks)
        properties.set_fill_value(
            np.asarray(target.fill if target.fill is not None else np.zeros((), target.dtype), target.dtype)
        )
        for name, options in target.filters:
            if name == "gzip":
                properties.set_deflate(options["level"])
            elif name == "shuffle":
                properties.set_shuffle()
            else:
                properties.set_fletcher32()
        space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED,) * len(shape))
        file_type = h5py.h5t.py_create(target.dtype, logical=True)
        dataset = h5py.Dataset(h5py.h5d.create(file.id, b"data", file_type, space, properties))
        if before is not None:
            dataset[...] = before

        def stored(chunk):
            start = tuple(position * size for position, size in zip(chunk, target.chunks, strict=True))
            return dataset[tuple(slice(one, one + size) for one, size in zip(start, target.chunks, strict=True))]

        for chunk in encode_blocks(target, blocks, stored):
            corner = tuple(position * size for position, size in zip(chunk.chunk, target.chunks, strict=True))
            dataset.id.write_direct_chunk(corner, bytes(chunk.data), chunk.skipped_filters)
    with h5py.File(path) as file:
        return np.asarray(file["data"])  # pyright: ignore[reportArgumentType] - it is no group


@st.composite
def tilings(draw, shape):
    """Boxes that tile a shape, in any order."""
    axes = []
    for length in shape:
        cuts = sorted(draw(st.sets(st.integers(0, length), max_size=4)) | {0, length})
        axes.append([slice(start, stop) for start, stop in itertools.pairwise(cuts)])
    boxes = [()]
    for axis in axes:
        boxes = [(*box, part) for box in boxes for part in axis]
    return draw(st.permutations(boxes))


@st.composite
def arrays(draw):
    dtype = np.dtype(draw(DTYPES))
    shape = draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=12))
    raw = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 2, int(np.prod(shape)) * dtype.itemsize, dtype="u1")
    return raw.view(dtype).reshape(shape)


@MANY
@given(values=arrays(), filters=FILTERS, data=st.data())
def test_blocks_in_any_order_and_shape(tmp_path, values, filters, data):
    chunks = tuple(data.draw(st.integers(1, 7)) for _ in values.shape)
    boxes = data.draw(tilings(values.shape))
    known = tuple(data.draw(st.sampled_from([length, None])) for length in values.shape)
    target = ChunkTarget(known, values.dtype, chunks, filters)
    found = write(tmp_path / "a.h5", target, [(box, values[box]) for box in boxes], values.shape)
    assert found.tobytes() == values.tobytes()


@MANY
@given(data=st.data(), seed=st.integers(0, 99), few=st.booleans())
def test_blocks_that_overlap_or_leave_gaps(tmp_path, data, seed, few):
    shape, chunks = (11, 9), (4, 3)
    rng = np.random.default_rng(seed)
    boxes = data.draw(
        st.lists(st.tuples(*[st.tuples(st.integers(0, n), st.integers(0, n)).map(sorted) for n in shape]), max_size=8)
    )
    before = rng.integers(0, 99, shape) if data.draw(st.booleans()) else None
    expected = np.full(shape, 7) if before is None else before.copy()
    blocks = []
    for box in boxes:
        place = tuple(slice(*ends) for ends in box)
        values = rng.integers(100, 200, expected[place].shape)
        expected[place] = values
        blocks.append((place, values))
    target = ChunkTarget(shape, expected.dtype, chunks, (("shuffle", {}), ("gzip", {"level": 1})), fill=7)
    limit = encoding.WAITING
    encoding.WAITING = 2 * 12 * 8 if few else limit
    try:
        found = write(tmp_path / "a.h5", target, blocks, shape, before=before)
    finally:
        encoding.WAITING = limit
    assert np.array_equal(found, expected)
