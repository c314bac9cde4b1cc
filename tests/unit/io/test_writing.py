"""Writing: what may be given as data, what ends up in the file, and what happens when it goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from photonwb import NWBHDF5IO, DataChunkIterator, H5DataIO, NWBFile, TimeSeries
from photonwb.arrays import GenericDataChunkIterator
from photonwb.common import DynamicTable, VectorData
from photonwb.errors import InvalidTypeError, InvalidValueError, StorageError
from photonwb.image import ImageSeries
from photonwb.io.repacking import repack_file
from photonwb.testing.mock.ophys import mock_PlaneSegmentation

FRAMES = np.arange(7 * 5 * 4, dtype=np.uint16).reshape(7, 5, 4)


def session() -> NWBFile:
    return NWBFile("writing", "writing", datetime(2024, 1, 1, tzinfo=UTC))


def movie(data: Any) -> ImageSeries:
    return ImageSeries("movie", data=data, unit="n.a.", rate=10.0)


def stored(data: Any, path: Path) -> Any:
    nwbfile = session()
    nwbfile.add_acquisition(movie(data))
    photonwb.write(nwbfile, path)
    with h5py.File(path) as file:
        dataset = file["acquisition/movie/data"]
        return dataset[:], dataset.chunks, dataset.compression


class Blocks(GenericDataChunkIterator):
    def _get_data(self, selection: tuple[slice, ...]) -> Any:
        return FRAMES[selection]

    def _get_maxshape(self) -> tuple[int, ...]:
        return FRAMES.shape

    def _get_dtype(self) -> Any:
        return FRAMES.dtype


def test_objects_know_the_file_they_were_written_to(tmp_path):
    nwbfile = session()
    nwbfile.add_acquisition(movie(FRAMES))
    assert nwbfile.container_source is None
    for name in ("first.nwb", "second.nwb"):
        photonwb.write(nwbfile, tmp_path / name)
        assert [item.container_source for item in nwbfile.all_children()] == [str(tmp_path / name)] * 2


def test_only_a_file_is_written(tmp_path):
    with pytest.raises(InvalidTypeError, match="expected an NWBFile to write, got ImageSeries 'movie'"):
        photonwb.write(movie(FRAMES), tmp_path / "movie.nwb")  # type: ignore[arg-type] - which is the mistake
    assert list(tmp_path.iterdir()) == []


def hdmf_iterator() -> Any:
    from hdmf.data_utils import DataChunkIterator as Theirs

    return Theirs(data=iter(FRAMES), buffer_size=2)


def hdmf_wrapper() -> Any:
    from hdmf.backends.hdf5 import H5DataIO as Theirs

    return Theirs(FRAMES, compression="gzip", chunks=(2, 5, 4))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda: FRAMES,
        lambda: FRAMES.tolist(),
        lambda: (frame for frame in FRAMES),
        lambda: list(FRAMES),
        lambda: DataChunkIterator(data=iter(FRAMES), buffer_size=3),
        lambda: Blocks(buffer_shape=(2, 5, 4), chunk_shape=(1, 5, 4)),
        lambda: H5DataIO(FRAMES, compression="gzip", compression_opts=2, chunks=(2, 5, 4)),
        lambda: H5DataIO(DataChunkIterator(data=iter(FRAMES)), compression=True),
        hdmf_iterator,
        hdmf_wrapper,
    ],
    ids=[
        "array", "lists", "generator", "list of arrays", "DataChunkIterator", "GenericDataChunkIterator", "H5DataIO",
        "H5DataIO of an iterator", "iterator of hdmf", "wrapper of hdmf",
    ],
)  # fmt: skip
def test_data_of_every_form(make: Any, tmp_path: Path) -> None:
    values, _, _ = stored(make(), tmp_path / "a.nwb")
    assert np.array_equal(values, FRAMES)


def test_the_wrapper_decides_how_data_are_stored(tmp_path: Path) -> None:
    wrapped = H5DataIO(FRAMES, compression="gzip", compression_opts=2, chunks=(2, 5, 4))
    _, chunks, compression = stored(wrapped, tmp_path / "a.nwb")
    assert (chunks, compression) == ((2, 5, 4), "gzip")


def test_a_movie_is_stored_by_whole_frames_and_compressed(tmp_path: Path) -> None:
    _, chunks, compression = stored(np.zeros((100, 64, 32), np.uint16), tmp_path / "a.nwb")
    assert chunks is not None
    assert chunks[1:] == (64, 32)
    assert compression == "gzip"


def test_data_of_another_file_are_copied(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["frames"] = FRAMES
    with h5py.File(tmp_path / "other.h5") as file:
        values, _, _ = stored(file["frames"], tmp_path / "a.nwb")
    assert np.array_equal(values, FRAMES)
    with photonwb.open(tmp_path / "a.nwb") as nwbfile:
        values, _, _ = stored(nwbfile.acquisition["movie"].data, tmp_path / "b.nwb")
    assert np.array_equal(values, FRAMES)


def test_a_wrapper_may_ask_for_a_link_to_data_of_another_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["frames"] = FRAMES
    with h5py.File(tmp_path / "other.h5") as file:
        nwbfile = session()
        nwbfile.add_acquisition(movie(H5DataIO(file["frames"], link_data=True)))
        photonwb.write(nwbfile, tmp_path / "a.nwb")
    with h5py.File(tmp_path / "a.nwb") as file:
        link = file["acquisition/movie"].get("data", getlink=True)
        assert (type(link), link.filename) == (h5py.ExternalLink, "other.h5")
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    with photonwb.open(moved / "a.nwb") as nwbfile:
        assert np.array_equal(nwbfile.acquisition["movie"].data[:], FRAMES)


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    def broken() -> Any:
        yield FRAMES[0]
        raise RuntimeError("the camera was unplugged")

    nwbfile = session()
    nwbfile.add_acquisition(movie(broken()))
    with pytest.raises(RuntimeError, match="unplugged"):
        photonwb.write(nwbfile, tmp_path / "a.nwb")
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    photonwb.write(session(), path)
    before = path.read_bytes()
    nwbfile = session()
    nwbfile.add_acquisition(movie([[[1, 2], [3]]]))
    with pytest.raises(InvalidValueError, match="movie"):
        photonwb.write(nwbfile, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    from photonwb.ophys import Fluorescence, ImageSegmentation

    nwbfile = session()
    module = nwbfile.create_processing_module("ophys", "d")
    module.add([Fluorescence(), ImageSegmentation()])
    with pytest.raises(InvalidValueError) as error:
        photonwb.write(nwbfile, tmp_path / "a.nwb")
    assert "Fluorescence 'Fluorescence'" in str(error.value)
    assert "ImageSegmentation 'ImageSegmentation'" in str(error.value)


def test_texts_in_place_of_numbers_name_the_field(tmp_path: Path) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(movie(np.full((2, 2, 2), "a", dtype=object)))
    with pytest.raises(InvalidTypeError, match=r"ImageSeries 'movie'\.data: expected numbers"):
        photonwb.write(nwbfile, tmp_path / "a.nwb")


def test_numbers_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(TimeSeries("s", [1.0, 2.0], "V", rate=1.0, control=[1.5, 2.5]))
    with pytest.raises(InvalidValueError, match=r"'s'\.control: expected whole numbers"):
        photonwb.write(nwbfile, tmp_path / "a.nwb")


@pytest.mark.parametrize("name", ["keywords", "experimenter", "related_publications"])
@pytest.mark.parametrize("kind", [list, tuple])
def test_no_texts_at_all(name: str, kind: type, tmp_path: Path) -> None:
    arguments: Any = {name: kind()}
    nwbfile = NWBFile("writing", "writing", datetime(2024, 1, 1, tzinfo=UTC), **arguments)
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as again:
        assert list(getattr(again, name)) == []


def test_attributes_that_are_longer_than_hdf5_usually_takes(tmp_path: Path) -> None:
    nwbfile = session()
    frames = list(range(9000))
    files = [f"{frame}.tif" for frame in frames]
    nwbfile.add_acquisition(
        ImageSeries("movie", external_file=files, starting_frame=frames, timestamps=[float(frame) for frame in frames])
    )
    columns = [VectorData(f"column{number}", "d", data=[number]) for number in range(5000)]
    nwbfile.add_acquisition(DynamicTable("table", "d", columns=columns))
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as again:
        movie, table = again.acquisition["movie"], again.acquisition["table"]
        assert list(movie.starting_frame) == frames
        assert table.colnames == tuple(column.name for column in columns)
        assert table["column4999"].data[0] == 4999


@pytest.mark.parametrize("index", [False, [2, 5]], ids=["flat", "ragged"])
@pytest.mark.parametrize("given", [4, 5, 6])
@pytest.mark.parametrize("wrap", [iter, lambda values: DataChunkIterator(iter(values))], ids=["iterator", "blocks"])
def test_a_column_from_an_iterator_must_be_as_long_as_its_table(wrap: Any, given: int, index: Any, tmp_path: Path) -> None:
    table = DynamicTable("table", "d", id=range(2 if index else 5))
    table.add_column("column", "d", data=wrap(np.arange(given, dtype=float)), index=index)
    nwbfile = session()
    nwbfile.add_acquisition(table)
    if given == 5:
        photonwb.write(nwbfile, tmp_path / "a.nwb")
        assert len(photonwb.open(tmp_path / "a.nwb").acquisition["table"].to_dataframe()) == (2 if index else 5)
        return
    with pytest.raises(InvalidValueError, match=f"'column' turned out to have {given} values, expected 5"):
        photonwb.write(nwbfile, tmp_path / "a.nwb")
    assert not list(tmp_path.iterdir())


def test_zones_of_whole_minutes(tmp_path: Path) -> None:
    start = datetime(1800, 1, 1, 12, tzinfo=timezone(-timedelta(hours=4, minutes=56, seconds=2)))  # New York, before 1883
    nwbfile = NWBFile("writing", "writing", start)
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with h5py.File(tmp_path / "a.nwb") as file:
        assert file["session_start_time"][()] == b"1800-01-01T12:00:02-04:56"
    assert photonwb.open(tmp_path / "a.nwb").session_start_time == start


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        photonwb.write(session(), tmp_path / "nowhere" / "a.nwb")


def test_modes_that_create(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    with NWBHDF5IO(path, "w-") as io:
        io.write(session())
    with pytest.raises(StorageError, match="exists already"):
        NWBHDF5IO(path, "x")
    with NWBHDF5IO(path, "w") as io:
        io.write(session())
    with NWBHDF5IO(tmp_path / "b.nwb", "a") as io:
        io.write(session())
    with pytest.raises(StorageError, match="open for reading"), NWBHDF5IO(path, "r") as io:
        io.write(session())


def test_without_specifications(tmp_path: Path) -> None:
    with NWBHDF5IO(tmp_path / "a.nwb", "w") as io:
        io.write(session(), cache_spec=False)
    with h5py.File(tmp_path / "a.nwb") as file:
        assert "specifications" not in file
    assert photonwb.open(tmp_path / "a.nwb").identifier == "writing"


def test_memory_stays_bounded_by_the_buffer(tmp_path: Path) -> None:
    import tracemalloc

    frame = np.random.default_rng(0).integers(0, 1000, (256, 256), dtype=np.uint16)
    nwbfile = session()
    nwbfile.add_acquisition(movie(frame for _ in range(1200)))  # 157 MB
    tracemalloc.start()
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
    with h5py.File(tmp_path / "a.nwb") as file:
        assert file["acquisition/movie/data"].shape == (1200, 256, 256)


def test_a_file_takes_the_place_of_the_one_it_was_read_from(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    nwbfile = session()
    nwbfile.add_acquisition(movie(np.repeat(FRAMES, 500, axis=0)))
    photonwb.write(nwbfile, path)
    with photonwb.open(path) as stored_file:
        stored_file.acquisition["movie"].comments = "changed"
        photonwb.write(stored_file, path)
    with photonwb.open(path) as again:
        assert np.array_equal(again.acquisition["movie"].data[:], np.repeat(FRAMES, 500, axis=0))
        assert again.acquisition["movie"].comments == "changed"


FULL_DISK = """
import resource, signal, sys
import numpy as np
import photonwb
from datetime import datetime, timezone
from photonwb.io.repacking import repack_file

