"""Stores of Zarr that mean harm, or were damaged: errors of ours, no other files, no code, no memory beyond what there is.

`PHOTONWB_FAULTS` is how many stores are damaged by chance.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photonwb
from faults.examining import examine
from faults.mutating_stores import mutated_store
from helpers import run_fresh
from photonwb.base import TimeSeries
from photonwb.errors import BrokenLinkError, DamagedFileError, MissingFileError, PhotonwbError, StorageError, UntrustedLinkError
from photonwb.storage.zarr_store import ZarrStore

MUTATED = int(os.environ.get("PHOTONWB_FAULTS", "25"))
SERIES = "acquisition/series"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "session.nwb.zarr"
    nwbfile = photonwb.NWBFile("a session", "hostile", datetime(2024, 5, 6, tzinfo=UTC))
    nwbfile.add_acquisition(TimeSeries("series", data=np.arange(1000.0), unit="V", rate=1.0))
    nwbfile.add_trial_column("label", "text")
    nwbfile.add_trial(start_time=0.0, stop_time=1.0, label="x", timeseries=[nwbfile.acquisition["series"]])
    photonwb.write(nwbfile, path, compression=4)
    return path


@pytest.fixture
def path(good: Path, tmp_path: Path) -> Path:
    """A copy of the store, in a folder beside which there is a secret."""
    import shutil

    (tmp_path / "secret").write_bytes(np.full(1000, 7.0).tobytes())
    path = tmp_path / "inside" / "session.nwb.zarr"
    shutil.copytree(good, path)
    return path


def change(path: Path, node: str, fault: Callable[[dict[str, Any]], Any]) -> None:
    """Change the document of a node where it stands with all others."""
    root = json.loads((path / "zarr.json").read_text())
    fault(root["consolidated_metadata"]["metadata"] if node is None else root["consolidated_metadata"]["metadata"][node])
    (path / "zarr.json").write_text(json.dumps(root))


def read_series(path: Path, *, trusted: bool = False) -> Any:
    with photonwb.open(path, trusted=trusted) as nwbfile:
        return nwbfile.acquisition["series"].data[:]


@pytest.mark.parametrize("key", ["../../secret", "..", "acquisition/../../../secret", "a//b", "acquisition/.", "a\0"])
def test_names_do_not_lead_out_of_the_store(path: Path, key: str) -> None:
    document = {"node_type": "group", "zarr_format": 3, "attributes": {}}
    root = json.loads((path / "zarr.json").read_text())
    root["consolidated_metadata"]["metadata"][key] = document
    (path / "zarr.json").write_text(json.dumps(root))
    with pytest.raises(DamagedFileError, match=r"session\.nwb\.zarr|cannot be the path"):
        photonwb.open(path)


def test_chunks_are_not_read_through_links_that_lead_out(path: Path) -> None:
    chunk = next((path / SERIES / "data" / "c").iterdir())
    change(path, f"{SERIES}/data", lambda node: node.update(codecs=[{"name": "bytes", "configuration": {"endian": "little"}}]))
    change(path, f"{SERIES}/data", lambda node: node["chunk_grid"]["configuration"].update(chunk_shape=[1000]))
    chunk.unlink()
    chunk.symlink_to(path.parents[1] / "secret")
    with pytest.raises(UntrustedLinkError, match=r"outside of the folder.*trusted=True"):
        read_series(path)
    assert list(read_series(path, trusted=True)[:2]) == [7.0, 7.0]


def test_folders_are_not_read_through_links_that_lead_out(path: Path) -> None:
    """A folder may be a link as well as a file, in any part of the path."""
    outside = path.parents[1] / "elsewhere"
    (path / SERIES / "data" / "c").rename(outside)
    (path / SERIES / "data" / "c").symlink_to(outside)
    with pytest.raises(UntrustedLinkError, match="outside of the folder"):
        read_series(path)
    assert read_series(path, trusted=True)[1] == 1.0
    with pytest.raises(UntrustedLinkError), ZarrStore(path, trusted=False, consolidated=False) as store:
        (path / "acquisition").rename(path.parents[1] / "acquisition")
        (path / "acquisition").symlink_to(path.parents[1] / "acquisition")
        store.root["acquisition/series"]


def test_folders_that_go_round_in_circles(path: Path) -> None:
    """Without metadata of all objects in the root the folders are walked through, and symbolic links of the system with them."""
    document = json.loads((path / "zarr.json").read_text())
    del document["consolidated_metadata"]
    (path / "zarr.json").write_text(json.dumps(document))
    for name in ("loop", "again"):
        (path / "acquisition" / name).symlink_to(path)
        (path / "acquisition" / f"{name}_relative").symlink_to("..")
    other = path.parent / "other"
    other.mkdir()
    (other / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    for name in ("a", "b", "c"):
        (other / name).symlink_to(other)
    (path / "acquisition" / "other").symlink_to(other)
    with ZarrStore(path, trusted=False) as store:
        assert list(store.root["acquisition"]) == ["other", "series"]
        assert list(store.root["acquisition/other"]) == []
    assert examine(path, 0).foreign == []


def test_one_damaged_folder_hides_no_other(path: Path) -> None:
    document = json.loads((path / "zarr.json").read_text())
    del document["consolidated_metadata"]
    (path / "zarr.json").write_text(json.dumps(document))
    (path / "acquisition" / "damaged").mkdir()
    (path / "acquisition" / "damaged" / "zarr.json").write_text("{")
    with photonwb.open(path) as nwbfile:
        assert nwbfile.acquisition["series"].data[1] == 1.0
    with ZarrStore(path) as store, pytest.raises(DamagedFileError, match="damaged/zarr"):
        list(store.root["acquisition/damaged"])


def test_links_into_other_stores_stay_in_the_folder(path: Path, good: Path) -> None:
    link = [{"name": "other", "path": "/acquisition/series", "source": str(good)}]
    change(path, "acquisition", lambda node: node["attributes"].update(_LINKS=link))
    with ZarrStore(path, trusted=False) as store:
        group = store.root["acquisition"]
        with pytest.raises(UntrustedLinkError):
            store.follow(group["other"], group)
    with ZarrStore(path, trusted=True) as store:
        group = store.root["acquisition"]
        assert store.follow(group["other"], group).path == "/acquisition/series"


def test_documents_are_no_pipes(path: Path) -> None:
    """Opening a pipe would wait for ever."""
    (path / "zarr.json").unlink()
    os.mkfifo(path / "zarr.json")
    with pytest.raises(DamagedFileError, match="plain file"):
        photonwb.open(path)


def test_chunks_are_no_pipes(path: Path) -> None:
    chunk = next((path / SERIES / "data" / "c").iterdir())
    chunk.unlink()
    os.mkfifo(chunk)
    with pytest.raises(DamagedFileError, match="plain file"):
        read_series(path)


class Evil:
    def __reduce__(self) -> Any:
        return exec, ("import sys; sys.modules['photonwb_was_here'] = sys",)


def old_store(path: Path, content: bytes, codec: str) -> Path:
    """A store of format 2 with one array of objects."""
    (path / "a").mkdir(parents=True)
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    array = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": None, "filters": [{"id": codec}]}
    (path / "a" / ".zarray").write_text(json.dumps({**array, "order": "C", "fill_value": 0}))
    (path / "a" / ".zattrs").write_text('{"zarr_dtype": "object"}')
    (path / "a" / "0").write_bytes(content)
    return path


def test_pickles_run_no_code(tmp_path: Path) -> None:
    content = pickle.dumps(np.array([Evil()], object))
    store = ZarrStore(old_store(tmp_path / "a.zarr", content, "pickle"))
    with store, pytest.raises(StorageError, match=r"a pickle asks for builtins\.exec"):
        store.root["a"].read()
    assert "photonwb_was_here" not in sys.modules


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x80\x04]", b"cos\nsystem\n.", b"\xff" * 8, struct.pack("<II", 2**31, 5)])
@pytest.mark.parametrize("codec", ["pickle", "json2", "vlen-utf8", "vlen-bytes"])
def test_objects_that_are_none(tmp_path: Path, content: bytes, codec: str) -> None:
    with ZarrStore(old_store(tmp_path / "a.zarr", content, codec)) as store, pytest.raises(StorageError):
        store.root["a"].read()


def test_references_in_json_and_in_text_are_read(tmp_path: Path) -> None:
    """Forms of references from before hdmf-zarr kept them in pickles."""
    value = json.dumps([json.dumps({"source": ".", "path": "/a"}), "|O", [1]]).encode()
    with ZarrStore(old_store(tmp_path / "a.zarr", value, "json2")) as store:
        assert store.root["a"].read()[0].path == "/a"
    other = json.dumps([{"source": "../other.zarr", "path": "/a"}, "|O", [1]]).encode()
    with (
        ZarrStore(old_store(tmp_path / "b.zarr", other, "json2")) as store,
        pytest.raises(BrokenLinkError, match="another store"),
    ):
        store.root["a"].read()


def huge(node: dict[str, Any]) -> None:
    node["shape"] = [10**13]


def huge_chunk(node: dict[str, Any]) -> None:
    node["chunk_grid"]["configuration"]["chunk_shape"] = [2**40]


def endless(node: dict[str, Any]) -> None:
    node["shape"] = [2**70]


@pytest.mark.parametrize("fault", [huge, huge_chunk, endless], ids=lambda fault: fault.__name__)
def test_shapes_do_not_fill_the_memory(path: Path, fault: Callable[[dict[str, Any]], None]) -> None:
    change(path, f"{SERIES}/data", fault)
    code = f"""
