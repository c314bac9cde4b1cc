"""Files at addresses: how many requests and bytes they take, and what may go wrong on the way."""

from __future__ import annotations

import concurrent.futures
import io
import multiprocessing
import pickle
import subprocess
import sys
import threading

import fsspec
import h5py
import numpy as np
import pytest
from fsspec.implementations.http import HTTPFileSystem
from fsspec.implementations.memory import MemoryFileSystem

import photonwb
from photonwb.arrays import cache
from photonwb.errors import (
    BrokenLinkError,
    ClosedFileError,
    DamagedFileError,
    InvalidValueError,
    MissingFileError,
    MissingLibraryError,
    PhotonwbError,
    StorageError,
)
from photonwb.storage import hdf5, remote, remote_file
from photonwb.storage.remote import address_of, shown
from photonwb.testing.mock.file import mock_NWBFile
from web import serving

HDF5Store = hdf5.HDF5Store
FRAMES = np.random.default_rng(0).poisson(20, (120, 128, 160)).astype("u2")


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch):
    """Each test starts with nothing in memory, and waits for nothing."""
    monkeypatch.setattr(remote_file, "block_cache", cache.ChunkCache(64 << 20))
    cache.chunk_cache.reset()
    monkeypatch.setattr(remote, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
def server():
    with serving() as server:
        yield server


@pytest.fixture
def nothing_ahead(monkeypatch):
    """Of a file only the start comes before it is asked for."""
    monkeypatch.setattr("photonwb.storage.remote_http.FIRST", 64 << 10)
    monkeypatch.setattr(remote_file, "FEW", 0)


class OtherSystem(HTTPFileSystem):
    """A file system whose connections are its own, as those of buckets are."""

    protocol = "other"

    @classmethod
    def _strip_protocol(cls, path):
        return path.replace("other://", "http://")


fsspec.register_implementation("other", OtherSystem, clobber=True)


def contents_of(**options) -> bytes:
    """A file with the dataset /d/frames."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("d/frames", data=FRAMES, **options)
    return buffer.getvalue()


COMPRESSED = contents_of(chunks=(1, 128, 160), compression="gzip", shuffle=True)
TILED = contents_of(chunks=(16, 64, 80), compression="gzip")
PLAIN = contents_of()
PLAIN_TILED = contents_of(chunks=(7, 50, 64))


def frames_at(address, **options):
    store = HDF5Store(address, **options)
    return store, photonwb.arrays.LazyArray(store.root["d/frames"])


# ---- addresses


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://host/a.nwb", True),
        ("s3://bucket/a.nwb", True),
        ("simplecache::s3://bucket/a.nwb", True),
        ("C://a.nwb", False),
        ("/data/a.nwb", False),
        ("a.nwb", False),
    ],
)
def test_what_is_an_address(address, expected):
    assert remote.is_address(address) is expected


def test_secrets_in_an_address_are_not_shown():
    assert shown("https://me:secret@host/a.nwb?X-Amz-Signature=secret") == "https://host/a.nwb?…"
    assert shown("s3://bucket/a.nwb") == "s3://bucket/a.nwb"
    assert shown("/data/what?.nwb") == "/data/what?.nwb"


def test_local_addresses_are_paths(tmp_path):
    (tmp_path / "a b.nwb").write_bytes(PLAIN)
    address = (tmp_path / "a b.nwb").as_uri()
    assert "%20" in address
    with HDF5Store(address) as store:
        assert store.location == str(tmp_path / "a b.nwb")
        assert (store.root["d/frames"].read() == FRAMES).all()


def test_file_objects_of_fsspec_are_addresses():
    system = fsspec.filesystem("memory")
    system.pipe_file("/object.nwb", PLAIN)
    assert address_of(fsspec.open("memory://object.nwb")) == ("memory:///object.nwb", {})
    with HDF5Store(fsspec.open("memory://object.nwb")) as store:
        assert store.root["d/frames"].byte_layout() is not None
        assert (store.root["d/frames"].read() == FRAMES).all()


def test_an_unknown_kind_of_address():
    with pytest.raises(InvalidValueError, match=r"nosuch://a\.nwb: Protocol not known"):
        HDF5Store("nosuch://a.nwb")


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingLibraryError, match=r"s3://bucket/a\.nwb: .*pip install 'photonwb\[remote\]', pip install s3fs"):
        HDF5Store("s3://bucket/a.nwb")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ImportError, match=r"pip install 'photonwb\[remote\]'"):
        HDF5Store("memory://a.nwb")


def test_options_go_to_the_file_system(server):
    server.files["/a.nwb"] = PLAIN
    with HDF5Store(server.url("/a.nwb"), storage_options={"headers": {"Authorization": "me"}}):
        assert server.headers[0]["authorization"] == "me"
    with pytest.raises(InvalidValueError, match="storage_options"):
        HDF5Store("memory://a.nwb", storage_options={"nonsense": {"anon": 1}, "fo": 1, "protocol": 3})


@pytest.mark.parametrize("mode", ["r+", "w", "x"])
def test_addresses_are_read_only(server, mode):
    server.files["/a.nwb"] = PLAIN
    with pytest.raises(StorageError, match="read only"):
        HDF5Store(server.url("/a.nwb"), mode)


# ---- what it takes


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A file of 500 series, of 50 MB."""
    nwbfile = mock_NWBFile()
    for number in range(500):
        nwbfile.add_acquisition(
            photonwb.TimeSeries(f"series{number:03}", np.random.default_rng(number).random(12500), "V", rate=1.0)
        )
    path = tmp_path_factory.mktemp("many") / "many.nwb"
    photonwb.write(nwbfile, path, compression="none")
    return path.read_bytes()


def test_one_value_of_a_file_of_500_series_takes_few_requests(server, many):
    server.files["/a.nwb"] = many
    with photonwb.open(server.url("/a.nwb")) as nwbfile:
        assert len(server.requests) <= 4
        assert nwbfile.acquisition["series250"].data[7] == np.random.default_rng(250).random(12500)[7]
    assert len(server.requests) <= 8
    assert server.sent < len(many) // 5


def test_the_structure_is_fetched_in_large_stretches(server, many):
    server.files["/a.nwb"] = many
    with photonwb.open(server.url("/a.nwb")) as nwbfile:
        assert [series.unit for series in nwbfile.acquisition.values()] == ["V"] * 500
    assert len(server.requests) < 60


@pytest.mark.parametrize("content", [COMPRESSED, TILED, PLAIN, PLAIN_TILED])
def test_a_slice_takes_its_bytes_in_few_requests(server, content, nothing_ahead, monkeypatch):
    monkeypatch.setattr(remote_file, "AROUND", 2)
    server.files["/a.nwb"] = content
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        frames[0, 0, 0]
        store.root["d/frames"].byte_layout().stored([[0], [0], [0]])  # where the chunks lie has been looked up
        frames[0]
        server.forget()
        assert (frames[16:48] == FRAMES[16:48]).all()
        part = len(content) * 32 // 120
        assert part * 0.9 < server.sent < part * 1.7
        assert len(server.requests) < 12
        server.forget()
        assert (frames[16:48] == FRAMES[16:48]).all()
        assert server.requests == []


def test_a_pixel_over_time_takes_no_whole_frames(server, nothing_ahead, monkeypatch):
    monkeypatch.setattr("photonwb.storage.remote_http.FIRST", 32 << 10)
    monkeypatch.setattr(remote_file, "NEAR", 0)
    monkeypatch.setattr(remote_file, "BLOCK", 1 << 10)
    server.files["/a.nwb"] = PLAIN
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        frames.shape  # noqa: B018 - the structure is read
        frames.source.byte_layout()
        server.forget()
        assert (frames[:, 5, 7] == FRAMES[:, 5, 7]).all()
        assert server.sent <= 120 * 2048
        server.forget()
        assert (frames[::3, 60:70, 7:9] == FRAMES[::3, 60:70, 7:9]).all()
        assert server.sent <= 40 * 5 * 1024


def test_large_reads_come_in_batches_of_parallel_requests(server, nothing_ahead, monkeypatch):
    monkeypatch.setattr(remote_file, "BATCH", 1 << 20)
    monkeypatch.setattr(remote_file, "LONGEST", 8)
    monkeypatch.setattr("photonwb.arrays.plain.PIECE", 1 << 19)
    batches = []
    init = remote_file.FetchedFile.__init__
    monkeypatch.setattr(
        remote_file.FetchedFile,
        "__init__",
        lambda file, *places, **more: batches.append(places[1]) or init(file, *places, **more),
    )
    for content in (PLAIN, COMPRESSED):
        server.files["/a.nwb"] = content
        server.tags["/a.nwb"] = str(len(content))
        store, frames = frames_at(server.url("/a.nwb"))
        with store:
            server.forget()
            assert (frames[:] == FRAMES).all()
            assert max(size for _, _, size in server.requests) <= 8 * remote_file.BLOCK
            assert server.sent < len(content) * 1.2
        sizes = [sum(size for each in places for _, size in each) for places in batches]
        assert len(content) * 0.8 < sum(sizes) < len(content)
        assert max(sizes) <= 1 << 20
        batches.clear()


def test_what_is_kept_stays_within_its_bound(server, monkeypatch):
    monkeypatch.setattr(remote_file, "block_cache", cache.ChunkCache(1 << 20))
    server.files["/a.nwb"] = PLAIN
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        assert (frames[:] == FRAMES).all()
        for start in range(0, 120, 8):
            assert (frames[start : start + 8] == FRAMES[start : start + 8]).all()
        assert 0 < remote_file.block_cache.nbytes <= 1 << 20


def test_a_file_that_was_open_before_costs_one_request(server):
    server.files["/a.nwb"] = COMPRESSED
    server.tags["/a.nwb"] = "1"
    for _ in range(2):
        server.forget()
        store, frames = frames_at(server.url("/a.nwb"))
        with store:
            assert (frames[50:60] == FRAMES[50:60]).all()
    assert len(server.requests) == 1


SELECTIONS = [
    np.s_[:],
    np.s_[3],
    np.s_[-1, -1, -1],
    np.s_[:, 5, 7],
    np.s_[:, :, 7],
    np.s_[2:90:7, 3:40:2, 100:],
    np.s_[[3, 50, 51, 119]],
    np.s_[5, [1, 9, 120]],
    np.s_[:, [1, 100], 5],
    np.s_[10:12, :, [0, 159]],
    np.s_[::-1, 4],
    np.s_[0:0],
]


@pytest.mark.parametrize("content", [COMPRESSED, TILED, PLAIN, PLAIN_TILED])
@pytest.mark.parametrize("limit", [0, 64 << 20])
def test_every_selection_gives_what_numpy_gives(content, limit, monkeypatch):
    for name, value in (("BLOCK", 4096), ("BATCH", 1 << 18), ("LONGEST", 16), ("FEW", 4), ("AROUND", 4), ("NEAR", 1)):
        monkeypatch.setattr(remote_file, name, value)
    monkeypatch.setattr(remote_file, "block_cache", cache.ChunkCache(limit))
    fsspec.filesystem("memory").pipe_file("/selections.nwb", content)
    store, frames = frames_at("memory://selections.nwb")
    with store:
        for key in SELECTIONS * 2:
            assert np.array_equal(frames[key], FRAMES[key]), key


# ---- who reads


def test_many_threads(server):
    server.files["/a.nwb"] = TILED
    store, frames = frames_at(server.url("/a.nwb"))
    with store, concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: (frames[row : row + 9], store.root["d"]["frames"].shape), range(0, 110, 3)))
    for row, (values, shape) in zip(range(0, 110, 3), found, strict=True):
        assert (values == FRAMES[row : row + 9]).all()
        assert shape == FRAMES.shape


