"""Sessions in stores of Zarr: written, opened, exported, checked as those in HDF5 are."""

from __future__ import annotations

import json
import pickle
import shutil
import sys

import numpy as np
import pytest

import photonwb
from helpers import modules_loaded_by, run_fresh
from photonwb import NWBHDF5IO, H5DataIO, NWBZarrIO, TimeSeries, ZarrDataIO
from photonwb.errors import (
    BrokenLinkError,
    ClosedFileError,
    ExistingFileError,
    InvalidTypeError,
    InvalidValueError,
    MissingFileError,
    StorageError,
)
from photonwb.ophys import TwoPhotonSeries
from photonwb.testing.mock.file import mock_NWBFile
from photonwb.testing.mock.ophys import mock_ImagingPlane, mock_PlaneSegmentation

MOVIE = np.random.default_rng(0).integers(0, 4000, (60, 40, 30), dtype="uint16")


def session(**movie):
    nwbfile = mock_NWBFile(identifier="zarr")
    plane = mock_ImagingPlane(nwbfile=nwbfile)
    data = movie.pop("data", MOVIE)
    nwbfile.add_acquisition(TwoPhotonSeries(name="movie", data=data, imaging_plane=plane, unit="n.a.", rate=30.0, **movie))
    nwbfile.add_acquisition(TimeSeries(name="trace", data=[1.0, np.nan, 3.0], unit="V", timestamps=[0.0, 0.5, 1.0]))
    nwbfile.add_acquisition(TimeSeries(name="same", data=nwbfile.acquisition["trace"], unit="V", rate=1.0))
    return nwbfile


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "session.nwb.zarr"
    photonwb.write(session(), path)
    return path


def document(store, node=""):
    return json.loads((store / node / "zarr.json").read_text())


def test_a_session_comes_back(store):
    with photonwb.open(store) as nwbfile:
        assert isinstance(nwbfile.get_read_io(), NWBZarrIO)
        movie = nwbfile.acquisition["movie"]
        assert movie.data.shape == MOVIE.shape
        np.testing.assert_array_equal(movie.data[5:50:7, ::2], MOVIE[5:50:7, ::2])
        np.testing.assert_array_equal(movie.frames[3], MOVIE[3].T)
        assert movie.imaging_plane is nwbfile.imaging_planes[movie.imaging_plane.name]
        np.testing.assert_array_equal(nwbfile.acquisition["trace"].data[:], [1.0, np.nan, 3.0])
        np.testing.assert_array_equal(nwbfile.acquisition["same"].data[:], [1.0, np.nan, 3.0])
        assert photonwb.validate(nwbfile).errors == []
        data = movie.data
    with pytest.raises(ClosedFileError, match=r"session\.nwb\.zarr"):
        data[0]


def test_all_metadata_stand_in_the_root(store):
    root = document(store)
    inner = root["consolidated_metadata"]["metadata"]
    nodes = {path.parent.relative_to(store).as_posix(): json.loads(path.read_text()) for path in store.rglob("*/zarr.json")}
    assert inner == nodes
    assert root["attributes"][".specloc"] == "specifications"
    assert inner["acquisition/same"]["attributes"]["_LINKS"] == [
        {"source": ".", "path": "/acquisition/trace/data", "name": "data"}
    ]


def test_floats_stay_floats(store):
    text = (store / "acquisition/movie/data/zarr.json").read_text()
    assert '"conversion": 1.0' in text
    assert '"rate": 30.0' in (store / "acquisition/movie/starting_time/zarr.json").read_text()


def test_what_nobody_set_has_no_file(tmp_path):
    path = tmp_path / "empty.nwb.zarr"
    data = np.zeros((40, 64, 64), "uint16")
    data[7] = 1
    photonwb.write(session(data=ZarrDataIO(data, chunks=(4, 64, 64))), path)
    assert [chunk.name for chunk in (path / "acquisition/movie/data/c").iterdir()] == ["1"]
    assert not (path / "acquisition/movie/starting_time/c").exists()
    with photonwb.open(path) as nwbfile:
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], data)
        assert nwbfile.acquisition["movie"].starting_time == 0.0


