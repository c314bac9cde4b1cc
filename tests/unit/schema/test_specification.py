from __future__ import annotations

import pytest

from photonwb.errors import SchemaError
from photonwb.schema.specification import MemberSpec, ReferenceSpec, parse_dataset, parse_group


@pytest.mark.parametrize("spelling", ["neurodata_type", "data_type"])
def test_both_spellings_of_types(spelling):
    spec = parse_group({f"{spelling}_def": "Movie", f"{spelling}_inc": "TimeSeries", "doc": "A movie."})
    assert (spec.type_def, spec.type_inc, spec.type_name) == ("Movie", "TimeSeries", "Movie")


def test_defaults():
    spec = parse_dataset({"name": "data"})
    assert spec.required
    assert spec.linkable
    assert (spec.quantity, spec.dtype, spec.shape, spec.dims, spec.attributes) == (1, None, None, None, ())


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (None, None),
        ([None], ((None,),)),
        ([2, 3], ((2, 3),)),
        ([[2], [3]], ((2,), (3,))),
        ([[None], [None, None]], ((None,), (None, None))),
        ([None, [None, 4]], ((None,), (None, 4))),
        (5, ((5,),)),
    ],
)
def test_shapes(shape, expected):
    assert parse_dataset({"name": "data", "shape": shape}).shape == expected


def test_dims_may_be_one_list_or_several():
    assert parse_dataset({"name": "data", "dims": ["x", "y"]}).dims == (("x", "y"),)
    assert parse_dataset({"name": "data", "dims": [["x"], ["x", "y"]]}).dims == (("x",), ("x", "y"))


@pytest.mark.parametrize(
    ("written", "expected", "required"),
    [("?", "?", False), ("*", "*", False), ("+", "+", True), ("zero_or_one", "?", False), ("zero_or_many", "*", False),
     ("one_or_many", "+", True), (1, 1, True), ("3", 3, True)],
)  # fmt: skip
def test_quantities(written, expected, required):
    spec = parse_group({"data_type_inc": "TimeSeries", "quantity": written})
    assert spec.quantity == expected
    assert spec.required is required


def test_dtypes():
    reference = {"target_type": "TimeSeries", "reftype": "object"}
    compound = [{"name": "start", "dtype": "int32", "doc": "First."}, {"name": "series", "dtype": reference}]
    assert parse_dataset({"name": "x", "dtype": "text"}).dtype == "text"
    assert parse_dataset({"name": "x", "dtype": reference}).dtype == ReferenceSpec("TimeSeries")
    assert parse_dataset({"name": "x", "dtype": compound}).dtype == (
        MemberSpec("start", "int32", "First."),
        MemberSpec("series", ReferenceSpec("TimeSeries")),
    )


def test_an_attribute_with_a_default_may_be_left_out():
    raw = [{"name": "unit", "default_value": "meters"}, {"name": "rate"}, {"name": "gain", "required": False}]
    spec = parse_dataset({"name": "data", "attributes": raw})
    assert [(attribute.name, attribute.required) for attribute in spec.attributes] == [
        ("unit", False),
        ("rate", True),
        ("gain", False),
    ]


def test_children_by_name():
    spec = parse_group(
        {
            "name": "plane",
            "attributes": [{"name": "a"}],
            "datasets": [{"name": "d", "attributes": [{"name": "unit", "value": ["x", "y"]}]}, {"data_type_inc": "VectorData"}],
            "groups": [{"name": "g"}],
            "links": [{"name": "device", "target_type": "Device", "quantity": "?"}],
        }
    )
    dataset, group, link, attribute = spec.dataset("d"), spec.group("g"), spec.link("device"), spec.attribute("a")
    assert dataset is not None
    assert group is not None
    assert link is not None
    assert attribute is not None
    unit = dataset.attribute("unit")
    assert unit is not None
    assert unit.value == ("x", "y")
    assert (link.target_type, link.required) == ("Device", False)
    assert spec.dataset("g") is None


@pytest.mark.parametrize(
    "broken",
    [
        7,
        {},
        {"name": 7},
        {"name": "x", "quantity": 0},
        {"name": "x", "quantity": "many"},
        {"name": "x", "quantity": "9" * 5000},
        {"name": "x", "shape": ["wide"]},
        {"name": "x", "dims": [[1]]},
        {"name": "x", "dtype": 3},
        {"name": "x", "dtype": {"reftype": "object"}},
        {"name": "x", "dtype": [{"dtype": "text"}]},
        {"name": "x", "value": {}},
        {"name": "x", "value": [[1]]},
        {"name": "x", "attributes": {}},
        {"name": "x", "attributes": [{"doc": "nameless"}]},
        {"neurodata_type_inc": ["TimeSeries"]},
    ],
)
def test_broken_datasets(broken):
    with pytest.raises(SchemaError):
        parse_dataset(broken)


@pytest.mark.parametrize("broken", [[], {"name": "x", "links": [{"name": "y"}]}, {"name": "x", "groups": [None]}])
def test_broken_groups(broken):
    with pytest.raises(SchemaError):
        parse_group(broken)
