"""The examples, run on real data: what they write is read and accepted by the programs that everybody uses."""

from __future__ import annotations

import warnings
import weakref
from importlib import import_module

import h5py
import numpy as np
import nwbinspector
import pynwb
import pytest
import tifffile

import photonwb
import suite2p_to_nwb
import tiff_to_nwb
import walk
from photonwb.movies import TiffPages, open_movie, tiff_files

ANSWERS = [
    *("--start", "2024-05-06T14:00:00+02:00", "--session", "an example", "--device", "microscope"),
    *("--location", "VISp", "--indicator", "GCaMP6f", "--excitation", "920"),
]
TWO_CHANNELS = ["--channel", "green=510", "--channel", "red=610"]

# What nwbinspector finds critical, and is so in the data.
NO_SUBJECT = ("check_subject_exists", "neither suite2p nor a TIFF says whose brain it is")
FEW_FRAMES = ("check_data_orientation", "there are fewer frames in these samples than pixels across an image")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def two_planes(shared_data, folder):
    suite2p_to_nwb.main([str(shared_data / "suite2p/gin_2plane_2chan"), str(folder / "two.nwb"), *ANSWERS, *TWO_CHANNELS])
    return folder / "two.nwb"


@pytest.fixture(scope="module")
def without_ops(shared_data, folder):
    source = shared_data / "suite2p/pynapple_A0662/suite2p"
    suite2p_to_nwb.main([str(source), str(folder / "without_ops.nwb"), *ANSWERS, "--channel", "green=510", "--rate", "30"])
    return folder / "without_ops.nwb"


@pytest.fixture(scope="module")
def scanimage(shared_data, folder):
    source = shared_data / "tiff/scanimage_v3.8.tiff"
    tiff_to_nwb.main([str(source), str(folder / "scanimage.nwb"), *ANSWERS, "--emission", "510"])
    return folder / "scanimage.nwb"


@pytest.fixture(scope="module")
def single_frames(shared_data, folder):
    source = shared_data / "tiff/fmi_2p_singleframes"
    tiff_to_nwb.main([str(source), str(folder / "frames.nwb"), *ANSWERS, "--emission", "510", "--rate", "5"])
    return folder / "frames.nwb"


@pytest.mark.parametrize(
    ("name", "deserved"),
    [
        ("two_planes", [NO_SUBJECT]),
        ("without_ops", [NO_SUBJECT]),
        ("scanimage", [NO_SUBJECT, FEW_FRAMES]),
        ("single_frames", [NO_SUBJECT, FEW_FRAMES]),
    ],
)
def test_others_accept_what_is_written(name, deserved, request):
    path = request.getfixturevalue(name)
    assert list(pynwb.validate(path=str(path))) == []
    assert photonwb.validate(path).errors == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        messages = list(nwbinspector.inspect_nwbfile(nwbfile_path=path))
    serious = {
        message.check_function_name for message in messages if message.importance.value >= nwbinspector.Importance.CRITICAL.value
    }
    assert serious == {check for check, _ in deserved}


# ---- suite2p; tests/importers looks at what is imported


def test_suite2p_comes_with_what_was_said(two_planes):
    with photonwb.open(two_planes) as nwbfile:
        assert list(nwbfile.imaging_planes) == ["ImagingPlane0", "ImagingPlane1"]
        for plane in nwbfile.imaging_planes.values():
            assert [(channel.name, channel.emission_lambda) for channel in plane.optical_channel] == [
                ("green", 510),
                ("red", 610),
            ]
            assert (plane.location, plane.indicator, plane.excitation_lambda) == ("VISp", "GCaMP6f", 920)
            assert plane.imaging_rate == 10


def test_a_rate_is_asked_for(without_ops, shared_data):
    with photonwb.open(without_ops) as nwbfile:
        assert nwbfile.processing["ophys"]["Fluorescence"]["RoiResponseSeries"].rate == 30
    source = str(shared_data / "suite2p/pynapple_A0662/suite2p")
    with pytest.raises(ValueError, match="rate"):
        suite2p_to_nwb.main([source, "unused.nwb", *ANSWERS, "--channel", "green=510"])


# ---- TIFF


def test_frames_are_stored_as_the_standard_says_and_shown_as_they_were(scanimage, shared_data):
    pages = tifffile.imread(shared_data / "tiff/scanimage_v3.8.tiff")
    with h5py.File(scanimage) as file:
        assert (file["acquisition/TwoPhotonSeries/data"][()] == pages.transpose(0, 2, 1)).all()
    with pynwb.NWBHDF5IO(path=scanimage, mode="r") as io:
        series = io.read().acquisition["TwoPhotonSeries"]
        assert series.data.shape == (10, 256, 256)
        assert series.rate == pytest.approx(3.90625)
    with photonwb.open(scanimage) as nwbfile:
        assert (nwbfile.acquisition["TwoPhotonSeries"].frames[:] == pages).all()


