from __future__ import annotations

import zlib

import h5py
import numpy as np
import pytest

from photonwb.arrays.codecs import Pipeline, fletcher32, is_known, shuffle, unshuffle
from photonwb.errors import DamagedFileError

RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(0, 500, 4096, dtype="u2")


def decoded(pipeline, data, skipped=0):
    target = np.empty(pipeline.nbytes, "u1")
    pipeline.decode(data, target, skipped)
    return target.tobytes()


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f2", "<i4", ">f8", "S3", "V16"])
def test_shuffle_orders_bytes_as_numpy_transposes_them(dtype):
    values = RNG.integers(0, 256, 960, dtype="u1").view(dtype)
    expected = values.view("u1").reshape(values.size, -1).T.tobytes()
    assert bytes(shuffle(values)) == expected
    target = np.empty(960, "u1")
    unshuffle(expected, values.itemsize, target)
    assert target.tobytes() == values.tobytes()


def test_shuffle_of_a_view():
    values = NUMBERS.reshape(64, 64)[::2, 3:40]
    assert bytes(shuffle(values)) == bytes(shuffle(values.copy()))


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4", "V100"])
@pytest.mark.parametrize("filters", [(), (("shuffle", {}),)])
def test_values_with_their_axes_exchanged_are_stored_in_the_order_of_the_axes(dtype, filters):
    size = np.dtype(dtype).itemsize
    frames = np.frombuffer(RNG.bytes(3 * 70 * 41 * size), dtype).reshape(3, 70, 41)
    for values in (frames.swapaxes(1, 2), frames.T, frames[::-1, ::2].swapaxes(1, 2), frames[:0].swapaxes(1, 2)):
        pipeline = Pipeline(filters, size, values.nbytes)
        data, skipped = pipeline.encode(values)
        assert decoded(pipeline, data, skipped) == values.tobytes()


@pytest.mark.parametrize("size", [0, 1, 2, 5, 8191, 8192, 8193, 24576, 1200001])
@pytest.mark.parametrize("value", [None, 0, 255])
def test_the_checksum_is_that_of_hdf5(tmp_path, size, value):
    content = RNG.integers(0, 256, size, dtype="u1") if value is None else np.full(size, value, "u1")
    if not size:
        assert fletcher32(b"") == 0
        return
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("data", data=content, chunks=(size,), fletcher32=True)
        _, stored = dataset.id.read_direct_chunk((0,))
    assert stored[-4:] == fletcher32(content.tobytes()).to_bytes(4, "little")


def test_a_wrong_checksum_is_told():
    pipeline = Pipeline([("fletcher32", {})], 2, NUMBERS.nbytes)
    data = bytearray(pipeline.encode(NUMBERS)[0])
    assert decoded(pipeline, data) == NUMBERS.tobytes()
    data[17] ^= 1
    with pytest.raises(DamagedFileError, match="checksum"):
        decoded(pipeline, data)
    with pytest.raises(DamagedFileError, match="shorter"):
        decoded(pipeline, b"ab")


@pytest.mark.parametrize("level", range(10))
def test_every_level_gives_a_stream_of_zlib(library, level):
    pipeline = Pipeline([("gzip", {"level": level})], 2, NUMBERS.nbytes)
    data, skipped = pipeline.encode(NUMBERS)
    if level == 0:
        assert skipped == 1  # stored without gain, so stored plainly
        assert bytes(data) == NUMBERS.tobytes()
    else:
        assert zlib.decompress(data) == NUMBERS.tobytes()
    assert decoded(pipeline, data, skipped) == NUMBERS.tobytes()


def test_what_does_not_get_smaller_stays_as_it_is(library):
    noise = RNG.integers(0, 256, 4096, dtype="u1")
    pipeline = Pipeline([("gzip", {"level": 1}), ("fletcher32", {})], 1, 4096)
    data, skipped = pipeline.encode(noise)
    assert skipped == 0b01
    assert len(data) == 4100
    assert decoded(pipeline, data, skipped) == noise.tobytes()


def test_a_chunk_of_the_wrong_size():
    pipeline = Pipeline([("shuffle", {})], 2, 64)
    with pytest.raises(DamagedFileError, match="64 bytes, it has 62"):
        decoded(pipeline, bytes(62))


def test_filters_that_are_left_to_the_library():
    assert is_known([("shuffle", {}), ("gzip", {"level": 4}), ("fletcher32", {})])
    assert not is_known([("lzf", {})])
    assert not is_known([("32001", {})])
    assert not is_known([("gzip", {}), ("gzip", {})])
