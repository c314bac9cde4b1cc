"""Real files of other programs, imported in one call: others read the result, and find in it what the source holds."""

from __future__ import annotations

import json
import warnings

import h5py
import numpy as np
import nwbinspector
import pynwb
import pytest
import scipy.sparse
from roiextractors import (
    CaimanSegmentationExtractor,
    ExtractSegmentationExtractor,
    NwbSegmentationExtractor,
    Suite2pSegmentationExtractor,
)

import photonwb
from photonwb.importers import import_session, importers, recognise
from photonwb.importers.npy import load_npy

SAID = {
    "session_start_time": "2024-05-06T14:00:00+02:00",
    "session_description": "a mouse on a wheel",
    "device": "microscope",
    "location": "VISp",
    "indicator": "GCaMP6f",
    "excitation_lambda": 920,
    "subject": {"subject_id": "m1", "species": "Mus musculus", "sex": "F", "age": "P90D"},
}
GREEN = {"emission_lambda": 510}
SOURCES = {  # name: path, what the source does not say
    "two_planes": ("suite2p/gin_2plane_2chan", {"channels": {"green": 510, "red": 610}}),
    "without_ops": ("suite2p/pynapple_A0662", GREEN | {"rate": 30}),
    "caiman": ("caiman/calciumcurator_test.hdf5", GREEN),
    "extract": ("caiman/extract_public_output.mat", GREEN | {"rate": 20}),
    "one_plane": ("suite2p/gin_2plane_2chan/plane0", {"channels": {"green": 510, "red": 610}}),
}
FORMATS = {"two_planes": "suite2p", "without_ops": "suite2p", "caiman": "caiman", "extract": "extract", "one_plane": "suite2p"}


@pytest.fixture(scope="module")
def imported(shared_data, tmp_path_factory):
    """A function that imports a source and gives the path of the file."""
    folder = tmp_path_factory.mktemp("imported")

    def import_once(name, masks="pixel"):
        path = folder / f"{name}_{masks}.nwb"
        if not path.exists():
            source, unsaid = SOURCES[name]
            import_session(shared_data / source, path, SAID | unsaid, masks=masks)
        return path

    return import_once


@pytest.mark.parametrize("name", SOURCES)
def test_others_accept_what_is_written(name, imported):
    path = imported(name)
    assert list(pynwb.validate(path=str(path))) == []
    assert photonwb.validate(path).errors == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        messages = list(nwbinspector.inspect_nwbfile(nwbfile_path=path))
    serious = nwbinspector.Importance.BEST_PRACTICE_VIOLATION.value
    assert [message for message in messages if message.importance.value >= serious] == []


@pytest.mark.parametrize("name", SOURCES)
def test_pynwb_reads_it(name, imported):
    with pynwb.NWBHDF5IO(path=imported(name), mode="r") as io:
        nwbfile = io.read()
        assert nwbfile.session_start_time.isoformat() == SAID["session_start_time"]
        for plane in nwbfile.imaging_planes.values():
            assert (plane.indicator, plane.location, plane.excitation_lambda) == ("GCaMP6f", "VISp", 920)
            assert plane.device.name == "microscope"
        table = next(iter(nwbfile.processing["ophys"]["ImageSegmentation"].plane_segmentations.values()))
        assert len(table.to_dataframe()) == len(table.id)


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_recognised(name, shared_data):
    source = shared_data / SOURCES[name][0]
    assert recognise(source).name == FORMATS[name]
    # A stack of masks could be a movie too; whoever knows better is asked before.
    others = [each.name for each in importers().values() if each.can_open(source)]
    assert set(others) - {"arrays"} == {FORMATS[name]}


# ---- suite2p