def test_the_sign_of_zero_is_something(tmp_path):
    path = tmp_path / "zeros.nwb.zarr"
    data = np.array([0.0, -0.0, 0.0])  # which equals what is assumed of chunks that are not stored
    nwbfile = mock_NWBFile()
    nwbfile.add_acquisition(TimeSeries(name="zeros", data=data, unit="V", rate=1.0))
    photonwb.write(nwbfile, path)
    with photonwb.open(path) as nwbfile:
        assert np.signbit(nwbfile.acquisition["zeros"].data[:]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("compression", "names"),
    [
        ("fast", ["bytes", "blosc"]),
        ("small", ["bytes", "blosc"]),
        ("none", ["bytes"]),
        (4, ["bytes", "numcodecs.shuffle", "numcodecs.zlib"]),
    ],
)
def test_compression(tmp_path, compression, names):
    photonwb.write(session(), tmp_path / "a.nwb.zarr", compression=compression)
    codecs = document(tmp_path / "a.nwb.zarr", "acquisition/movie/data")["codecs"]
    assert [codec["name"] for codec in codecs] == names
    with photonwb.open(tmp_path / "a.nwb.zarr") as nwbfile:
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], MOVIE)


def codecs_of_wrappers():
    zarr = pytest.importorskip("zarr")
    numcodecs = pytest.importorskip("numcodecs")
    return {
        "H5DataIO": (H5DataIO(MOVIE, compression="gzip", chunks=(7, 40, 30)), ["numcodecs.zlib"]),
        "zarr": (ZarrDataIO(MOVIE, chunks=(7, 40, 30), compressors=zarr.codecs.ZstdCodec(level=1)), ["zstd"]),
        "numcodecs": (ZarrDataIO(MOVIE, chunks=(7, 40, 30), compressors=[numcodecs.Blosc("lz4", 3)]), ["blosc"]),
        "two": (
            ZarrDataIO(MOVIE, chunks=(7, 40, 30), compressors=[zarr.codecs.GzipCodec(), zarr.codecs.Crc32cCodec()]),
            ["gzip", "crc32c"],
        ),
        "none": (ZarrDataIO(MOVIE, chunks=(7, 40, 30), compressors=False), []),
    }


@pytest.mark.parametrize("name", ["H5DataIO", "zarr", "numcodecs", "two", "none"])
def test_wrappers_decide(tmp_path, name):
    wrapped, names = codecs_of_wrappers()[name]
    photonwb.write(session(data=wrapped), tmp_path / "a.nwb.zarr")
    found = document(tmp_path / "a.nwb.zarr", "acquisition/movie/data")
    assert [codec["name"] for codec in found["codecs"][1:]] == names
    assert found["chunk_grid"]["configuration"]["chunk_shape"] == [7, 40, 30]
    with photonwb.open(tmp_path / "a.nwb.zarr") as nwbfile:
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], MOVIE)
    photonwb.write(session(data=codecs_of_wrappers()[name][0]), tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as nwbfile:
        assert nwbfile.acquisition["movie"].data.chunks == (7, 40, 30)
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], MOVIE)


def test_what_wrappers_are_refused():
    with pytest.raises(InvalidValueError, match="shards"):
        ZarrDataIO(MOVIE, shards=(8, 40, 30))
    with pytest.raises(InvalidTypeError, match="expected codecs"):
        photonwb.arrays.incoming(ZarrDataIO(MOVIE, compressors=["zstd"]))


def test_masks_are_stored_as_images(tmp_path):
    nwbfile = mock_NWBFile()
    mock_PlaneSegmentation(nwbfile=nwbfile, n_rois=20)
    photonwb.write(nwbfile, tmp_path / "a.nwb.zarr")
    with photonwb.open(tmp_path / "a.nwb.zarr") as again:
        assert photonwb.validate(again).errors == []


