"""Folders of PrairieView, made up here in the form that its XML files have."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError
from photonwb.importers import recognise
from photonwb.importers.base import Timing
from photonwb.importers.bruker import can_open, read

ROWS, COLUMNS = 8, 14
SETTINGS = """
<PVStateShard>
  <PVStateValue key="dwellTime" value="0.4" />
  <PVStateValue key="framePeriod" value="0.05" />
  <PVStateValue key="laserPower"><IndexedValue index="0" value="350" description="Imaging" /></PVStateValue>
  <PVStateValue key="laserWavelength"><IndexedValue index="0" value="920" /></PVStateValue>
  <PVStateValue key="micronsPerPixel">
    <IndexedValue index="XAxis" value="0.5" /><IndexedValue index="YAxis" value="2" /><IndexedValue index="ZAxis" value="5" />
  </PVStateValue>
  <PVStateValue key="objectiveLens" value="Nikon 16x" />
  <PVStateValue key="opticalZoom" value="2" />
  <PVStateValue key="pmtGain">
    <IndexedValue index="0" value="600.5" description="PMT 1 HV" /><IndexedValue index="1" value="700" description="PMT 2 HV" />
  </PVStateValue>
  <PVStateValue key="positionCurrent">
    <SubindexedValues index="XAxis"><SubindexedValue subindex="0" value="100" /></SubindexedValues>
    <SubindexedValues index="YAxis"><SubindexedValue subindex="0" value="-40" /></SubindexedValues>
    <SubindexedValues index="ZAxis">
      <SubindexedValue subindex="0" value="200" description="Z Focus" /><SubindexedValue subindex="1" value="3" />
    </SubindexedValues>
  </PVStateValue>
  <PVStateValue key="scanLinePeriod" value="6.25E-05" />
