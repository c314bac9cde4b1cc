"""What is read from a file is what h5py reads, and what is picked from it is what numpy picks."""

from __future__ import annotations

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import photonwb.arrays.lazy
import photonwb.arrays.near
import photonwb.arrays.plain
import photonwb.arrays.runs
from h5py_source import H5pySource
from photonwb.arrays import LazyArray
from photonwb.arrays.cache import ChunkCache
from photonwb.arrays.reading import can_read
from photonwb.storage.hdf5 import HDF5Store

MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

COMPOUND = np.dtype([("x", "<u4"), ("y", ">u2"), ("weight", "<f4")])
DTYPES = st.sampled_from(["u1", "i2", "<u2", ">u2", ">i4", "<f4", ">f8", "?", "S3", "f2", COMPOUND])
FILTERS = st.sampled_from(
    [
        {},
        {"compression": "gzip", "compression_opts": 1},
        {"compression": "gzip", "compression_opts": 9, "shuffle": True},
        {"compression": "gzip", "compression_opts": 0},
        {"shuffle": True},
        {"fletcher32": True},
        {"shuffle": True, "compression": "gzip", "fletcher32": True},
        {"compression": "lzf", "shuffle": True},
        {"scaleoffset": 0},
        *map(dict, (hdf5plugin.Zstd(), hdf5plugin.Blosc(), hdf5plugin.LZ4(), hdf5plugin.Bitshuffle())),
    ]
)


@st.composite
def index_arrays(draw, length):
    """Positions in any order and number of axes, or a mask of one axis."""
    if length == 0:
        return np.empty(0, int)
    if draw(st.booleans()):
        return draw(npst.arrays(bool, length))
    shape = draw(npst.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5))
    return draw(npst.arrays(int, shape, elements=st.integers(-length, length - 1)))


@st.composite
def keys(draw, shape):
    """Basic indices, with any of their integers and slices replaced by index arrays of one shape."""
    key = draw(npst.basic_indices(shape, allow_newaxis=True, max_dims=len(shape) + 2))
    parts = list(key) if isinstance(key, tuple) else [key]
    if not shape or Ellipsis in parts or None in parts or not draw(st.booleans()):
        return key
    parts += [slice(None)] * (len(shape) - len(parts))
    axes = draw(st.sets(st.sampled_from(range(len(shape))), max_size=2))
    count = draw(st.integers(0, 4))
    for axis in axes:
        length = shape[axis]
        if len(axes) == 1:
            parts[axis] = draw(index_arrays(length))
        elif length:
            parts[axis] = draw(npst.arrays(int, count, elements=st.integers(-length, length - 1)))
    return tuple(parts)


@st.composite
def datasets(draw):
    """Values, and how h5py is to store them; some chunks stay unwritten."""
    dtype = np.dtype(draw(DTYPES))
    shape = draw(npst.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=12))
    chunks = tuple(draw(st.integers(1, 7)) for _ in shape)
    seed = draw(st.integers(0, 2**32 - 1))
    count = int(np.prod(shape)) * dtype.itemsize
    raw = np.random.default_rng(seed).integers(0, 4, count, dtype="u1")
    values = (raw % 2 if dtype.kind == "b" else raw).view(dtype).reshape(shape)
    options = {"chunks": chunks, **draw(FILTERS)} if draw(st.booleans()) else {}
    if dtype.kind not in "iu":
        options.pop("scaleoffset", None)  # which is for numbers, and loses some of what comes after the point
    if dtype.names is None and dtype.kind in "iuf" and draw(st.booleans()):
        options["fillvalue"] = dtype.type(3)
    written = draw(st.none() | st.tuples(*[st.integers(0, length) for length in shape]))
    return values, options, written


def stored(path, values, options, written):
    """What h5py has after it wrote the values, or a corner of them."""
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(
            "data", values.shape, values.dtype, maxshape=(None,) * values.ndim if options.get("chunks") else None, **options
        )
        if written is None:
            dataset[...] = values
        elif 0 not in written:
            corner = tuple(slice(0, stop) for stop in written)
            dataset[corner] = values[corner]
        return dataset[...]