def test_the_established_class(tmp_path):
    path = tmp_path / "session.nwb.zarr"
    with NWBZarrIO(path, mode="w") as io:
        io.write(session(), cache_spec=True, consolidate_metadata=True, number_of_jobs=1)
    for mode in ("r", "r-"):
        with NWBZarrIO(str(path), mode) as io:
            assert io.read().identifier == "zarr"
            assert io.nwb_version[0] == "2.11.0"
    assert NWBZarrIO.read_nwb(path=path).identifier == "zarr"
    with NWBZarrIO(pytest.importorskip("zarr").storage.LocalStore(path), "r") as io:
        assert io.read().identifier == "zarr"
    assert NWBZarrIO.get_namespaces(path)["core"] == "2.11.0"
    assert NWBZarrIO.can_read(str(path))
    assert not NWBZarrIO.can_read(str(tmp_path))
    with pytest.raises(StorageError, match="exists already"):
        NWBZarrIO(path, "w-")
    with pytest.raises(InvalidTypeError, match="folder"):
        NWBZarrIO("s3://bucket/x.nwb.zarr", "r")
    with pytest.warns(UserWarning, match=r"\.nwb\.zarr"):
        NWBZarrIO(tmp_path / "other", "w")


def test_the_class_decides_what_a_name_does_not(tmp_path):
    with NWBZarrIO(tmp_path / "store.nwb", "w") as io:
        io.write(session())
    assert (tmp_path / "store.nwb" / "zarr.json").is_file()
    with photonwb.open(tmp_path / "store.nwb") as nwbfile:
        assert nwbfile.identifier == "zarr"


def test_what_was_written_can_be_read_at_once(tmp_path):
    with NWBZarrIO(tmp_path / "a.nwb.zarr", "w") as io:
        with pytest.raises(StorageError, match="open for writing"):
            io.read()
        nwbfile = session()
        io.write(nwbfile)
        assert io.read().identifier == "zarr"
        nwbfile.lab = "another"
        io.write(nwbfile)
        assert io.read().lab == "another"


def test_the_class_for_hdf5_names_that_for_zarr(store):
    with pytest.raises(StorageError, match="NWBZarrIO"):
        NWBHDF5IO(store, "r")


def test_data_that_are_to_come_later_are_refused(tmp_path):
    path = tmp_path / "a.nwb.zarr"
    with pytest.raises(InvalidValueError, match=r"movie/data has no data.*give the data"):
        photonwb.write(session(data=H5DataIO(shape=(3, 4, 5), dtype="u2")), path)
    assert not path.exists()


def test_linked_arrays(store, tmp_path):
    with photonwb.open(store) as source:
        data = source.acquisition["movie"].data
        photonwb.write(session(data=H5DataIO(data, link_data=True)), tmp_path / "linked.nwb.zarr")
        photonwb.write(session(data=H5DataIO(data, link_data=True)), tmp_path / "copied.nwb")
    assert not (tmp_path / "linked.nwb.zarr/acquisition/movie/data").exists()
    for name in ("linked.nwb.zarr", "copied.nwb"):
        with photonwb.open(tmp_path / name) as nwbfile:
            np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], MOVIE)
    shutil.rmtree(store)
    with photonwb.open(tmp_path / "copied.nwb") as nwbfile:  # HDF5 has no links to stores of Zarr
        assert nwbfile.acquisition["movie"].data.shape == MOVIE.shape


def test_export_by_the_established_classes(store, tmp_path):
    with NWBZarrIO(store, "r") as source, NWBHDF5IO(tmp_path / "a.nwb", "w") as target:
        target.export(src_io=source, nwbfile=source.read())
    with NWBHDF5IO(tmp_path / "a.nwb", "r") as source, NWBZarrIO(tmp_path / "b.nwb.zarr", "w") as target:
        nwbfile = source.read()
        nwbfile.lab = "changed"
        target.export(src_io=source, nwbfile=nwbfile)
    with photonwb.open(tmp_path / "b.nwb.zarr") as nwbfile:
        assert nwbfile.lab == "changed"
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], MOVIE)
        assert nwbfile.acquisition["same"].data.shape == (3,)