def test_a_copy_opens_the_file_for_itself(server, nothing_ahead):
    server.files["/a.nwb"] = COMPRESSED
    options = {"headers": {"X-Who": "me"}}
    store, frames = frames_at(server.url("/a.nwb"), storage_options=options)
    with store:
        copy = pickle.loads(pickle.dumps(frames))
    server.forget()
    assert (copy[7] == FRAMES[7]).all()
    assert server.headers[0]["x-who"] == "me"
    copy.source.store.close()


@pytest.mark.parametrize("address", ["memory", "http", "other"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # of forks with threads, which users make all the same
def test_a_forked_process_reads_on(server, address, nothing_ahead):
    server.files["/a.nwb"] = COMPRESSED
    fsspec.filesystem("memory").pipe_file("/forked.nwb", COMPRESSED)
    place = server.url("/a.nwb").replace("http", address) if address != "memory" else "memory://forked.nwb"
    store, frames = frames_at(place)
    with store:
        assert (frames[:10] == FRAMES[:10]).all()
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=lambda: sender.send(frames[60:100]), daemon=True)
        process.start()
        assert receiver.poll(60)
        assert (receiver.recv() == FRAMES[60:100]).all()
        process.join(60)


def test_a_closed_file(server):
    server.files["/a.nwb"] = COMPRESSED
    store, frames = frames_at(server.url("/a.nwb"))
    store.close()
    for use in (lambda: frames[0], lambda: store.root["d"], lambda: store.root.attributes.get("x")):
        with pytest.raises(ClosedFileError, match=r"a\.nwb"):
            use()


def test_collections_are_off_only_while_hdf5_waits(server, monkeypatch):
    import gc

    seen = []
    blocks = remote_file.RemoteFile._read_some
    monkeypatch.setattr(
        remote_file.RemoteFile, "_read_some", lambda *arguments: seen.append(gc.isenabled()) or blocks(*arguments)
    )
    server.files["/a.nwb"] = PLAIN
    with HDF5Store(server.url("/a.nwb")) as store:
        list(store.root)
    assert seen
    assert not any(seen)
    assert gc.isenabled()


# ---- what goes wrong


def test_a_missing_file(server):
    with pytest.raises(MissingFileError, match=r"http://127.*/none\.nwb: no such file \(404"):
        photonwb.open(server.url("/none.nwb"))
    with pytest.raises(FileNotFoundError, match=r"memory://none\.nwb: no such file"):
        photonwb.open("memory://none.nwb")
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "advice"), [(401, "Authorization"), (403, "Authorization"), (418, "check the address")])
def test_what_the_server_refuses(server, status, advice):
    server.statuses = [status]
    with pytest.raises(StorageError, match=rf"a\.nwb: .*{status}.*{advice}"):
        HDF5Store(server.url("/a.nwb"))
    assert len(server.requests) == 1


