"""Tables of regions: filled one by one and at once, refused without a trace, read as one sparse set."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import numpy as np
import pytest

from photonwb import NWBHDF5IO, NWBFile
from photonwb.common import ElementIdentifiers, Ragged, VectorData, VectorIndex
from photonwb.device import Device
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError, OutOfRangeError
from photonwb.image import ImageSeries
from photonwb.ophys import ImageSegmentation, ImagingPlane, OpticalChannel, PlaneSegmentation
from photonwb.regions.masks import as_mask, mask_dtype
from photonwb.regions.rois import RoiSet

PIXELS = [[(0, 1, 1.0), (2, 3, 0.5)], [(1, 1, 2.0)]]
VOXELS = [[(0, 1, 2, 1.0), (2, 3, 1, 0.5)], [(1, 1, 0, 2.0)]]
IMAGES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def plane():
    device = Device("microscope")
    return ImagingPlane("plane", OpticalChannel("green", "GFP", 520.0), "text", device, 920.0, "GCaMP6f", "VISp")


def movie(shape=(5, 3, 4), name="movie"):
    return ImageSeries(name, np.zeros(shape), "a.u.", rate=1.0)


def table(**arguments):
    return PlaneSegmentation("regions", plane(), **arguments)


def content(made):
    """All that a failed addition must leave as it was."""
    return {
        "rows": len(made),
        "id": list(made.id[:]),
        "colnames": tuple(made.colnames),
        "columns": {column.name: list(column.data) for column in made.columns},
    }


# ---- making a table


def test_the_name_is_that_of_the_plane_unless_given():
    assert table().name == "plane"
    assert table(name="cells").name == "cells"


def test_reference_images():
    one, two = movie(), movie(name="mean")
    assert table().reference_images is None
    assert table(reference_images=one).reference_images == (one,)
    assert table(reference_images=[one, two]).reference_images == (one, two)
    assert table(reference_images={"a": one}).reference_images == (one,)
    with pytest.raises(InvalidTypeError, match="reference_images: expected an ImageSeries"):
        table(reference_images=plane())


def test_a_table_begins_with_columns():
    values = VectorData("pixel_mask", "pixels", as_mask([*PIXELS[0], *PIXELS[1]]))
    made = table(columns=[values, VectorIndex("pixel_mask_index", [2, 3], values)])
    assert len(made) == 2
    assert made["pixel_mask"][1].tolist() == PIXELS[1]


@pytest.mark.parametrize("arguments", [{"id": [1, 2]}, {"columns": [VectorData("area", "um", [1.0, 2.0])]}])
def test_rows_need_masks(arguments):
    with pytest.raises(
        InvalidValueError, match="2 rows without a mask: give a column named pixel_mask or voxel_mask or image_mask"
    ):
        table(**arguments)


def test_an_empty_table():
    made = table(columns=[VectorData("area", "um")])
    assert len(made) == 0
    assert len(made.rois) == 0
    assert made.pixel_mask is None


@pytest.mark.parametrize("reference", [None, movie()])
def test_a_table_without_regions_is_written_with_an_empty_column(reference):
    made = table(reference_images=reference)
    made._before_writing()
    assert made.colnames == ("image_mask",)
    assert made.image_mask.data.shape == ((0, 0, 0) if reference is None else (0, 3, 4))
    assert len(made.rois) == 0
    before = content(made)
    with pytest.raises(InvalidValueError, match="unknown"):
        made.add_roi(pixel_mask=PIXELS[0], unknown=1)
    assert content(made) == before
    made.add_roi(pixel_mask=PIXELS[0])
    assert made.colnames == ("pixel_mask",)
    assert made.image_mask is None


def test_a_table_with_regions_is_written_as_it_is():
    made = table()
    made.add_rois(PIXELS)
    made._before_writing()
    assert made.colnames == ("pixel_mask",)


# ---- one region at a time


@pytest.mark.parametrize("form", [list, np.array, as_mask])
def test_pixel_masks(form):
    made = table()
    for mask in PIXELS:
        made.add_roi(pixel_mask=form(mask))
    assert made.colnames == ("pixel_mask",)
    assert made.pixel_mask.data.dtype == mask_dtype(2)
    assert [mask.tolist() for mask in made["pixel_mask"][:]] == PIXELS
    assert list(made.id[:]) == [0, 1]
    assert made.pixel_mask.description == "Pixel masks for each ROI"


def test_voxel_masks():
    made = table()
    for mask in VOXELS:
        made.add_roi(voxel_mask=mask)
    assert made.voxel_mask.data.dtype == mask_dtype(3)
    assert [mask.tolist() for mask in made["voxel_mask"][:]] == VOXELS


def test_image_masks_are_taken_as_they_are_then():
    made = table()
    buffer = np.zeros((3, 4), np.uint8)
    for number in (1, 2):
        buffer[:] = number
        made.add_roi(image_mask=buffer)
    assert [image.max() for image in made["image_mask"][:]] == [1, 2]
    assert made["image_mask"][0].dtype == np.uint8


def test_image_masks_take_room_by_what_is_in_them():
    made = table()
    image = np.zeros((512, 512), np.float32)
    image[100:110, 200:210] = 0.5
    for _ in range(20):
        made.add_roi(image_mask=image)
    made.add_rois(image_mask=np.stack([image] * 20))
    assert [values.nbytes for _, values in made.image_mask.data.blocks((1, 64, 64))] == [64 * 64 * 4] * 40
    np.testing.assert_array_equal(made["image_mask"][39], image)


def test_several_kinds_of_masks():
    made = table()
    for pixels, image in zip(PIXELS, IMAGES, strict=True):
        made.add_roi(pixel_mask=pixels, image_mask=image)
    assert set(made.colnames) == {"pixel_mask", "image_mask"}
    assert len(made) == 2


def test_pixels_outside_of_the_image_masks():
    made = table()
    made.add_roi(pixel_mask=PIXELS[0], image_mask=IMAGES[0])
    with pytest.warns(
        UserWarning, match=r"x = 9 lies outside the image of shape \(x, y\) = \(3, 4\) \(the shape of image_mask\)"
    ) as got:
        made.add_roi(pixel_mask=[(9, 0, 1.0)], image_mask=IMAGES[0])
    assert "test_segmentation" in got[0].filename
    assert len(made) == 2


def test_identifiers_and_other_columns():
    made = table()
    made.add_column("area", "number of pixels")
    made.add_roi(pixel_mask=PIXELS[0], id=17, area=2)
    assert list(made.id[:]) == [17]
    assert made["area"][0] == 2


def test_a_region_may_have_no_pixels():
    made = table()
    made.add_roi(pixel_mask=[])
    made.add_roi(pixel_mask=PIXELS[0])
    assert [len(mask) for mask in made["pixel_mask"][:]] == [0, 2]


WRONG = [
    ({}, "a region needs a mask: give pixel_mask or voxel_mask or image_mask"),
    ({"image_mask": IMAGES[0]}, "the rows before have pixel_mask, got image_mask"),
    ({"pixel_mask": PIXELS[0], "image_mask": IMAGES[0]}, "the rows before have pixel_mask, got pixel_mask and image_mask"),
    ({"pixel_mask": [(-1, 0, 1.0)]}, r"PlaneSegmentation 'plane'\.pixel_mask( 0)?: expected whole coordinates >= 0, got x = -1"),
    ({"pixel_mask": [(0.5, 0, 1.0)]}, "whole coordinates"),
    ({"pixel_mask": [(0, 0, np.nan)]}, "expected finite weights, got nan at pixel 0"),
    ({"pixel_mask": VOXELS[0]}, r"expected rows of \(x, y, weight\)"),
    ({"pixel_mask": [(7, 0, 1.0)]}, r"x = 7 lies outside the image of shape \(x, y\) = \(3, 4\)$"),
    ({"pixel_mask": [(3, 2, 1.0)]}, "x = 3 lies outside .*; x and y look exchanged"),
    ({"pixel_mask": PIXELS[0], "unknown": 1}, "unknown"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_cannot_be_added_leaves_no_trace(arguments, message):
    made = table(reference_images=movie())
    made.add_roi(pixel_mask=PIXELS[0])
    before = content(made)
    with pytest.raises(InvalidValueError, match=message):
        made.add_roi(**arguments)
    assert content(made) == before
    with pytest.raises(InvalidValueError, match=message):
        made.add_rois(**{name: [value, value] for name, value in arguments.items()})
    assert content(made) == before


def many_pixels(count, first=0):
    return np.array([(first + number, 2 * number, 0.5) for number in range(count)], float)


FORMS = [lambda mask: mask, lambda mask: mask.astype("f4"), lambda mask: [tuple(row) for row in mask.tolist()], as_mask]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("others", [{}, {"area": 5}])
def test_regions_one_by_one_are_as_all_at_once(form, others):
    masks = [many_pixels(count, first=count) for count in (3, 0, 100, 1, 7, 2000)]
    singly, together = table(), table()
    for made in (singly, together):
        for name in others:
            made.add_column(name, "text")
    for mask in masks:
        given = form(mask.copy())
        singly.add_roi(pixel_mask=given, **others)
        if isinstance(given, np.ndarray) and len(given):
            given[...] = given[0]  # whoever gave it may change it
    together.add_rois(masks, **{name: [value] * len(masks) for name, value in others.items()})
    assert content(singly) == content(together)


def test_a_list_of_masks_may_be_changed_afterwards():
    mask = as_mask(PIXELS[0])
    made = table()
    made.add_rois([mask])
    mask["x"] = 9
    assert made["pixel_mask"][0]["x"].tolist() == [0, 2]


def test_columns_may_change_between_regions():
    made = table()
    for _ in range(3):
        made.add_roi(pixel_mask=PIXELS[0])
    made.pixel_mask.data = made.pixel_mask.data.copy()
    made.add_roi(pixel_mask=PIXELS[1])
    made["pixel_mask"].data = np.array(made["pixel_mask"].data)
    made.add_roi(pixel_mask=PIXELS[1])
    made.id.data = np.array(made.id.data)
    made.add_roi(pixel_mask=PIXELS[1])
    made.add_column("area", "text", data=[1] * 6)
    with pytest.raises(InvalidValueError, match="area"):
        made.add_roi(pixel_mask=PIXELS[1])
    made.add_roi(pixel_mask=PIXELS[1], area=2)
    made.remove_column("area")
    made.add_roi(pixel_mask=PIXELS[1])
    assert [len(mask) for mask in made["pixel_mask"][:]] == [2, 2, 2, 1, 1, 1, 1, 1]
    assert list(made.id[:]) == list(range(8))
    made.reference_images = movie(shape=(5, 1, 1))
    with pytest.raises(InvalidValueError, match=r"PlaneSegmentation 'plane'\.pixel_mask: .* lies outside"):
        made.add_roi(pixel_mask=PIXELS[0])


def test_a_column_of_more_precision_stays_so():
    made = table()
    for _ in range(3):
        made.add_roi(pixel_mask=PIXELS[0])
    made.pixel_mask.extend(np.array([(1, 1, 0.1)], [("x", "u8"), ("y", "u8"), ("weight", "f8")]))
    made["pixel_mask"].data.append(7)
    made.id.append(3)
    made.add_roi(pixel_mask=PIXELS[1])
    made.add_roi(pixel_mask=np.array(PIXELS[1]))
    assert [mask.tolist() for mask in made["pixel_mask"][3:]] == [[(1, 1, 0.1)], PIXELS[1], PIXELS[1]]


def test_a_class_that_does_more_with_a_row_does_it():
    class Counted(PlaneSegmentation):
        rows = 0

        def add_row(self, *arguments, **columns):
            type(self).rows += 1
            super().add_row(*arguments, **columns)

    made = Counted("regions", plane())
    for _ in range(4):
        made.add_roi(pixel_mask=PIXELS[0])
    assert Counted.rows == 4


def test_an_identifier_may_be_wanted_unique():
    made = table()
    for _ in range(3):
        made.add_roi(pixel_mask=PIXELS[0])
    with pytest.raises(InvalidValueError, match="id 1 already in the table"):
        made.add_roi(pixel_mask=PIXELS[0], id=1, enforce_unique_id=True)
    assert len(made) == 3


def test_masks_of_another_kind_are_refused_however_many_there_were():
    made = table()
    for _ in range(3):
        made.add_roi(pixel_mask=PIXELS[0])
    for masks in ({"voxel_mask": VOXELS[0]}, {"pixel_mask": PIXELS[0], "voxel_mask": VOXELS[0]}):
        with pytest.raises(InvalidValueError, match="the rows before have pixel_mask"):
            made.add_roi(**masks)


def test_an_interruption_leaves_no_trace(monkeypatch):
    made = table()
    for _ in range(3):
        made.add_roi(pixel_mask=PIXELS[0])
    before = content(made)

    def interrupted(self, identifier):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ElementIdentifiers, "append", interrupted)
        made.add_roi(pixel_mask=PIXELS[1])
    assert content(made) == before
    made.add_roi(pixel_mask=PIXELS[1])
    made.add_roi(pixel_mask=PIXELS[1])
    assert [len(mask) for mask in made["pixel_mask"][:]] == [2, 2, 2, 1, 1]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_copied_table_is_added_to_on_its_own(copied):
    made = table()
    for _ in range(3):
        made.add_roi(pixel_mask=PIXELS[0])
    other = copied(made)
    other.add_roi(pixel_mask=PIXELS[1])
    assert [mask.tolist() for mask in other["pixel_mask"][:]] == [PIXELS[0]] * 3 + [PIXELS[1]]
    assert len(made) == 3


def test_a_missing_column_leaves_no_trace():
    made = table()
    made.add_column("area", "number of pixels")
    for add in (lambda: made.add_roi(pixel_mask=PIXELS[0]), lambda: made.add_rois(PIXELS)):
        with pytest.raises(InvalidValueError, match="area"):
            add()
        assert made.colnames == ("area",)
        assert len(made) == len(made.id) == 0


def test_images_of_one_shape():
    made = table()
    made.add_roi(image_mask=IMAGES[0])
    with pytest.raises(InvalidValueError, match=r"image_mask: expected shape \(3, 4\), as the masks before, got \(4, 3\)"):
        made.add_roi(image_mask=IMAGES[0].T)
    with pytest.raises(InvalidValueError, match=r"expected shape \(3, 4\), as the masks before"):
        made.add_rois(image_mask=np.zeros((2, 3, 5)))
    with pytest.raises(InvalidValueError, match=r"expected numbers of shape \(x, y\) or \(x, y, z\), got list"):
        made.add_roi(image_mask=[1, 2])
    assert len(made) == 1


def test_images_of_the_shape_of_the_reference():
    made = table(reference_images=movie())
    with pytest.raises(
        InvalidValueError, match=r"expected shape \(3, 4\), as reference_images, got \(4, 3\); it looks transposed"
    ):
        made.add_roi(image_mask=np.zeros((4, 3)))
    with pytest.raises(InvalidValueError, match=r"as reference_images, got \(5, 5\)$"):
        made.add_rois(image_mask=np.zeros((2, 5, 5)))
    made.add_roi(image_mask=np.zeros((3, 4)))


def test_a_reference_without_frames_in_the_file_says_nothing():
    made = table(reference_images=ImageSeries("movie", external_file=["a.tif"], num_samples=3, rate=1.0))
    made.add_roi(pixel_mask=[(1000, 1000, 1.0)])


def test_voxels_inside_a_volume():
    made = table(reference_images=movie((5, 3, 4, 2)))
    made.add_roi(voxel_mask=[(2, 3, 1, 1.0)])
    with pytest.raises(InvalidValueError, match="z = 2 lies outside"):
        made.add_roi(voxel_mask=VOXELS[0])


# ---- many regions at once


def label_image():
    labels = np.zeros((3, 4), np.int32)
    labels[0, 1] = labels[2, 3] = 5
    labels[1, 1] = 9
    return labels


def as_sparse():
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.zeros((2, 3, 4), np.float32)
    for row, mask in enumerate(PIXELS):
        for x, y, weight in mask:
            dense[row, x, y] = weight
    return sparse.csr_matrix(dense.reshape(2, 12))


FLAT = [*PIXELS[0], *PIXELS[1]]


@pytest.mark.parametrize(
    "arguments",
    [
        {"pixel_mask": PIXELS},
        {"pixel_mask": [np.array(mask) for mask in PIXELS]},
        {"pixel_mask": [as_mask(mask) for mask in PIXELS]},
        {"pixel_mask": (np.array(PIXELS[0]), PIXELS[1])},
        {"pixel_mask": FLAT, "ends": [2, 3]},
        {"pixel_mask": np.array(FLAT), "ends": np.array([2, 3], np.uint8)},
        {"pixel_mask": Ragged(FLAT, [2, 3])},
        {"pixel_mask": RoiSet.from_masks(PIXELS)},
    ],
)
def test_many_pixel_masks(arguments):
    made = table()
    made.add_rois(**arguments)
    made.add_rois(**arguments, id=[7, 8])
    assert [mask.tolist() for mask in made["pixel_mask"][:]] == PIXELS * 2
    assert list(made.id[:]) == [0, 1, 7, 8]
    assert made.pixel_mask.data.dtype == mask_dtype(2)


def test_a_sparse_matrix():
    made = table()
    with pytest.raises(InvalidValueError, match="a sparse matrix needs image_shape"):
        made.add_rois(as_sparse())
    made.add_rois(as_sparse(), image_shape=(3, 4))
    assert [mask.tolist() for mask in made["pixel_mask"][:]] == PIXELS


def test_a_label_image():
    made = table()
    made.add_column("label", "number in the label image")
    made.add_rois(label_image=label_image(), label=[5, 9])
    assert [[pixel[:2] for pixel in mask.tolist()] for mask in made["pixel_mask"][:]] == [[(0, 1), (2, 3)], [(1, 1)]]
    with pytest.raises(InvalidValueError, match="expected a label_image or masks of the same kind, got both"):
        made.add_rois(PIXELS, label_image=label_image(), label=[5, 9])


def test_a_label_volume():
    made = table()
    made.add_rois(label_image=np.eye(3, dtype=int)[np.newaxis])
    assert made["voxel_mask"][0]["z"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32, np.float64])
def test_a_stack_of_images_keeps_its_type(dtype):
    stack = IMAGES.astype(dtype)
    made = table()
    made.add_rois(image_mask=stack)
    assert made.image_mask.data.dtype == dtype
    made.add_rois(image_mask=stack)
    assert np.array_equal(made.image_mask.data, np.concatenate([stack, stack]))
    assert made.image_mask.data.dtype == dtype


def test_a_list_of_images():
    made = table()
    made.add_rois(image_mask=list(IMAGES))
    assert np.array_equal(np.asarray(made.image_mask.data), IMAGES)
    with pytest.raises(InvalidValueError, match=r"expected images of one shape, got \[\(3, 4\), \(4, 3\)\]"):
        table().add_rois(image_mask=[IMAGES[0], IMAGES[0].T])


def test_images_added_singly_and_together():
    made = table()
    made.add_roi(image_mask=IMAGES[0])
    made.add_rois(image_mask=IMAGES)
    made.add_roi(image_mask=IMAGES[1])
    assert np.array_equal(np.asarray(made.image_mask.data), IMAGES[[0, 0, 1, 1]])


def test_other_columns_of_many_regions():
    made = table()
    made.add_column("area", "number of pixels")
    made.add_rois(PIXELS, area=np.array([2, 1]))
    assert list(made["area"][:]) == [2, 1]
    before = content(made)
    for wrong in ({"area": [1]}, {"area": [1, 2], "id": [1]}):
        with pytest.raises(InvalidValueError, match="as many values for each column"):
            made.add_rois(PIXELS, **wrong)
        assert content(made) == before


def test_the_message_says_which_mask_is_wrong():
    made = table()
    with pytest.raises(InvalidValueError, match=r"PlaneSegmentation 'plane'\.pixel_mask 1: expected whole coordinates"):
        made.add_rois([[(0, 0, 1.0)], [(0, -1, 1.0)]])
    with pytest.raises(InvalidValueError, match="expected ends that rise from 0 to the 3 pixels"):
        made.add_rois(FLAT, ends=[2, 4])
    with pytest.raises(InvalidValueError, match="expected masks of 2 dimensions, got 3"):
        made.add_rois(RoiSet.from_masks(VOXELS, dimensions=3))
    assert len(made) == 0
    assert made.colnames == ()


# ---- all regions


def test_regions_of_every_kind_of_mask():
    expected = RoiSet.from_masks(PIXELS)
    dense = np.zeros((2, 3, 4))
    for row, mask in enumerate(PIXELS):
        for x, y, weight in mask:
            dense[row, x, y] = weight
    pixels, images, voxels = table(), table(), table()
    pixels.add_rois(PIXELS)
    images.add_rois(image_mask=dense)
    voxels.add_rois(voxel_mask=[[(x, y, 0, weight) for x, y, weight in mask] for mask in PIXELS])
    for made in (pixels, images):
        assert np.array_equal(made.rois.values, expected.values)
        assert made.rois.areas().tolist() == [2, 1]
    assert voxels.rois.dimensions == 3
    assert voxels.rois[0].coordinates.tolist() == [[0, 1, 0], [2, 3, 0]]
    assert images.rois.image_shape == (3, 4)
    assert np.array_equal(images.rois.image(0), dense[0])
    assert images.rois[1].coordinates.tolist() == [[1, 1]]
    assert pixels.rois.image_shape is None


@pytest.mark.parametrize("masks", [{"pixel_mask": PIXELS}, {"image_mask": list(IMAGES)}, {"image_mask": IMAGES}])
def test_a_set_stays_as_it_was_when_regions_are_added(masks):
    made = table()
    made.add_rois(**masks)
    rois = made.rois
    made.add_rois(**masks)
    assert len(rois) == len(rois.areas()) == 2
    assert len(made.rois.areas()) == 4


def test_the_reference_tells_the_shape_of_the_images():
    made = table(reference_images=movie())
    made.add_rois(PIXELS)
    assert made.rois.image_shape == (3, 4)
    assert made.rois.labels()[1, 1] == 2


class Reading:
    """An array that notes what is read of it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.read = array, array.shape, array.dtype, []

    def __getitem__(self, key):
        self.read.append(key)
        return self.array[key]

    def __len__(self):
        return len(self.array)