</PVStateShard>
"""


def frame(relative, absolute, files, z=None):
    listed = "".join(
        f'<File channel="{channel}" channelName="Ch{channel}" page="{page}" filename="{name}" />' for channel, name, page in files
    )
    position = (
        f'<PVStateShard><PVStateValue key="positionCurrent"><SubindexedValues index="ZAxis"><SubindexedValue subindex="0" '
        f'value="{z}" /></SubindexedValues></PVStateValue></PVStateShard>'
        if z is not None
        else ""
    )
    return f'<Frame relativeTime="{relative}" absoluteTime="{absolute}" index="1">{listed}{position}</Frame>'


def write(folder, sequences, prolog="", settings=SETTINGS):
    """A master file; each sequence is its attributes and its frames."""
    folder.mkdir(exist_ok=True)
    body = "".join(f"<Sequence {attributes}>{''.join(frames)}</Sequence>" for attributes, frames in sequences)
    (folder / "other.xml").write_text("<Something />")
    (folder / f"{folder.name}.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>{prolog}<PVScan version="5.6.64.100" date="5/6/2024 2:30:15 PM" notes="a note">'
        f'<SystemIDs SystemID="4471"><SystemID SystemID="4471" Description="scope" /></SystemIDs>{settings}{body}</PVScan>',
        "utf-8",
    )
    return folder


def pages(count):
    return np.random.default_rng(0).integers(0, 4000, (count, ROWS, COLUMNS)).astype(np.uint16)


def single(folder, frames, prefix="m"):
    """Each frame in a file of its own."""
    folder.mkdir(exist_ok=True)
    names = [f"{prefix}_{number:06}.ome.tif" for number in range(len(frames))]
    for name, page in zip(names, frames, strict=True):
        tifffile.imwrite(folder / name, page, photometric="minisblack", metadata=None)
    return names


TIMED = 'type="TSeries Timed Element" cycle="1"'


@pytest.fixture
def timed(tmp_path):
    """Five frames of two channels, the third of them late."""
    folder = tmp_path / "TSeries-1"
    frames = pages(10)
    green, red = single(folder, frames[:5], "Ch1"), single(folder, frames[5:], "Ch2")
    times = [0, 0.05, 0.13, 0.18, 0.23]
    listed = [frame(time, time + 7, [(1, green[n], 1), (2, red[n], 1)]) for n, time in enumerate(times)]
    return write(folder, [(TIMED, listed)]), frames


def in_standard_order(frames):
    return frames.swapaxes(-1, -2)


def test_frames_of_two_channels(timed):
    folder, frames = timed
    fragment = read(folder)
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeriesCh1", "TwoPhotonSeriesCh2"]
    for movie, expected in zip(fragment.movies, (frames[:5], frames[5:]), strict=True):
        assert np.array_equal(movie.data[...], in_standard_order(expected))
        assert movie.timing.timestamps.tolist() == pytest.approx([0, 0.05, 0.13, 0.18, 0.23])
    assert [movie.options["pmt_gain"] for movie in fragment.movies] == [600.5, 700]
    (movie,) = read(folder, channel="Ch2").movies
    assert np.array_equal(movie.data[...], in_standard_order(frames[5:]))


def test_what_the_settings_say_in_the_order_of_the_axes(timed):
    (plane,) = read(timed[0]).planes
    assert plane.grid_spacing == pytest.approx((0.5e-6, 2e-6))
    assert plane.origin_coords == pytest.approx((100e-6, -40e-6))
    assert plane.excitation_lambda == 920
    for fact in ("Nikon 16x", "zoom 2", "laser power 350", "dwell time in µs 0.4"):
        assert fact in plane.description
    options = read(timed[0]).movies[0].options
    assert options["field_of_view"] == pytest.approx((COLUMNS * 0.5e-6, ROWS * 2e-6))
    assert options["scan_line_rate"] == 16_000


def test_what_the_session_was(timed):
    fragment = read(timed[0])
    (instrument,) = fragment.instruments
    assert (instrument.manufacturer, instrument.serial_number) == ("Bruker", "4471")
    assert fragment.metadata["session_start_time"].replace(tzinfo=None).isoformat() == "2024-05-06T14:30:15"
    assert fragment.metadata["notes"] == "a note"
    assert fragment.metadata["was_generated_by"] == [("PrairieView", "5.6.64.100")]


def test_pages_of_one_file(tmp_path):
    frames = pages(6)
    folder = write(tmp_path / "m", [(TIMED, [frame(n / 20, n / 20, [(1, "all.ome.tif", n + 1)]) for n in range(6)])])
    tifffile.imwrite(folder / "all.ome.tif", frames, photometric="minisblack", metadata=None)
    (movie,) = read(folder / "m.xml").movies
    assert np.array_equal(movie.data[...], in_standard_order(frames))
    assert movie.timing == Timing(20.0)


def volumes(tmp_path, attributes="", depths=(10, 15, 20), drop_last=False):
    frames = pages(9)
    names = single(tmp_path / "z", frames)
    sequences = []
    for cycle in range(3):
        listed = [
            frame(z / 20, cycle / 4 + z / 20 + 3, [(1, names[3 * cycle + z], 1)], depths[z] if depths else None) for z in range(3)
        ]
        if drop_last and cycle == 2:
            listed.pop()
        sequences.append((f'type="TSeries ZSeries Element" cycle="{cycle + 1}" {attributes}', listed))
    return write(tmp_path / "z", sequences), frames


def test_each_sequence_of_a_z_series_is_a_volume(tmp_path):
    folder, frames = volumes(tmp_path)
    fragment = read(folder)
    (movie,), (plane,) = fragment.movies, fragment.planes
    assert np.array_equal(movie.data[...], frames.reshape(3, 3, ROWS, COLUMNS).transpose(0, 3, 2, 1))
    assert movie.timing == Timing(4.0)
    assert plane.grid_spacing == pytest.approx((0.5e-6, 2e-6, 5e-6))
    assert plane.origin_coords == pytest.approx((100e-6, -40e-6, 10e-6))


def test_planes_as_movies_of_their_own(tmp_path):
    folder, frames = volumes(tmp_path)
    fragment = read(folder, split_planes=True)
    for z, (movie, plane) in enumerate(zip(fragment.movies, fragment.planes, strict=True)):
        assert np.array_equal(movie.data[...], in_standard_order(frames[z::3]))
        assert movie.timing == Timing(4.0, pytest.approx(z / 20))
        assert plane.origin_coords[2] == pytest.approx((10 + 5 * z) * 1e-6)


def test_volumes_on_the_way_back_are_turned(tmp_path):
    folder, frames = volumes(tmp_path, 'bidirectionalZ="True"', depths=())
    (movie,) = read(folder).movies
    expected = frames.reshape(3, 3, ROWS, COLUMNS).copy()
    expected[1] = expected[1, ::-1]
    assert np.array_equal(movie.data[...], expected.transpose(0, 3, 2, 1))


def test_a_volume_that_was_not_completed(tmp_path):
    folder, _ = volumes(tmp_path, drop_last=True)
    fragment = read(folder)
    assert fragment.movies[0].data.shape == (2, COLUMNS, ROWS, 3)
    assert any("1 volumes were left out" in note for note in fragment.notes)


def test_without_settings_nothing_is_invented(tmp_path):
    names = single(tmp_path / "m", pages(2))
    folder = write(tmp_path / "m", [(TIMED, [frame(n / 20, n / 20, [(2, names[n], 1)]) for n in range(2)])], settings="")
    fragment = read(folder)
    (plane,) = fragment.planes
    assert (plane.grid_spacing, plane.origin_coords, plane.excitation_lambda, plane.description) == (None,) * 4
    options = fragment.movies[0].options
    assert (options["field_of_view"], options["scan_line_rate"], options["pmt_gain"]) == (None, None, None)


# ---- what cannot be read


def test_a_dtd_is_refused(tmp_path):
    folder = write(tmp_path / "m", [], prolog='<!DOCTYPE x [<!ENTITY lol "lol"><!ENTITY more "&lol;&lol;">]>')
    with pytest.raises(DamagedFileError, match="XML with a DTD is not read"):
        read(folder)


@pytest.mark.parametrize("name", ["../secret.tif", "/etc/secret.tif", "..\\secret.tif"])
def test_files_outside_of_the_folder_are_refused(tmp_path, name):
    folder = write(tmp_path / "m", [(TIMED, [frame(0, 0, [(1, name, 1)])])])
    with pytest.raises(DamagedFileError, match="is not in this folder"):
        read(folder)


def test_files_that_are_missing(timed):
    (timed[0] / "Ch2_000003.ome.tif").unlink()
    with pytest.raises(MissingFileError, match=r"1 of 10 files of frames are missing, the first is Ch2_000003\.ome\.tif"):
        read(timed[0])


def test_a_frame_without_one_of_the_channels(tmp_path):
    names = single(tmp_path / "m", pages(3))
    listed = [frame(0, 0, [(1, names[0], 1), (2, names[1], 1)]), frame(0.1, 0.1, [(1, names[2], 1)])]
    with pytest.raises(InvalidValueError, match="lacks a page"):
        read(write(tmp_path / "m", [(TIMED, listed)]))


def test_times_that_make_no_sense(tmp_path):
    names = single(tmp_path / "m", pages(3))
    listed = [frame(time, time, [(1, name, 1)]) for time, name in zip([0, 2, 1], names, strict=True)]
    fragment = read(write(tmp_path / "m", [(TIMED, listed)]))
    assert fragment.movies[0].timing == Timing(20.0)
    assert any("make no sense" in note for note in fragment.notes)


@pytest.mark.parametrize(
    "text", ["<PVScan>", "<PVScan></PVScan>", '<PVScan><Sequence><Frame relativeTime="x"/></Sequence></PVScan>']
)
def test_a_master_file_that_was_cut_off_or_is_empty(tmp_path, text):
    (tmp_path / "m.xml").write_text(text)
    with pytest.raises((DamagedFileError, InvalidValueError), match=r"m\.xml"):
        read(tmp_path)


def test_what_is_recognised(timed, tmp_path):
    assert recognise(timed[0]).name == "bruker"
    assert recognise(timed[0] / "TSeries-1.xml").name == "bruker"
    assert not can_open(timed[0] / "other.xml")
    assert not can_open(tmp_path)
    with pytest.raises(MissingFileError, match="expected a folder of PrairieView"):
        read(tmp_path)