@MANY
@given(drawn=datasets(), data=st.data())
def test_any_index_of_any_dataset(tmp_path, drawn, data):
    path = tmp_path / "a.h5"
    expected = stored(path, *drawn)
    source = H5pySource(path)
    lazy = LazyArray(source)
    key = data.draw(keys(expected.shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photonwb.arrays.lazy, "BLOCK", data.draw(st.sampled_from([1, 50, 1 << 20])))
        for limit in ("SHORT_RUN", "NEAR", "BAND", "MAPPED", "PIECE"):
            patch.setattr(photonwb.arrays.plain, limit, data.draw(st.sampled_from([1, 20, 1 << 20])))
        values, wanted = lazy[key], expected[key]
    assert type(values) is type(wanted)
    assert values.dtype == wanted.dtype
    assert values.shape == wanted.shape
    assert values.tobytes() == wanted.tobytes()
    assert (source.reads == 0) or not can_read(source.byte_layout())


@st.composite
def neighbours(draw, shape):
    """An index of integers and slices, near the start of the array more often than not, or a short list of rows."""
    if shape and shape[0] and draw(st.integers(0, 4)) == 0:
        return draw(st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=4))
    parts = [
        draw(
            st.integers(-length, length - 1) if length and draw(st.booleans()) else st.slices(draw(st.sampled_from([3, length])))
        )
        for length in shape[: draw(st.integers(1, len(shape)))]
    ]
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


@MANY
@given(drawn=datasets(), data=st.data())
def test_one_small_request_after_another(tmp_path, drawn, data):
    assume(drawn[0].dtype.kind not in "SV")  # which a store gives as text, and which have no short ways
    expected = stored(tmp_path / "a.h5", *drawn)
    with pytest.MonkeyPatch.context() as patch, HDF5Store(tmp_path / "a.h5") as store:
        patch.setattr(photonwb.arrays.near, "chunk_cache", ChunkCache(data.draw(st.sampled_from([100, 1000, 1 << 20]))))
        for module, limits in ((photonwb.arrays.near, ("SMALL", "ROWS", "SEVERAL")), (photonwb.arrays.runs, ("NEAR", "PIECE"))):
            for limit in limits:
                patch.setattr(module, limit, data.draw(st.sampled_from([1, 20, 1 << 20])))
        lazy = LazyArray(store.root["data"])
        dtype = lazy[...].dtype
        for key in data.draw(st.lists(neighbours(expected.shape), min_size=3, max_size=8)):
            values, wanted = lazy[key], expected[key]
            assert type(values) is type(wanted)
            assert values.shape == wanted.shape
            assert np.array_equal(values, wanted, equal_nan=wanted.dtype.kind == "f")
            if isinstance(values, np.ndarray):
                assert values.dtype == dtype
                values[...] = np.zeros((), values.dtype)  # it is ours: the next request is none the wiser


@MANY
@given(drawn=datasets(), nbytes=st.integers(1, 400))
def test_blocks_tile_the_array(tmp_path, drawn, nbytes):
    path = tmp_path / "a.h5"
    expected = stored(path, *drawn)
    lazy = LazyArray(H5pySource(path))
    found = np.zeros_like(expected)
    seen = np.zeros(expected.shape, int)
    for place, values in lazy.blocks(nbytes):
        found[place] = values
        seen[place] += 1
    assert found.tobytes() == expected.tobytes()
    assert (seen == 1).all()
    rows = list(lazy)
    assert len(rows) == len(expected)
    assert all(row.tobytes() == wanted.tobytes() for row, wanted in zip(rows, expected, strict=True))


@MANY
@given(mask=npst.arrays(bool, (9, 5, 4)))
def test_a_mask_of_the_whole_shape(tmp_path, mask):
    path = tmp_path / "a.h5"
    expected = stored(path, np.arange(180).reshape(9, 5, 4), {"chunks": (2, 5, 3), "compression": "gzip"}, None)
    assert np.array_equal(LazyArray(H5pySource(path))[mask], expected[mask])


@pytest.mark.parametrize("key", [([3, 0, 2],), (slice(None), [1, 1, 3]), ("mask",)])
@pytest.mark.parametrize("options", [{}, {"chunks": (2, 2), "compression": "lzf"}])
def test_the_order_of_bytes_is_kept_whatever_is_picked(tmp_path, key, options, monkeypatch):
    values = np.arange(20, dtype=">u2").reshape(5, 4)
    key = values % 3 == 0 if key == ("mask",) else key
    expected = stored(tmp_path / "a.h5", values, options, None)
    monkeypatch.setattr(photonwb.arrays.lazy, "BLOCK", 1)
    with HDF5Store(tmp_path / "a.h5") as store:
        for found in (LazyArray(H5pySource(tmp_path / "a.h5"))[key], store.root["data"].read(key)):
            assert found.dtype == ">u2"
            assert np.array_equal(found, expected[key])


@pytest.mark.parametrize(
    "key", [9, -10, (0, 5), (0, 0, 0, 0), [9], "x", 1.5, (..., ...), np.zeros(3, bool), np.zeros((9, 4), bool), [[1.5]]]
)
def test_what_numpy_refuses_is_refused(tmp_path, key):
    path = tmp_path / "a.h5"
    expected = stored(path, np.arange(180).reshape(9, 5, 4), {}, None)
    with pytest.raises(IndexError):
        expected[key]
    with pytest.raises(IndexError):
        LazyArray(H5pySource(path))[key]
