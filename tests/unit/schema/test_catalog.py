from __future__ import annotations

import json
from typing import Any

import h5py
import pytest

from photonwb.errors import SchemaError
from photonwb.schema import Catalog, DatasetSpec, GroupSpec, bundled
from photonwb.schema.namespace import newest


def namespace(name, *sources, include=("core",)):
    """Header of a namespace, as text."""
    schema = [item if isinstance(item, dict) else {"namespace": item} for item in include]
    schema += [{"source": source} for source in sources]
    return json.dumps({"namespaces": [{"name": name, "version": "1.0.0", "schema": schema}]})


def extension(*groups, name="ndx-test", include=("core",), datasets=()):
    """Sources of a namespace that defines some types."""
    source = json.dumps({"groups": groups, "datasets": datasets})
    return {name: {"1.0.0": {"namespace": namespace(name, "types", include=include), "types": source}}}


def group(name, base=None, **rest):
    return {"neurodata_type_def": name, "doc": ""} | ({"neurodata_type_inc": base} if base else {}) | rest


def resolved_group(catalog, name, *where):
    spec = catalog.resolve(name, *where)
    assert isinstance(spec, GroupSpec)
    return spec


# ----------------------------------------------------------------------------------------------------- the standard


def test_the_bundled_standard():
    catalog = bundled()
    assert catalog is bundled()
    assert catalog.namespaces == {"core": "2.11.0", "hdmf-common": "1.10.0", "hdmf-experimental": "0.6.0"}
    assert catalog.problems == ()
    assert catalog.namespace_of("TwoPhotonSeries") == "core"
    assert catalog.namespace_of("DynamicTable") == "hdmf-common"
    assert catalog.is_a("TwoPhotonSeries", "TimeSeries")
    assert not catalog.is_a("TimeSeries", "TwoPhotonSeries")
    assert catalog.included("hdmf-experimental") == ("hdmf-experimental", "hdmf-common")


def test_inherited_members():
    spec = resolved_group(bundled(), "TwoPhotonSeries")
    data, plane = spec.dataset("data"), spec.link("imaging_plane")
    assert data is not None
    assert plane is not None
    unit = data.attribute("unit")
    assert unit is not None
    assert spec.attribute("comments") is not None
    assert spec.attribute("pmt_gain") is not None
    assert plane.target_type == "ImagingPlane"


def test_typed_datasets_say_what_their_type_says():
    mask = resolved_group(bundled(), "PlaneSegmentation").dataset("pixel_mask")
    assert mask is not None
    assert mask.attribute("description") is not None


def test_typed_groups_are_completed_on_demand():
    """Tables hold tables of meanings, which are tables: there is no end to it."""
    (child,) = (group for group in resolved_group(bundled(), "ProcessingModule").groups if group.type_inc == "DynamicTable")
    assert child.datasets == ()
    whole = bundled().expand(child, "core")
    assert whole.dataset("id") is not None
    assert whole.quantity == "*"
    meanings = whole.group("meanings_tables")
    assert meanings is not None
    assert meanings.groups[0].type_inc == "MeaningsTable"


def test_texts_make_the_same_catalog():
    sources = {name: {version: bundled().texts(name)} for name, version in bundled().namespaces.items()}
    catalog = Catalog.from_sources(sources, fall_back=Catalog(()))
    assert catalog.types() == bundled().types()
    assert catalog.resolve("NWBFile") == bundled().resolve("NWBFile")


def test_texts_of_an_unknown_namespace():
    with pytest.raises(SchemaError, match="ndx-missing"):
        bundled().texts("ndx-missing")


# ----------------------------------------------------------------------------------------------------- extensions


def test_an_extension_builds_on_the_standard():
    catalog = Catalog.from_sources(
        extension(group("Movie", "TwoPhotonSeries", attributes=[{"name": "objective", "dtype": "text"}]))
    )
    assert catalog.types()["ndx-test"] == ("Movie",)
    assert catalog.ancestors("Movie")[:2] == ("Movie", "TwoPhotonSeries")
    spec = resolved_group(catalog, "Movie")
    assert spec.attribute("objective") is not None
    assert spec.link("imaging_plane") is not None
    assert "Movie" not in bundled().types()["core"]


def test_nested_definitions_are_types_too():
    inner = group("Channel", "NWBContainer", datasets=[{"name": "gain", "dtype": "float32"}])
    catalog = Catalog.from_sources(extension(group("Rig", "NWBContainer", groups=[inner])))
    assert resolved_group(catalog, "Channel").dataset("gain") is not None
    (child,) = resolved_group(catalog, "Rig").groups
    assert (child.type_name, child.type_inc) == ("Channel", "NWBContainer")


def test_the_same_name_means_another_type_in_another_namespace():
    sources = extension(group("EventsTable", "NWBDataInterface"), group("Licks", "EventsTable"))
    catalog = Catalog.from_sources(sources)
    assert catalog.namespace_of("EventsTable") == "core"
    assert catalog.namespace_of("EventsTable", "ndx-test") == "ndx-test"
    assert catalog.ancestors("Licks")[:3] == ("Licks", "EventsTable", "NWBDataInterface")
    assert catalog.ancestors("EventsTable")[:2] == ("EventsTable", "DynamicTable")
    assert catalog.resolve("EventsTable") != catalog.resolve("EventsTable", "ndx-test")