def test_one_region_reads_one_mask():
    data = Reading(IMAGES)
    made = table(columns=[VectorData("image_mask", "images", data)])
    data.read.clear()
    assert made.rois[1].weights.tolist() == list(range(12, 24))
    assert data.read == [1]
    assert made.rois.areas().tolist() == [11, 12]


def test_blocks_of_images_make_one_set(monkeypatch):
    monkeypatch.setattr("photonwb.regions.table_rois._BLOCK_BYTES", 2 * 12 * 8)
    stack = np.arange(60).reshape(5, 3, 4) % 7
    data = Reading(stack)
    made = table(columns=[VectorData("image_mask", "images", data)])
    data.read.clear()
    rois = made.rois
    assert np.array_equal(rois.values, RoiSet.from_images(stack).values)
    assert np.array_equal(rois.ends, RoiSet.from_images(stack).ends)
    assert len(data.read) == 3


def test_masks_that_contradict_the_reference():
    values = VectorData("pixel_mask", "pixels", as_mask([(3, 2, 1.0)]))
    made = table(columns=[values, VectorIndex("pixel_mask_index", [1], values)], reference_images=movie())
    rois = made.rois
    with pytest.warns(UserWarning, match="x and y look exchanged.*; the shape of the image is taken to be unknown"):
        rois.areas()
    assert rois.image_shape is None


