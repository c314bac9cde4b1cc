"""Classes that are made from specifications are called, and take arguments, like those that pynwb has or makes."""

from __future__ import annotations

import importlib
import inspect
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pynwb
import pytest
from hdmf.utils import get_docval

import photonwb
from compat.test_signatures import compare_callables, compare_classes

if TYPE_CHECKING:
    from pathlib import Path

PYNWB: Any = pynwb
MODULES = ("behavior", "ecephys", "event", "icephys", "misc", "ogen")
# What pynwb's own classes have and nobody needs: their text for one column, and arguments of a type that cannot be created.
NOT_TAKEN = {("Units", "waveforms_desc"), ("EventWaveform", "__init__"), ("ElectrodesTable", "copy")}


def pairs() -> list[tuple[Any, Any]]:
    found = []
    for name in MODULES:
        ours, theirs = importlib.import_module(f"photonwb.{name}"), importlib.import_module(f"pynwb.{name}")
        found += [(getattr(ours, each), getattr(theirs, each)) for each in ours.RECIPES]
    return found


PAIRS = pairs()


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=[ours.__name__ for ours, _ in PAIRS])
def test_members_and_arguments_are_those_of_pynwb(ours: Any, theirs: Any) -> None:
    assert [each for each in compare_classes(ours, theirs) if (ours.__name__, each[0]) not in NOT_TAKEN] == []


def test_modules_offer_what_those_of_pynwb_do() -> None:
    for name in MODULES:
        offered = set(importlib.import_module(f"photonwb.{name}").__all__)
        assert set(importlib.import_module(f"pynwb.{name}").__all__) - offered == set(), name


# ---- extensions

NAMESPACE = "ndx-made"
EXTENSION = {
    "groups": [
        {
            "neurodata_type_def": "TetrodeSeries", "neurodata_type_inc": "ElectricalSeries", "doc": "d",
            "attributes": [
                {"name": "trode_id", "dtype": "int32", "doc": "d"},
                {"name": "fixed", "dtype": "text", "value": "x", "doc": "d"},
                {"name": "gain_db", "dtype": "float32", "default_value": 2.5, "required": False, "doc": "d"},
            ],
        },
        {
            "neurodata_type_def": "Potato", "neurodata_type_inc": "NWBDataInterface", "doc": "d",
            "attributes": [{"name": "weight", "dtype": "float", "doc": "d"}],
            "datasets": [
                {"name": "outline", "dtype": "float32", "dims": ["x", "y"], "shape": [None, 2], "doc": "d",
                 "attributes": [{"name": "unit", "dtype": "text", "doc": "d"}]},
                {"name": "note", "dtype": "text", "quantity": "?", "doc": "d"},
            ],
            "links": [{"name": "knife", "target_type": "Device", "quantity": "?", "doc": "d"}],
        },
        {
            "neurodata_type_def": "PotatoSack", "neurodata_type_inc": "NWBDataInterface", "name": "potato_sack", "doc": "d",
            "groups": [{"neurodata_type_inc": "Potato", "quantity": "*", "doc": "d"}],
        },
        {
            "neurodata_type_def": "PotatoBag", "neurodata_type_inc": "NWBDataInterface", "default_name": "bag", "doc": "d",
            "groups": [{"neurodata_type_inc": "Potato", "doc": "d"},
                       {"name": "spare", "neurodata_type_inc": "Potato", "quantity": "?", "doc": "d"}],
        },
        {
            "neurodata_type_def": "LabMeta", "neurodata_type_inc": "LabMetaData", "name": "lab_meta", "doc": "d",
            "datasets": [{"name": "tissue", "dtype": "text", "doc": "d"}],
        },
    ],
    "datasets": [
        {"neurodata_type_def": "LabelVector", "neurodata_type_inc": "VectorData", "doc": "d",
         "attributes": [{"name": "labeler", "dtype": "text", "doc": "d"}]},
        {"neurodata_type_def": "Recipe", "neurodata_type_inc": "NWBData", "dtype": "text", "doc": "d",
         "shape": [None], "dims": ["line"],
         "attributes": [{"name": "cook", "dtype": "text", "required": False, "doc": "d"}]},
    ],
}  # fmt: skip
TYPES = [each["neurodata_type_def"] for kind in ("groups", "datasets") for each in EXTENSION[kind]]


@pytest.fixture(scope="module", autouse=True)
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("extension")
    source = "ndx-made.extensions.yaml"
    header = {
        "name": NAMESPACE, "version": "0.1.0", "doc": "d", "author": ["a"], "contact": ["a@b.c"],
        "schema": [{"namespace": "core"}, {"source": source}],
    }  # fmt: skip
    (folder / source).write_text(json.dumps(EXTENSION))
    path = folder / "ndx-made.namespace.yaml"
    path.write_text(json.dumps({"namespaces": [header]}))
    PYNWB.load_namespaces(str(path))
    photonwb.load_namespaces(path)


