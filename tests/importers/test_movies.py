"""Movies, imported in one call: others read the result, x and y are where they belong, and memory stays small."""

from __future__ import annotations

import json
import shutil
import tracemalloc
import warnings
import weakref

import h5py
import numpy as np
import nwbinspector
import pynwb
import pytest
import tifffile

import photonwb
from photonwb.importers import import_session

SAID = {
    "session_description": "a mouse on a wheel",
    "device": "microscope",
    "location": "VISp",
    "indicator": "GCaMP6f",
    "excitation_lambda": 920,
    "emission_lambda": 510,
    "subject": {"subject_id": "m1", "species": "Mus musculus", "sex": "F", "age": "P90D"},
}
STARTED = {"session_start_time": "2024-05-06T14:00:00+02:00"}

# ---- real files

SOURCES = {  # name: path, what is said of it
    "scanimage 3.8": ("tiff/scanimage_v3.8.tiff", {}),
    "scanimage volumes": ("tiff/scanimage_vol_noflyback.tif", {}),
    "scanimage planes": ("tiff/scanimage_vol_noflyback.tif", {"split_planes": True}),
    "single frames": ("tiff/fmi_2p_singleframes", STARTED | {"rate": 5}),
}


@pytest.fixture(scope="module")
def imported(shared_data, tmp_path_factory):
    """A function that imports a source and gives its path and that of the file."""
    folder = tmp_path_factory.mktemp("movies")

    def import_once(name):
        path, (source, said) = folder / f"{name}.nwb", SOURCES[name]
        if not path.exists():
            import_session(shared_data / source, path, SAID, **said)
        return shared_data / source, path

    return import_once


@pytest.mark.parametrize("name", SOURCES)
def test_others_accept_what_is_written(imported, name):
    _, path = imported(name)
    assert list(pynwb.validate(path=str(path))) == []
    assert photonwb.validate(path).errors == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        messages = list(nwbinspector.inspect_nwbfile(nwbfile_path=path))
    serious = {
        message.check_function_name for message in messages if message.importance.value >= nwbinspector.Importance.CRITICAL.value
    }
    # There are fewer frames in these samples than pixels across an image.
    assert serious <= {"check_data_orientation"}


def test_version_3_as_pynwb_reads_it(imported):
    source, path = imported("scanimage 3.8")
    with pynwb.NWBHDF5IO(path, "r") as io:
        nwbfile = io.read()
        series = nwbfile.acquisition["TwoPhotonSeries"]
        assert np.array_equal(series.data[:], tifffile.imread(source).transpose(0, 2, 1))
        assert series.rate == 3.90625
        assert series.scan_line_rate == 1000
        start = nwbfile.session_start_time
        assert start.replace(tzinfo=None).isoformat() == "2017-10-09T16:57:07.967000"
        assert "state.acq.zoomFactor=2" in nwbfile.scratch["ScanImage"].data


def test_volumes_as_pynwb_reads_them(imported):
    source, path = imported("scanimage volumes")
    frames = tifffile.imread(source).reshape(10, 9, 20, 20)
    with pynwb.NWBHDF5IO(path, "r") as io:
        nwbfile = io.read()
        series = nwbfile.acquisition["TwoPhotonSeries"]
        assert np.array_equal(series.data[:], frames.transpose(0, 3, 2, 1))
        # A volume is nine frames, which came 1.9085 ms after each other.
        assert series.rate == pytest.approx(1 / (9 * 0.0019085), rel=1e-3)
        # 1.125 degrees × 15 µm per degree, of 20 pixels; the header itself says that the field reaches to 8.4375 µm.
        assert series.imaging_plane.grid_spacing[:] == pytest.approx([0.84375e-6, 0.84375e-6, 2e-6])
        assert series.field_of_view[:] == pytest.approx([2 * 8.4375e-6] * 2)


def test_planes_as_pynwb_reads_them(imported):
    source, path = imported("scanimage planes")
    frames = tifffile.imread(source)
    with pynwb.NWBHDF5IO(path, "r") as io:
        nwbfile = io.read()
        assert len(nwbfile.acquisition) == len(nwbfile.imaging_planes) == 9
        for z in range(9):
            series = nwbfile.acquisition[f"TwoPhotonSeries{z}"]
            assert np.array_equal(series.data[:], frames[z::9].transpose(0, 2, 1))
            assert series.starting_time == pytest.approx(z * 0.0019085, rel=1e-3)