def test_regions_of_a_file(tmp_path):
    file = NWBFile("session", "1", datetime(2025, 1, 1, tzinfo=UTC))
    where = plane()
    file.add_device(where.device)
    file.add_imaging_plane(where)
    segmentation = ImageSegmentation()
    file.create_processing_module("ophys", "results").add(segmentation)
    expected = {}
    for name, masks in {
        "pixels": {"pixel_mask": PIXELS},
        "voxels": {"voxel_mask": VOXELS},
        "images": {"image_mask": IMAGES},
    }.items():
        made = segmentation.create_plane_segmentation("regions", where, name)
        made.add_rois(**masks)
        expected[name] = made.rois
    segmentation.create_plane_segmentation("nothing yet", where, "empty")
    with NWBHDF5IO(tmp_path / "regions.nwb", "w") as io:
        io.write(file)
    with NWBHDF5IO(tmp_path / "regions.nwb", "r") as io:
        tables = io.read().processing["ophys"]["ImageSegmentation"].plane_segmentations
        assert len(tables["empty"].rois) == 0
        for name, rois in expected.items():
            assert tables[name].rois[1].coordinates.tolist() == rois[1].coordinates.tolist()
            assert np.array_equal(tables[name].rois.values, rois.values)
            assert np.array_equal(tables[name].rois.ends, rois.ends)