source, target = sys.argv[2:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
nwbfile = photonwb.NWBFile("full", "full", datetime(2024, 1, 1, tzinfo=timezone.utc))
data = np.random.default_rng(0).random((1000, 1000))
nwbfile.add_acquisition(photonwb.TimeSeries("noise", data, "V", rate=1.0))
photonwb.write(nwbfile, source)
opened = photonwb.open(source)
opened.lab = "changed"
ways = {
    "write": lambda: photonwb.write(nwbfile, target),
    "export": lambda: photonwb.export(source, target),
    "export changed": lambda: photonwb.export(opened, target),
    "export a part": lambda: photonwb.export(source, target, compression="small"),
    "repack": lambda: repack_file(source, target),
    "recover": lambda: photonwb.recover(source, target),
}
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    ways[sys.argv[1]]()
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("way", ["write", "export", "export changed", "export a part", "repack", "recover"])
def test_a_full_disk_leaves_nothing_and_harms_nobody(way: str, tmp_path: Path) -> None:
    import subprocess
    import sys

    source, target = tmp_path / "source.nwb", tmp_path / "full.nwb"
    command = [sys.executable, "-c", FULL_DISK, way, source, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "File too large" in done.stdout
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("compression", "filters"),
    [
        ("fast", {"shuffle": {}, "gzip": {"level": 1}}),
        ("small", {"shuffle": {}, "gzip": {"level": 4}}),
        ("none", {}),
        (False, {}),
        (9, {"shuffle": {}, "gzip": {"level": 9}}),
        ("lzf", {"shuffle": {}, "lzf": {}}),
    ],
)
def test_one_argument_says_how_to_compress(tmp_path, compression, filters):
    frames = np.random.default_rng(0).integers(0, 9, (20, 64, 64), dtype="u2")
    nwbfile = session()
    nwbfile.add_acquisition(movie(frames))
    wrapped = H5DataIO(frames, compression="gzip", shuffle=False)
    nwbfile.add_acquisition(ImageSeries("wrapped", data=wrapped, unit="n.a.", rate=10.0))
    with NWBHDF5IO(tmp_path / "a.nwb", "w") as io:
        io.write(nwbfile, compression=compression)
    with photonwb.open(tmp_path / "a.nwb") as read:
        data = read.acquisition["movie"].data
        assert dict(data.source.filters) == filters
        assert dict(read.acquisition["wrapped"].data.source.filters) == {"gzip": {"level": 4}}
        np.testing.assert_array_equal(data, frames)


def test_of_image_masks_only_tiles_with_something_in_them_are_stored(tmp_path):
    images = np.zeros((3, 200, 300), np.float32)
    images[0, 10:20, 70:80] = images[2, 190:, 290:] = 0.5
    nwbfile = session()
    table = mock_PlaneSegmentation(n_rois=0, nwbfile=nwbfile)
    table.add_column("image_mask", "dense", data=images)
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    repack_file(tmp_path / "a.nwb", tmp_path / "b.nwb")
    for path in (tmp_path / "a.nwb", tmp_path / "b.nwb"):
        with photonwb.open(path) as read, h5py.File(path) as file:
            dataset = file[_path_of(file, "image_mask")]
            assert (dataset.chunks, dataset.id.get_num_chunks()) == ((1, 64, 64), 3)
            np.testing.assert_array_equal(dataset, images)
            np.testing.assert_array_equal(read.objects[table.object_id]["image_mask"].data, images)


def _path_of(file: h5py.File, name: str) -> str:
    found: list[str] = []
    file.visit(lambda path: found.append(path) if path.endswith(f"/{name}") else None)
    return found[0]