def test_extensions_of_extensions():
    sources = extension(group("A", "NWBContainer"), name="ndx-a")
    sources |= extension(group("B", "A"), name="ndx-b", include=({"namespace": "ndx-a", "neurodata_types": ["A"]},))
    catalog = Catalog.from_sources(sources)
    assert catalog.ancestors("B")[:3] == ("B", "A", "NWBContainer")
    assert catalog.included("ndx-b") == ("ndx-b", "ndx-a", "core", "hdmf-common")


def test_a_namespace_may_take_some_types_of_a_source():
    header = {"name": "ndx-test", "schema": [{"source": "types", "neurodata_types": ["A"]}]}
    texts = {"namespace": json.dumps({"namespaces": [header]}), "types": json.dumps({"groups": [group("A"), group("B")]})}
    assert Catalog.from_sources({"ndx-test": {"1": texts}}).types()["ndx-test"] == ("A",)


@pytest.mark.parametrize(("listed", "stored"), [("types.yaml", "types"), ("types", "types.yaml"), ("types.yaml", "types.yaml")])
def test_suffixes_of_sources_do_not_matter(listed, stored):
    texts = {"namespace": namespace("ndx-test", listed), stored: json.dumps({"groups": [group("A")]})}
    catalog = Catalog.from_sources({"ndx-test": {"1": texts}})
    assert catalog.types()["ndx-test"] == ("A",)
    assert catalog.problems == ()


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["2.9.0", "2.11.0", "2.2.5"], "2.11.0"),
        (["2.11.0-alpha", "2.11.0"], "2.11.0"),
        (["2.11.0-alpha", "2.9.0"], "2.11.0-alpha"),
        (["2.0b", "2.0.2"], "2.0.2"),
        (["None", "unversioned", "0.1.0"], "0.1.0"),
        (["None"], "None"),
        (["1", "9" * 5000], "9" * 5000),
    ],
)
def test_the_newest_version_counts(versions, expected):
    assert newest(dict.fromkeys(versions)) == expected
    assert newest(dict.fromkeys(reversed(versions))) == expected


def test_one_version_of_each_namespace():
    old, new = extension(group("A"))["ndx-test"]["1.0.0"], extension(group("B"))["ndx-test"]["1.0.0"]
    catalog = Catalog.from_sources({"ndx-test": {"0.10.0": new, "0.9.0": old}})
    assert catalog.namespaces["ndx-test"] == "0.10.0"
    assert catalog.types()["ndx-test"] == ("B",)


# ------------------------------------------------------------------------------------------------- broken schemas


@pytest.mark.parametrize(
    "groups",
    [
        [group("A", "A")],
        [group("A", "B"), group("B", "A")],
        [group("A", "B"), group("B", "C"), group("C", "B")],
    ],
)
def test_cycles(groups):
    catalog = Catalog.from_sources(extension(*groups, group("Good", "TimeSeries")))
    for call in (catalog.resolve, catalog.ancestors):
        with pytest.raises(SchemaError, match="inherits from itself"):
            call("A")
    assert catalog.is_a("Good", "TimeSeries")


def test_types_that_contain_themselves_are_no_cycle():
    catalog = Catalog.from_sources(
        extension(group("Tree", "NWBContainer", groups=[{"neurodata_type_inc": "Tree", "quantity": "*"}]))
    )
    (branch,) = resolved_group(catalog, "Tree").groups
    assert catalog.expand(branch).groups == (branch,)


def test_namespaces_that_include_each_other():
    sources = extension(group("A", "NWBContainer"), name="ndx-a", include=("ndx-b",))
    sources |= extension(group("B", "A"), name="ndx-b", include=("ndx-a", "ndx-missing"))
    catalog = Catalog.from_sources(sources)
    assert catalog.ancestors("B")[:3] == ("B", "A", "NWBContainer")
    assert catalog.included("ndx-b") == ("ndx-b", "ndx-a")


def test_long_chains():
    chain = [group(f"T{number}", f"T{number - 1}") for number in range(1, 3000)]
    catalog = Catalog.from_sources(extension(group("T0", "NWBContainer"), *chain))
    assert len(catalog.ancestors("T2999")) == 3002
    assert resolved_group(catalog, "T2999").attributes == ()


def test_a_broken_type_blocks_no_other():
    broken = group("Broken", "TimeSeries", attributes=[{"dtype": "text"}])
    catalog = Catalog.from_sources(
        extension(broken, group("Heir", "Broken"), {"neurodata_type_def": 7}, "no object", group("Good"))
    )
    assert catalog.types()["ndx-test"] == ("Broken", "Heir", "Good")
    for name in ("Broken", "Heir"):
        with pytest.raises(SchemaError, match=r"ndx-test\.Broken"):
            catalog.resolve(name)
        # What it is can still be said, so that its objects can be read as that.
        assert catalog.is_a(name, "TimeSeries")
    assert isinstance(catalog.resolve("Good"), GroupSpec)