@pytest.mark.parametrize("plane", [0, 1])
def test_suite2p_as_roiextractors_reads_it(plane, imported, shared_data):
    source = shared_data / SOURCES["two_planes"][0]
    for channel, suffix in (("chan1", ""), ("chan2", "Chan2")):
        oracle = Suite2pSegmentationExtractor(source, channel_name=channel, plane_name=f"plane{plane}")
        with photonwb.open(imported("two_planes")) as nwbfile:
            ophys = nwbfile.processing["ophys"]
            rois = ophys["ImageSegmentation"][f"PlaneSegmentation{plane}"].rois
            for roi, mask in zip(rois, oracle.get_roi_pixel_masks(), strict=True):
                assert (roi.coordinates == mask[:, [1, 0]]).all()  # roiextractors has (y, x)
                assert (roi.weights == mask[:, 2]).all()
            for kind, name in (("raw", "RoiResponseSeries"), ("neuropil", "Neuropil"), ("deconvolved", "Deconvolved")):
                expected = oracle.get_traces_dict()[kind]
                if expected is not None:
                    series = ophys["Fluorescence"][f"{name}{suffix}Plane{plane}"]
                    assert (series.data[:] == expected).all()
                    assert series.rate == oracle.get_sampling_frequency() == 10
            mean = "mean" if channel == "chan1" else "mean_chan2"
            images = ophys[f"SummaryImagesPlane{plane}"]
            assert (oracle.get_images_dict()["mean"] == images[mean].data[:].T).all()
            assert (oracle.get_images_dict()["correlation"] == images["correlation"].data[:].T).all()


def test_planes_were_recorded_one_after_the_other(imported):
    with photonwb.open(imported("two_planes")) as nwbfile:
        series = nwbfile.processing["ophys"]["Fluorescence"].roi_response_series
        starts = {name: series[f"RoiResponseSeriesPlane{name}"].starting_time for name in (0, 1)}
    assert starts == {0: 0.0, 1: 0.05}  # 10 volumes of 2 planes per second


def test_suite2p_keeps_what_it_found_of_each_region(imported, shared_data):
    source = shared_data / SOURCES["two_planes"][0] / "plane1"
    cells = load_npy(source / "stat.npy")
    with photonwb.open(imported("two_planes")) as nwbfile:
        table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation1"]
        for file, columns in (("iscell", ("accepted", "cell_probability")), ("redcell", ("red", "red_probability"))):
            flags = np.load(source / f"{file}.npy")
            assert (table[columns[0]].data[:] == flags[:, 0].astype(bool)).all()
            assert (table[columns[1]].data[:] == flags[:, 1]).all()
        for key in ("npix", "radius", "aspect_ratio", "compact", "skew", "std", "footprint"):
            assert (table[key].data[:] == [cell[key] for cell in cells]).all()
        assert (table["centroid"].data[:] == [cell["med"][::-1] for cell in cells]).all()
        assert (np.asarray(table["overlap"][3]) == cells[3]["overlap"]).all()
        assert [channel.emission_lambda for channel in nwbfile.imaging_planes["ImagingPlane1"].optical_channel] == [510, 610]


def test_shifts_bring_frames_back(imported, shared_data):
    ops = load_npy(shared_data / SOURCES["two_planes"][0] / "plane0/ops.npy")
    with photonwb.open(imported("two_planes")) as nwbfile:
        shifts = nwbfile.processing["ophys"]["XYTranslationPlane0"]
        assert shifts.unit == "pixels"
        assert (shifts.data[:] == -np.stack([ops["xoff"], ops["yoff"]], axis=1)).all()


def test_settings_name_nobody(imported):
    """Paths on the computer where suite2p ran say whose it was."""
    with photonwb.open(imported("two_planes")) as nwbfile:
        text = str(nwbfile.scratch["suite2p_settings0"].data)
    assert json.loads(text)["tau"] == 1.0
    assert "Saksham" not in text
    with h5py.File(imported("two_planes")) as file:
        assert "Saksham" not in json.dumps({key: str(value) for key, value in file["scratch/suite2p_settings0"].attrs.items()})


def test_without_ops_nothing_is_invented(imported):
    with photonwb.open(imported("without_ops")) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        assert list(ophys.data_interfaces) == ["Fluorescence", "ImageSegmentation"]
        assert ophys["Fluorescence"]["RoiResponseSeries"].data.shape == (2000, 219)
        assert nwbfile.imaging_planes["ImagingPlane"].imaging_rate is None


# ---- CaImAn and EXTRACT


