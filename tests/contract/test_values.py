"""Attributes and small datasets: every kind of value comes back as what it was."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError
from photonwb.storage.contract import ASCII, REFERENCE, TEXT, Layout, Reference, Typed
from photonwb.storage.elements import normalise
from photonwb.storage.zarr_attributes import RESERVED
from photonwb.storage.zarr_records import DOCUMENT

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = count()
# Names that Zarr keeps for itself, and refuses.
KEPT = RESERVED | {DOCUMENT}

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
BYTES_IN_TEXT = st.binary(max_size=20).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
NUMBERS = npst.boolean_dtypes() | npst.integer_dtypes(endianness="=") | npst.floating_dtypes(endianness="=", sizes=(16, 32, 64))


def same(found, expected):
    """Equal in kind, shape, dtype and values; NaN equals itself."""
    if isinstance(expected, (np.ndarray, np.generic)):
        assert isinstance(found, np.ndarray) == isinstance(expected, np.ndarray)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    else:
        assert type(found) is type(expected)
        assert found == expected
    return True


def as_objects(values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("", ""),
        ("Größe 🔬", "Größe 🔬"),
        ("bytes \udcff", "bytes \udcff"),
        (b"bytes", "bytes"),
        (np.str_("text"), "text"),
        (True, True),
        (np.bool_(False), False),
        (3, np.int64(3)),
        (2**63, np.uint64(2**63)),
        (1.5, np.float64(1.5)),
        (1 + 2j, np.complex128(1 + 2j)),
        (np.uint8(3), np.uint8(3)),
        (np.float32(0.1), np.float32(0.1)),
        ([1, 2], np.array([1, 2])),
        ([1, 2.5], np.array([1, 2.5])),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ((True, False), np.array([True, False])),
        ([], np.array([])),
        (["a", "ü", ""], as_objects(["a", "ü", ""])),
        (np.array(["a", "bc"]), as_objects(["a", "bc"])),
        (np.array([b"a", b"bc"]), as_objects(["a", "bc"])),
        (np.array([], object), as_objects([])),
        (np.zeros((0, 3), "f4"), np.zeros((0, 3), "f4")),
        (np.array([1, 2], ">u2"), np.array([1, 2], ">u2")),
        (Typed(3, np.dtype("f4")), np.float32(3)),
        (Typed([], TEXT), as_objects([])),
        (Typed([], np.dtype("u2")), np.zeros(0, "u2")),
        (Typed("plain", ASCII), "plain"),
        (Typed(["2020-01-01", "x"], ASCII), as_objects(["2020-01-01", "x"])),
        (Typed(None, REFERENCE), None),
        (Reference("/"), Reference("/")),
        ([Reference("/"), None], as_objects([Reference("/"), None])),
        ([[Reference("/")]], as_objects([Reference("/")]).reshape(1, 1)),
    ],
    ids=repr,
)
def test_a_value_comes_back(store, maker, value, expected):
    array, element = normalise(value)
    store.root.attributes["value"] = value
    store.root.create_dataset("value", Layout(array.shape, element), value)
    root = maker.reopen(store).root
    assert same(root.attributes["value"], expected)
    assert same(root["value"].read(), expected)


@MANY
@given(text=TEXTS | BYTES_IN_TEXT)
def test_any_text_comes_back(store, text):
    name = f"n{next(NAMES)}"
    store.root.attributes[name] = text
    store.root.attributes[name + "s"] = [text, "x"]
    store.root.create_dataset(name, Layout((1, 2), TEXT), [[text, "x"]])
    assert store.root.attributes[name] == text
    assert list(store.root.attributes[name + "s"]) == [text, "x"]
    assert store.root[name].read((0, 0)) == text


@MANY
@given(array=NUMBERS.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))))
def test_any_numbers_come_back(store, array):
    name = f"n{next(NAMES)}"
    expected = array if array.ndim else (bool(array) if array.dtype == bool else array[()])
    store.root.attributes[name] = array
    dataset = store.root.create_dataset(name, Layout(array.shape, array.dtype), array)
    assert same(store.root.attributes[name], expected)
    assert same(dataset.read(), expected)
    assert dataset.dtype == array.dtype


@MANY
@given(name=st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_comes_back(store, name):
    assume(name not in KEPT)
    group = store.root.create_group(f"n{next(NAMES)}")
    group.attributes[name] = 1
    assert list(group.attributes) == [name]
    if name not in (".", ".."):
        group.create_group(name)
        assert list(group) == [name]
        assert group[name].name == name


def test_compounds_come_back(store, maker):
    element = (("x", np.dtype("u4")), ("label", TEXT), ("target", REFERENCE), ("on", np.dtype(bool)))
    rows = [(1, "eins", Reference("/"), True), (2, "zwei", None, False)]
    dataset = store.root.create_dataset("table", Layout((2,), element), rows)
    store.root.attributes["row"] = Typed(rows[0], element)
    dataset.write((slice(1, 2),), np.array([(3, "drei", Reference("/table"), True)], dataset.dtype))
    store = maker.reopen(store)
    table = store.root["table"].read()
    assert table.dtype.names == ("x", "label", "target", "on")
    assert table[0].tolist() == rows[0]
    assert table[1].tolist() == (3, "drei", Reference("/table"), True)
    assert store.root["table"].layout.element == element
    assert store.root["table"].read(1).tolist() == table[1].tolist()
    assert store.root.attributes["row"].tolist() == rows[0]


def test_a_table_of_numbers_comes_back(store, maker):
    pixels = np.array([(1, 2, 0.5), (3, 4, 1.0)], [("x", "u4"), ("y", "u4"), ("weight", "f4")])
    element = (("x", np.dtype("u4")), ("y", np.dtype("u4")), ("weight", np.dtype("f4")))
    store.root.create_dataset("pixels", Layout((2,), element, (None,), (16,)), pixels)
    store.root.attributes["pixels"] = pixels
    store = maker.reopen(store)
    for found in (store.root["pixels"].read(), store.root.attributes["pixels"]):
        assert found.dtype == pixels.dtype
        np.testing.assert_array_equal(found, pixels)


def test_attributes_are_a_mapping(store, maker):
    attributes = store.root.create_group("g", {"first": "1"}).attributes
    attributes.update(b=1, a=[1, 2])
    attributes["b"] = "replaced by another kind"
    del attributes["a"]
    with pytest.raises(NotFoundError, match="no attribute 'a'"):
        del attributes["a"]
    attributes = maker.reopen(store).root["g"].attributes
    assert dict(attributes) == {"b": "replaced by another kind", "first": "1"}
    assert len(attributes) == 2
    assert "a" not in attributes
    assert attributes.get("a") is None
    with pytest.raises(NotFoundError, match="no attribute 'a'"):
        attributes["a"]


def test_attributes_of_datasets(store, maker):
    dataset = store.root.create_dataset("d", Layout((), np.dtype("f8")), 2.0, {"unit": "seconds"})
    dataset.attributes["rate"] = 30.0
    assert dict(maker.reopen(store).root["d"].attributes) == {"unit": "seconds", "rate": 30.0}


def test_what_is_given_can_be_changed_afterwards(store):
    array = np.arange(3)
    store.root.attributes["x"] = array
    array[:] = 7
    store.root.attributes["x"][:] = 8
    assert list(store.root.attributes["x"]) == [0, 1, 2]


@pytest.mark.parametrize(
    "value",
    [
        None,
        pytest.param(object(), id="object"),
        [1, "text"],
        np.array([{"a": 1}], object),
        np.array(["2020-01-01"], "M8[D]"),
        Typed("text", np.dtype("i4")),
        Typed(1, TEXT),
        Typed("text", REFERENCE),
        Typed(np.arange(3), (("x", np.dtype("i4")),)),
    ],
    ids=repr,
)
def test_kinds_that_cannot_be_stored(store, value):
    with pytest.raises(InvalidTypeError):
        store.root.attributes["value"] = value
    assert "value" not in store.root.attributes


@pytest.mark.parametrize(
    "value",
    [
        Typed(1.5, np.dtype("i4")),
        Typed(300, np.dtype("u1")),
        Typed(-1, np.dtype("u8")),
        Typed(np.nan, np.dtype("i4")),
        [["a"], ["b", "c"]],
    ],
    ids=repr,
)
def test_values_that_would_be_lost(store, value):
    store.root.attributes["value"] = "old"
    with pytest.raises(InvalidValueError):
        store.root.attributes["value"] = value
    assert store.root.attributes["value"] == "old"


def test_references_to_all_kinds_of_places(store, maker):
    deep = store.root.create_group("a").create_group("b").create_group("c")
    deep.create_dataset("d", Layout((), TEXT), "x")
    paths = ["/", "/a", "/a/b/c/d", "/a/b"]
    deep.attributes["references"] = [Reference(path) for path in paths]
    store.root.create_dataset("references", Layout((4,), REFERENCE), [Reference(path) for path in paths])
    store = maker.reopen(store)
    for found in (store.root["a/b/c"].attributes["references"], store.root["references"].read()):
        assert [reference.path for reference in found] == paths
    assert store.root["references"].read(2) == Reference("/a/b/c/d")
    assert store.root["references"].dtype == object
    assert store.root["references"].layout.element == REFERENCE
