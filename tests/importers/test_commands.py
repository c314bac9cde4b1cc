"""One command for each real source: what it writes is what others accept, and what the source holds is found in it."""

from __future__ import annotations

import json
import warnings

import nwbinspector
import pynwb
import pytest
from roiextractors import NwbImagingExtractor, NwbSegmentationExtractor

import photonwb
from photonwb.cli import main

SAID = {
    "session_start_time": "2024-05-06T14:00:00+02:00",
    "session_description": "a mouse on a wheel",
    "device": "microscope",
    "location": "VISp",
    "indicator": "GCaMP6f",
    "excitation_lambda": 920,
    "emission_lambda": 510,
    "experimenter": "Nyone, A.",
    "institution": "an institute",
    "keywords": ["mouse"],
    "experiment_description": "what a mouse sees",
    "subject": {"subject_id": "m1", "species": "Mus musculus", "sex": "F", "age": "P90D", "description": "a mouse"},
}
CHANNELS = ["--set", 'channels={"green": 510, "red": 610}']
SOURCES: dict[str, tuple[list[str], set[str]]] = {  # path: what is said on the command line; kinds of signals, none of movies
    "suite2p/gin_2plane_2chan": (CHANNELS, {"raw", "neuropil", "deconvolved"}),
    "suite2p/gin_2plane_2chan/plane0": (CHANNELS, {"raw", "neuropil", "deconvolved"}),
    "suite2p/pynapple_A0662": (["--set", "rate=30"], {"raw", "neuropil", "deconvolved"}),
    "caiman/calciumcurator_test.hdf5": ([], {"raw", "denoised", "deconvolved"}),
    "caiman/extract_public_output.mat": (["--set", "rate=20"], {"dff"}),
    "tiff/scanimage_v3.8.tiff": ([], set()),
    "tiff/scanimage_vol_noflyback.tif": ([], set()),
    "tiff/fmi_2p_singleframes": (["--set", "rate=5"], set()),
}
# What the sources deserve: few frames, of more pixels than there are frames.
DESERVED = {"check_data_orientation"}


@pytest.fixture(scope="module")
def imported(shared_data, tmp_path_factory):
    """A function that imports a source by the command, once, and gives the path of the file."""
    folder = tmp_path_factory.mktemp("commands")

    def import_once(name, *more):
        path = folder / f"{name.replace('/', '_')}{'_'.join(more)}.nwb"
        if not path.exists():
            several = SOURCES[name][0] == CHANNELS
            said = {key: value for key, value in SAID.items() if key != "emission_lambda" or not several}
            (folder / "said.json").write_text(json.dumps(said))
            arguments = ["-o", str(path), "--metadata", str(folder / "said.json"), "-q", *SOURCES[name][0], *more]
            assert main(["import", str(shared_data / name), *arguments]) == 0
        return path

    return import_once


@pytest.mark.parametrize("name", SOURCES)
def test_what_the_command_writes(name, imported):
    path = imported(name)
    assert list(pynwb.validate(path=str(path))) == []
    assert photonwb.validate(path).errors == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        messages = list(nwbinspector.inspect_nwbfile(nwbfile_path=path))
    serious = {
        message.check_function_name
        for message in messages
        if message.importance.value >= nwbinspector.Importance.BEST_PRACTICE_VIOLATION.value
    }
    assert serious <= DESERVED
    with photonwb.open(path) as nwbfile:
        expected = SOURCES[name][1]
        if not expected:
            assert len(nwbfile.acquisition) == 1
            return
        for table in nwbfile.processing["ophys"]["ImageSegmentation"].plane_segmentations.values():
            for kind in expected:
                found = table.traces(kind, channel=1)
                assert found.data.shape[1] == len(table)
                assert found.series.rate or found.series.timestamps is not None
            assert table.accepted.data.any()
            assert table.accepted.data.all() == ("extract" in name)
            assert table.axis_order.how == "provenance"


@pytest.mark.parametrize(
    "name", ["suite2p/gin_2plane_2chan/plane0", "caiman/calciumcurator_test.hdf5", "caiman/extract_public_output.mat"]
)
def test_roiextractors_reads_regions_and_signals_back(name, imported):
    path = imported(name, "--masks", "image")  # it knows no other masks
    oracle = NwbSegmentationExtractor(path)
    with photonwb.open(path) as nwbfile:
        table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        masks = oracle.get_roi_image_masks(roi_ids=[0, 3, 7])
        assert (masks.transpose(2, 0, 1) == table.masks[[0, 3, 7]]).all()
        found = oracle.get_traces_dict()
        for kind in SOURCES[name][1]:
            assert (found[kind] == table.traces(kind, channel=1).data[:]).all()
        (kind, *_) = SOURCES[name][1]
        assert oracle.get_sampling_frequency() == table.traces(kind, channel=1).series.rate


@pytest.mark.parametrize("name", ["tiff/scanimage_v3.8.tiff", "tiff/scanimage_vol_noflyback.tif", "tiff/fmi_2p_singleframes"])
def test_roiextractors_reads_movies_back(name, imported):
    path = imported(name)
    with photonwb.open(path) as nwbfile:
        (series,) = nwbfile.acquisition.values()
        oracle = NwbImagingExtractor(path, optical_series_name=series.name)
        assert oracle.get_sampling_frequency() == series.rate
        assert (oracle.get_series(start_sample=2, end_sample=5) == series.frames[2:5]).all()