# ---- rows for signals


@pytest.mark.parametrize(
    ("region", "rows"),
    [
        (slice(None), [0, 1, 2]),
        (slice(1, 3), [1, 2]),
        ([2, 0], [2, 0]),
        ((1,), [1]),
        (np.array([1, 2]), [1, 2]),
        (np.array([True, False, True]), [0, 2]),
        ([True, False, True], [0, 2]),
        ([], []),
    ],
)
def test_rows_for_signals(region, rows):
    made = table()
    made.add_rois([*PIXELS, PIXELS[0]])
    found = made.create_roi_table_region("some", region)
    assert found.name == "rois"
    assert found.table is made
    assert list(found.data) == rows


@pytest.mark.parametrize("region", [[3], [-1], slice(0, 4), np.array([0, 3])])
def test_rows_that_are_not_there(region):
    made = table()
    made.add_rois([*PIXELS, PIXELS[0]])
    with pytest.raises(OutOfRangeError):
        made.create_roi_table_region("some", region)
    with pytest.raises(InvalidValueError, match="one truth value per row"):
        made.create_roi_table_region("some", [True])


# ---- one mask in another form


def test_an_image_just_large_enough():
    with pytest.warns(UserWarning, match=r"pixel_to_image\(\) without image_shape makes an image \[y, x\]"):
        image = PlaneSegmentation.pixel_to_image([[0, 0, 1.0], [1, 0, 2.0], [2, 0, 2.0]])
    assert image.tolist() == [[1, 2, 2], [0, 0, 0], [0, 0, 0]]
    assert PlaneSegmentation.pixel_to_image([[2, 0, 1.0]], axes="xy").tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert PlaneSegmentation.pixel_to_image([], axes="xy").shape == (0, 0)