def test_single_frames_in_the_order_of_their_numbers(imported):
    source, path = imported("single frames")
    with photonwb.open(path) as nwbfile:
        frames = nwbfile.acquisition["TwoPhotonSeries"].frames[:]
    names = [f"Img_{number}.tif" for number in (1, 2, *range(10, 20))]
    assert np.array_equal(frames, np.stack([tifffile.imread(source / name) for name in names]))


def test_a_link_goes_with_the_folder(shared_data, tmp_path):
    session = tmp_path / "session"
    (session / "raw").mkdir(parents=True)
    shutil.copy(shared_data / "tiff/scanimage_v3.8.tiff", session / "raw" / "movie.tif")
    import_session(session / "raw" / "movie.tif", session / "session.nwb", SAID, link=True)
    shutil.move(session, tmp_path / "moved")
    with photonwb.open(tmp_path / "moved" / "session.nwb") as nwbfile:
        series = nwbfile.acquisition["TwoPhotonSeries"]
        assert series.external_file == ("raw/movie.tif",)
        assert np.array_equal(series.frames[3], tifffile.imread(shared_data / "tiff/scanimage_v3.8.tiff")[3])
    assert pynwb.validate(path=str(tmp_path / "moved" / "session.nwb")) == []


# ---- a bright spot off the diagonal of frames that are not square

ROWS, COLUMNS, FRAMES = 30, 48, 6
ROW, COLUMN = 4, 41  # of the spot, whose brightness counts the frames


def spot() -> np.ndarray:
    frames = np.random.default_rng(0).integers(0, 100, (FRAMES, ROWS, COLUMNS)).astype(np.uint16)
    frames[:, ROW, COLUMN] = 1000 + np.arange(FRAMES)
    return frames


def as_tiff(folder):
    tifffile.imwrite(folder / "m.tif", spot(), photometric="minisblack", compression="zlib")
    return folder / "m.tif"


def as_single_frames(folder):
    (folder / "frames").mkdir()
    for number, page in enumerate(spot()):
        tifffile.imwrite(folder / "frames" / f"{number + 6}.tif", page, photometric="minisblack")
    return folder / "frames"


def as_ome(folder):
    size = {"PhysicalSizeX": 2.0, "PhysicalSizeY": 3.0, "axes": "TYX"}
    tifffile.imwrite(folder / "m.ome.tif", spot(), photometric="minisblack", metadata=size)
    return folder / "m.ome.tif"


def as_scanimage(folder):
    field = {"sizeXY": [2 * COLUMNS / 10, 3 * ROWS / 10], "centerXY": [0, 0], "pixelResolutionXY": [COLUMNS, ROWS]}
    groups = {"RoiGroups": {"imagingRoiGroup": {"rois": {"scanfields": field}}}}
    software = "SI.VERSION_MAJOR = 2023\nSI.objectiveResolution = 10"
    with tifffile.TiffWriter(folder / "m.tif", bigtiff=True) as tiff:
        for number, page in enumerate(spot()):
            notes = f"frameTimestamps_sec = {number / 5}"
            tags = [(315, "s", 0, json.dumps(groups), False)]
            written = {"description": notes, "software": software, "extratags": tags, "metadata": None}
            tiff.write(page, photometric="minisblack", contiguous=False, **written)
    return folder / "m.tif"


def as_bruker(folder):
    as_single_frames(folder)
    size = '<IndexedValue index="XAxis" value="2"/><IndexedValue index="YAxis" value="3"/>'
    frames = "".join(
        f'<Frame relativeTime="{number / 5}"><File channel="1" channelName="Ch1" filename="{number + 6}.tif"/></Frame>'
        for number in range(FRAMES)
    )
    (folder / "frames" / "m.xml").write_text(
        f'<PVScan><PVStateShard><PVStateValue key="micronsPerPixel">{size}</PVStateValue></PVStateShard>'
        f'<Sequence type="TSeries Timed Element">{frames}</Sequence></PVScan>'
    )
    return folder / "frames"


COPIED = [as_tiff, as_single_frames, as_ome, as_scanimage, as_bruker]


