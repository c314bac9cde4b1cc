"""Masks go from one form to another and come back as they were; what is no mask is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.regions.masks import (
    as_mask,
    check_inside,
    check_weights,
    image_to_pixel,
    image_to_voxel,
    mask_dtype,
    pixel_to_image,
    voxel_to_image,
)

FINITE = st.floats(-1e6, 1e6, width=32)
SPARSE = st.one_of(st.just(0.0), FINITE)


def images(dimensions):
    return hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=dimensions, max_dims=dimensions, min_side=0, max_side=9), elements=SPARSE
    )


@given(images(2), st.sampled_from(["xy", "yx"]))
def test_an_image_comes_back_from_its_pixels(image, axes):
    assert np.array_equal(pixel_to_image(image_to_pixel(image, axes), image.shape, axes), image)


@given(images(3), st.sampled_from(["xyz", "zyx", "yxz"]))
def test_a_volume_comes_back_from_its_voxels(image, axes):
    assert np.array_equal(voxel_to_image(image_to_voxel(image, axes), image.shape, axes), image)


@given(images(2))
def test_pixels_come_back_from_their_image(image):
    pixels = image_to_pixel(image)
    assert np.array_equal(image_to_pixel(pixel_to_image(pixels, image.shape)), pixels)
    assert np.array_equal(image_to_pixel(image.T, "yx")[:, :2].sum(axis=0), pixels[:, :2].sum(axis=0))


def test_x_is_the_first_axis_unless_said_otherwise():
    image = pixel_to_image([(5, 1, 0.5)], (6, 2))
    assert image.shape == (6, 2)
    assert image[5, 1] == 0.5
    assert pixel_to_image([(5, 1, 0.5)], (2, 6), axes="yx")[1, 5] == 0.5
    assert image_to_pixel(image).tolist() == [[5, 1, 0.5]]
    assert image_to_pixel(image.T, axes="yx").tolist() == [[5, 1, 0.5]]
    assert voxel_to_image([(1, 2, 3, 4.0)], (2, 3, 4))[1, 2, 3] == 4


def test_more_coordinates_than_pixels_in_the_mask():
    image = pixel_to_image([(300, 400, 2.0)], (512, 512))
    assert image[300, 400] == 2
    assert np.count_nonzero(image) == 1


def test_members_are_finite_and_not_zero():
    image = np.array([[np.nan, 1.0], [0.0, np.inf], [-2.0, 0.0]])
    assert image_to_pixel(image).tolist() == [[0, 1, 1.0], [2, 0, -2.0]]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.float32])
def test_images_of_any_kind_of_number(dtype):
    assert image_to_pixel(np.eye(2, dtype=dtype)).tolist() == [[0, 0, 1], [1, 1, 1]]
    assert pixel_to_image([(1, 0, 1)], (2, 2), dtype=dtype).dtype == dtype


def test_of_a_pixel_named_twice_the_last_weight_counts():
    assert pixel_to_image([(0, 0, 1.0), (0, 0, 3.0)], (1, 1))[0, 0] == 3


@pytest.mark.parametrize(
    "mask",
    [
        [(1, 2, 0.5), (3, 4, 1.0)],
        [[1, 2, 0.5], [3, 4, 1.0]],
        np.array([[1, 2, 0.5], [3, 4, 1.0]]),
        np.array([[1, 2, 0.5], [3, 4, 1.0]], dtype=np.float32),
        np.array([(1, 2, 0.5), (3, 4, 1.0)], mask_dtype(2)),
        list(np.array([(1, 2, 0.5), (3, 4, 1.0)], mask_dtype(2))),
        np.array([(0.5, 2, 1), (1.0, 4, 3)], [("weight", "f8"), ("y", "i8"), ("x", "i2")]),
    ],
)
def test_every_form_of_a_mask(mask):
    made = as_mask(mask)
    assert made.dtype == mask_dtype(2)
    assert made.tolist() == [(1, 2, 0.5), (3, 4, 1.0)]


def test_a_mask_in_the_right_form_is_not_copied():
    mask = np.zeros(3, mask_dtype(3))
    assert as_mask(mask, 3) is mask


@pytest.mark.parametrize("empty", [[], np.empty((0, 3)), np.empty(0, mask_dtype(2))])
def test_a_mask_may_be_empty(empty):
    assert as_mask(empty).shape == (0,)
    assert not pixel_to_image(empty, (2, 2)).any()


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ([(-1, 2, 1.0)], r"pixel_mask: expected whole coordinates >= 0, got x = -1"),
        ([(0, 0, 1.0), (1, 2.5, 1.0)], r"whole coordinates >= 0, got y = 2.5"),
        (np.array([[np.nan, 0, 1]]), "whole coordinates"),
        (np.array([[2.0**40, 0, 1]]), "whole coordinates"),
        ([(1, 2)], r"rows of \(x, y, weight\), an array of shape \(any, 3\), got list of shape \(1, 2\)"),
        ([(1, 2, 1.0), (1, 2)], "rows of different lengths"),
        ([1, 2, 3], "expected rows of"),
        ([("a", "b", "c")], "expected rows of"),
    ],
)
def test_what_is_no_mask(mask, message):
    with pytest.raises(InvalidValueError, match=message):
        as_mask(mask, 2, "pixel_mask")


COORDINATE = st.one_of(
    st.integers(0, 600), st.sampled_from([-1, -0.0, 0.5, 2**31, 2**32 - 1, 2**32, 1e-300, 1e300, np.nan, np.inf, -np.inf])
)
WEIGHT = st.one_of(FINITE, st.sampled_from([-0.0, 2.0**40, np.nan, -np.inf]))
KINDS = ["f8", ">f8", "f4", "i8", "i4", "u4", "u1", np.longdouble]


@given(st.lists(st.tuples(COORDINATE, COORDINATE, WEIGHT), max_size=5), st.sampled_from(KINDS), st.sampled_from("CF"))
def test_tables_of_any_numbers_come_out_as_they_are_or_not_at_all(rows, kind, order):
    with np.errstate(all="ignore"):
        table = np.array(rows, float).reshape(-1, 3).astype(kind, order=order)
    coordinates = table[:, :2].astype(np.longdouble)
    is_mask = bool(((coordinates >= 0) & (coordinates < 2**32) & (coordinates == np.trunc(coordinates))).all())
    if not is_mask:
        with pytest.raises(InvalidValueError, match="whole coordinates >= 0"), np.errstate(all="raise"):
            as_mask(table)
        return
    mask = as_mask(table)
    np.testing.assert_array_equal(np.stack([mask["x"], mask["y"]], axis=1), coordinates)
    np.testing.assert_array_equal(mask["weight"], table[:, 2].astype("f4"))


@pytest.mark.parametrize("place", [0, 5000, 9999])
def test_of_many_pixels_each_is_looked_at(place):
    table = np.ones((10_000, 3))
    table[:, 0] = np.arange(10_000)
    np.testing.assert_array_equal(as_mask(table)["x"], table[:, 0])
    table[place, 1] = 0.5
    with pytest.raises(InvalidValueError, match=r"got y = 0.5"):
        as_mask(table)


def test_a_structured_array_with_other_fields():
    with pytest.raises(InvalidTypeError, match=r"expected the fields \['x', 'y', 'weight'\], got \['a', 'b'\]"):
        as_mask(np.zeros(2, [("a", "u4"), ("b", "u4")]))


def test_weights_must_be_finite():
    with pytest.raises(InvalidValueError, match="got nan at pixel 1"):
        check_weights(np.array([0.0, np.nan]))


def test_pixels_outside_the_image():
    with pytest.raises(InvalidValueError, match=r"pixel_mask: x = 7 lies outside the image of shape \(x, y\) = \(4, 8\)$"):
        pixel_to_image([(7, 1, 1.0)], (4, 8))
    with pytest.raises(InvalidValueError, match="x and y look exchanged"):
        check_inside(as_mask([(7, 1, 1.0)]), (4, 8))
    with pytest.raises(InvalidValueError, match=r"z = 2 lies outside the image of shape \(x, y, z\) = \(2, 2, 2\)"):
        check_inside(as_mask([(0, 0, 2, 1.0)], 3), (2, 2, 2))
    check_inside(as_mask([(3, 7, 1.0)]), (4, 8))
    check_inside(as_mask([]), (0, 0))


def test_shapes_and_axes_must_fit():
    with pytest.raises(InvalidValueError, match="expected the letters 'xy' in the order of the image, got 'xz'"):
        image_to_pixel(np.eye(2), axes="xz")
    with pytest.raises(InvalidValueError, match="an image of 2 dimensions"):
        image_to_pixel(np.zeros((2, 2, 2)))
    with pytest.raises(InvalidValueError, match="an image shape of 3 lengths"):
        voxel_to_image([(0, 0, 0, 1.0)], (2, 2))
