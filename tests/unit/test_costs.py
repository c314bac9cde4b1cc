"""What things cost, counted: these tests fail when something is done more often than it has to be, on machines of any speed."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.arrays.codecs import Pipeline
from photonwb.arrays.growing import GrowingArray
from photonwb.ophys import OpticalChannel, PlaneSegmentation, TwoPhotonSeries
from photonwb.schema import bundled
from photonwb.schema.namespace import Namespace
from photonwb.storage.checked_file import LocalInput
from photonwb.testing.mock.ophys import mock_ImagingPlane


def nwbfile_with_plane():
    nwbfile = photonwb.NWBFile("costs", "costs", datetime(2026, 1, 5, 14, tzinfo=UTC))
    plane = nwbfile.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0),
        description="layer 2/3",
        device=nwbfile.create_device(name="microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
    )
    return nwbfile, plane


FEW_FRAMES = np.zeros((2, 4, 4))


def series(plane, name="movie", data=FEW_FRAMES):
    return TwoPhotonSeries(name=name, imaging_plane=plane, data=data, unit="n.a.", rate=30.0)


def calls_of(function):
    """How many Python functions are called."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture
def opened(monkeypatch):
    """What HDF5 is asked to open, in order."""
    found = []
    for module in (h5py.h5o, h5py.h5a):
        original = module.open

        def note(place, *arguments, original=original, **named):
            found.append(arguments)
            return original(place, *arguments, **named)

        monkeypatch.setattr(module, "open", note)
    return found


@pytest.fixture
def decoded(monkeypatch):
    """The chunks that were decoded."""
    found = []
    original = Pipeline.decode

    def note(self, data, *arguments):
        found.append(len(data))
        return original(self, data, *arguments)

    monkeypatch.setattr(Pipeline, "decode", note)
    return found


@pytest.fixture
def read_by_hdf5(monkeypatch):
    """How many bytes HDF5 asks for each time that it reads."""
    found = []
    original = LocalInput.readinto

    def note(self, buffer):
        found.append(len(buffer))
        return original(self, buffer)

    monkeypatch.setattr(LocalInput, "readinto", note)
    return found


def file_of_series(path, count):
    nwbfile, plane = nwbfile_with_plane()
    for number in range(count):
        nwbfile.add_acquisition(series(plane, f"movie_{number:04}"))
    photonwb.write(nwbfile, path)
    return path


def one_value(path, count):
    with photonwb.open(path) as nwbfile:
        assert nwbfile.acquisition[f"movie_{count - 1:04}"].data[1, 2, 3] == 0


def test_one_value_opens_few_objects_however_many_there_are(tmp_path, opened):
    counts = []
    for count in (10, 1000):
        path = file_of_series(tmp_path / f"{count}.nwb", count)
        opened.clear()
        one_value(path, count)
        counts.append(len(opened))
    assert counts[0] == counts[1] <= 8  # root, collection, series, array, and the types of root and series


def test_one_value_takes_few_reads_however_many_objects_there_are(tmp_path, read_by_hdf5):
    for count in (10, 1000):
        path = file_of_series(tmp_path / f"{count}.nwb", count)
        read_by_hdf5.clear()
        one_value(path, count)
        assert len(read_by_hdf5) <= 30
        assert sum(read_by_hdf5) <= 16_000 + 30 * count  # the names in one collection


def test_one_value_takes_few_calls_however_many_objects_there_are(tmp_path):
    counts = []
    for count in (10, 1000):
        path = file_of_series(tmp_path / f"{count}.nwb", count)
        one_value(path, count)  # what is imported, and made for each class, is there by now
        counts.append(calls_of(lambda path=path, count=count: one_value(path, count)))
    assert max(counts) <= 600
    assert abs(counts[1] - counts[0]) <= 10  # as HDF5 goes a level deeper in its index of names


def test_a_series_is_made_in_few_calls():
    plane = mock_ImagingPlane()
    series(plane)  # the checks of its fields are chosen by now
    assert calls_of(lambda: series(plane)) <= 18


@pytest.fixture
def table():
    table = PlaneSegmentation(name="rois", description="somata", imaging_plane=mock_ImagingPlane())
    for _ in range(300):
        table.add_roi(pixel_mask=MASK)
    return table


MASK = np.array([(1, 2, 0.5), (1, 3, 1.0)])


def add(table, count):
    for _ in range(count):
        table.add_roi(pixel_mask=MASK)