import resource
import photonwb
from photonwb.errors import PhotonwbError
photonwb.open({str(path)!r}).close()
import numpy, numcodecs
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
try:
    with photonwb.open({str(path)!r}) as nwbfile:
        nwbfile.acquisition["series"].data[:]
except PhotonwbError as error:
    print(type(error).__name__)
"""
    assert run_fresh(code).strip() in ("DamagedFileError", "StorageError")


@pytest.mark.parametrize("name", ["zstd", "blosc", "gzip-file", "lz4", "gzip"])
def test_streams_that_promise_too_much(name: str) -> None:
    """What holds more than a chunk is not inflated to see how much."""
    from photonwb.arrays.codecs import Pipeline

    data, _ = Pipeline(((name, {}),), 1, 1 << 20, may_skip=False).encode(np.zeros(1 << 20, np.uint8))
    target = np.empty(1000, np.uint8)
    with pytest.raises(DamagedFileError):
        Pipeline(((name, {}),), 1, 1000).decode(data, target)
    for cut in (0, 3, 7, 20, len(data) - 1):
        with pytest.raises(DamagedFileError):
            Pipeline(((name, {}),), 1, 1 << 20).decode(bytes(data)[:cut], np.empty(1 << 20, np.uint8))


def test_text_that_promises_too_much(path: Path) -> None:
    frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", 2**32 - 1) + b"\x01\x00\x00"
    (path / "identifier" / "c").write_bytes(frame)
    with pytest.raises(PhotonwbError, match="holds"), photonwb.open(path) as nwbfile:
        _ = nwbfile.identifier
    blocks = b"".join(((1 << 21) - 8 | 2).to_bytes(3, "little") + b"a" for _ in range(10_000))  # of 256 KiB of one letter
    (path / "identifier" / "c").write_bytes(b"\x28\xb5\x2f\xfd\x00\x58" + blocks + b"\x01\x00\x00")
    with pytest.raises(PhotonwbError, match="holds"), photonwb.open(path) as nwbfile:
        _ = nwbfile.identifier


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "expected the metadata of Zarr as JSON"),
        ("[]", "expected an object of JSON"),
        ("[" * 100_000, "expected the metadata of Zarr as JSON"),
        ('{"zarr_format": 4, "node_type": "group"}', "expected a group of format 3"),
        ('{"zarr_format": 3, "node_type": "array"}', "expected a group of format 3"),
        ('{"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"metadata": []}}', "no object of JSON"),
        ('{"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"metadata": {"a": 1}}}', "cannot be the path"),
        ('{"zarr_format": 3, "node_type": "group", "attributes": 5}', "no object of JSON"),
    ],
)
def test_documents_that_make_no_sense(path: Path, content: str, told: str) -> None:
    (path / "zarr.json").write_text(content)
    with pytest.raises(DamagedFileError) as caught:
        photonwb.open(path)
    message = "\n".join((str(caught.value), *getattr(caught.value, "__notes__", ())))
    assert told in message
    assert str(path) in message


def test_what_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"no store of Zarr: expected zarr\.json"):
        photonwb.open(tmp_path / "folder")
    with pytest.raises(MissingFileError):
        photonwb.open(tmp_path / "missing.nwb.zarr")


def test_one_damaged_object_hides_no_other(path: Path) -> None:
    change(path, "intervals/trials/label", lambda node: node.update(data_type="of the future"))
    assert read_series(path)[1] == 1.0
    with photonwb.open(path) as nwbfile, pytest.raises(PhotonwbError, match=r"of the future"):
        nwbfile.trials["label"][:]


@pytest.mark.filterwarnings("ignore")
def test_damage_by_chance(good: Path, tmp_path: Path) -> None:
    for seed in range(MUTATED):
        target = tmp_path / "damaged.nwb.zarr"
        what = mutated_store(good, target, seed)
        outcome = examine(target, seed)
        assert outcome.foreign == [], (seed, what)
        assert outcome.nameless == [], (seed, what)
