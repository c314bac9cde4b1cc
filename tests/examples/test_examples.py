"""The examples, run on real data: what they write is read and accepted by the programs that everybody uses."""

from __future__ import annotations

import pickle
import warnings
import weakref

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


# ---- suite2p


@pytest.mark.parametrize("plane", ["plane0", "plane1"])
def test_pynwb_reads_all_that_suite2p_found(two_planes, shared_data, plane):
    source = shared_data / "suite2p/gin_2plane_2chan" / plane
    cells = suite2p_to_nwb.load(source / "stat.npy")
    with pynwb.NWBHDF5IO(path=two_planes, mode="r") as io:
        nwbfile = io.read()
        ophys = nwbfile.processing["ophys"]
        assert [channel.emission_lambda for channel in nwbfile.imaging_planes[plane].optical_channel] == [510, 610]
        table = ophys["ImageSegmentation"][plane]
        assert table.imaging_plane is nwbfile.imaging_planes[plane]
        for mask, cell in zip(table["pixel_mask"][:], cells, strict=True):
            assert [tuple(pixel) for pixel in mask] == list(zip(cell["xpix"], cell["ypix"], cell["lam"], strict=True))
        for columns, file in ((("accepted", "cell_probability"), "iscell"), (("red", "red_probability"), "redcell")):
            flags = np.load(source / f"{file}.npy")
            assert (table[columns[0]][:] == flags[:, 0].astype(bool)).all()
            assert (table[columns[1]][:] == flags[:, 1]).all()
        for name in ("F", "Fneu", "spks", "F_chan2", "Fneu_chan2"):
            series = ophys["Fluorescence"][f"{name}_{plane}"]
            assert np.array_equal(series.data[:].T, np.load(source / f"{name}.npy"))
            assert series.rois.table is table
            assert series.rate == 10
        ops = suite2p_to_nwb.load(source / "ops.npy")
        assert (ophys[f"SummaryImages_{plane}"]["meanImg"].data[:] == ops["meanImg"].T).all()


@pytest.mark.parametrize("plane", ["plane0", "plane1"])
def test_masks_lie_on_what_is_bright(two_planes, plane):
    """In the image of correlations: in the mean of this movie blood vessels are brighter than cells."""
    with photonwb.open(two_planes) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        masks = ophys["ImageSegmentation"][plane].rois
        image = ophys[f"SummaryImages_{plane}"]["Vcorr"].data[:]
        masks.image_shape = image.shape
        covered = masks.labels() > 0
    assert image[covered].mean() > 2 * image[~covered].mean()
    assert image.T[covered].mean() < image.T[~covered].mean()
    with h5py.File(two_planes) as file:
        pixels = np.asarray(file[f"processing/ophys/ImageSegmentation/{plane}/pixel_mask"])
        stored = file[f"processing/ophys/SummaryImages_{plane}/Vcorr"][()]
        assert (stored == image).all()
        outside = np.ones(stored.shape, bool)
        outside[pixels["x"], pixels["y"]] = False
        assert stored[~outside].mean() > 2 * stored[outside].mean()


def test_without_ops_nothing_is_invented(without_ops, shared_data):
    with photonwb.open(without_ops) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        assert list(ophys.data_interfaces) == ["Fluorescence", "ImageSegmentation"]
        assert ophys["ImageSegmentation"]["plane0"].colnames == ("accepted", "cell_probability", "pixel_mask")
        assert ophys["Fluorescence"]["F_plane0"].data.shape == (2000, 219)
    source = str(shared_data / "suite2p/pynapple_A0662/suite2p")
    with pytest.raises(ValueError, match="--rate"):
        suite2p_to_nwb.main([source, "unused.nwb", *ANSWERS, "--channel", "green=510"])


def test_images_without_their_border_are_put_back_in_place():
    ops = {"Ly": 6, "Lx": 9, "yrange": [1, 5], "xrange": [2, 9], "Vcorr": np.arange(28.0).reshape(4, 7) + 1}
    image = suite2p_to_nwb._summary_images("plane0", ops)["Vcorr"].data
    assert image.shape == (9, 6)
    assert (image[2:9, 1:5] == ops["Vcorr"].T).all()
    assert image.sum() == ops["Vcorr"].sum()


class _Attack:
    def __reduce__(self):
        return eval, ("1 + 1",)


def test_a_pickle_that_does_more_than_arrays_is_refused(tmp_path):
    np.save(tmp_path / "stat.npy", np.array([_Attack()], dtype=object), allow_pickle=True)
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.eval has no place"):
        suite2p_to_nwb.load(tmp_path / "stat.npy")


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
    movie = tiff_to_nwb.TiffMovie(shared_data / "tiff/fmi_2p_singleframes")
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
    tifffile.imwrite(tmp_path / "long.tif", np.ones((80, 40, 48), np.uint16), photometric="minisblack")
    alive: list[weakref.ref] = []
    counts: list[int] = []
    read_page = tifffile.TiffPage.asarray

    def watched(page, *arguments, **options):
        array = read_page(page, *arguments, **options)
        alive.append(weakref.ref(array))
        counts.append(sum(reference() is not None for reference in alive))
        return array

    monkeypatch.setattr(tifffile.TiffPage, "asarray", watched)
    monkeypatch.setattr(tifffile.TiffFrame, "asarray", watched)
    tiff_to_nwb.main([str(tmp_path / "long.tif"), str(tmp_path / "long.nwb"), *ANSWERS, "--emission", "510", "--rate", "5"])
    assert len(counts) > 80
    assert max(counts) < 40


def test_the_rate_is_asked_for_where_the_file_does_not_tell(shared_data):
    source = str(shared_data / "tiff/fmi_2p_singleframes")
    with pytest.raises(ValueError, match="--rate"):
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
    assert all("ImagingPlane 'plane" in sentence and "device" in sentence for sentence in failures)
    assert failures[0] in capsys.readouterr().out
