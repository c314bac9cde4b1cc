"""Files of other programs are exported as what they are: regions, signals, rates and flags go to suite2p and come back."""

from __future__ import annotations

import numpy as np
import pytest
from roiextractors import Suite2pSegmentationExtractor

import photonwb
import synthetic_sources as synthetic
import written_by
from photonwb.errors import InvalidValueError
from photonwb.exporters import export_suite2p, export_traces
from photonwb.importers import import_session
from photonwb.importers.npy import load_npy
from photonwb.ophys import Fluorescence, RoiResponseSeries

SESSION = written_by.Session()
KINDS = {"raw": SESSION.signals, "neuropil": SESSION.neuropil, "deconvolved": SESSION.deconvolved}
FILES = {"raw": "F", "neuropil": "Fneu", "deconvolved": "spks"}
LAYOUTS = {  # writer: the kinds that it stores, and whether it says which regions count
    written_by.suite2p: (("raw", "neuropil", "deconvolved"), True),
    written_by.caiman: (("raw",), True),
    written_by.neuroconv: (("raw", "neuropil", "deconvolved"), True),
    written_by.roiextractors_2020: (("raw", "neuropil"), True),
    written_by.allensdk: (("raw", "neuropil", "deconvolved"), True),
    written_by.visual_coding: (("raw", "neuropil", "deconvolved"), False),
    written_by.matnwb: (("raw",), False),
    written_by.nobody: (("raw",), False),
}


pytestmark = pytest.mark.filterwarnings("ignore:.*rows first, by|.*order of columns, by")  # looked at by other tests


def exported(writer, tmp_path, **options):
    path = written_by.written(writer, tmp_path / "theirs.nwb", SESSION, **options)
    with photonwb.open(path) as nwbfile:
        return export_suite2p(nwbfile, tmp_path / "suite2p")


def image_of(roi):
    image = np.zeros((SESSION.height, SESSION.width), np.float32)
    x, y = roi.coordinates.T
    image[y, x] = roi.weights
    return image


@pytest.mark.parametrize("writer", LAYOUTS)
def test_what_others_wrote_comes_back_through_suite2p(writer, tmp_path):
    kinds, has_flags = LAYOUTS[writer]
    (folder,) = exported(writer, tmp_path)
    nwbfile = import_session(tmp_path / "suite2p", None, synthetic.SAID)
    table = nwbfile.traces("raw").segmentation
    assert np.allclose([image_of(roi) for roi in table.masks.rois], SESSION.masks)
    assert table.accepted.data.tolist() == (SESSION.accepted.tolist() if has_flags else [True] * len(table))
    for kind, values in KINDS.items():
        if kind in kinds:
            found = nwbfile.traces(kind)
            assert np.allclose(found.data[:], values, rtol=1e-6)
            assert found.series.rate == pytest.approx(written_by.RATE)
        else:
            assert not (folder / f"{FILES[kind]}.npy").exists()


@pytest.mark.parametrize("writer", [written_by.neuroconv, written_by.allensdk, written_by.matnwb])
def test_roiextractors_reads_the_folder(writer, tmp_path):
    (folder,) = exported(writer, tmp_path)
    theirs = Suite2pSegmentationExtractor(folder_path=folder.parent)
    assert theirs.get_sampling_frequency() == pytest.approx(written_by.RATE)
    assert np.allclose(theirs.get_traces(name="raw"), SESSION.signals)
    for mask, pixels in zip(SESSION.masks, theirs.get_roi_pixel_masks(), strict=True):
        y, x = pixels[:, :2].astype(int).T
        assert np.allclose(mask[y, x], pixels[:, 2])
        assert len(pixels) == (mask > 0).sum()
    if LAYOUTS[writer][1]:
        assert np.array_equal(theirs.get_property("iscell", theirs.get_roi_ids()), SESSION.accepted)


def test_planes_that_share_a_table_are_folders_of_their_own(tmp_path):
    folders = exported(written_by.suite2p, tmp_path, planes=2, channels=2)
    assert [folder.name for folder in folders] == ["plane0", "plane1"]
    for number, folder in enumerate(folders):
        assert np.allclose(np.load(folder / "F.npy").T, SESSION.signals + number)
        assert np.allclose(np.load(folder / "F_chan2.npy").T, SESSION.signals + 1000 + number)
        assert np.array_equal(np.load(folder / "iscell.npy"), np.column_stack([SESSION.accepted, SESSION.accepted * 0.9]))
        ops = load_npy(folder / "ops.npy")
        assert (ops["Ly"], ops["Lx"], ops["nplanes"], ops["nchannels"]) == (SESSION.height, SESSION.width, 2, 2)
        assert np.allclose(ops["meanImg"], SESSION.mean)
        for mask, cell in zip(SESSION.masks, load_npy(folder / "stat.npy"), strict=True):
            assert np.allclose(mask[cell["ypix"], cell["xpix"]], cell["lam"])


