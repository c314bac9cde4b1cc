"""Compressions of Zarr: what numcodecs and other programs make of chunks is undone, and what promises too much is not."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

numcodecs = pytest.importorskip("numcodecs")

from photonwb.arrays import codec_names, compressors  # noqa: E402
from photonwb.arrays.codecs import Pipeline, is_known, most_compressed  # noqa: E402
from photonwb.arrays.compressors import COMPRESSORS, compress, decompress, decompressed  # noqa: E402
from photonwb.errors import DamagedFileError, InvalidTypeError, StorageError  # noqa: E402

CONTENT = np.arange(5000, dtype="<u2").view(np.uint8)


def made_by_numcodecs(name):
    codecs = {
        "zstd": numcodecs.Zstd(3),
        "blosc": numcodecs.Blosc("zlib", 4, 2),
        "lz4": numcodecs.LZ4(),
        "gzip-file": numcodecs.GZip(9),
    }
    return bytes(codecs[name].encode(CONTENT.tobytes()))


@pytest.mark.parametrize("name", COMPRESSORS)
def test_what_numcodecs_makes_is_undone(name):
    target = np.empty_like(CONTENT)
    decompress(name, made_by_numcodecs(name), target)
    np.testing.assert_array_equal(target, CONTENT)
    assert bytes(decompressed(name, made_by_numcodecs(name))) == CONTENT.tobytes()


@pytest.mark.parametrize("name", COMPRESSORS)
def test_there_and_back(name):
    target = np.empty_like(CONTENT)
    decompress(name, compress(name, {}, CONTENT.data, 2), target)
    np.testing.assert_array_equal(target, CONTENT)
    assert bytes(decompressed(name, compress(name, {}, b"", 1))) == b""


def test_blosc_orders_the_bytes_of_elements():
    values = np.arange(50_000, dtype="<u4")
    sizes = {
        size: len(compress("blosc", {"cname": "lz4", "shuffle": "shuffle"}, values.view(np.uint8).data, size)) for size in (1, 4)
    }
    assert sizes[4] < sizes[1] / 2


@pytest.mark.parametrize("length", [0, 1, 255, 256, 65_791, 65_792, 200_000])
def test_zstd_says_its_length_in_fields_of_all_sizes(length):
    content = np.random.default_rng(0).integers(0, 4, length, dtype=np.uint8)
    stream = bytes(numcodecs.Zstd(1).encode(content.tobytes()))
    target = np.empty(length, np.uint8)
    decompress("zstd", stream, target)
    np.testing.assert_array_equal(target, content)
    with pytest.raises(DamagedFileError, match=f"its stream gives {length}"):
        decompress("zstd", stream, np.empty(length + 1, np.uint8))


def test_a_frame_of_zstd_that_does_not_say_its_length():
    """As programs write it that compress a stream as it comes: here a block as it is, and one of a single value repeated."""
    blocks = [(3 << 3).to_bytes(3, "little") + b"abc", (1000 << 3 | 2 | 1).to_bytes(3, "little") + b"z"]
    frame = b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(blocks)
    target = np.empty(1003, np.uint8)
    decompress("zstd", frame, target)
    assert target.tobytes() == b"abc" + b"z" * 1000
    assert bytes(decompressed("zstd", frame)) == b"abc" + b"z" * 1000
    for length in (1002, 1004):
        with pytest.raises(DamagedFileError):
            decompress("zstd", frame, np.empty(length, np.uint8))


def test_gzip_of_files():
    assert bytes(decompressed("gzip-file", gzip.compress(b"text"))) == b"text"
    with pytest.raises(DamagedFileError, match="gives less"):
        decompress("gzip-file", gzip.compress(b"text"), np.empty(5, np.uint8))
    with pytest.raises(DamagedFileError, match="gives more"):
        decompress("gzip-file", gzip.compress(b"text"), np.empty(3, np.uint8))


def test_checksums_are_checked():
    pipeline = Pipeline((("zstd", {}), ("crc32c", {})), 2, CONTENT.size, may_skip=False)
    data, _ = pipeline.encode(CONTENT.view("<u2"))
    target = np.empty_like(CONTENT)
    pipeline.decode(data, target)
    np.testing.assert_array_equal(target, CONTENT)
    with pytest.raises(DamagedFileError, match="checksum"):
        pipeline.decode(bytes(data)[:-1] + b"\0", target)
    with pytest.raises(DamagedFileError, match="checksum"):
        pipeline.decode(b"abc", target)


def test_what_is_known():
    assert is_known((("shuffle", {}), ("zstd", {}), ("crc32c", {})))
    assert not is_known((("zstd", {}), ("gzip", {})))
    assert not is_known((("of the future", {}),))
    assert most_compressed((("shuffle", {}), ("zstd", {}))) > most_compressed((("gzip", {}),))


def test_a_filter_is_left_out_only_where_that_can_be_told():
    noise = np.random.default_rng(0).integers(0, 256, 1000, dtype=np.uint8)
    for may_skip, expected in ((True, 1), (False, 0)):
        pipeline = Pipeline((("gzip", {"level": 1}),), 1, 1000, may_skip=may_skip)
        data, skipped = pipeline.encode(noise)
        assert skipped == expected
        target = np.empty(1000, np.uint8)
        pipeline.decode(data, target, skipped)
        np.testing.assert_array_equal(target, noise)


def test_the_library_is_missing(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(compressors, "import_module", missing)
    compressors._made.cache_clear()
    with pytest.raises(StorageError, match=r"numcodecs is needed.*photonwb\[zarr\]"):
        decompress("zstd", made_by_numcodecs("zstd"), np.empty_like(CONTENT))


def test_names_of_codecs():
    found = codec_names.filters_of([numcodecs.Blosc("lz4", 3, 1), {"name": "numcodecs.zlib", "configuration": {"level": 2}}])
    assert found == (("blosc", {"cname": "lz4", "clevel": 3, "shuffle": "shuffle"}), ("gzip", {"level": 2}))
    assert codec_names.filters_of({"id": "delta", "dtype": "<i4"}) == (("delta", {"dtype": "<i4"}),)
    # What makes no sense does not keep anybody from reading.
    assert codec_names.filter_from("blosc", {"cname": [], "clevel": "much", "shuffle": {}})[1] == {
        "cname": "zstd",
        "clevel": 5,
        "shuffle": "shuffle",
    }
    with pytest.raises(InvalidTypeError, match="expected codecs"):
        codec_names.filters_of("zstd")
