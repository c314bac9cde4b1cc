"""What roiextractors reads comes in through it, as our own importers bring it."""

from __future__ import annotations

import json
import sys

import h5py
import numpy as np
import pynwb
import pytest
import tifffile

import photonwb
import synthetic_sources as synthetic
from photonwb.cli import main
from photonwb.errors import DamagedFileError, InvalidValueError
from photonwb.importers import import_session, importer

ASKED = {"format": "roiextractors"}


def test_regions_as_our_own_importer_brings_them(shared_data, tmp_path):
    source = shared_data / "suite2p/gin_2plane_2chan"
    options = {"extractor": "Suite2pSegmentationExtractor", "arguments": '{"plane_name": "plane1", "channel_name": "chan1"}'}
    import_session(source, tmp_path / "theirs.nwb", synthetic.SAID, **ASKED, **options)
    import_session(source / "plane1", tmp_path / "ours.nwb", synthetic.SAID, second_channel=False)
    assert list(pynwb.validate(path=str(tmp_path / "theirs.nwb"))) == []
    with photonwb.open(tmp_path / "theirs.nwb") as theirs, photonwb.open(tmp_path / "ours.nwb") as ours:
        for kind in ("raw", "neuropil", "deconvolved"):
            one, other = theirs.traces(kind), ours.traces(kind)
            assert np.array_equal(one.data[:], other.data[:])
            assert one.series.rate == other.series.rate
        tables = [nwbfile.traces("deconvolved").segmentation for nwbfile in (theirs, ours)]
        assert np.array_equal(tables[0].masks[:], tables[1].masks[:])
        assert tables[0].accepted.data.tolist() == tables[1].accepted.data.tolist()
        images = [nwbfile.processing["ophys"]["SummaryImages"]["mean"].data[:] for nwbfile in (theirs, ours)]
        assert np.array_equal(*images)


def test_a_movie_by_the_command(tmp_path, capsys):
    movie = synthetic.movie()
    tifffile.imwrite(tmp_path / "movie.tif", movie, photometric="minisblack")
    (tmp_path / "said.json").write_text(json.dumps(synthetic.SAID))
    arguments = ["--extractor", "TiffImagingExtractor", "--arguments", '{"sampling_frequency": 12.5}', "--one-photon"]
    out = tmp_path / "out.nwb"
    said = ["--metadata", str(tmp_path / "said.json"), "--format", "roiextractors", "-q"]
    assert main(["import", str(tmp_path / "movie.tif"), "-o", str(out), *said, *arguments]) == 0
    with photonwb.open(out) as nwbfile:
        series = nwbfile.acquisition["OnePhotonSeries"]
        assert series.rate == 12.5
        assert series.data.shape == (synthetic.FRAMES, synthetic.WIDTH, synthetic.HEIGHT)
        assert np.array_equal(series.frames[:], movie)


def test_frames_are_read_as_they_are_indexed(tmp_path):
    movie = synthetic.movie()
    tifffile.imwrite(tmp_path / "movie.tif", movie, photometric="minisblack")
    arguments = {"sampling_frequency": 10.0}
    fragment = importer("roiextractors").read(tmp_path / "movie.tif", extractor="TiffImagingExtractor", arguments=arguments)
    data, truth = fragment.movies[0].data, movie.transpose(0, 2, 1)
    assert data.shape == truth.shape
    for key in (3, -1, slice(2, 9, 3), [5, 1, 7], (slice(0, 4), 21, slice(3, 5)), (2, slice(20, 24), 4), slice(4, 4)):
        assert np.array_equal(data[key], truth[key]), key


def test_an_extractor_that_gives_something_else_than_it_says_is_told(tmp_path):
    """As one of roiextractors does of a movie without channels, of which it gives frames without pixels."""
    np.save(tmp_path / "movie.npy", synthetic.movie())
    fragment = importer("roiextractors").read(
        tmp_path / "movie.npy", extractor="NumpyImagingExtractor", arguments={"sampling_frequency": 10}
    )
    with pytest.raises(DamagedFileError, match=r"NumpyImagingExtractor: expected frames of shape \(1, .* got"):
        _ = fragment.movies[0].data[3]


def test_what_is_wrong_is_told(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "movie.h5", "w") as file:
        file["nothing"] = np.zeros(3)
    read = importer("roiextractors").read
    with pytest.raises(InvalidValueError, match=r"expected the name of one \(.*SbxImagingExtractor.*\), got 'Sbx'"):
        read(tmp_path / "movie.h5", extractor="Sbx")
    with pytest.raises(InvalidValueError, match="expected JSON"):
        read(tmp_path / "movie.h5", extractor="TiffImagingExtractor", arguments="plane=1")
    with pytest.raises(InvalidValueError, match=r"TiffImagingExtractor: .*sampling_frequency"):
        read(tmp_path / "movie.h5", extractor="TiffImagingExtractor")
    with pytest.raises(DamagedFileError, match="CaimanSegmentationExtractor cannot read it"):
        read(tmp_path / "movie.h5", extractor="CaimanSegmentationExtractor")
    monkeypatch.setitem(sys.modules, "roiextractors", None)
    with pytest.raises(ImportError, match=r"pip install photonwb\[roiextractors\]"):
        read(tmp_path / "movie.h5", extractor="TiffImagingExtractor")


def test_it_is_never_taken_for_the_importer_of_anything(shared_data):
    assert not importer("roiextractors").can_open(shared_data / "suite2p/gin_2plane_2chan")
