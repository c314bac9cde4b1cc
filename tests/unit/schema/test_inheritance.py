from __future__ import annotations

import pytest

from photonwb.errors import SchemaError
from photonwb.schema.inheritance import refine
from photonwb.schema.specification import parse_dataset, parse_group


def test_own_goes_before_inherited():
    base = parse_dataset({"name": "data", "doc": "Samples.", "dtype": "numeric", "shape": [None], "dims": ["time"]})
    own = parse_dataset({"name": "data", "dtype": "float32", "shape": [None, 2], "quantity": "?"})
    found = refine(own, base)
    assert (found.dtype, found.shape, found.dims, found.doc, found.quantity) == (
        "float32",
        ((None, 2),),
        (("time",),),
        "Samples.",
        "?",
    )


def test_what_has_a_default_is_never_inherited():
    base = parse_dataset({"data_type_def": "A", "name": "a", "default_name": "b", "quantity": "*", "linkable": False})
    found = refine(parse_dataset({"data_type_def": "B", "data_type_inc": "A"}), base)
    assert (found.name, found.default_name, found.quantity, found.linkable) == (None, None, 1, True)


def test_values_and_defaults():
    attribute = {"name": "unit", "default_value": "meters"}
    fixed = refine(
        parse_dataset({"name": "x", "attributes": [{"name": "unit", "value": "seconds"}]}),
        parse_dataset({"name": "x", "attributes": [attribute]}),
    ).attribute("unit")
    assert fixed is not None
    assert (fixed.value, fixed.default) == ("seconds", None)
    inherited = refine(
        parse_dataset({"name": "x", "attributes": [{"name": "unit"}]}),
        parse_dataset({"name": "x", "attributes": [{"name": "unit", "value": "volts"}]}),
    ).attribute("unit")
    assert inherited is not None
    assert inherited.value == "volts"


def test_members_of_a_compound_are_refined_in_place():
    base = parse_dataset({"name": "x", "dtype": [{"name": "a", "dtype": "int32"}, {"name": "b", "dtype": "int32"}]})
    own = parse_dataset({"name": "x", "dtype": [{"name": "c", "dtype": "text"}, {"name": "a", "dtype": "int64"}]})
    dtype = refine(own, base).dtype
    assert isinstance(dtype, tuple)
    assert [tuple(member[:2]) for member in dtype] == [("a", "int64"), ("b", "int32"), ("c", "text")]


def test_named_children_refine_those_of_the_same_name():
    base = parse_group(
        {
            "name": "g",
            "datasets": [{"name": "data", "dtype": "numeric", "attributes": [{"name": "unit"}]}, {"name": "time"}],
            "groups": [{"name": "inner", "datasets": [{"name": "old"}]}],
            "links": [{"name": "device", "target_type": "Device"}],
        }
    )
    own = parse_group(
        {
            "name": "g",
            "datasets": [{"name": "mask"}, {"name": "data", "attributes": [{"name": "gain"}]}],
            "groups": [{"name": "inner", "datasets": [{"name": "new"}]}],
            "links": [{"name": "device", "target_type": "Microscope", "quantity": "?"}],
        }
    )
    found = refine(own, base)
    assert [dataset.name for dataset in found.datasets] == ["data", "time", "mask"]
    assert [attribute.name for attribute in found.datasets[0].attributes] == ["unit", "gain"]
    assert found.datasets[0].dtype == "numeric"
    assert [dataset.name for dataset in found.groups[0].datasets] == ["old", "new"]
    assert found.links == own.links


def test_nameless_children_refine_those_of_the_same_type():
    base = parse_group({"name": "g", "groups": [{"data_type_inc": "TimeSeries", "quantity": "*"}]})
    own = parse_group(
        {"name": "g", "groups": [{"data_type_inc": "TimeSeries", "quantity": "+"}, {"data_type_inc": "ImageSeries"}]}
    )
    found = refine(own, base)
    assert [(group.type_inc, group.quantity) for group in found.groups] == [("TimeSeries", "+"), ("ImageSeries", 1)]


def test_a_named_child_does_not_replace_the_nameless_one_of_its_type():
    base = parse_group({"name": "g", "datasets": [{"data_type_inc": "VectorData", "quantity": "*"}]})
    own = parse_group({"name": "g", "datasets": [{"name": "mask", "data_type_inc": "VectorData"}]})
    assert [dataset.name for dataset in refine(own, base).datasets] == [None, "mask"]


def test_a_group_cannot_extend_a_dataset():
    with pytest.raises(SchemaError, match="group Movie cannot extend the dataset Data"):
        refine(parse_group({"data_type_def": "Movie"}), parse_dataset({"data_type_def": "Data"}))
