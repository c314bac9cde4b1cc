"""What HDF5 must not get to see."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers import run_fresh
from photonwb.errors import DamagedFileError, StorageError
from photonwb.storage.checked_file import CheckedFile, LocalInput, is_sound_heap
from photonwb.storage.hdf5 import HDF5Store
from photonwb.storage.journaled import JournaledStore

on_posix = pytest.mark.skipif(os.name != "posix", reason="this system has neither pipes among its files nor such locks")


def heap(*objects, size=None):
    """A collection of (number, length, content)."""
    body = b"".join(
        number.to_bytes(2, "little") + bytes(6) + length.to_bytes(8, "little") + content for number, length, content in objects
    )
    return b"GCOL\x01\0\0\0" + (16 + len(body) if size is None else size).to_bytes(8, "little") + body


@pytest.mark.parametrize(
    ("data", "sound"),
    [
        (heap((1, 5, bytes(8)), (2, 0, b""), (0, 24, bytes(8))), True),
        (heap((1, 8, bytes(8))) + bytes(100), True),
        (heap((1, 5, bytes(8)), (0, 0, b"")), False),  # free space of no size, on which HDF5 goes round in circles
        (heap((1, 2**64 - 16, bytes(8))), False),  # the size overflows to none
        (heap((1, 100, bytes(8))), False),
        (heap((0, 1000, bytes(8))), False),
        (heap((1, 8, bytes(8)), size=10**6), False),
        (heap((1, 8, bytes(8)), size=2**64 - 1), False),
        (heap(size=16), True),
        (b"GCOL", True),
    ],
)
def test_soundness(data, sound):
    assert is_sound_heap(data) is sound


def test_sizes_of_four_bytes():
    data = b"GCOL\x01\0\0\0" + (40).to_bytes(4, "little") + bytes(4)
    data += (1).to_bytes(2, "little") + bytes(6) + (8).to_bytes(4, "little") + b"\xff" * 12
    assert not is_sound_heap(data)
    assert is_sound_heap(data, length_size=4)


def test_a_heap_of_which_the_rest_is_still_to_be_read():
    good = heap((1, 8192, bytes(8192)), (0, 32, bytes(16)))
    for data, start in ((good, b"GCOL"), (good[:-24] + bytes(24), bytes(4)), (good[:5000], bytes(4))):
        file, buffer = CheckedFile(io.BytesIO(data)), bytearray(4096)
        assert file.readinto(buffer) == 4096
        assert buffer[:4] == start
        assert file.tell() == 4096
        assert file.readinto(buffer) == min(len(data) - 4096, 4096)


def test_file_objects_that_cannot_read_into():
    class Bare:
        def __init__(self):
            self.inner = io.BytesIO(heap((0, 0, b"")))
            self.read, self.seek, self.tell = self.inner.read, self.inner.seek, self.inner.tell

    buffer = bytearray(32)
    assert CheckedFile(Bare()).readinto(buffer) == 32
    assert buffer[:4] == bytes(4)


@pytest.mark.parametrize("length", [10, 10_000])
@pytest.mark.parametrize("as_object", [False, True])
def test_a_hole_in_a_heap_is_damage_and_no_hang(tmp_path, length, as_object):
    path = tmp_path / "holes.nwb"
    with h5py.File(path, "w") as file:
        file.attrs["x"] = "a" * length
        file["text"] = ["b" * length] * 3
    content = bytearray(path.read_bytes())
    place = 0
    while (place := content.find(b"GCOL", place)) >= 0:
        content[place + 16 : place + int.from_bytes(content[place + 8 : place + 16], "little")] = bytes(
            int.from_bytes(content[place + 8 : place + 16], "little") - 16
        )
        place += 4
    path.write_bytes(content)
    # In a process of its own, which can be ended should it hang.
    opened = "io.BytesIO(open(path, 'rb').read())" if as_object else "path"
    told = run_fresh(
        "import io\nfrom photonwb.storage.hdf5 import HDF5Store\nfrom photonwb.errors import DamagedFileError\n"
        f"path = {str(path)!r}\nwith HDF5Store({opened}) as store:\n"
        "    for read in (lambda: store.root.attributes['x'], lambda: store.root['text'].read()):\n"
        "        try:\n            read()\n        except DamagedFileError as error:\n            print('damaged')\n"
    )
    assert told.split() == ["damaged", "damaged"]


@on_posix
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.nwb")
    with pytest.raises(StorageError, match=r"pipe\.nwb: a pipe or a device"):
        HDF5Store(tmp_path / "pipe.nwb")
    with pytest.raises(StorageError, match="a pipe or a device"):
        HDF5Store("/dev/zero")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="nothing tells which files are open")
def test_nothing_stays_open(tmp_path):
    (tmp_path / "damaged.nwb").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000))
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(DamagedFileError):
        HDF5Store(tmp_path / "damaged.nwb")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@on_posix
def test_a_lock_of_a_writer_is_respected(tmp_path, monkeypatch):
    import fcntl

    path = tmp_path / "locked.nwb"
    with h5py.File(path, "w") as file:
        file.attrs["x"] = 1
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="open elsewhere"):
            HDF5Store(path)
        monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "FALSE")
        HDF5Store(path).close()


@on_posix
def test_a_file_system_without_locks(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / "file.bin"
    path.write_bytes(b"1234")
    with LocalInput(str(path)) as file:
        assert file.read() == b"1234"


def test_values_in_other_files_are_found(tmp_path):
    """HDF5 takes them for files of the same kind as the one that names them."""
    with h5py.File(tmp_path / "source.h5", "w") as file:
        file["x"] = np.arange(10)
    (tmp_path / "raw.bin").write_bytes(np.arange(10, dtype="<i8").tobytes())
    layout = h5py.VirtualLayout((10,), "i8")
    layout[:] = h5py.VirtualSource("source.h5", "x", (10,))
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (10,), "i8", external=[(str(tmp_path / "raw.bin"), 0, 80)])
        file["own"] = 1
    with HDF5Store(tmp_path / "main.h5") as store:
        wrong = []

        def read():
            found = {name: store.root[name].read((slice(2, 5),)).tolist() for name in ("virtual", "raw")}
            wrong.extend(name for name, values in found.items() if values != [2, 3, 4])

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert store.root["own"].read() == 1
    with JournaledStore(tmp_path / "main.h5") as store:
        assert store.root["virtual"].read().tolist() == list(range(10))
    with HDF5Store(tmp_path / "main.h5", trusted=False) as store:
        for name in ("virtual", "raw"):
            with pytest.raises(StorageError, match=rf"main\.h5: /{name}: the values lie in other files"):
                store.root[name].read()


@pytest.mark.parametrize("chunks", [None, (2,)])
@pytest.mark.parametrize("member", [False, True])
def test_no_room_is_made_for_texts_that_cannot_be_there(tmp_path, chunks, member):
    """HDF5 would, of 4 GiB each."""
    path = tmp_path / "long.nwb"
    text = h5py.string_dtype()
    dtype = np.dtype([("a", "i4"), ("b", text), ("c", "i2"), ("d", text)]) if member else text
    values = [(1, "one", 2, "two")] * 3 if member else ["two"] * 3
    with h5py.File(path, "w") as file:
        file.create_dataset("texts", data=np.array(values, dtype), chunks=chunks)
        file.create_dataset("text", data=np.array(values[0], dtype))
    with HDF5Store(path) as store:
        for name in ("text", "texts"):
            found = store.root[name].read()
            texts = np.atleast_1d(np.array(found["d"] if member else found, object))
            assert set(texts.tolist()) == {"two"}
    content = path.read_bytes()
    # Each text: its length, the address of its heap, and its number there.
    heap = content.index(b"GCOL").to_bytes(8, "little")
    for length, readable in ((2**32 - 1, False), (len(content) + 1, False), (3, True)):
        path.write_bytes(content.replace((3).to_bytes(4, "little") + heap, length.to_bytes(4, "little") + heap))
        with HDF5Store(path) as store:
            for name in ("text", "texts"):
                if readable:
                    store.root[name].read()
                    continue
                with pytest.raises(DamagedFileError, match=rf"/{name}: a text or list of {length} elements is larger"):
                    store.root[name].read()