def test_no_server():
    with pytest.raises(StorageError, match=r"http://127\.0\.0\.1:9/a\.nwb: .*4 attempts.*look at the network"):
        HDF5Store("http://127.0.0.1:9/a.nwb")


@pytest.mark.parametrize("failures", [[503], [-1, -1], [429, -1, 500]])
def test_what_may_pass_is_tried_again(server, failures, nothing_ahead):
    server.files["/a.nwb"] = COMPRESSED
    server.statuses = list(failures)
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        server.statuses = list(failures)
        assert (frames[:] == FRAMES).all()
        assert server.statuses == []


def test_what_does_not_pass_is_told(server, nothing_ahead):
    server.files["/a.nwb"] = PLAIN
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        frames.source.byte_layout()
        remote_file.block_cache.reset()
        server.statuses = [-1] * 100
        with pytest.raises(
            StorageError, match=r"a\.nwb: bytes \d+ to \d+ cannot be read, after 4 attempts: .*; look at the network"
        ):
            frames[:]
        with pytest.raises(StorageError, match=r"a\.nwb: bytes \d+ to \d+ cannot be read"):
            HDF5Store(server.url("/a.nwb"))
        server.statuses = []
        assert (frames[3] == FRAMES[3]).all()


@pytest.mark.parametrize("change", ["tag", "size", "shorter", "gone"])
def test_a_file_that_changes_is_noticed(server, change, nothing_ahead):
    server.files["/a.nwb"] = PLAIN
    server.tags["/a.nwb"] = '"1"'
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        assert (frames[0] == FRAMES[0]).all()
        if change == "tag":
            server.tags["/a.nwb"] = '"2"'
        elif change == "gone":
            del server.files["/a.nwb"]
        else:
            server.files["/a.nwb"] = PLAIN + b"more" if change == "size" else PLAIN[: 1 << 20]
        with pytest.raises(StorageError, match="no such file" if change == "gone" else "changed .*open it again"):
            frames[100]
        assert (frames[0] == FRAMES[0]).all()  # which is still here