@pytest.mark.parametrize(("make", "link"), [*((make, False) for make in COPIED), *((make, True) for make in COPIED[:-1])])
def test_x_and_y(make, link, tmp_path):
    options = {"link": True} if link else {}
    import_session(make(tmp_path), tmp_path / "session.nwb", SAID | STARTED | {"rate": 5}, **options)
    if not link:
        with h5py.File(tmp_path / "session.nwb") as file:
            data = file["acquisition/TwoPhotonSeries/data"]
            assert data.shape == (FRAMES, COLUMNS, ROWS)
            for number in range(FRAMES):
                assert np.unravel_index(np.argmax(data[number]), data.shape[1:]) == (COLUMN, ROW)
                assert data[number].max() == 1000 + number
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        series = nwbfile.acquisition["TwoPhotonSeries"]
        assert np.array_equal(series.frames[:], spot())
        assert series.frames[2, ROW, COLUMN] == 1002
        spacing = series.imaging_plane.grid_spacing
        assert spacing is None or spacing[:] == pytest.approx([2e-6, 3e-6])
        assert (spacing is None) == (make in (as_tiff, as_single_frames))
        size = series.field_of_view
        assert size is None or size[:] == pytest.approx([COLUMNS * 2e-6, ROWS * 3e-6])


def test_x_and_y_of_a_video(tmp_path):
    """Of the UCLA Miniscope, whose movies are videos; written by another library, in its rows and columns."""
    imageio = pytest.importorskip("imageio.v3", reason="no codec for videos is installed")
    pytest.importorskip("av", reason="no codec for videos is installed")
    frames = np.zeros((FRAMES, ROWS, COLUMNS), np.uint8)
    frames[:, ROW, COLUMN] = 100 + np.arange(FRAMES)
    folder = tmp_path / "Miniscope"
    folder.mkdir()
    imageio.imwrite(
        folder / "0.avi", frames, plugin="pyav", codec="ffv1", fps=20, in_pixel_format="gray", out_pixel_format="gray"
    )
    (folder / "metaData.json").write_text(json.dumps({"deviceType": "Miniscope_V4_BNO", "deviceName": "Miniscope"}))
    times = "".join(f"{number},{50 * number},0\n" for number in range(FRAMES))
    (folder / "timeStamps.csv").write_text("Frame Number,Time Stamp (ms),Buffer Index\n" + times)
    import_session(folder, tmp_path / "session.nwb", SAID | STARTED)
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        series = nwbfile.acquisition["OnePhotonSeries"]
        assert series.data.shape == (FRAMES, COLUMNS, ROWS)
        assert np.array_equal(series.data[:, COLUMN, ROW], frames[:, ROW, COLUMN])
        assert np.array_equal(series.frames[:], frames)
        assert series.rate == 20


# ---- memory


def long_movie(path, frames, page, **written):
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for number in range(frames):
            page[0, 0] = number
            tiff.write(page, photometric="minisblack", contiguous=False, metadata=None, **written)


def test_300_megabytes_go_through_a_few(tmp_path):
    page = np.zeros((512, 600), np.uint16)
    long_movie(tmp_path / "long.tif", 512, page)
    assert (tmp_path / "long.tif").stat().st_size > 300e6
    nwbfile = import_session(tmp_path / "long.tif", None, SAID | STARTED | {"rate": 30})
    tracemalloc.start()
    try:
        photonwb.write(nwbfile, tmp_path / "long.nwb")
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    with photonwb.open(tmp_path / "long.nwb") as read:
        assert read.acquisition["TwoPhotonSeries"].data[[0, 255, 511], 0, 0].tolist() == [0, 255, 511]


def test_only_a_few_decoded_pages_are_alive(tmp_path, monkeypatch):
    from photonwb.movies import tiff

    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    long_movie(tmp_path / "long.tif", 400, np.zeros((300, 400), np.uint16), compression="zlib")
    alive: list[weakref.ref] = []
    most: list[int] = []
    read_into = tiff.TiffPages.read_into

    def watched(pages, out, *arguments):
        alive.append(weakref.ref(out))
        most.append(sum(len(array) for reference in alive if (array := reference()) is not None))
        read_into(pages, out, *arguments)

    monkeypatch.setattr(tiff.TiffPages, "read_into", watched)
    import_session(tmp_path / "long.tif", tmp_path / "long.nwb", SAID | STARTED | {"rate": 30})
    assert len(most) > 4
    # Blocks of 16 MiB are 70 pages; one is read while another is written.
    assert max(most) <= 4 * 70
