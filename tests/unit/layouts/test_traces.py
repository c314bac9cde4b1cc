"""Signals and flags are found in the layouts of other programs, and every answer says how."""

from __future__ import annotations

import numpy as np
import pytest

import photonwb
import written_by
from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.layouts.traces import find_traces

SESSION = written_by.Session()
SIGNALS = {
    "raw": SESSION.signals,
    "neuropil": SESSION.neuropil,
    "dff": SESSION.dff,
    "deconvolved": SESSION.deconvolved,
    "corrected": SESSION.signals - 5,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A function that writes the session with one of the writers, once, and opens the file."""
    folder = tmp_path_factory.mktemp("layouts")

    def open_written(writer, **options):
        path = folder / f"{writer.__name__}{'_'.join(map(str, options.values()))}.nwb"
        if not path.exists():
            written_by.written(writer, path, SESSION, **options)
        return photonwb.open(path)

    return open_written


HELD = {  # what a file of each writer holds, under which names
    written_by.suite2p: {"raw": "Fluorescence/plane0", "neuropil": "Neuropil/plane0", "deconvolved": "Deconvolved/plane0"},
    written_by.neuroconv: {
        "raw": "Fluorescence/RoiResponseSeries",
        "neuropil": "Fluorescence/Neuropil",
        "deconvolved": "Fluorescence/Deconvolved",
        "dff": "Fluorescence/DfOverF",
    },
    written_by.roiextractors_2020: {"raw": "Fluorescence/RoiResponseSeries", "neuropil": "Fluorescence/Neuropil"},
    written_by.allensdk: {
        "raw": "demixed_trace/traces",
        "neuropil": "neuropil_trace/traces",
        "dff": "dff/traces",
        "deconvolved": "event_detection",
        "corrected": "corrected_fluorescence/traces",
    },
    written_by.visual_coding: {
        "raw": "Fluorescence/Demixed",
        "neuropil": "Fluorescence/Neuropil",
        "dff": "DfOverF/DfOverF",
        "deconvolved": "DfOverF/DfOverFEvents",
        "corrected": "Fluorescence/Corrected",
    },
    written_by.matnwb: {"raw": "Fluorescence/RoiResponseSeries", "dff": "DfOverF/my_series"},
    written_by.nobody: {"raw": "Fluorescence/F"},
}


@pytest.mark.parametrize(("writer", "kind"), [(writer, kind) for writer in HELD for kind in SIGNALS])
def test_each_kind_in_each_layout(writer, kind, written):
    with written(writer) as nwbfile:
        if kind not in HELD[writer]:
            with pytest.raises(NotFoundError, match=f"no {kind} traces; there are <Traces ophys/"):
                nwbfile.traces(kind)
            return
        found = nwbfile.traces(kind)
        assert found.place == f"ophys/{HELD[writer][kind]}"
        assert found.how
        assert np.allclose(found.data[:], SIGNALS[kind])
        assert found.data.shape == (written_by.FRAMES, len(found.rois))
        assert found.segmentation.traces(kind).series is found.series


def test_how_an_answer_was_found(written):
    with written(written_by.allensdk) as nwbfile:
        assert nwbfile.traces("dff").how == "in DfOverF 'dff'"
        assert nwbfile.traces("raw").kind == "demixed"
        assert nwbfile.traces("raw").how == "in Fluorescence 'demixed_trace'"
    with written(written_by.matnwb) as nwbfile:
        assert nwbfile.traces("raw").how == "in Fluorescence 'Fluorescence', and not named as anything else"
    with written(written_by.neuroconv) as nwbfile:
        assert nwbfile.traces("dff").how == "named 'DfOverF'"
        assert repr(nwbfile.traces("denoised")) == "<Traces ophys/Fluorescence/Denoised: denoised, named 'Denoised'>"


def test_numbers_of_regions_are_no_signals(written):
    with written(written_by.allensdk) as nwbfile:
        assert [found.series.name for found in find_traces(nwbfile)].count("traces") == 4
        assert not {"r", "RMSE"} & {found.series.name for found in find_traces(nwbfile)}


def test_raw_signals_of_caiman_are_its_fit_and_what_is_left(written):
    with written(written_by.caiman) as nwbfile:
        raw, fit = nwbfile.traces("raw"), nwbfile.traces("denoised")
        assert np.allclose(fit.data[:], SESSION.signals - 1)
        assert raw.data.shape == SESSION.signals.shape
        assert np.allclose(raw.data[:], SESSION.signals)
        assert np.allclose(raw.data[3:7, [0, 2]], SESSION.signals[3:7, [0, 2]])
        assert "residuals" in raw.how
        background = nwbfile.traces("background")
        assert background.rois[:].tolist() == [len(SESSION.masks)]
        table = raw.segmentation
        assert raw.rois[:].tolist() == list(range(len(table) - 1))


def test_several_planes_and_channels_are_told_apart_or_refused(written):
    with written(written_by.suite2p, planes=2, channels=2) as nwbfile:
        with pytest.raises(InvalidValueError, match=r"4 of the kind 'raw': <Traces ophys/Fluorescence/plane0.*chan2/plane1"):
            nwbfile.traces("raw")
        with pytest.raises(InvalidValueError, match="2 of the kind"):
            nwbfile.traces("raw", "plane1")
        first = nwbfile.traces("raw", "plane1", channel=1)
        assert (first.place, first.channel) == ("ophys/Fluorescence/plane1", None)
        assert np.allclose(first.data[:], SESSION.signals + 1)
        assert first.rois[:].tolist() == list(range(6, 12))
        second = nwbfile.traces("raw", "plane1", channel=2)
        assert (second.place, second.channel) == ("ophys/Fluorescence_chan2/plane1", 2)
        assert np.allclose(second.data[:], SESSION.signals + 1001)
        assert nwbfile.traces("neuropil", "ophys/Neuropil/plane0").place == "ophys/Neuropil/plane0"
        with pytest.raises(NotFoundError, match="no deconvolved traces of channel 2; there are"):
            nwbfile.traces("deconvolved", channel=2)
    with written(written_by.neuroconv_two_planes) as nwbfile:
        segmentation = nwbfile.processing["ophys"]["ImageSegmentation"]
        for number, suffix in enumerate(("Chan1Plane0", "Chan1Plane1", "Chan2Plane0", "Chan2Plane1")):
            table = segmentation[f"PlaneSegmentation{suffix}"]
            for kind in ("raw", "neuropil", "dff"):
                found = table.traces(kind)
                assert np.allclose(found.data[:], SIGNALS[kind] + number)
                assert found.channel == (number // 2) + 1
                assert nwbfile.traces(kind, table).series is found.series
                assert nwbfile.traces(kind, f"ImagingPlane{suffix}").series is found.series
                assert nwbfile.traces(kind, table.imaging_plane).series is found.series
        with pytest.raises(InvalidValueError, match="2 of the kind"):
            nwbfile.traces("dff", channel=2)


def test_an_unknown_kind_is_refused(written):
    with written(written_by.matnwb) as nwbfile, pytest.raises(InvalidValueError, match=r"out of deconvolved.*got 'df/f'"):
        nwbfile.traces("df/f")


ACCEPTED = {
    written_by.suite2p: "'iscell' (suite2p)",
    written_by.neuroconv: "'iscell' (suite2p)",
    written_by.neuroconv_two_planes: "'Accepted'",
    written_by.roiextractors_2020: "'Accepted'",
    written_by.allensdk: "'valid_roi' (AllenSDK)",
    written_by.caiman: "'accepted' (photonwb, CaImAn, old neuroconv), which goes before 'keep'",
}


def table_of(nwbfile):
    results = nwbfile.processing["ophys"].data_interfaces.values()
    return next(table for item in results for table in getattr(item, "plane_segmentations", {}).values())


@pytest.mark.parametrize("writer", ACCEPTED)
def test_accepted_regions_in_each_layout(writer, written):
    with written(writer) as nwbfile:
        accepted = table_of(nwbfile).accepted
        assert np.array_equal(accepted[: len(SESSION.accepted)], SESSION.accepted)
        assert not accepted[len(SESSION.accepted) :].any()  # the background of CaImAn
        assert ACCEPTED[writer] in accepted.how
        assert np.arange(len(accepted))[accepted].tolist() == np.flatnonzero(accepted.data).tolist()
        assert len(table_of(nwbfile).rois[accepted]) == accepted.data.sum()


def test_components_that_nobody_has_looked_at_are_those_that_caiman_keeps(written):
    with written(written_by.caiman, looked_at=False) as nwbfile:
        accepted = table_of(nwbfile).accepted
        assert accepted[:-1].tolist() == SESSION.accepted.tolist()
        assert "'keep'" in accepted.how


def test_no_column_says_nothing_and_columns_that_contradict_each_other_are_refused(written):
    with written(written_by.matnwb) as nwbfile:
        table = table_of(nwbfile)
        assert table.accepted is None
        table.add_column("is_accepted", "by hand", data=[True] * len(table))
        assert table.accepted.data.all()
        table.add_column("iscell", "by suite2p", data=[True] * len(table))
        assert table.accepted.data.all()
        table.add_column("valid_roi", "by another", data=[False] * len(table))
        with pytest.raises(InvalidValueError, match=r"contradict each other: .*'is_accepted'.*'valid_roi'"):
            _ = table.accepted


# ---- real files


def test_a_file_of_roiextractors(shared_data):
    source = shared_data / "suite2p/gin_2plane_2chan/plane0"
    with photonwb.open(shared_data / "nwb/neuroconv_nwb_test.nwb") as nwbfile:
        for kind, name in (("raw", "F"), ("neuropil", "Fneu"), ("deconvolved", "spks")):
            assert np.array_equal(nwbfile.traces(kind).data[:].T, np.load(source / f"{name}.npy"))
        accepted = nwbfile.traces("raw").segmentation.accepted
        assert np.array_equal(accepted.data, np.load(source / "iscell.npy")[:, 0] == 1)


def test_files_of_labs(shared_data):
    with photonwb.open(shared_data / "nwb/pynapple_inscopixcnmfe_A0634.nwb") as nwbfile:
        assert nwbfile.traces("raw").data.shape == (35743, 10)
    with photonwb.open(shared_data / "nwb/nwbexplorer_test_RoiResponseSeries.nwb") as nwbfile:
        (found,) = find_traces(nwbfile)
        assert (found.kind, found.data.shape) == ("unknown", (10, 1))
        assert found.data[2:4, 0].tolist() == found.series.data[2:4].tolist()
        with pytest.raises(NotFoundError, match="no raw traces; there are <Traces test_roi_response_series: unknown"):
            nwbfile.traces("raw")


def test_a_column_of_that_name_is_added_without_a_warning(written):
    """Warnings are errors here: `table.accepted` gives what the column says."""
    with written(written_by.matnwb) as nwbfile:
        table = table_of(nwbfile)
        table.add_column("accepted", "by hand", data=[True, False] * (len(table) // 2))
        assert table.accepted[:3].tolist() == table["accepted"].data[:3] == [True, False, True]
        with pytest.warns(UserWarning, match="table.rois is something else than the column"):
            table.add_column("rois", "not what it seems", data=[1] * len(table))