def test_images_of_a_known_shape_and_back():
    image = np.zeros((3, 5))
    image[2, 4] = 0.5
    assert PlaneSegmentation.image_to_pixel(image).tolist() == [[2, 4, 0.5]]
    assert np.array_equal(PlaneSegmentation.pixel_to_image(PlaneSegmentation.image_to_pixel(image), image.shape), image)
    volume = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(PlaneSegmentation.voxel_to_image(PlaneSegmentation.image_to_voxel(volume), volume.shape), volume)


# ---- collections


def test_a_collection_of_tables():
    made = ImageSegmentation(table(), name="segmentation")
    other = table(name="other")
    assert made.add_plane_segmentation(other) is other
    assert made["plane"].parent is made
    with pytest.raises(InvalidValueError, match="holds several objects"):
        made.get_plane_segmentation()
    with pytest.raises(NotFoundError, match="'absent' is not in plane_segmentations"):
        made["absent"]


def test_adding_a_segmentation():
    made = ImageSegmentation()
    found = made.add_segmentation(plane())
    assert made["plane"] is found
    assert (found.name, found.description) == ("plane", "text")
    bare = plane()
    bare.description = None
    with pytest.raises(InvalidValueError, match="give a description, ImagingPlane 'plane' has none"):
        made.add_segmentation(bare)
    assert made.add_segmentation(plane(), "cells", name="cells").description == "cells"
    assert made.create_plane_segmentation("dendrites", plane(), "dendrites").name == "dendrites"


def test_a_column_that_comes_between_regions_is_asked_for():
    made = table()
    for _ in range(3):  # from the second on by the short way
        made.add_roi(pixel_mask=[(1, 2, 1.0)])
    made.add_column("quality", "how good it is", data=[1, 2, 3])
    with pytest.raises(InvalidValueError, match="quality"):
        made.add_roi(pixel_mask=[(3, 4, 1.0)])
    assert [len(made), len(made["pixel_mask"]), len(made["quality"])] == [3, 3, 3]
    made.add_roi(pixel_mask=[(3, 4, 1.0)], quality=4)
    assert made["pixel_mask"][3].tolist() == [(3, 4, 1.0)]
    assert list(made["quality"][:]) == [1, 2, 3, 4]