@pytest.mark.parametrize("mode", ["r+", "a"])
def test_a_store_is_not_changed_in_place(store, mode):
    with pytest.raises(StorageError, match=r"not changed in place.*photonwb\.export"):
        NWBZarrIO(store, mode)
    with pytest.raises(StorageError, match="not changed in place"):
        photonwb.open(store, "r+")


def test_changes_go_to_a_new_store(store, tmp_path):
    with photonwb.open(store) as nwbfile:
        nwbfile.lab = "changed"
        nwbfile.add_trial(start_time=0.0, stop_time=1.0)
        nwbfile.acquisition["trace"].comments = "changed"
        nwbfile.rename(nwbfile.acquisition["movie"], "film")
        nwbfile.remove(nwbfile.acquisition["same"])
        photonwb.export(nwbfile, tmp_path / "changed.nwb.zarr")
    with photonwb.open(tmp_path / "changed.nwb.zarr") as nwbfile:
        assert set(nwbfile.acquisition) == {"film", "trace"}
        assert (nwbfile.lab, nwbfile.acquisition["trace"].comments, len(nwbfile.trials)) == ("changed", "changed", 1)
        np.testing.assert_array_equal(nwbfile.acquisition["film"].data[:], MOVIE)
        assert photonwb.validate(nwbfile).errors == []
    with photonwb.open(store) as nwbfile:
        assert "movie" in nwbfile.acquisition


def test_chunks_that_hdf5_left_as_they_are(tmp_path):
    """HDF5 says of each chunk which filters would not have helped; Zarr has no word for that."""
    data = np.random.default_rng(0).integers(0, 256, (40, 1000), dtype="u1")
    data[10:20] = 3
    nwbfile = mock_NWBFile()
    wrapped = H5DataIO(data, compression="gzip", compression_opts=1, chunks=(10, 1000))
    nwbfile.add_acquisition(TimeSeries(name="noise", data=wrapped, unit="V", rate=1.0))
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as nwbfile:
        places = nwbfile.acquisition["noise"].data.source.byte_layout().places.values()
        assert {place.skipped_filters for place in places} == {0, 1}
    photonwb.export(tmp_path / "a.nwb", tmp_path / "a.nwb.zarr")
    with photonwb.open(tmp_path / "a.nwb.zarr") as nwbfile:
        assert nwbfile.acquisition["noise"].data.compression == "gzip"
        np.testing.assert_array_equal(nwbfile.acquisition["noise"].data[:], data)


@pytest.mark.parametrize("target", ["part.nwb.zarr", "part.nwb"])
@pytest.mark.parametrize("source", ["session.nwb.zarr", "session.nwb"])
def test_a_part(tmp_path, source, target):
    photonwb.write(session(), tmp_path / source)
    photonwb.export(tmp_path / source, tmp_path / target, exclude="acquisition/same", time=(0.5, 1.0), compression="small")
    with photonwb.open(tmp_path / target) as nwbfile:
        assert set(nwbfile.acquisition) == {"movie", "trace"}
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[:], MOVIE[15:30])
        assert nwbfile.acquisition["movie"].data.chunks is not None
        assert photonwb.validate(nwbfile).errors == []