def arguments(cls: Any) -> list[tuple[str, Any]]:
    declared = [(each["name"], each.get("default", "required")) for each in get_docval(cls.__init__)]
    return [each for each in declared if each[0] != "skip_post_init"]


@pytest.mark.parametrize("name", TYPES)
def test_classes_of_extensions_take_what_those_of_pynwb_take(name: str) -> None:
    ours = inspect.signature(photonwb.get_class(name, NAMESPACE)).parameters.values()
    mine = [(each.name, "required" if each.default is each.empty else each.default) for each in ours]
    theirs = arguments(PYNWB.get_class(name, NAMESPACE))
    assert [(each, None if default in ((), []) else default) for each, default in mine] == [
        (each, None if default in ((), []) else default) for each, default in theirs
    ]


@pytest.mark.parametrize("name", TYPES)
def test_classes_of_extensions_have_the_members_that_pynwb_gives_them(name: str) -> None:
    ours, theirs = photonwb.get_class(name, NAMESPACE), PYNWB.get_class(name, NAMESPACE)
    expected = {each for each in dir(theirs) if not each.startswith("_")} - {"css_style", "js_script", "post_init_method"}
    assert expected - set(dir(ours)) == set()
    assert {base.__name__ for base in theirs.__mro__} - {base.__name__ for base in ours.__mro__} <= {"MultiContainerInterface"}


def test_objects_of_an_extension_are_read_by_pynwb(tmp_path: Path) -> None:
    path = tmp_path / "extended.nwb"
    nwbfile = photonwb.NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    sack = photonwb.get_class("PotatoSack", NAMESPACE)()
    sack.create_potatos("one", weight=1.5, outline=[[1.0, 2.0]], outline__unit="cm")
    nwbfile.add_acquisition(sack)
    nwbfile.add_lab_meta_data(photonwb.get_class("LabMeta", NAMESPACE)(tissue="brain"))
    photonwb.write(nwbfile, path)
    assert pynwb.validate(path=str(path)) == []
    with PYNWB.NWBHDF5IO(path, "r") as io:
        theirs = io.read()
        potato = theirs.acquisition["potato_sack"]["one"]
        assert (potato.weight, potato.outline[:].tolist(), potato.outline__unit) == (1.5, [[1.0, 2.0]], "cm")
        assert theirs.lab_meta_data["lab_meta"].tissue == "brain"


# ---- external resources


def resources(package: Any) -> Any:
    nwbfile = package.NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC), experimenter=["A"])
    nwbfile.subject = importlib.import_module(f"{package.__name__}.file").Subject(species="Mus musculus")
    device = nwbfile.create_device(name="d", description="D")
    nwbfile.add_trial_column(name="c", description="c")
    nwbfile.add_trial(start_time=0.0, stop_time=1.0, c="x")
    found = nwbfile.get_external_resources()
    found.add_ref(container=nwbfile.subject, attribute="species", entity_id="E:1", entity_uri="u1")
    found.add_ref(container=nwbfile, attribute="experimenter", key="A", entity_id="E:2", entity_uri="u2")
    found.add_ref(container=nwbfile.trials, attribute="c", key="x", entity_id="E:1")
    found.add_ref(container=device, attribute="description", entity_id="E:3", entity_uri="u3")
    return nwbfile


def rows(found: Any, *, use_categories: bool = False) -> Any:
    frame = found.to_dataframe(use_categories=use_categories)
    ids = [each for each in frame.columns if each[-1 if use_categories else slice(None)] in ("file_object_id", "object_id")]
    return frame.drop(columns=ids).to_dict("list")


@pytest.mark.parametrize("use_categories", [False, True])
def test_references_to_ontologies(use_categories: bool) -> None:
    ours, theirs = resources(photonwb), resources(pynwb)
    assert rows(ours.external_resources, use_categories=use_categories) == rows(
        theirs.external_resources, use_categories=use_categories
    )


def test_references_to_ontologies_are_read_by_pynwb(tmp_path: Path) -> None:
    path, ours = tmp_path / "terms.nwb", resources(photonwb)
    expected = ours.external_resources.to_dataframe()
    photonwb.write(ours, path)
    assert pynwb.validate(path=str(path)) == []
    with PYNWB.NWBHDF5IO(path, "r") as io:
        assert io.read().external_resources.to_dataframe().astype(str).equals(expected.astype(str))
    with photonwb.open(path) as again:
        assert again.external_resources.to_dataframe().astype(str).equals(expected.astype(str))


def test_arguments_of_a_reference() -> None:
    ours = importlib.import_module("photonwb.resources").HERD
    assert compare_callables(ours.add_ref, importlib.import_module("pynwb.resources").HERD.add_ref) == []