def test_a_region_is_added_in_few_calls(table):
    assert calls_of(lambda: add(table, 100)) / 100 <= 17


def test_a_region_with_other_columns_is_added_in_few_calls(table):
    table.add_column("area", "number of pixels", data=[2] * len(table))
    table.add_roi(pixel_mask=MASK, area=2)
    assert calls_of(lambda: [table.add_roi(pixel_mask=MASK, area=2) for _ in range(100)]) / 100 <= 40


def test_pixels_are_copied_a_few_times_in_all(monkeypatch):
    made = []
    original = GrowingArray._make_room

    def note(self, length):
        original(self, length)
        made.append(len(self._room))

    monkeypatch.setattr(GrowingArray, "_make_room", note)
    table = PlaneSegmentation(name="rois", description="somata", imaging_plane=mock_ImagingPlane())
    add(table, 5000)
    assert len(made) <= 13  # the room doubles
    assert sum(made) <= 4 * len(table.pixel_mask)
    made.clear()
    table = PlaneSegmentation(name="rois", description="somata", imaging_plane=mock_ImagingPlane())
    table.add_rois(pixel_mask=[MASK] * 5000)
    assert made == [len(table.pixel_mask)]


def test_a_region_leaves_few_objects_in_memory(table):
    before = sys.getallocatedblocks()
    add(table, 1000)
    # Its end and its identifier, which are numbers.
    assert sys.getallocatedblocks() - before <= 2200


def test_many_regions_are_added_in_few_calls():
    table = PlaneSegmentation(name="rois", description="somata", imaging_plane=mock_ImagingPlane())
    masks = [MASK] * 1000
    assert calls_of(lambda: table.add_rois(pixel_mask=masks)) / 1000 <= 1


def test_the_standard_is_not_parsed_to_be_written(tmp_path, monkeypatch):
    bundled.cache_clear()
    parsed = []
    original = Namespace._document

    def note(self, source):
        parsed.append(source)
        return original(self, source)

    monkeypatch.setattr(Namespace, "_document", note)
    photonwb.write(nwbfile_with_plane()[0], tmp_path / "a.nwb")
    assert parsed == []
    with h5py.File(tmp_path / "a.nwb") as file:
        assert {included for name in bundled().namespaces for included in bundled().included(name)} == set(file["specifications"])
    assert parsed != []


def test_a_mask_is_read_in_few_calls(tmp_path, opened):
    nwbfile, plane = nwbfile_with_plane()
    module = nwbfile.create_processing_module(name="ophys", description="computed")
    segmentation = photonwb.ophys.ImageSegmentation()
    module.add(segmentation)
    table = segmentation.create_plane_segmentation(name="rois", description="somata", imaging_plane=plane)
    table.add_rois(pixel_mask=[MASK] * 500)
    photonwb.write(nwbfile, tmp_path / "masks.nwb")
    with photonwb.open(tmp_path / "masks.nwb") as nwbfile:
        table = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        for row in range(50):
            assert table["pixel_mask"][row]["weight"].tolist() == [0.5, 1.0]
        opened.clear()
        assert calls_of(lambda: [table["pixel_mask"][row] for row in range(100, 200)]) / 100 <= 7
        assert opened == []


@pytest.fixture
def movie(tmp_path):
    nwbfile, plane = nwbfile_with_plane()
    frames = np.random.default_rng(0).integers(0, 50, (20, 64, 48), "uint16")
    data = photonwb.H5DataIO(frames, chunks=(2, 64, 48), compression="gzip", shuffle=True)
    nwbfile.add_acquisition(series(plane, data=data))
    photonwb.write(nwbfile, tmp_path / "movie.nwb")
    os.utime(tmp_path / "movie.nwb", (1, 1))  # of a file that might still change no chunks are kept
    with photonwb.open(tmp_path / "movie.nwb") as nwbfile:
        yield nwbfile.acquisition["movie"].data


def test_a_frame_decodes_the_one_chunk_that_it_is_in(movie, decoded):
    assert movie[7].shape == (64, 48)
    assert len(decoded) == 1


def test_frames_of_one_chunk_decode_it_once(movie, decoded):
    assert (movie[7].shape, movie[6].shape) == ((64, 48), (64, 48))
    assert len(decoded) == 1


@pytest.mark.parametrize("key", [slice(None), (slice(None), 3, 5), (slice(None), slice(10, 20), slice(10, 20))])
def test_what_touches_all_chunks_decodes_each_once(movie, decoded, key):
    assert len(movie[key]) == 20
    assert len(decoded) == 10