def test_a_file_of_another_file_system_that_changes_is_noticed(monkeypatch):
    monkeypatch.setattr(remote, "CHECKED_EVERY", 0.0)
    monkeypatch.setattr(remote_file, "FEW", 0)
    system = fsspec.filesystem("memory")
    system.pipe_file("/changing.nwb", PLAIN)
    store, frames = frames_at("memory://changing.nwb")
    with store:
        assert (frames[0] == FRAMES[0]).all()
        system.pipe_file("/changing.nwb", PLAIN)
        with pytest.raises(StorageError, match=r"memory://changing\.nwb: .*changed"):
            frames[100]
    with HDF5Store("memory://changing.nwb") as store:  # opened again it is the new one
        assert (store.root["d/frames"].read() == FRAMES).all()


def test_file_systems_with_connections_of_their_own(server, nothing_ahead):
    server.files["/a.nwb"] = COMPRESSED
    address = server.url("/a.nwb").replace("http", "other")
    store, frames = frames_at(address)
    with store:
        assert store.location == address
        server.statuses = [503, -1]
        assert (frames[:] == FRAMES).all()
        assert server.statuses == []
    with pytest.raises(MissingFileError, match=r"other://.*/none\.nwb: no such file"):
        HDF5Store(server.url("/none.nwb").replace("http", "other"))