def test_caiman_as_roiextractors_reads_it(imported, shared_data, tmp_path):
    source = shared_data / SOURCES["caiman"][0]
    # roiextractors fails where params/data/dims stands for nothing, although the file says dims elsewhere.
    with pytest.raises(ValueError, match="too many values"):
        CaimanSegmentationExtractor(source)
    patched = tmp_path / "caiman.hdf5"
    patched.write_bytes(source.read_bytes())
    with h5py.File(patched, "r+") as file:
        del file["params/data/dims"]
        file["params/data/dims"] = file["dims"][()]
    oracle = CaimanSegmentationExtractor(patched)
    with photonwb.open(imported("caiman")) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        table = ophys["ImageSegmentation"]["PlaneSegmentation"]
        with h5py.File(source) as file:
            parts = [file[f"estimates/A/{key}"][()] for key in ("data", "indices", "indptr", "shape")]
        truth = scipy.sparse.csc_matrix(tuple(parts[:3]), shape=parts[3])
        rois = table.rois
        rois.image_shape = (128, 128)
        for number, mask in enumerate(oracle.get_roi_pixel_masks()):
            assert (rois.image(number, axes="yx") == truth[:, [number]].toarray().reshape(128, 128, order="F")).all()
            # roiextractors has (y, x). It sorts the pixels but not their weights, which are those of other pixels then.
            assert set(map(tuple, rois[number].coordinates)) == set(map(tuple, mask[:, [1, 0]]))
            assert sorted(rois[number].weights) == sorted(mask[:, 2].astype("f4"))
        for kind, name in (("raw", "RoiResponseSeries"), ("denoised", "Denoised"), ("deconvolved", "Deconvolved")):
            series = ophys["Fluorescence"][name]
            assert (series.data[:] == oracle.get_traces_dict()[kind]).all()
            assert series.rate == oracle.get_sampling_frequency() == 10
        accepted = table["accepted"].data[:]
        assert (accepted.sum(), (~accepted).sum()) == (123, 35)
        with h5py.File(source) as file:
            assert np.flatnonzero(accepted).tolist() == sorted(file["estimates/idx_components"][()].tolist())
            assert (table["snr"].data[:] == file["estimates/SNR_comp"][()]).all()
            assert (table["r_value"].data[:] == file["estimates/r_values"][()]).all()
            shifts = ophys["XYTranslation"].data[:]
            assert (shifts == file["estimates/shifts"][()][:, ::-1]).all()
        programs = [tuple(program) for program in nwbfile.was_generated_by[:]]
        assert programs == [("CaImAn", "1.8.5"), ("photonwb", photonwb.__version__)]


def test_extract_as_roiextractors_reads_it(imported, shared_data):
    oracle = ExtractSegmentationExtractor(shared_data / SOURCES["extract"][0], sampling_frequency=20.0)
    expected = oracle.get_roi_image_masks()  # (height, width, region)
    with photonwb.open(imported("extract")) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        rois = ophys["ImageSegmentation"]["PlaneSegmentation"].rois
        rois.image_shape = (50, 50)
        for number in range(len(rois)):
            assert (rois.image(number, axes="yx") == expected[:, :, number]).all()
        series = ophys["DfOverF"]["RoiResponseSeries"]
        assert (series.data[:] == oracle.get_traces_dict()["dff"]).all()
        assert series.rate == oracle.get_sampling_frequency()
        images = oracle.get_images_dict()
        for name, key in (("summary", "summary_image"), ("max_projection", "max_image"), ("baseline", "f_per_pixel")):
            assert (images[key] == ophys["SummaryImages"][name].data[:].T).all()


@pytest.mark.parametrize("name", ["one_plane", "caiman"])
def test_roiextractors_reads_the_file_back(name, imported):
    """It knows no pixel masks, so that the regions are stored as images here."""
    oracle = NwbSegmentationExtractor(imported(name, masks="image"))
    with photonwb.open(imported(name)) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        rois = ophys["ImageSegmentation"]["PlaneSegmentation"].rois
        masks = oracle.get_roi_image_masks(roi_ids=[0, 7])
        # The extractor reverses (region, x, y) as a whole, which gives (y, x, region).
        rois.image_shape = masks.shape[1::-1]
        for place, number in enumerate((0, 7)):
            assert (rois.image(number, axes="yx") == masks[:, :, place]).all()
        series = ophys["Fluorescence"]["RoiResponseSeries"]
        assert (series.data[:] == oracle.get_traces_dict()["raw"]).all()
        assert oracle.get_sampling_frequency() == series.rate