def test_a_part_of_what_was_changed(store, tmp_path):
    with photonwb.open(store) as nwbfile:
        nwbfile.lab = "changed"
        photonwb.export(nwbfile, tmp_path / "part.nwb.zarr", include="acquisition/trace")
    with photonwb.open(tmp_path / "part.nwb.zarr") as nwbfile:
        assert (nwbfile.lab, list(nwbfile.acquisition)) == ("changed", ["trace"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.nwb.zarr", "session.nwb.zarr"]


def test_a_part_that_links_to_its_source(store, tmp_path):
    big = tmp_path / "big.nwb.zarr"
    photonwb.write(session(), big)
    photonwb.export(big, tmp_path / "linked.nwb.zarr", include="acquisition/movie", data="link")
    links = document(tmp_path / "linked.nwb.zarr", "acquisition/movie")["attributes"]["_LINKS"]
    assert {"source": "../big.nwb.zarr", "path": "/acquisition/movie/data", "name": "data"} in links
    with photonwb.open(tmp_path / "linked.nwb.zarr") as nwbfile:
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[3], MOVIE[3])
    shutil.rmtree(big)
    with photonwb.open(tmp_path / "linked.nwb.zarr") as nwbfile, pytest.raises(BrokenLinkError):
        _ = nwbfile.acquisition["movie"].data
    with pytest.raises(InvalidValueError, match="same format"):
        photonwb.export(store, tmp_path / "linked.nwb", data="link")


def test_links_between_the_formats(store, tmp_path):
    from photonwb.storage.contract import Link
    from photonwb.storage.hdf5 import HDF5Store
    from photonwb.storage.zarr_store import ZarrStore

    with HDF5Store(tmp_path / "a.h5", "w") as file:
        file.root.create_link("out", Link("/acquisition/trace/data", store.name))
        assert list(file.follow(file.root["out"]).read())[::2] == [1.0, 3.0]
    with ZarrStore(tmp_path / "b.zarr", "w") as other:
        other.root.create_link("out", Link("/out", "a.h5"))
        other.root.create_link("gone", Link("/out", "missing.h5"))
        assert list(other.follow(other.root["out"]).read())[::2] == [1.0, 3.0]
        with pytest.raises(BrokenLinkError, match="missing"):
            other.follow(other.root["gone"])


def test_an_unsigned_attribute_comes_back(tmp_path):
    """JSON does not tell its type, which is noted in text that other programs pass over."""
    from photonwb.ophys import OnePhotonSeries

    nwbfile = mock_NWBFile()
    plane = mock_ImagingPlane(nwbfile=nwbfile)
    data = np.zeros((3, 4, 5), "u2")
    nwbfile.add_acquisition(OnePhotonSeries(name="one", data=data, imaging_plane=plane, unit="n.a.", rate=1.0, binning=2))
    photonwb.write(nwbfile, tmp_path / "a.nwb.zarr")
    photonwb.export(tmp_path / "a.nwb.zarr", tmp_path / "b.nwb")
    for name in ("a.nwb.zarr", "b.nwb"):
        assert photonwb.validate(tmp_path / name).errors == []
    attributes = document(tmp_path / "a.nwb.zarr", "acquisition/one")["attributes"]
    assert attributes["binning"] == 2
    assert isinstance(attributes["_PHOTONWB"], str)
    with photonwb.open(tmp_path / "a.nwb.zarr") as nwbfile:
        assert "_PHOTONWB" not in nwbfile.acquisition["one"]._stored.node.attributes


def test_what_is_refused_leaves_what_was_there(store, tmp_path):
    before = (store / "zarr.json").read_bytes()
    broken = session()
    broken.add_acquisition(TimeSeries(name="broken", data=iter([]), unit="V", rate=1.0))
    with pytest.raises(InvalidValueError):
        photonwb.write(broken, store)
    assert (store / "zarr.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [store.name]


def test_folders_of_something_else_are_not_replaced(tmp_path):
    (tmp_path / "results.zarr").mkdir()
    (tmp_path / "results.zarr" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExistingFileError, match="something else"):
        photonwb.write(session(), tmp_path / "results.zarr")
    assert (tmp_path / "results.zarr" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(MissingFileError, match="make it first"):
        photonwb.write(session(), tmp_path / "nowhere" / "a.nwb.zarr")


def test_a_store_takes_the_place_of_a_store(store, tmp_path):
    photonwb.write(session(data=MOVIE[:3]), store)
    with photonwb.open(store) as nwbfile:
        assert nwbfile.acquisition["movie"].data.shape == (3, 40, 30)
    assert [path.name for path in tmp_path.iterdir()] == [store.name]


def test_a_store_that_was_replaced_or_removed_is_not_read_on(store):
    for change in (lambda: photonwb.write(session(data=MOVIE[:, ::-1]), store), lambda: shutil.rmtree(store)):
        with photonwb.open(store) as nwbfile:
            data = nwbfile.acquisition["movie"].data
            trace = nwbfile.acquisition["trace"]
            change()
            with pytest.raises(StorageError, match="replaced or removed"):
                data[0]
            with pytest.raises(StorageError, match="replaced or removed"):
                trace.data[:]


def test_a_rename_that_fails_leaves_the_old_store(store, monkeypatch):
    from pathlib import Path

    def rename(source, target):
        if source.name.endswith(".part"):
            raise PermissionError("no")
        return source.replace(target)

    with monkeypatch.context() as patch, pytest.raises(PermissionError):
        patch.setattr(Path, "rename", rename)
        photonwb.write(session(data=MOVIE[:1]), store)
    assert [path.name for path in store.parent.iterdir()] == [store.name]
    with photonwb.open(store) as nwbfile:
        assert nwbfile.acquisition["movie"].data.shape == MOVIE.shape


def test_changes_are_shown(store):
    with photonwb.open(store) as nwbfile:
        nwbfile.lab = "another"
        assert "lab" in str(nwbfile.diff())


def test_without_consolidated_metadata(store):
    root = document(store)
    del root["consolidated_metadata"]
    (store / "zarr.json").write_text(json.dumps(root))
    with photonwb.open(store) as nwbfile:
        np.testing.assert_array_equal(nwbfile.acquisition["movie"].data[10], MOVIE[10])
        assert photonwb.validate(nwbfile).errors == []


def test_arrays_can_be_pickled(store):
    with photonwb.open(store) as nwbfile:
        again = pickle.loads(pickle.dumps(nwbfile.acquisition["movie"].data))
    np.testing.assert_array_equal(again[2], MOVIE[2])


def test_recording_and_mending_are_refused(store, tmp_path):
    with pytest.raises(StorageError, match="not recorded to"):
        photonwb.record(tmp_path / "new.nwb.zarr", session())
    with pytest.raises(StorageError, match="folder is not mended"):
        photonwb.recover(store)


def test_reading_takes_neither_zarr_nor_h5py(store):
    statement = f"import photonwb\nwith photonwb.open({str(store)!r}) as f: f.acquisition['movie'].data[0]"
    loaded = modules_loaded_by(statement)
    assert "numcodecs" in loaded
    assert not {"zarr", "h5py"} & loaded


def test_without_the_extra_an_error_tells_what_is_missing(store):
    code = f"""
import sys
sys.modules["numcodecs"] = None
import photonwb
with photonwb.open({str(store)!r}) as nwbfile:
    try:
        nwbfile.acquisition["movie"].data[0]
    except OSError as error:
        print(error)
"""
    assert "pip install photonwb[zarr]" in run_fresh(code)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_memory_of_a_conversion_is_bounded(tmp_path):
    code = f"""
from pathlib import Path
import numpy as np, photonwb
from photonwb.testing.mock.file import mock_NWBFile
block = np.random.default_rng(0).integers(0, 4000, (16, 512, 512), dtype="u2")
def blocks():
    for number in range(40):
        yield from np.roll(block, number, axis=1)
nwbfile = mock_NWBFile()
data = photonwb.DataChunkIterator(blocks(), buffer_size=16)
nwbfile.add_acquisition(photonwb.TimeSeries("t", data, "V", rate=1.0))
photonwb.write(nwbfile, {str(tmp_path / "a.nwb")!r})
photonwb.export({str(tmp_path / "a.nwb")!r}, {str(tmp_path / "raw.nwb.zarr")!r})
photonwb.export({str(tmp_path / "a.nwb")!r}, {str(tmp_path / "a.nwb.zarr")!r}, compression="fast")
photonwb.export({str(tmp_path / "a.nwb.zarr")!r}, {str(tmp_path / "b.nwb")!r})
print(int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024)
"""
    # 335 MB of data: no more than what arrays may have under way.
    assert int(run_fresh(code)) < 300