def test_keys_are_asked_for():
    class Locked(MemoryFileSystem):
        protocol = "locked"

        def info(self, path, **kwargs):
            raise PermissionError("Access Denied")

    fsspec.register_implementation("locked", Locked, clobber=True)
    with pytest.raises(StorageError, match=r"locked://a\.nwb: may not be read \(Access Denied\).*'anon': True"):
        HDF5Store("locked://a.nwb")


@pytest.mark.parametrize("has_lengths", [True, False])
def test_a_server_without_ranges(server, has_lengths, monkeypatch):
    server.files["/a.nwb"] = COMPRESSED
    server.has_ranges, server.has_lengths = False, has_lengths
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        assert (frames[:] == FRAMES).all()
    assert len(server.requests) == 1
    monkeypatch.setattr("photonwb.storage.remote_http.WHOLE", 1 << 20)
    with pytest.raises(StorageError, match=r"a\.nwb: the server does not send parts.*simplecache::"):
        HDF5Store(server.url("/a.nwb"))
    if has_lengths:  # it does what the message says
        with HDF5Store("simplecache::" + server.url("/a.nwb")) as store:
            assert (store.root["d/frames"].read() == FRAMES).all()


def test_redirects_are_followed_once_and_again_when_they_expire(server, nothing_ahead, monkeypatch):
    monkeypatch.setattr(remote_file, "LONGEST", 4)
    server.files["/real.nwb"] = PLAIN
    server.redirects["/asset"] = server.url("/real.nwb?signature=1")
    store, frames = frames_at(server.url("/asset"))
    with store:
        assert (frames[:10] == FRAMES[:10]).all()
        assert [path for _, path, _ in server.requests].count("/asset") == 1
        assert len(server.requests) > 3
        server.forbidden = {"/real.nwb?signature=1"}
        server.redirects["/asset"] = server.url("/real.nwb?signature=2")
        assert (frames[:] == FRAMES).all()
        server.forbidden.add("/real.nwb?signature=2")
        remote_file.block_cache.reset()
        with pytest.raises(StorageError, match=r"asset: may not be read \(403"):
            frames[:]


