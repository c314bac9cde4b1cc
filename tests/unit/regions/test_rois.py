"""Sets of regions: made from every form, measured, and turned back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.regions.masks import mask_dtype
from photonwb.regions.rois import Roi, RoiSet

# Whole weights: what is compared must not depend on the precision in which the standard keeps weights.
STACKS = hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=4, min_side=1, max_side=5), elements=st.integers(0, 2))


def three() -> RoiSet:
    return RoiSet.from_masks([[(0, 1, 1.0), (2, 1, 3.0)], [], [(2, 1, 1.0)]], image_shape=(3, 4))


@given(STACKS)
def test_images_come_back(stack):
    rois = RoiSet.from_images(stack)
    assert len(rois) == len(stack)
    for row, image in enumerate(stack):
        assert np.array_equal(rois.image(row), image)
    assert np.array_equal(rois.areas(), np.count_nonzero(stack, axis=tuple(range(1, stack.ndim))))


@given(STACKS, st.sampled_from(["C", "F"]))
def test_sparse_matrices_come_back(stack, order):
    scipy_sparse = pytest.importorskip("scipy.sparse")
    shape = stack.shape[1:]
    flat = np.stack([image.ravel(order=order) for image in stack])
    rois = RoiSet.from_sparse(scipy_sparse.csr_array(flat), shape, order=order)
    assert np.array_equal(rois.sparse().toarray().reshape(stack.shape), stack)


@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6), elements=st.integers(0, 4)))
def test_label_images_come_back(labels):
    numbers = np.unique(labels[labels > 0])
    rois = RoiSet.from_labels(labels)
    assert len(rois) == len(numbers)
    expected = np.searchsorted(np.concatenate(([0], numbers)), labels)
    assert np.array_equal(rois.labels(), expected)


def test_one_region():
    rois = three()
    first = rois[0]
    assert isinstance(first, Roi)
    assert first.coordinates.tolist() == [[0, 1], [2, 1]]
    assert first.weights.tolist() == [1.0, 3.0]
    assert len(rois[1].weights) == 0
    assert rois[-1].coordinates.tolist() == [[2, 1]]
    with pytest.raises(IndexError):
        rois[3]


def test_some_regions():
    rois = three()
    for key in (slice(2, None, -2), [2, 0], np.array([2, 0])):
        assert [roi.weights.tolist() for roi in rois[key]] == [[1.0], [1.0, 3.0]]
    assert [len(roi.weights) for roi in rois[np.array([False, True, True])]] == [0, 1]
    assert rois[1:].image_shape == (3, 4)
    assert len(rois[3:]) == 0


def test_measures():
    rois = three()
    assert rois.areas().tolist() == [2, 0, 1]
    assert np.array_equal(rois.centroids(), [[1.5, 1], [np.nan, np.nan], [2, 1]], equal_nan=True)
    assert rois.bounding_boxes().tolist() == [[[0, 1], [3, 2]], [[0, 0], [0, 0]], [[2, 1], [3, 2]]]


def test_images_and_labels():
    rois = three()
    assert rois.image(0).shape == (3, 4)
    assert rois.image(0)[2, 1] == 3
    assert rois.image(0, axes="yx")[1, 2] == 3
    labels = rois.labels()
    assert labels[0, 1] == 1
    assert labels[2, 1] == 1, "the region that gives the pixel most weight"
    assert np.count_nonzero(labels) == 2


def test_of_equal_weights_the_first_region_gets_the_pixel():
    assert RoiSet.from_masks([[(0, 0, 1.0)], [(0, 0, 1.0)]], (1, 1)).labels().tolist() == [[1]]


def test_of_a_pixel_named_twice_the_last_weight_counts():
    rois = RoiSet.from_masks([[(1, 0, 5.0), (0, 0, 1.0), (1, 0, 2.0)], [(1, 0, 7.0)]], (2, 1))
    assert rois.sparse().toarray().tolist() == [[1, 2], [0, 7]]
    assert rois.image(0).ravel().tolist() == [1, 2]


def test_an_empty_set():
    rois = RoiSet.from_masks([], (2, 3))
    assert len(rois) == 0
    assert rois.sparse().shape == (0, 6)
    assert rois.centroids().shape == (0, 2)
    assert rois.bounding_boxes().shape == (0, 2, 2)
    assert not rois.labels().any()
    assert list(rois) == []


def test_masks_share_the_memory():
    values = np.zeros(3, mask_dtype(2))
    rois = RoiSet(values, np.array([1, 3], np.uint8))
    assert [len(mask) for mask in rois.masks()] == [1, 2]
    assert all(np.shares_memory(mask, values) for mask in rois.masks())


def test_images_need_a_shape():
    rois = RoiSet.from_masks([[(3, 1, 1.0)]])
    assert rois.image_shape is None
    with pytest.raises(InvalidValueError, match=r"nothing tells the shape of the images; set it: rois.image_shape"):
        rois.image(0)
    with pytest.raises(InvalidValueError, match="x = 3 lies outside"):
        rois.image_shape = (3, 3)
    with pytest.raises(InvalidValueError, match="expected 2 lengths"):
        rois.image_shape = (3, 3, 3)
    rois.image_shape = (4, 2)
    assert rois.image(0)[3, 1] == 1


def test_voxels():
    rois = RoiSet.from_masks([[(0, 1, 2, 1.0)]], (2, 3, 4), dimensions=3)
    assert rois.dimensions == 3
    assert rois.sparse().shape == (1, 24)
    assert rois.image(0, axes="zyx")[2, 1, 0] == 1
    assert rois[0].coordinates.tolist() == [[0, 1, 2]]


def test_what_makes_no_set():
    values = np.zeros(3, mask_dtype(2))
    for ends in ([2], [4], [2, 1, 3]):
        with pytest.raises(InvalidValueError, match="expected ends that rise from 0 to the 3 pixels"):
            RoiSet(values, ends)
    with pytest.raises(InvalidTypeError, match="whole numbers"):
        RoiSet(values, [3.0])
    with pytest.raises(InvalidValueError, match="mask 1: expected whole coordinates"):
        RoiSet.from_masks([[(0, 0, 1.0)], [(0, -1, 1.0)]])
    with pytest.raises(InvalidValueError, match=r"expected numbers of shape \(n, x, y\)"):
        RoiSet.from_images(np.eye(3))
    with pytest.raises(InvalidValueError, match="expected labels >= 0, got -1"):
        RoiSet.from_labels(np.array([[-1, 1]]))
    with pytest.raises(InvalidValueError, match="expected whole numbers, 2-D or 3-D"):
        RoiSet.from_labels(np.eye(2))


def test_a_transposed_sparse_matrix_is_recognised():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(InvalidValueError, match=r"expected shape \(regions, 6\), got \(6, 2\); give the transposed matrix"):
        RoiSet.from_sparse(scipy_sparse.csr_array(np.ones((6, 2))), (2, 3))


def test_a_sparse_matrix_is_not_changed_and_its_zeros_are_left_out():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    matrix = scipy_sparse.csr_array((np.array([1.0, 0.0, 2.0]), np.array([3, 0, 3]), np.array([0, 3])), shape=(1, 4))
    rois = RoiSet.from_sparse(matrix, (2, 2))
    assert rois[0].weights.tolist() == [3.0]
    assert matrix.data.tolist() == [1.0, 0.0, 2.0]


def test_a_set_says_what_it_is():
    assert repr(three()) == "<RoiSet: 3 regions of images (3, 4)>"