def test_missing_types():
    catalog = Catalog.from_sources(
        extension(
            group("Orphan", "Missing"),
            group("Table", "DynamicTable", datasets=[{"name": "column", "neurodata_type_inc": "Missing"}]),
            group("Folder", "NWBContainer", groups=[{"neurodata_type_inc": "Missing"}]),
        )
    )
    for name in ("Missing", "Orphan", "Table"):
        with pytest.raises(SchemaError, match="'Missing'"):
            catalog.resolve(name)
    with pytest.raises(SchemaError, match="'Missing'"):
        catalog.expand(resolved_group(catalog, "Folder").groups[0])


def test_a_group_that_extends_a_dataset():
    catalog = Catalog.from_sources(extension(group("A", "VectorData")))
    with pytest.raises(SchemaError, match="cannot extend"):
        catalog.resolve("A")


GOOD = json.dumps({"groups": [group("Good", "NWBContainer")]})


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", "null", "[" * 100_000, '{"groups": 7}', '{"groups": [7, null, {"groups": "x"}]}', "\x00"],
    ids=["empty", "cut off", "list", "null", "deep", "number", "numbers", "zero byte"],
)
@pytest.mark.parametrize("where", ["namespace", "types"])
def test_broken_texts(where, text):
    texts = {"namespace": namespace("ndx-test", "types", "more"), "types": GOOD, "more": GOOD.replace("Good", "More")}
    catalog = Catalog.from_sources({"ndx-test": {"1.0.0": texts | {where: text}}})
    assert catalog.is_a("More", "NWBContainer")
    if where == "types":
        with pytest.raises(SchemaError):
            catalog.resolve("Good")
    assert catalog.is_a("TwoPhotonSeries", "TimeSeries")


def test_a_missing_source_is_named():
    catalog = Catalog.from_sources({"ndx-test": {"1.0.0": {"namespace": namespace("ndx-test", "types")}}})
    assert [str(problem) for problem in catalog.problems] == ["Specification ndx-test/1.0.0/types is missing."]
    with pytest.raises(SchemaError, match=r"ndx-test/1\.0\.0/types is missing"):
        catalog.resolve("A")


def test_deeply_nested_groups():
    nested = {"name": "leaf"}
    for _ in range(100):
        nested = {"name": "g", "groups": [nested]}
    catalog = Catalog.from_sources(extension(group("Deep", "NWBContainer", groups=[nested]), group("Good")))
    with pytest.raises(SchemaError, match=r"ndx-test\.Deep .* deep"):
        catalog.resolve("Deep")
    assert isinstance(catalog.resolve("Good"), GroupSpec)


def test_an_empty_namespace():
    catalog = Catalog.from_sources({"ndx-test": {"1.0.0": {}}, "ndx-none": {}})
    assert catalog.types()["ndx-test"] == ()
    assert "ndx-none" not in catalog.namespaces


# ------------------------------------------------------------------------------------------------------- real files


def cached(path):
    """Specifications that a file caches, as text."""
    with h5py.File(path) as file:
        specifications: Any = file["specifications"]
        return {
            name: {
                version: {source: dataset.asstr()[()] for source, dataset in sources.items()}
                for version, sources in specifications[name].items()
            }
            for name in specifications
        }


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("neuroconv_nwb_test.nwb", "2.2.5"),
        ("pynapple_inscopixcnmfe_A0634.nwb", "2.4.0"),
        ("pynwb_2.1.0_imageseries_no_data.nwb", "2.5.0"),
        ("pynwb_2.1.0_nwbfile_with_extension.nwb", "2.5.0"),
        ("hdmfzarr_sub-healthy-simulated-beta_ses-162_ecephys.nwb", "2.8.0"),
    ],
)
def test_specifications_cached_in_files(shared_data, name, core):
    catalog = Catalog.from_sources(cached(shared_data / "nwb" / name))
    assert catalog.namespaces["core"] == core
    assert {"hdmf-common", "hdmf-experimental"} <= set(catalog.namespaces)
    assert catalog.problems == ()
    for namespace, names in catalog.types().items():
        assert names
        for type_name in names:
            spec = catalog.resolve(type_name, namespace)
            assert isinstance(spec, GroupSpec | DatasetSpec)
            assert spec.type_def == type_name
            if isinstance(spec, GroupSpec):
                for child in spec.groups:
                    catalog.expand(child, namespace)
    data = resolved_group(catalog, "TwoPhotonSeries").dataset("data")
    assert data is not None
    assert data.attribute("conversion") is not None


def test_an_extension_cached_in_a_file(shared_data):
    catalog = Catalog.from_sources(cached(shared_data / "nwb" / "pynwb_2.1.0_nwbfile_with_extension.nwb"))
    for name in catalog.types()["ndx-testextension"]:
        assert catalog.namespace_of(name) == "ndx-testextension"
        assert catalog.namespace_of(catalog.ancestors(name)[1]) == "core"