def test_a_table_for_each_plane_and_channel(tmp_path):
    folders = exported(written_by.neuroconv_two_planes, tmp_path)
    assert len(folders) == 4
    for number, folder in enumerate(folders):
        assert np.allclose(np.load(folder / "F.npy").T, SESSION.signals + number)
        assert not (folder / "F_chan2.npy").exists()


def test_signals_of_too_few_regions_are_left_out_with_a_warning(tmp_path):
    path = written_by.written(written_by.nobody, tmp_path / "theirs.nwb", SESSION)
    with photonwb.open(path) as nwbfile:
        table = nwbfile.traces("raw").segmentation
        some = RoiResponseSeries(
            "Neuropil", SESSION.signals[:, :2], "n.a.", table.create_roi_table_region("two", [0, 1]), rate=10.0
        )
        nwbfile.processing["ophys"]["Fluorescence"].add_roi_response_series(some)
        with pytest.warns(UserWarning, match="left out.*Fluorescence/Neuropil: neuropil"):
            (folder,) = export_suite2p(nwbfile, tmp_path / "suite2p")
    assert not (folder / "Fneu.npy").exists()


def test_signals_are_in_the_order_of_the_table(tmp_path):
    path = written_by.written(written_by.nobody, tmp_path / "theirs.nwb", SESSION, traces=False)
    with photonwb.open(path) as nwbfile:
        module = nwbfile.processing["ophys"]
        table = module["ImageSegmentation"]["cells"]
        rows = table.create_roi_table_region("in reverse", list(range(len(table)))[::-1])
        module.add(Fluorescence(RoiResponseSeries("F", SESSION.signals[:, ::-1], "n.a.", rows, rate=10.0)))
        (folder,) = export_suite2p(nwbfile, tmp_path / "suite2p")
    assert np.array_equal(np.load(folder / "F.npy").T, SESSION.signals)


def test_two_series_of_a_kind_are_not_chosen_from(tmp_path):
    path = written_by.written(written_by.nobody, tmp_path / "theirs.nwb", SESSION)
    with photonwb.open(path) as nwbfile:
        first = nwbfile.traces("raw").series
        nwbfile.processing["ophys"]["Fluorescence"].create_roi_response_series("G", first.data[:], "n.a.", first.rois, rate=10.0)
        with pytest.raises(InvalidValueError, match="there are 2 of the kind 'raw'"):
            export_suite2p(nwbfile, tmp_path / "suite2p")
    assert not (tmp_path / "suite2p").exists()


def test_tables_of_signals_that_have_the_same_name(tmp_path):
    path = written_by.written(written_by.suite2p, tmp_path / "theirs.nwb", SESSION, planes=2)
    said = []
    with photonwb.open(path) as nwbfile:
        paths = export_traces(nwbfile, tmp_path / "tables", "npy", progress=lambda *counts: said.append(counts))
    assert sorted(path.stem for path in paths) == [
        *("Deconvolved_plane0", "Deconvolved_plane1", "Neuropil_plane0", "Neuropil_plane1", "plane0", "plane1")
    ]
    assert np.allclose(np.load(tmp_path / "tables/Neuropil_plane1.npy"), SESSION.neuropil + 1)
    count = SESSION.signals.size
    assert said == [(count * number, count * 6) for number in range(1, 7)]


def test_signals_that_are_a_sum_are_a_table_of_their_own(tmp_path):
    path = written_by.written(written_by.caiman, tmp_path / "theirs.nwb", SESSION)
    with photonwb.open(path) as nwbfile:
        export_traces(nwbfile, tmp_path / "tables")
    values = {
        kind: np.loadtxt(tmp_path / f"tables/ophys_Fluorescence_RoiResponseSeries_{kind}.csv", delimiter=",", skiprows=1)
        for kind in ("raw", "denoised")
    }
    assert np.allclose(values["raw"][:, 1:], SESSION.signals)
    assert np.allclose(values["denoised"][:, 1:], SESSION.signals - 1)
