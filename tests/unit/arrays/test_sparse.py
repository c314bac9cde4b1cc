"""Stacks of sparse images must read like the dense stack, for every key, and be written whole."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from photonwb.arrays.incoming import incoming
from photonwb.arrays.sparse import SparseStack, without_zeros
from photonwb.errors import InvalidTypeError, InvalidValueError


def stack_of(images):
    return SparseStack(images.shape[1:], images.dtype).extended(images)


def sparse_images(dtype):
    """Mostly zeros, with the bytes of a negative zero and of NaN among the values where there are such."""
    values = [1, 3, -0.0, float("nan")] if np.dtype(dtype).kind == "f" else [1, 3]
    shapes = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)) | st.tuples(*[st.integers(1, 4)] * 4)
    return shapes.flatmap(
        lambda shape: arrays.arrays(dtype, shape, elements=st.sampled_from([0, 0, 0, *values]), fill=st.just(0))
    )


@given(st.sampled_from(["f4", "u1", ">i2", "f8", "c16"]).flatmap(sparse_images))
@pytest.mark.parametrize("order", "CF")
def test_values_come_back_to_the_bit(order, images):
    stack = SparseStack(images.shape[1:], images.dtype).extended(np.asarray(image, order=order) for image in images)
    assert (stack.shape, stack.dtype, stack.ndim, stack.size) == (images.shape, images.dtype, images.ndim, images.size)
    assert np.asarray(stack).tobytes() == images.tobytes()
    assert b"".join(image.tobytes() for image in stack) == images.tobytes()


@given(sparse_images("f4"), st.tuples(*[st.integers(1, 5)] * 4))
@pytest.mark.parametrize("is_stack", [True, False])
def test_blocks_lie_on_the_chunks_and_hold_all_that_is_not_zero(is_stack, images, chunks):
    chunks = chunks[: images.ndim]
    blocks = incoming(stack_of(images) if is_stack else images).blocks(chunks)
    written = np.zeros(images.shape, images.dtype)
    for place, values in blocks if is_stack else without_zeros(blocks, chunks):
        assert all(axis.start % edge == 0 for axis, edge in zip(place, chunks, strict=True))
        assert all(
            axis.stop % edge == 0 or axis.stop == length for axis, edge, length in zip(place, chunks, images.shape, strict=True)
        )
        written[place] = values
    assert written.tobytes() == images.tobytes()


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        np.int64(1),
        slice(None),
        slice(1, 3),
        slice(None, None, -1),
        [2, 0],
        np.array([True, False, True]),
        ...,
        (),
        (1, 2),
        (slice(0, 2), 1),
        ([0, 2], slice(None), 3),
        (..., 0),
    ],
    ids=str,
)
def test_every_key_means_what_it_means_to_numpy(key):
    images = np.zeros((3, 4, 5), "f4")
    images[0, 1, 2], images[2, 3, 4] = 1, 2
    np.testing.assert_array_equal(stack_of(images)[key], images[key])


def test_only_the_box_is_kept():
    image = np.zeros((512, 512), "f4")
    image[7:9, 100:103] = 1
    stack = SparseStack((512, 512), "f4").extended([image] * 3)
    image[:] = 5  # the buffer of the user is theirs
    assert [values.shape for _, values in stack.blocks((1, 64, 64))] == [(1, 64, 64)] * 3
    assert stack[2].sum() == 6


@pytest.mark.parametrize("order", "CF")
def test_an_image_is_not_copied_to_look_at_it(order):
    image = np.zeros((512, 400), "f4", order=order)
    image[7:9, 100:103] = 1
    tracemalloc.start()
    SparseStack(image.shape, "f4").extended([image])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < image.nbytes // 16


def test_of_dense_images_only_tiles_with_something_in_them_are_left():
    images = np.zeros((3, 512, 512), "f4")
    images[0, 7:9, 100:103] = images[2, 60:70, 60:70] = 1
    left = [(place, values.shape) for place, values in without_zeros(incoming(images).blocks((1, 64, 64)), (1, 64, 64))]
    assert left == [
        ((slice(0, 1), slice(0, 64), slice(64, 128)), (1, 64, 64)),
        ((slice(2, 3), slice(0, 128), slice(0, 128)), (1, 128, 128)),
    ]


def test_a_stack_stays_as_it_is_when_it_is_extended():
    one = np.eye(3)
    short = SparseStack((3, 3), "f8").extended([one])
    long, other = short.extended([2 * one]), short.extended([3 * one])
    assert (len(short), long[1].max(), other[1].max(), len(other)) == (1, 2, 3, 2)


def test_wider_values_widen_the_stack():
    small, large = np.eye(2, dtype="u1"), np.eye(2, dtype="f4") / 2
    stack = SparseStack((2, 2), "u1").extended([small]).extended([large])
    assert stack.dtype == np.float32
    np.testing.assert_array_equal(stack[:], [small, large])


def test_what_does_not_go_together_is_refused():
    whole = SparseStack((1, 1), "i8").extended([np.full((1, 1), 2**53 + 1)])
    with pytest.raises(InvalidTypeError, match="int64 values cannot be added to float64 values without a loss"):
        whole.extended([np.ones((1, 1))])
    with pytest.raises(InvalidValueError, match=r"expected images of shape \(1, 1\), got \(1, 2\)"):
        whole.extended([np.ones((1, 2), "i8")])
    assert whole[0, 0, 0] == 2**53 + 1
