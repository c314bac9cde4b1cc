from __future__ import annotations

import zlib

import numpy as np
import pytest

from photonwb.arrays import streams
from photonwb.arrays.streams import deflate, inflate
from photonwb.errors import DamagedFileError

RNG = np.random.default_rng(0)
NOISE = RNG.bytes(300_000)
FLAT = bytes(300_000)
TEXT = b"".join(b"%d " % number for number in range(60_000))


@pytest.mark.parametrize("stretch", [0, 1, 1000, streams.PIECE, 300_000, 10**7])
@pytest.mark.parametrize("size", [0, 1, streams.PIECE, streams.PIECE + 1, 3 * streams.PIECE, 200_001])
@pytest.mark.parametrize("content", [NOISE, FLAT, TEXT, TEXT[:70_000] + NOISE[:70_000] + FLAT[:70_000]])
def test_any_library_inflates_streams_of_level_1(library, content, size, stretch):
    if stretch == 1:
        size = min(size, 1000)  # nobody has elements that large
    data = deflate(content[:size], 1, stretch)
    assert zlib.decompress(data) == content[:size]
    assert inflate(data, size) == content[:size]


def test_noise_goes_into_the_stream_as_it_is(library):
    data = deflate(FLAT + NOISE, 1, len(FLAT))
    assert NOISE[: streams.PIECE] in data
    assert len(NOISE) < len(data) < len(NOISE) + 3000


def test_what_follows_noise_is_deflated(library):
    data = deflate(NOISE + FLAT, 1, len(NOISE))
    assert len(NOISE) < len(data) < len(NOISE) + 3000


def test_no_piece_refers_to_one_that_was_left_out(library):
    # The second piece of noise is not even looked at; what comes behind it is known from the first.
    noise = NOISE[: 2 * streams.PIECE]
    content = noise + noise[streams.PIECE - 30_000 : streams.PIECE] + FLAT[:35_000]
    data = deflate(content, 1)
    assert zlib.decompress(data) == content


def test_noise_is_not_tried_again_and_again(library, monkeypatch):
    make, *rest = streams._fast_stream()
    pieces = []

    class Counted:
        def __init__(self):
            self.stream = make()

        def compress(self, piece):
            pieces.append(len(piece))
            return self.stream.compress(piece)

        def flush(self, mode):
            return self.stream.flush(mode)

    with monkeypatch.context() as patch:
        patch.setattr(streams, "_fast_stream", lambda: (Counted, *rest))
        deflate(RNG.bytes(15 * streams.PIECE), 1)
    assert len(pieces) == 5  # of pieces 0, 2, 5, 9 and 14


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"", 10),
        (b"not deflated", 10),
        (zlib.compress(bytes(100))[:-3], 100),
        (zlib.compress(bytes(100)), 99),
        (zlib.compress(bytes(100)), 101),
        (zlib.compress(bytes(1 << 26)), 4096),  # would fill memory
        (b"abc", 1 << 40),
    ],
)
def test_streams_that_are_no_chunk(library, data, size):
    with pytest.raises(DamagedFileError):
        inflate(data, size)
