"""Arrays in stores of Zarr are what zarr-python takes them for, whoever wrote them and whatever codecs they have."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

zarr = pytest.importorskip("zarr")
numcodecs = pytest.importorskip("numcodecs")
from zarr import codecs as zc  # noqa: E402
from zarr.codecs import numcodecs as znc  # noqa: E402

from photonwb.arrays import LazyArray  # noqa: E402
from photonwb.storage.contract import Layout  # noqa: E402
from photonwb.storage.zarr_store import ZarrStore  # noqa: E402

MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DTYPES = st.sampled_from(["bool", "i1", "u2", "<i4", "u8", "f2", "f4", "f8", "c8"])
SHAPES = npst.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=9)
COMPRESSORS = {
    "none": lambda: None,
    "zstd": lambda: zc.ZstdCodec(level=1),
    "zstd checked": lambda: zc.ZstdCodec(level=3, checksum=True),
    "gzip": lambda: zc.GzipCodec(level=5),
    "blosc": lambda: zc.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"),
    "bits": lambda: zc.BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle"),
    "checked": lambda: zc.Crc32cCodec(),
}
# What is written by the names of numcodecs, and what is left to zarr-python.
FILTERS = {
    "zlib": lambda dtype: [znc.Zlib(level=1)],
    "shuffle": lambda dtype: [znc.Shuffle(elementsize=dtype.itemsize), znc.Zlib(level=6)],
    "other shuffle": lambda dtype: [znc.Shuffle(elementsize=1), znc.Zlib(level=6)],
    "lz4": lambda dtype: [znc.LZ4(acceleration=1)],
    "bz2": lambda dtype: [znc.BZ2(level=1)],
    "two": lambda dtype: [zc.GzipCodec(level=1), zc.ZstdCodec(level=1)],
}


@st.composite
def arrays(draw, dtypes=DTYPES):
    dtype = np.dtype(draw(dtypes))
    shape = draw(SHAPES)
    array = draw(npst.arrays(dtype, shape, fill=st.nothing() if draw(st.booleans()) else None))
    chunks = tuple(draw(st.integers(1, length + 2)) for length in shape)
    return array, chunks


def group_of(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zarr.open_group(path, mode="w")


def check(path, array, data):
    """All of an array, and a part of it, by each of the two ways there are."""
    with ZarrStore(path) as store:
        found = store.root["a"]
        assert found.shape == array.shape
        assert found.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")  # big-endian values stay such
        np.testing.assert_array_equal(found.read(), array)
        index = data.draw(npst.basic_indices(array.shape, allow_newaxis=False)) if array.ndim else ()
        np.testing.assert_array_equal(found.read(index if isinstance(index, tuple) else (index,)), array[index])
        if array.ndim:
            np.testing.assert_array_equal(LazyArray(found.source())[index], array[index])


@MANY
@given(made=arrays(), name=st.sampled_from(sorted(COMPRESSORS)), data=st.data())
def test_what_zarr_writes_is_read(tmp_path, made, name, data):
    array, chunks = made
    path = tmp_path / "a.zarr"
    fill = data.draw(st.sampled_from([0, 1]))
    order = data.draw(st.permutations(range(array.ndim)))
    filters = [zc.TransposeCodec(order=tuple(order))] if array.ndim > 1 and data.draw(st.booleans()) else None
    serializer = zc.BytesCodec(endian=data.draw(st.sampled_from(["little", "big"]))) if array.dtype.itemsize > 1 else "auto"
    encoding = data.draw(st.sampled_from([("default", "/"), ("default", "."), ("v2", "."), ("v2", "/")]))
    group = group_of(path)
    stored = group.create_array(
        "a",
        shape=array.shape,
        dtype=array.dtype,
        chunks=chunks if array.ndim else "auto",
        fill_value=fill,
        filters=filters,
        serializer=serializer,
        compressors=COMPRESSORS[name](),
        chunk_key_encoding={"name": encoding[0], "separator": encoding[1]},
        dimension_names=[f"axis{axis}" for axis in range(array.ndim)] if array.ndim else None,
    )
    stored[...] = array
    check(path, array, data)


@MANY
@given(made=arrays(), name=st.sampled_from(sorted(FILTERS)), data=st.data())
def test_codecs_of_numcodecs_are_read(tmp_path, made, name, data):
    array, chunks = made
    path = tmp_path / "a.zarr"
    group = group_of(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that they are in no specification
        stored = group.create_array(
            "a",
            shape=array.shape,
            dtype=array.dtype,
            chunks=chunks if array.ndim else "auto",
            compressors=FILTERS[name](array.dtype),
        )
        stored[...] = array
    check(path, array, data)


@MANY
@given(made=arrays(), data=st.data(), where=st.sampled_from(["start", "end"]))
def test_shards_are_read(tmp_path, made, data, where):
    array, chunks = made
    if not array.ndim:
        return
    path = tmp_path / "a.zarr"
    shards = tuple(chunk * data.draw(st.integers(1, 3)) for chunk in chunks)
    stored = group_of(path).create_array(
        "a",
        shape=array.shape,
        dtype=array.dtype,
        chunks=shards,
        serializer=zc.ShardingCodec(chunk_shape=chunks, codecs=[zc.BytesCodec(), zc.ZstdCodec(level=1)], index_location=where),
        compressors=None,
    )
    stored[...] = array
    check(path, array, data)


OLD = {
    "none": (None, None),
    "blosc": (numcodecs.Blosc(), None),
    "zlib": (numcodecs.Zlib(3), None),
    "shuffled": (numcodecs.GZip(2), [numcodecs.Shuffle(4)]),
    "zstd": (numcodecs.Zstd(1), None),
    "delta": (numcodecs.LZ4(), [numcodecs.Delta(dtype="i4")]),
}


@MANY
@given(
    made=arrays(st.just("i4")),
    name=st.sampled_from(sorted(OLD)),
    order=st.sampled_from("CF"),
    separator=st.sampled_from("./"),
    data=st.data(),
)
def test_format_2_is_read(tmp_path, made, name, order, separator, data):
    array, chunks = made
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2)
    compressor, filters = OLD[name]
    stored = group.create_array(
        "a",
        shape=array.shape,
        dtype=array.dtype,
        chunks=chunks if array.ndim else "auto",
        order=order,
        compressors=compressor,
        filters=filters,
        chunk_key_encoding={"name": "v2", "separator": separator},
    )
    stored[...] = array
    check(path, array, data)


@MANY
@given(
    made=arrays(st.sampled_from(["bool", "i1", "u2", "<i4", ">i4", "u8", "f4", ">f8", "c16"])),
    filters=st.sampled_from(
        [
            (),
            (("zstd", {"level": 1}),),
            (("blosc", {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"}),),
            (("gzip-file", {"level": 1}),),
            (("shuffle", {}), ("gzip", {"level": 4})),
            (("zstd", {"level": 1}), ("crc32c", {})),
        ]
    ),
)
def test_what_is_written_zarr_reads(tmp_path, made, filters):
    array, chunks = made
    layout = Layout(array.shape, array.dtype, chunks=chunks, filters=filters) if array.ndim else Layout((), array.dtype)
    with ZarrStore(tmp_path / "a.zarr", "w") as store:
        store.root.create_dataset("a", layout, array)
        np.testing.assert_array_equal(store.root["a"].read(), array)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that zlib and shuffle are in no specification
        found = zarr.open_group(tmp_path / "a.zarr", mode="r", use_consolidated=True)["a"][...]
    np.testing.assert_array_equal(found, array)
