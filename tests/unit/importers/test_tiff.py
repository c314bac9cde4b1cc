"""TIFF files of any kind as descriptions of movies: what they say is used, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError
from photonwb.importers import recognise
from photonwb.importers.base import Channel, Timing
from photonwb.importers.tiff import can_open, read

PAGES = np.random.default_rng(0).integers(0, 4000, (24, 10, 16)).astype(np.uint16)


def in_standard_order(pages: np.ndarray) -> np.ndarray:
    """From (..., row, column) to (..., x, y)."""
    return pages.swapaxes(-1, -2)


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, PAGES, photometric="minisblack", metadata=None)
    return path


def only_movie(fragment):
    (movie,) = fragment.movies
    return movie


def test_each_page_is_a_frame(plain):
    fragment = read(plain)
    movie = only_movie(fragment)
    assert (movie.name, movie.plane, movie.kind) == ("TwoPhotonSeries", "ImagingPlane", "TwoPhotonSeries")
    assert np.array_equal(movie.data[...], in_standard_order(PAGES))
    assert fragment.notes == []


def test_nothing_is_invented(plain):
    fragment = read(plain)
    assert only_movie(fragment).timing == Timing()
    (plane,) = fragment.planes
    assert set(plane._asdict().values()) == {"ImagingPlane", (), None}
    assert fragment.metadata == {}
    told = " ".join(fragment.missing())
    for field in ("session_start_time", "indicator", "location", "excitation_lambda", "rate"):
        assert field in told


def test_the_resolution_of_a_printer_is_not_that_of_a_microscope(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", PAGES, photometric="minisblack", resolution=(72, 72), resolutionunit=2, metadata=None)
    assert read(tmp_path / "m.tif").planes[0].grid_spacing is None


def test_channels_and_planes_take_turns(plain):
    fragment = read(plain, channels=2, planes=3)
    expected = PAGES.reshape(4, 3, 2, 10, 16)
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeriesChannel1", "TwoPhotonSeriesChannel2"]
    for number, movie in enumerate(fragment.movies):
        assert np.array_equal(movie.data[...], expected[:, :, number].transpose(0, 3, 2, 1))
    assert len(fragment.planes[0].channels) == 2


def test_planes_as_movies_of_their_own(plain):
    fragment = read(plain, planes=3, split_planes=True)
    assert [plane.name for plane in fragment.planes] == ["ImagingPlane0", "ImagingPlane1", "ImagingPlane2"]
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeries0", "TwoPhotonSeries1", "TwoPhotonSeries2"]
    for z, movie in enumerate(fragment.movies):
        assert movie.plane == f"ImagingPlane{z}"
        assert np.array_equal(movie.data[...], in_standard_order(PAGES[z::3]))


@pytest.mark.parametrize("wanted", ["2", "Channel2"])
def test_one_channel(plain, wanted):
    movie = only_movie(read(plain, channels=2, channel=wanted))
    assert movie.name == "TwoPhotonSeries"
    assert np.array_equal(movie.data[...], in_standard_order(PAGES[1::2]))


@pytest.mark.parametrize("wanted", ["3", "green", "0"])
def test_a_channel_that_is_not_there(plain, wanted):
    with pytest.raises(InvalidValueError, match="expected a channel out of Channel1, Channel2"):
        read(plain, channels=2, channel=wanted)


def test_a_volume_that_was_not_completed(plain):
    fragment = read(plain, planes=7)
    assert only_movie(fragment).data.shape == (3, 16, 10, 7)
    assert fragment.notes == ["3 of 24 pages were left out: they do not make a whole frame"]


def test_one_photon(plain):
    assert only_movie(read(plain, kind="OnePhotonSeries")).name == "OnePhotonSeries"


def test_imagej(tmp_path):
    frames = PAGES.reshape(4, 3, 2, 10, 16)
    tifffile.imwrite(
        tmp_path / "m.tif",
        frames,
        imagej=True,
        resolution=(1 / 0.5, 1 / 0.8),
        metadata={"axes": "TZCYX", "finterval": 0.25, "unit": "um", "spacing": 5.0},
    )
    fragment = read(tmp_path / "m.tif")
    assert [movie.timing.rate for movie in fragment.movies] == [4.0, 4.0]
    assert np.array_equal(fragment.movies[1].data[...], frames[:, :, 1].transpose(0, 3, 2, 1))
    assert fragment.planes[0].grid_spacing == pytest.approx((0.5e-6, 0.8e-6, 5e-6))


def test_a_movie_that_imagej_calls_a_stack(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", PAGES, imagej=True, metadata={"axes": "ZYX"})
    assert only_movie(read(tmp_path / "m.tif")).data.shape == (24, 16, 10)


METAMORPH = """<MetaData><PlaneInfo>
<prop id="spatial-calibration-state" type="bool" value="on"/>
<prop id="spatial-calibration-x" type="float" value="0.65"/>
<prop id="spatial-calibration-y" type="float" value="1.3"/>
<prop id="spatial-calibration-units" type="string" value="um"/>
</PlaneInfo></MetaData>"""


def test_metamorph(tmp_path):
    for number in range(3):
        written = {"photometric": "minisblack", "description": METAMORPH, "software": "MetaSeries", "metadata": None}
        tifffile.imwrite(tmp_path / f"m_{number}.tif", PAGES[number], **written)
    assert read(tmp_path).planes[0].grid_spacing == pytest.approx((0.65e-6, 1.3e-6))


# ---- OME


def ome(tmp_path, axes="TZCYX", pages=PAGES, name="m.ome.tif", **metadata):
    shape = {"T": 4, "Z": 3, "C": 2}
    frames = pages.reshape(*(shape[axis] for axis in axes[:-2]), 10, 16)
    tifffile.imwrite(tmp_path / name, frames, ome=True, photometric="minisblack", metadata={"axes": axes, **metadata})
    return tmp_path / name, frames


@pytest.mark.parametrize("axes", ["TZCYX", "TCZYX", "CTZYX", "ZCTYX"])
def test_every_order_of_ome(tmp_path, axes):
    path, frames = ome(tmp_path, axes, Channel={"Name": ["green", "red"]})
    fragment = read(path)
    expected = np.transpose(frames, [axes.index(axis) for axis in "CTXYZ"])
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeriesGreen", "TwoPhotonSeriesRed"]
    for channel, movie in zip(expected, fragment.movies, strict=True):
        assert np.array_equal(movie.data[...], channel)


def test_what_ome_says(tmp_path):
    path, _ = ome(
        tmp_path,
        PhysicalSizeX=0.5,
        PhysicalSizeXUnit="µm",
        PhysicalSizeY=800,
        PhysicalSizeYUnit="nm",
        PhysicalSizeZ=0.005,
        PhysicalSizeZUnit="mm",
        TimeIncrement=250,
        TimeIncrementUnit="ms",
        Channel={"Name": ["a", "b"], "EmissionWavelength": [510, 610], "ExcitationWavelength": [920, 1040]},
        AcquisitionDate="2024-05-06T14:00:00+02:00",
    )
    fragment = read(path)
    (plane,) = fragment.planes
    assert plane.grid_spacing == pytest.approx((0.5e-6, 0.8e-6, 5e-6))
    assert plane.channels == (Channel("a", None, 510), Channel("b", None, 610))
    assert plane.excitation_lambda == 920
    assert [movie.timing for movie in fragment.movies] == [Timing(4.0)] * 2


def ome_xml(pixels: str, sizes: str = 'SizeX="16" SizeY="10" SizeZ="1" SizeC="1" SizeT="6"', more: str = "") -> str:
    return (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Instrument ID="I:0"><Microscope Manufacturer="Acme" Model="Twoscope" SerialNumber="7"/></Instrument>'
        f'<Image ID="Image:0">{more}<Pixels DimensionOrder="XYZCT" Type="uint16" {sizes}>{pixels}</Pixels></Image></OME>'
    )


def with_xml(path, pages, text):
    tifffile.imwrite(path, pages, photometric="minisblack", description=text.encode(), metadata=None)
    return path


def test_times_of_ome_frames_with_a_gap(tmp_path):
    times = [0, 0.5, 1, 2, 2.5, 3]
    planes = "".join(f'<Plane TheZ="0" TheC="0" TheT="{number}" DeltaT="{time}"/>' for number, time in enumerate(times))
    more = '<AcquisitionDate>2024-05-06T14:00:00Z</AcquisitionDate><InstrumentRef ID="I:0"/>'
    fragment = read(with_xml(tmp_path / "m.ome.tif", PAGES[:6], ome_xml(planes, more=more)))
    assert only_movie(fragment).timing.timestamps.tolist() == times
    assert fragment.metadata["session_start_time"].isoformat() == "2024-05-06T14:00:00+00:00"
    (instrument,) = fragment.instruments
    assert (instrument.name, instrument.manufacturer, instrument.serial_number) == ("Twoscope", "Acme", "7")


def test_pages_that_ome_lists_in_another_order(tmp_path):
    blocks = "".join(f'<TiffData FirstT="{number}" IFD="{5 - number}" PlaneCount="1"/>' for number in range(6))
    fragment = read(with_xml(tmp_path / "m.ome.tif", PAGES[:6], ome_xml(blocks)))
    assert np.array_equal(only_movie(fragment).data[...], in_standard_order(PAGES[5::-1]))


def test_ome_over_several_files(tmp_path):
    blocks = "".join(
        f'<TiffData FirstT="{number}" IFD="0" PlaneCount="1"><UUID FileName="m_{number}.ome.tif">{number}</UUID></TiffData>'
        for number in range(6)
    )
    for number in range(6):
        with_xml(tmp_path / f"m_{number}.ome.tif", PAGES[number], ome_xml(blocks))
    assert np.array_equal(only_movie(read(tmp_path)).data[...], in_standard_order(PAGES[:6]))
    (tmp_path / "m_3.ome.tif").unlink()
    with pytest.raises(InvalidValueError, match=r"speaks of m_3\.ome\.tif, which is not there"):
        read(tmp_path)


def test_an_ome_recording_that_was_stopped(tmp_path):
    sizes = 'SizeX="16" SizeY="10" SizeZ="1" SizeC="1" SizeT="100"'
    path = with_xml(tmp_path / "m.ome.tif", PAGES[:6], ome_xml("", sizes))
    assert only_movie(read(path)).data.shape == (6, 16, 10)


def test_xml_that_could_do_harm_is_refused(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa">]><OME><Image><Pixels/></Image></OME>'
    with pytest.raises(DamagedFileError, match="XML with a DTD is not read"):
        read(with_xml(tmp_path / "m.ome.tif", PAGES, bomb))


# ---- links


def test_a_movie_is_left_where_it_is(tmp_path):
    for number in range(3):
        tifffile.imwrite(tmp_path / f"m_{number}.tif", PAGES[:2], photometric="minisblack")
    movie = only_movie(read(tmp_path, link=True))
    assert movie.data is None
    assert movie.options["external_file"] == tuple(str(tmp_path / f"m_{number}.tif") for number in range(3))
    assert movie.options["starting_frame"] == [0, 2, 4]
    assert movie.options["num_samples"] == 6


def test_what_cannot_be_linked(plain):
    with pytest.raises(InvalidValueError, match="cannot be linked, since its pages are not one movie"):
        read(plain, channels=2, link=True)
    with pytest.raises(InvalidValueError, match="cannot be linked"):
        read(plain, channels=2, channel="1", link=True)


# ---- recognising


def test_what_is_recognised(plain, tmp_path):
    assert can_open(plain)
    assert can_open(tmp_path)
    assert recognise(plain).name == "tiff"
    (tmp_path / "empty").mkdir()
    assert not can_open(tmp_path / "empty")
    assert not can_open(tmp_path / "none.txt")


def test_what_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="no TIFF files"):
        read(tmp_path)
    with pytest.raises(InvalidValueError, match="one channel and plane at least"):
        tifffile.imwrite(tmp_path / "m.tif", PAGES, photometric="minisblack", metadata=None)
        read(tmp_path, planes=0)