def test_files_are_taken_in_the_order_of_their_numbers(single_frames, shared_data):
    names = [f"Img_{number}.tif" for number in (1, 2, *range(10, 20))]
    pages = [tifffile.imread(shared_data / "tiff/fmi_2p_singleframes" / name) for name in names]
    with photonwb.open(single_frames) as nwbfile:
        for frame, page in zip(nwbfile.acquisition["TwoPhotonSeries"].frames, pages, strict=True):
            assert (frame == page).all()


def test_known_motion_is_undone(shared_data, tmp_path):
    movie = open_movie(tiff_files(shared_data / "tiff/fmi_2p_singleframes"))
    motion = [(0, 0), (0, 0), (4, 0), (0, -3), (-6, 5), (0, 0), (1, 1), (0, 0), (-2, -9), (0, 0), (0, 0), (3, 2)]
    still = [frame[:, :200] for frame in movie]  # not square, so that exchanged axes are seen
    pages = [tiff_to_nwb.moved(frame, *shift).T for frame, shift in zip(still, motion, strict=True)]
    tifffile.imwrite(tmp_path / "moving.tif", np.stack(pages), photometric="minisblack")
    tiff_to_nwb.main([str(tmp_path / "moving.tif"), str(tmp_path / "m.nwb"), *ANSWERS, "--emission", "510", "--rate", "5"])
    with photonwb.open(tmp_path / "m.nwb") as nwbfile:
        stack = nwbfile.processing["ophys"]["MotionCorrection"]["CorrectedImageStack"]
        assert (stack.xy_translation.data[:] == -np.array(motion)).all()
        assert stack.original is nwbfile.acquisition["TwoPhotonSeries"]
        corrected = stack.corrected.data[:]
        assert corrected.shape == (12, 256, 200)
        inside = np.s_[:, 10:-10, 10:-10]
        assert (corrected[inside] == np.stack(still)[inside]).all()
        mean = nwbfile.processing["ophys"]["SummaryImages"]["mean"].data[:]
        assert np.allclose(mean, corrected.mean(axis=0), rtol=1e-5)
        bright = mean > np.percentile(mean, 95)
        rows_first = stack.corrected.frames[:].mean(axis=0)
        assert rows_first.shape == (200, 256)
        assert rows_first[bright.T].min() > rows_first[~bright.T].max()


def test_in_a_dark_frame_no_motion_is_found(scanimage):
    with photonwb.open(scanimage) as nwbfile:
        stack = nwbfile.processing["ophys"]["MotionCorrection"]["CorrectedImageStack"]
        assert stack.original.data[0].mean() < 0.1 * stack.original.data[1:].mean()
        assert (stack.xy_translation.data[:] == 0).all()


def test_only_a_few_frames_are_in_memory(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "long.tif", np.ones((160, 384, 400), np.uint16), photometric="minisblack")
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    for module in ("lazy", "incoming"):
        monkeypatch.setattr(import_module(f"photonwb.arrays.{module}"), "BLOCK", 8 * 384 * 400 * 2)
    alive: list[weakref.ref] = []
    counts: list[int] = []
    read_into = TiffPages.read_into

    def watched(pages, out, *arguments):
        alive.append(weakref.ref(out))
        counts.append(sum(len(array) for reference in alive if (array := reference()) is not None))
        read_into(pages, out, *arguments)

    monkeypatch.setattr(TiffPages, "read_into", watched)
    tiff_to_nwb.main([str(tmp_path / "long.tif"), str(tmp_path / "long.nwb"), *ANSWERS, "--emission", "510", "--rate", "5"])
    assert len(counts) > 40
    assert max(counts) < 100  # blocks of 8 frames that are read, and chunks of 3 that wait for being compressed


def test_the_rate_is_asked_for_where_the_file_does_not_tell(shared_data):
    source = str(shared_data / "tiff/fmi_2p_singleframes")
    with pytest.raises(ValueError, match=r"rate \(frames per second"):
        tiff_to_nwb.main([source, "unused.nwb", *ANSWERS, "--emission", "510"])


# ---- walk


def test_every_field_of_every_real_file_is_read(shared_data, capsys):
    failures = walk.walk(shared_data / "nwb")
    assert len(failures) == 7
    assert [sentence for sentences in failures.values() for sentence in sentences] == []
    said = capsys.readouterr().out
    assert "15 × 128 × 128  float64" in said
    electrodes = next(line for line in said.splitlines() if "── electrodes " in line)
    assert electrodes.split()[-3:] == ["ElectrodesTable", "12", "rows"]


def test_what_cannot_be_read_is_told(two_planes, tmp_path, capsys):
    (tmp_path / "broken.nwb").write_bytes(two_planes.read_bytes())
    with h5py.File(tmp_path / "broken.nwb", "r+") as file:
        del file["general/devices/microscope"]
    failures = walk.walk(tmp_path)["broken.nwb"]
    assert len(failures) == 2
    assert all("ImagingPlane 'ImagingPlane" in sentence and "device" in sentence for sentence in failures)
    assert failures[0] in capsys.readouterr().out
