"""Forms in which stores of Zarr keep things, as other programs write them."""

from __future__ import annotations

import json
import pickle
import warnings

import numpy as np
import pytest

from photonwb.errors import BrokenLinkError, DamagedFileError, InvalidTypeError, InvalidValueError, PhotonwbError, StorageError
from photonwb.storage.contract import REFERENCE, TEXT, Layout, Link, Reference, Typed
from photonwb.storage.zarr_store import ZarrStore
from photonwb.storage.zarr_types import data_type, dtype_from, fill_document, fill_from

zarr = pytest.importorskip("zarr")
numcodecs = pytest.importorskip("numcodecs")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.zarr"


def made_by_zarr(path, array, zarr_format=3, attributes=None, **options):
    """A store of zarr-python with one array."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of types that are in no specification
        group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
        made = group.create_array("a", shape=array.shape, dtype=options.pop("dtype", array.dtype), **options)
        made[...] = array
        made.attrs.update(attributes or {})
    return path


def edit(path, node, **changes):
    document = json.loads((path / node / "zarr.json").read_text())
    document.update(changes)
    (path / node / "zarr.json").write_text(json.dumps(document))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", ["<U7", "S7"])
def test_text_of_a_fixed_length(path, zarr_format, dtype):
    words = np.array([["eins", "zwei"], ["", "sieben!"]]).astype(dtype)
    with ZarrStore(made_by_zarr(path, words, zarr_format, chunks=(1, 2))) as store:
        found = store.root["a"]
        assert found.layout.element == TEXT
        assert found.read().tolist() == [["eins", "zwei"], ["", "sieben!"]]
        assert found.read((1, slice(None, None, -1))).tolist() == ["sieben!", ""]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_text_of_any_length(path, zarr_format):
    words = np.array(["eins", "", "größer 🔬", "x" * 10_000], object)
    with ZarrStore(made_by_zarr(path, words, zarr_format, dtype=str, chunks=(3,))) as store:
        assert store.root["a"].read().tolist() == words.tolist()
        assert store.root["a"].read(2) == "größer 🔬"


def test_references_in_an_array(path):
    words = np.array(["/a", "a", ""], object)
    made_by_zarr(path, words, dtype=str, attributes={"_DTYPE": "object_reference"})
    with ZarrStore(path) as store:
        assert store.root["a"].layout.element == REFERENCE
        assert store.root["a"].read().tolist() == [Reference("/a"), Reference("/a"), None]
        assert "_DTYPE" not in store.root["a"].attributes


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_compounds_with_text_and_references(path, zarr_format):
    rows = np.array([(1, 2.5, "/a", "x"), (3, 4.5, "", "y")], [("i", "<i4"), ("f", "<f8"), ("target", "<U8"), ("label", "<U2")])
    made_by_zarr(path, rows, zarr_format, attributes={"_REFERENCE_FIELDS": ["target"]})
    with ZarrStore(path) as store:
        found = store.root["a"].read()
        assert found.dtype.names == ("i", "f", "target", "label")
        expected = "/a" if zarr_format == 2 else Reference("/a")  # in format 2 that was said otherwise
        assert found[0].tolist() == (1, 2.5, expected, "x")


def test_pickled_compounds_of_format_2(path):
    rows = np.empty(2, object)
    rows[:] = [(1, 2, {"source": ".", "path": "/a"}), (3, 4, {"source": ".", "path": "/a"})]
    path.mkdir()
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    (path / "a").mkdir()
    kind = [{"name": "idx", "dtype": "int32"}, {"name": "count", "dtype": "int"}, {"name": "series", "dtype": "object"}]
    (path / "a" / ".zattrs").write_text(json.dumps({"zarr_dtype": kind}))
    array = {"zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "|O", "compressor": None, "filters": [{"id": "pickle"}]}
    (path / "a" / ".zarray").write_text(json.dumps({**array, "order": "C", "fill_value": 0}))
    (path / "a" / "0").write_bytes(pickle.dumps(rows, protocol=4))
    with ZarrStore(path) as store:
        assert store.root["a"].layout.element[2] == ("series", REFERENCE)
        assert store.root["a"].read()[1].tolist() == (3, 4, Reference("/a"))


def test_a_scalar_of_format_2_is_one_value(path):
    made_by_zarr(path, np.array([3.5]), 2, attributes={"zarr_dtype": "scalar"})
    with ZarrStore(path) as store:
        assert (store.root["a"].shape, store.root["a"].read()) == ((), 3.5)


def test_attributes_of_all_kinds(path):
    with ZarrStore(path, "w") as store:
        store.root.create_group("g")
    values = {
        "nothing": None,
        "object": {"a": [1]},
        "mixed": [1, "a"],
        "whole": [1, 2.5],
        "large": 2**63,
        "huge": 2**70,
        "ragged": [[1], [2, 3]],
        "new": {"_REFERENCE": {"source": ".", "path": "/g"}},
        "old": {"zarr_dtype": "object", "value": {"source": ".", "path": "/g", "object_id": None}},
        "outside": {"_REFERENCE": {"source": "../b.zarr", "path": "/g"}},
        "broken": {"_REFERENCE": {"source": ".", "path": 5}},
    }
    root = json.loads((path / "zarr.json").read_text())
    root["attributes"] = {**values, "_LINKS": [], "_DTYPE": "x", "zarr_dtype": "y"}
    (path / "zarr.json").write_text(json.dumps(root))
    with ZarrStore(path) as store:
        found = store.root.attributes
        assert list(found) == sorted(values)
        assert found["nothing"] is None
        assert (found["object"], found["mixed"]) == ('{"a": [1]}', '[1, "a"]')
        assert found["whole"].tolist() == [1.0, 2.5]
        assert (found["large"], found["large"].dtype) == (2**63, np.dtype("u8"))
        assert (found["huge"], found["ragged"]) == (str(2**70), "[[1], [2, 3]]")
        assert found["new"] == found["old"] == Reference("/g")
        with pytest.raises(BrokenLinkError, match="another store"):
            found["outside"]
        with pytest.raises(DamagedFileError, match="no reference"):
            found["broken"]


def test_a_note_of_a_type_is_passed_over_once_the_value_is_another(path):
    with ZarrStore(path, "w") as store:
        store.root.attributes["x"] = np.uint8(3)
    for value, expected in ((4, np.uint8(4)), (300, np.int64(300)), ("text", "text"), ([1, 2], None)):
        root = json.loads((path / "zarr.json").read_text())
        root["attributes"]["x"] = value
        (path / "zarr.json").write_text(json.dumps(root))
        with ZarrStore(path) as store:
            found = store.root.attributes["x"]
            assert found == expected if expected is not None else list(found) == [1, 2]


def test_links_as_others_write_them(path):
    with ZarrStore(path, "w") as store:
        store.root.create_group("g").create_group("inner")
    root = json.loads((path / "zarr.json").read_text())
    links = [
        {"source": ".", "path": "g/inner", "name": "near"},
        {"path": "/g", "name": "sourceless"},
        {"source": "../b.zarr", "path": "/g", "name": "far"},
    ]
    root["attributes"]["_LINKS"] = links
    (path / "zarr.json").write_text(json.dumps(root))
    with ZarrStore(path) as store:
        assert store.root["near"] == Link("/g/inner")
        assert store.follow(store.root["near"]).path == "/g/inner"
        assert store.follow(store.root["sourceless"]).path == "/g"
        assert store.root["far"] == Link("/g", "b.zarr")


def test_a_group_that_has_no_document_is_there(path):
    with ZarrStore(path, "w") as store:
        store.root.create_group("g").create_group("inner")
    root = json.loads((path / "zarr.json").read_text())
    del root["consolidated_metadata"]["metadata"]["g"]
    (path / "zarr.json").write_text(json.dumps(root))
    with ZarrStore(path) as store:
        assert list(store.root["g"]) == ["inner"]


def test_what_came_after_the_metadata_were_consolidated(path):
    with ZarrStore(path, "w") as store:
        store.root.create_group("g")
    zarr.open_group(path, mode="r+", use_consolidated=False).create_group("late")
    with ZarrStore(path) as store:
        assert list(store.root) == ["g"]
    with ZarrStore(path, consolidated=False) as store:
        assert list(store.root) == ["g", "late"]


def test_zarr_reads_the_tree(path):
    with ZarrStore(path, "w") as store:
        group = store.root.create_group("g", {"text": "ü", "number": 1.0, "list": [1, 2]})
        group.create_dataset("words", Layout((2,), TEXT), ["a", "ü"])
        group.create_dataset("one", Layout((), np.dtype("f4")), 2.5)
        group.create_dataset("empty", Layout((0, 3), np.dtype("i2")))
    for consolidated in (True, False):
        found = zarr.open_group(path, mode="r", use_consolidated=consolidated)["g"]
        assert dict(found.attrs) == {"text": "ü", "number": 1.0, "list": [1, 2]}
        assert sorted(found.keys()) == ["empty", "one", "words"]
        assert found["words"][:].tolist() == ["a", "ü"]
        assert (found["one"][()], found["empty"].shape) == (2.5, (0, 3))


def test_long_texts_in_a_compound_get_room(path):
    element = (("label", TEXT), ("target", REFERENCE))
    with ZarrStore(path, "w") as store:
        table = store.root.create_dataset("table", Layout((3,), element, (None,), (2,)), [("a", Reference("/"))] * 3)
        table.write((slice(1, 2),), np.array([("x" * 5000, Reference("/table"))], table.dtype))
    with ZarrStore(path) as store:
        assert [(label, target.path) for label, target in store.root["table"].read().tolist()] == [
            ("a", "/"),
            ("x" * 5000, "/table"),
            ("a", "/"),
        ]


def test_filters_that_do_not_help_are_not_left_out(path):
    noise = np.random.default_rng(0).integers(0, 256, 1000, dtype="u1")
    with ZarrStore(path, "w") as store:
        made = store.root.create_dataset("a", Layout((1000,), noise.dtype, chunks=(100,), filters=(("gzip", {"level": 1}),)))
        made.write((), noise)
    with ZarrStore(path) as store:
        np.testing.assert_array_equal(store.root["a"].read(), noise)


def test_compounds_with_text_take_little_room(path):
    element = (("start", np.dtype("i4")), ("target", REFERENCE))
    rows = [(number, Reference("/")) for number in range(10_000)]
    with ZarrStore(path, "w") as store:
        made = store.root.create_dataset("table", Layout((10_000,), element, (None,), (10_000,)), rows)
        assert made.layout.chunks[0] * 2052 < 5 << 20
        assert made.layout.filters == ()
    assert sum(file.stat().st_size for file in (path / "table" / "c").iterdir()) < 200_000
    with ZarrStore(path) as store:
        assert store.root["table"].read()["start"].tolist() == list(range(10_000))


@pytest.mark.parametrize("reserved", ["_DTYPE", "_LINKS", "_PHOTONWB"])
def test_names_that_are_kept_for_the_format(path, reserved):
    with ZarrStore(path, "w") as store:
        with pytest.raises(InvalidValueError, match="kept for the format"):
            store.root.attributes[reserved] = 1
        with pytest.raises(InvalidValueError, match="kept for the format"):
            store.root.create_group("zarr.json")


def test_elements_and_filters_that_zarr_does_not_have(path):
    with ZarrStore(path, "w") as store:
        with pytest.raises(InvalidTypeError, match="Zarr cannot store"):
            store.root.create_dataset("a", Layout((2,), np.dtype("V3")))
        with pytest.raises(InvalidValueError, match="filter 'lzf' is not written"):
            store.root.create_dataset("a", Layout((2,), np.dtype("u1"), chunks=(1,), filters=(("lzf", {}),)))
        with pytest.raises(InvalidTypeError):
            store.root.attributes["x"] = Typed(np.zeros(2, "V3"), np.dtype("V3"))
        assert list(store.root) == []


def test_a_large_array_in_one_piece_is_cut(path):
    with ZarrStore(path, "w") as store:
        made = store.root.create_dataset("a", Layout((40, 512, 512), np.dtype("f4")))
        assert made.layout.chunks == (4, 512, 512)


def test_modes(path, tmp_path):
    ZarrStore(path, "x").close()
    with pytest.raises(StorageError, match="exists already"):
        ZarrStore(path, "x")
    with pytest.raises(InvalidValueError, match="mode must be"):
        ZarrStore(path, "a")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(StorageError, match="remove it first"):
        ZarrStore(tmp_path / "other", "w")
    made_by_zarr(tmp_path / "old.zarr", np.arange(3), 2)
    with pytest.raises(StorageError, match="format 2 is not changed"):
        ZarrStore(tmp_path / "old.zarr", "r+")


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": "long"},
        {"shape": [-1]},
        {"shape": [True]},
        {"data_type": 5},
        {"data_type": "decimal"},
        {"data_type": {"name": "struct", "configuration": {}}},
        {"data_type": {"name": "struct", "configuration": {"fields": [{"name": "a", "data_type": "string"}]}}},
        {"data_type": {"name": "fixed_length_utf32", "configuration": {"length_bytes": 2**40}}},
        {"chunk_grid": {"name": "rectilinear"}},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0]}}},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1]}}},
        {"chunk_key_encoding": {"name": "default", "configuration": {"separator": "/../"}}},
        {"chunk_key_encoding": {"name": "hashed"}},
        {"fill_value": "none"},
        {"fill_value": 2**80},
        {"codecs": []},
        {"codecs": {}},
        {"codecs": [5]},
        {"codecs": [{"name": "bytes"}, {"name": "zstd", "configuration": 5}]},
        {"codecs": [{"name": "transpose", "configuration": {"order": [1]}}, {"name": "bytes"}]},
        {"codecs": [{"name": "sharding_indexed", "configuration": {"chunk_shape": [2], "codecs": [], "index_codecs": []}}]},
        {"storage_transformers": [{"name": "x"}]},
    ],
    ids=str,
)
def test_metadata_that_make_no_sense(path, changes):
    made_by_zarr(path, np.arange(3))
    edit(path, "a", **changes)
    with ZarrStore(path) as store:
        with pytest.raises(PhotonwbError) as caught:
            store.root["a"].read()
        told = "\n".join((str(caught.value), *caught.value.__notes__))
        assert f"{path}: /a" in told


def test_codecs_that_nobody_knows(path):
    made_by_zarr(path, np.arange(3))
    edit(path, "a", codecs=[{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "of.the.future"}])
    with ZarrStore(path) as store, pytest.raises(DamagedFileError, match=r"cannot be read by zarr.*of\.the\.future"):
        store.root["a"].read()


def test_zarr_decodes_what_we_saw_and_not_what_lies_there(path):
    """Metadata that are consolidated may be others than those of the array, which would have zarr-python load a pickle."""
    made_by_zarr(path, np.arange(3), 2, compressors=None, filters=[numcodecs.Delta(dtype="<i8")])
    document = json.loads((path / "a" / ".zarray").read_text())
    metadata = {".zgroup": {"zarr_format": 2}, "a/.zarray": document}
    (path / ".zmetadata").write_text(json.dumps({"zarr_consolidated_format": 1, "metadata": metadata}))
    (path / "a" / ".zarray").write_text(json.dumps({**document, "filters": [*document["filters"], {"id": "pickle"}]}))
    with ZarrStore(path) as store:
        assert store.root["a"].read().tolist() == [0, 1, 2]
    with ZarrStore(path, consolidated=False) as store, pytest.raises(StorageError, match="a pickle behind other codecs"):
        store.root["a"].read()


def test_a_damaged_index_of_a_shard(path):
    made_by_zarr(path, np.arange(100), chunks=(10,), shards=(50,))
    shard = path / "a" / "c" / "0"
    good = shard.read_bytes()
    for content in (good[:10], good[:-1] + b"\0", b""):
        shard.write_bytes(content)
        with ZarrStore(path) as store, pytest.raises(DamagedFileError, match=r"shard|checksum"):
            store.root["a"].read()
    shard.write_bytes(good)
    with ZarrStore(path) as store:
        np.testing.assert_array_equal(store.root["a"].read((slice(45, 55),)), np.arange(45, 55))
        places = store.root["a"].byte_layout().places
        assert sorted(places) == [(number,) for number in range(10)]
        assert len(places) == 10


@pytest.mark.parametrize(
    ("document", "dtype", "expected"),
    [
        (None, "i4", 0),
        (7, "i4", 7),
        ("NaN", "f8", np.nan),
        ("-Infinity", "f4", -np.inf),
        ("0x7fc00000", "f4", np.nan),
        ([1.5, "NaN"], "c8", complex(1.5, np.nan)),
        (True, "bool", True),
        ("AQIDBA==", [("a", "<u2"), ("b", "<u2")], (513, 1027)),
        ({"a": 1, "b": 2}, [("a", "<u2"), ("b", "<u2")], (1, 2)),
        ("", "<U3", ""),
        ("abc", "<U3", "abc"),
    ],
    ids=str,
)
def test_fill_values(document, dtype, expected):
    found = fill_from(document, np.dtype(dtype))
    expected = np.array(expected, np.dtype(dtype))[()]
    assert np.array(found).tobytes() == np.array(expected).tobytes() or (found != found and expected != expected)
    if np.dtype(dtype).kind in "ifbc" and document is not None:
        again = fill_from(json.loads(json.dumps(fill_document(found, np.dtype(dtype)))), np.dtype(dtype))
        assert again == found or again != again


@pytest.mark.parametrize("dtype", ["bool", "i1", "u8", "f2", "c16", "<U3", [("x", "<u4"), ("t", "<U5")]], ids=str)
def test_types_there_and_back(dtype):
    assert dtype_from(json.loads(json.dumps(data_type(np.dtype(dtype))))) == np.dtype(dtype)
