"""Opening and closing HDF5 files, and those that are none."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from photonwb.errors import (
    BrokenLinkError,
    ClosedFileError,
    DamagedFileError,
    ExistingFileError,
    InvalidTypeError,
    InvalidValueError,
    MissingFileError,
    PhotonwbError,
    StorageError,
)
from photonwb.storage import hdf5
from photonwb.storage.contract import Link, is_group

# A member may be a group, a dataset or a link; a test knows which.
HDF5Store: Any = hdf5.HDF5Store


@pytest.fixture
def path(tmp_path):
    """A file with /g/numbers, and an attribute."""
    path = tmp_path / "file.nwb"
    with h5py.File(path, "w") as file:
        file["g/numbers"] = np.arange(1000)
        file.attrs["x"] = 1
    return path


def test_modes(path, tmp_path):
    with HDF5Store(path) as store:
        assert not store.writable
        assert store.location == str(path)
    with HDF5Store(str(path), "r+") as store:
        assert store.writable
        store.root.attributes["x"] = 2
    with HDF5Store(path) as store:
        assert store.root.attributes["x"] == 2
    with HDF5Store(path, "w") as store:
        assert len(store.root) == 0
    with HDF5Store(tmp_path / "new.nwb", "x") as store:
        assert store.writable
    with pytest.raises(InvalidValueError, match="mode"):
        HDF5Store(path, "a")


def test_a_file_that_exists_is_not_created(path):
    with pytest.raises(ExistingFileError, match=r"file\.nwb") as caught:
        HDF5Store(path, "x")
    assert isinstance(caught.value, FileExistsError)


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_missing_file(tmp_path, mode):
    with pytest.raises(MissingFileError, match=r"none\.nwb: no such file") as caught:
        HDF5Store(tmp_path / "none.nwb", mode)
    assert isinstance(caught.value, FileNotFoundError)


def test_a_missing_folder(tmp_path):
    with pytest.raises(MissingFileError, match="folder"):
        HDF5Store(tmp_path / "none" / "new.nwb", "w")


def test_a_link_of_the_file_system_to_nothing(tmp_path):
    (tmp_path / "link.nwb").symlink_to(tmp_path / "none.nwb")
    with pytest.raises(MissingFileError, match="a link to a file that does not exist"):
        HDF5Store(tmp_path / "link.nwb")


def test_a_folder(tmp_path):
    with pytest.raises(StorageError, match="a folder"):
        HDF5Store(tmp_path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "git lfs pull"),
        (b"/annex/objects/MD5E-s1--1.nwb\n", "git annex get"),
        (b"II*\0\x08\0\0\0", "a TIFF file"),
        (b"II+\0\x08\0\0\0", "a BigTIFF file"),
        (b"MATLAB 5.0 MAT-file, Platform", "scipy"),
        (b"\x93NUMPY\x01\0", "numpy"),
        (b"PK\x03\x04more", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<!DOCTYPE HTML><html>", "web page"),
        (b"nothing that anyone knows", "not an HDF5 file"),
    ],
)
def test_files_of_other_kinds(tmp_path, content, kind):
    (tmp_path / "file.nwb").write_bytes(content)
    for mode in ("r", "r+"):
        with pytest.raises(StorageError, match=rf"(?s)file\.nwb: .*{kind}"):
            HDF5Store(tmp_path / "file.nwb", mode)


def test_a_truncated_file(path):
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(DamagedFileError, match=f"truncated: {len(content) - 100} of {len(content)} bytes"):
        HDF5Store(path)


def test_a_damaged_head(path):
    content = bytearray(path.read_bytes())
    content[8:40] = b"\xff" * 32
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="a damaged HDF5 file"):
        HDF5Store(path)


def test_a_file_that_another_process_writes(path):
    code = f"import h5py, sys; f = h5py.File({str(path)!r}, 'r+'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == b"open\n"
        with pytest.raises(StorageError, match="open elsewhere"):
            HDF5Store(path)
        writer.stdin.close()
        writer.wait()
    HDF5Store(path).close()


def test_a_read_only_file(path):
    path.chmod(0o444)
    with HDF5Store(path) as store:
        assert store.root.attributes["x"] == 1


def test_every_kind_of_damage_is_an_error_of_ours(path):
    content = path.read_bytes()
    outcomes, foreign = set(), []
    for start in range(96, len(content) - 8000, 8):
        damaged = bytearray(content)
        damaged[start : start + 8] = b"\xff" * 8
        path.write_bytes(damaged)
        try:
            with HDF5Store(path) as store:
                dict(store.root.attributes)
                dataset = store.root["g/numbers"]
                outcomes.add(int(dataset.read((0,))))
                dataset.byte_layout()
        except PhotonwbError as error:
            outcomes.add(type(error))
            if "file.nwb" not in str(error):
                foreign.append(error)
    assert not foreign
    assert {0, DamagedFileError} <= outcomes


def test_a_shape_that_no_file_can_hold(tmp_path):
    with h5py.File(tmp_path / "file.nwb", "w") as file:
        file.create_dataset("huge", (10**6, 10**6, 10**3), "f8", chunks=(1, 1000, 1000))
    with HDF5Store(tmp_path / "file.nwb") as store:
        with pytest.raises(StorageError, match="read a part"):
            store.root["huge"].read()
        assert store.root["huge"].read((5, slice(2), slice(2))).tolist() == [[0, 0], [0, 0]]


def test_close_leaves_nothing_open(path):
    store = HDF5Store(path)
    nodes = [store.root, store.root["g"], store.root["g/numbers"]]
    attributes = store.root.attributes
    assert attributes["x"] == 1
    before = len(open_files())
    store.close()
    assert before > 0 == len(open_files())
    with pytest.raises(ClosedFileError, match=r"file\.nwb: the file was closed; open it again to use /g"):
        list(nodes[1])
    assert "closed" in repr(store)
    # Nobody else holds it: it can be opened for writing and truncated.
    HDF5Store(path, "w").close()


def open_files():
    return [link for link in Path("/proc/self/fd").iterdir() if link.resolve().suffix == ".nwb"]


def test_a_file_of_somebody_else_stays_open(path):
    with h5py.File(path, "r") as file:
        store = HDF5Store(file)
        assert store.location == str(path)
        assert store.root["g/numbers"].read(3) == 3
        assert store.root["g/numbers"].byte_layout() is not None
        store.close()
        assert file["g/numbers"][3] == 3
    assert store.closed
    with h5py.File(path, "r+") as file:
        assert HDF5Store(file).writable


def test_python_file_objects(path):
    with path.open("rb") as stream, HDF5Store(stream) as store:
        assert store.root["g/numbers"].read(3) == 3
        assert store.root["g/numbers"].byte_layout() is None
        assert str(path) in store.root["g/numbers"].description
    buffer = io.BytesIO()
    with HDF5Store(buffer, "w") as store:
        store.root.create_group("g")
    with HDF5Store(buffer) as store:
        assert list(store.root) == ["g"]


def test_drivers(path):
    with HDF5Store(path, driver="core") as store:
        assert store.root["g/numbers"].read(3) == 3
        assert store.root["g/numbers"].byte_layout() is None
        assert pickle.loads(pickle.dumps(store.root["g/numbers"])).read(3) == 3
    with HDF5Store(path, rdcc_nbytes=2**20) as store:
        assert store.root["g/numbers"].byte_layout() is not None


class CountingFile(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    count = 0

    def readinto(self, buffer):
        done = super().readinto(buffer)
        self.count += done
        return done


def test_access_to_one_object_does_not_touch_the_others(tmp_path):
    with h5py.File(tmp_path / "many.nwb", "w") as file:
        for number in range(1000):
            file.create_group(f"many/g{number:04}").attrs["target"] = file.ref
            file[f"many/g{number:04}/values"] = np.full(100, number)
        file["many/g0500"].attrs["target"] = file["many/g0500/values"].ref
    stream = CountingFile((tmp_path / "many.nwb").read_bytes())
    with HDF5Store(stream) as store:
        group = store.root["many/g0500"]
        assert group["values"].read(3) == 500
        assert group.attributes["target"].path == "/many/g0500/values"
        assert 0 < stream.count < 0.02 * len(stream.getvalue())


def walk(node):
    yield node
    if is_group(node):
        for name in node:
            if not isinstance(member := node[name], Link):
                yield from walk(member)


@pytest.mark.parametrize(
    "name",
    [
        "nwbexplorer_test_TwoPhotonSeries.nwb",
        "nwbexplorer_test_RoiResponseSeries.nwb",
        "pynwb_2.1.0_nwbfile_with_extension.nwb",
        "pynapple_inscopixcnmfe_A0634.nwb",
        "hdmfzarr_sub-healthy-simulated-beta_ses-162_ecephys.nwb",
    ],
)
def test_real_files_are_as_h5py_sees_them(shared_data, name):
    seen = 0
    with HDF5Store(shared_data / "nwb" / name) as store, h5py.File(shared_data / "nwb" / name) as file:
        for node in walk(store.root):
            other: Any = file[node.path]
            assert list(node.attributes) == list(other.attrs)
            for key, value in other.attrs.items():
                found = node.attributes[key]
                if isinstance(value, h5py.Reference):
                    assert found.path == file[value].name
                else:
                    is_bytes = isinstance(value, np.ndarray) and value.dtype.kind == "S"
                    np.testing.assert_array_equal(found, value.astype(str) if is_bytes else value)
            if not is_group(node):
                assert node.shape == other.shape
                if other.dtype.kind in "iufb":
                    np.testing.assert_array_equal(node.read(), other[()])
            seen += 1
    assert seen > 20


def test_pickle(path):
    with HDF5Store(path, threads=3) as store:
        numbers, root = pickle.loads(pickle.dumps((store.root["g/numbers"], store.root)))
        assert numbers.store is root.store
        assert numbers.store is not store
        assert numbers.store.threads == 3
        assert numbers.read(3) == 3
        numbers.store.close()
        assert store.root["g/numbers"].read(3) == 3


def test_what_cannot_be_pickled(path):
    with HDF5Store(path, "r+") as store, pytest.raises(InvalidTypeError, match="pickled"):
        pickle.dumps(store.root)
    with path.open("rb") as stream, HDF5Store(stream) as store, pytest.raises(InvalidTypeError, match="pickled"):
        pickle.dumps(store)


def _read_in_child(store, queue):
    queue.put(int(store.root["g/numbers"].read((slice(None),)).sum()))


def _write_in_child(store, queue):
    try:
        store.root.attributes["x"] = 3
    except StorageError as error:
        queue.put(str(error))
    store.close()


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("mode", "work", "expected"), [("r", _read_in_child, 499500), ("r+", _write_in_child, "another process")]
)
def test_after_a_fork(path, mode, work, expected):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with HDF5Store(path, mode) as store:
        child = context.Process(target=work, args=(store, queue))
        child.start()
        found = queue.get(timeout=30)
        child.join()
        assert child.exitcode == 0
        assert found == expected or expected in found
        assert store.root["g/numbers"].read(3) == 3


def test_threads(path):
    wrong = []
    with HDF5Store(path) as store:

        def work(seed):
            random = np.random.default_rng(seed)
            for _ in range(100):
                start, stop = sorted(random.integers(0, 1000, 2))
                values = store.root["g"]["numbers"].read((slice(start, stop),))
                if not np.array_equal(values, np.arange(start, stop)) or store.root.attributes["x"] != 1:
                    wrong.append(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


class TestLinksToFiles:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "sub").mkdir()
        (tmp_path / "sibling").mkdir()
        for name in ("sub/below.nwb", "sibling/beside.nwb"):
            with h5py.File(tmp_path / name, "w") as file:
                file["x"] = 1
        with h5py.File(tmp_path / "sub" / "main.nwb", "w") as file:
            file["below"] = h5py.ExternalLink("below.nwb", "/x")
            file["beside"] = h5py.ExternalLink("../sibling/beside.nwb", "/x")
            file["absolute"] = h5py.ExternalLink(str(tmp_path / "sibling" / "beside.nwb"), "/x")
            file["moved"] = h5py.ExternalLink("/somewhere/else/below.nwb", "/x")
            file["tiff"] = h5py.ExternalLink("image.tif", "/x")
        (tmp_path / "sub" / "image.tif").write_bytes(b"II*\0")
        return tmp_path

    @pytest.mark.parametrize("name", ["below", "beside", "absolute", "moved"])
    def test_they_are_followed(self, folder, name):
        with HDF5Store(folder / "sub" / "main.nwb") as store:
            target = store.follow(store.root[name], store.root)
            assert target.read() == 1
            assert not target.store.writable
        assert target.store.closed

    def test_they_are_read_by_as_many_threads(self, folder):
        with HDF5Store(folder / "sub" / "main.nwb", threads=1) as store:
            assert store.follow(store.root["below"]).store.threads == 1

    def test_a_file_is_opened_once(self, folder):
        with HDF5Store(folder / "sub" / "main.nwb") as store:
            assert store.follow(store.root["beside"]).store is store.follow(store.root["absolute"]).store

    def test_files_that_are_not_trusted_stay_in_their_folder(self, folder):
        with HDF5Store(folder / "sub" / "main.nwb", trusted=False) as store:
            assert store.follow(store.root["below"]).read() == 1
            for name in ("beside", "absolute"):
                with pytest.raises(BrokenLinkError, match="outside"):
                    store.follow(store.root[name])

    def test_a_target_that_is_no_hdf5_file(self, folder):
        with HDF5Store(folder / "sub" / "main.nwb") as store, pytest.raises(BrokenLinkError, match="a TIFF file"):
            store.follow(store.root["tiff"])

    def test_closing_the_other_file_does_not_close_this(self, folder):
        with HDF5Store(folder / "sub" / "main.nwb") as store:
            other = store.follow(store.root["below"]).store
            other.close()
            assert not store.closed
            assert store.follow(store.root["below"]).read() == 1

    def test_a_file_object_has_no_neighbours(self, folder):
        stream = io.BytesIO((folder / "sub" / "main.nwb").read_bytes())
        with HDF5Store(stream) as store, pytest.raises(BrokenLinkError, match="local files only"):
            store.follow(Link("/x", "below.nwb"))