def test_who_is_let_in_by_a_header_is_sent_on_each_time(server, nothing_ahead):
    # A client that goes where it was sent once must not show its keys there.
    server.files["/real.nwb"] = PLAIN
    other = server.url("/real.nwb").replace("127.0.0.1", "localhost")
    server.redirects["/asset"] = other
    store, frames = frames_at(server.url("/asset"), storage_options={"headers": {"Authorization": "secret"}})
    with store:
        assert (frames[:] == FRAMES).all()
    seen = {headers["host"].partition(":")[0]: headers.get("authorization") for headers in server.headers}
    assert seen == {"127.0.0.1": "secret", "localhost": None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (PLAIN[:-100], "truncated: .* download the file again"),
        (b"nothing that anyone knows", "not an HDF5 file"),
    ],
)
def test_files_of_other_kinds(server, content, message):
    server.files["/a.nwb"] = content
    with pytest.raises(StorageError, match=rf"http://.*/a\.nwb: {message}"):
        HDF5Store(server.url("/a.nwb"))
    fsspec.filesystem("memory").pipe_file("/other.nwb", content)
    with pytest.raises(StorageError, match=rf"memory://other\.nwb: {message}"):
        HDF5Store("memory://other.nwb")


def test_damaged_files_behave_as_local_ones(tmp_path):
    content = bytearray(contents_of(chunks=(1, 128, 160), compression="gzip"))
    place = content.index(b"\x78", len(content) // 2)
    content[place : place + 4000] = bytes(4000)
    (tmp_path / "a.nwb").write_bytes(content)
    fsspec.filesystem("memory").pipe_file("/damaged.nwb", bytes(content))
    for address in (tmp_path / "a.nwb", "memory://damaged.nwb"):
        store, frames = frames_at(address)
        with store, pytest.raises(DamagedFileError):
            frames[:]


def test_a_heap_that_hdf5_would_not_survive_is_refused():
    code = """
import io, fsspec, h5py, photonwb.storage.hdf5 as hdf5
from photonwb.errors import PhotonwbError
buffer = io.BytesIO()
with h5py.File(buffer, "w") as file:
    file["texts"] = ["text"] * 50
content = bytearray(buffer.getvalue())
heap = content.index(b"GCOL")
content[heap + 16 : heap + 4096] = bytes(4080)
fsspec.filesystem("memory").pipe_file("/heap.nwb", bytes(content))
with hdf5.HDF5Store("memory://heap.nwb") as store:
    try:
        store.root["texts"].read()
    except PhotonwbError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "refused\n", done.stderr


def test_links_to_other_files_are_not_followed():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["link"] = h5py.ExternalLink("other.nwb", "/x")
    fsspec.filesystem("memory").pipe_file("/linking.nwb", buffer.getvalue())
    with HDF5Store("memory://linking.nwb") as store, pytest.raises(BrokenLinkError, match="local files only"):
        store.follow(store.root["link"])


def test_threads_that_wait_see_the_error_too(server, nothing_ahead, monkeypatch):
    monkeypatch.setattr(remote_file, "LONGEST", 4)
    server.files["/a.nwb"] = PLAIN
    store, frames = frames_at(server.url("/a.nwb"))
    with store:
        frames.source.byte_layout()
        server.statuses = [404] * 1000
        errors = []

        def read():
            try:
                frames[:]
            except PhotonwbError as error:
                errors.append(error)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(errors) == 4
