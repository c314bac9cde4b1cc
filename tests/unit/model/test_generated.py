from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import photonwb
from helpers import modules_loaded_by, run_fresh
from photonwb import NWBFile, ecephys, misc
from photonwb.base import TimeSeries
from photonwb.common import DynamicTable, VectorData
from photonwb.core import LabelledDict, MultiContainerInterface, NWBContainer, NWBData, NWBDataInterface
from photonwb.device import Device
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.generated import class_for
from photonwb.model.generated_fields import snake_case
from photonwb.model.registry import known_class
from photonwb.schema import Catalog, bundled

POTATO = {
    "neurodata_type_def": "Potato",
    "neurodata_type_inc": "NWBDataInterface",
    "doc": "A vegetable.",
    "attributes": [
        {"name": "weight", "dtype": "float", "doc": "In kg."},
        {"name": "kind", "dtype": "text", "doc": "k", "default_value": "waxy"},
        {"name": "kingdom", "dtype": "text", "doc": "k", "value": "plants"},
    ],
    "datasets": [
        {
            "name": "outline",
            "dtype": "float32",
            "shape": [None, 2],
            "doc": "o",
            "quantity": "?",
            "attributes": [{"name": "unit", "dtype": "text", "doc": "u"}],
        },
        {"name": "corner", "dtype": [{"name": "x", "dtype": "float32", "doc": "x"}, {"name": "n", "dtype": "uint8", "doc": "n"}],
         "doc": "c", "quantity": "?"},
    ],
    "links": [{"name": "knife", "target_type": "Device", "doc": "k", "quantity": "?"}],
}  # fmt: skip
SACK = {
    "neurodata_type_def": "PotatoSack",
    "neurodata_type_inc": "NWBDataInterface",
    "default_name": "sack",
    "doc": "Potatoes.",
    "groups": [{"neurodata_type_inc": "Potato", "quantity": "*", "doc": "p"}],
}


def catalog(*types: dict[str, Any], namespace: str = "ndx-food", datasets: tuple[dict[str, Any], ...] = ()) -> Catalog:
    header = {
        "namespaces": [{"name": namespace, "version": "0.1.0", "doc": "d", "schema": [{"namespace": "core"}, {"source": "x"}]}]
    }
    texts = {"namespace": json.dumps(header), "x": json.dumps({"groups": list(types), "datasets": list(datasets)})}
    return Catalog.from_sources({namespace: {"0.1.0": texts}})


def made(name: str, *types: dict[str, Any], **more: Any) -> Any:
    return class_for(name, "ndx-food", catalog(*types, **more))


def group(name: str, base: str = "NWBDataInterface", /, **more: Any) -> dict[str, Any]:
    return {"neurodata_type_def": name, "neurodata_type_inc": base, "doc": "d", **more}


# ---- classes from a specification


def test_a_class_is_made_of_what_the_specification_says() -> None:
    cls = made("Potato", POTATO)
    assert (cls.__name__, cls.neurodata_type, cls.namespace, cls.__doc__) == ("Potato", "Potato", "ndx-food", "A vegetable.")
    assert issubclass(cls, NWBDataInterface)
    assert list(inspect.signature(cls).parameters) == ["name", "weight", "kind", "outline", "outline__unit", "corner", "knife"]
    potato = cls("p", 0.5, outline=[[1.0, 2.0]], outline__unit="cm", knife=Device("k"))
    assert (potato.name, potato.weight, potato.kind, potato.kingdom, potato.outline__unit) == ("p", 0.5, "waxy", "plants", "cm")
    assert potato.knife.name == "k"


def test_the_arguments_are_checked_like_those_of_a_written_class() -> None:
    cls = made("Potato", POTATO)
    with pytest.raises(InvalidTypeError, match="missing the required 'weight'"):
        cls("p")
    with pytest.raises(InvalidTypeError, match="no argument 'wieght'"):
        cls("p", wieght=1.0)
    with pytest.raises(InvalidTypeError, match="'name' twice"):
        cls("p", 1.0, name="q")
    with pytest.raises(InvalidTypeError, match="at most 7 arguments"):
        cls(*range(8))
    with pytest.raises(InvalidTypeError, match=r"Potato 'p'.weight: expected a number, got str 'heavy'"):
        cls("p", "heavy")
    with pytest.raises(InvalidValueError, match=r"Potato 'p'.outline: expected shape \(any, 2\), got \(1, 3\)"):
        cls("p", 1.0, outline=[[1.0, 2.0, 3.0]])
    with pytest.raises(InvalidTypeError, match="expected a Device"):
        cls("p", 1.0, knife=cls("q", 1.0))


def test_rows_of_a_compound_may_be_tuples() -> None:
    cls = made("Potato", POTATO)
    corner = cls("p", 1.0, corner=(1.5, 3)).corner
    assert (corner["x"], corner["n"], corner.dtype) == (1.5, 3, np.dtype([("x", "f4"), ("n", "u1")]))
    assert cls("p", 1.0, corner=[(1.0, 2), (3.0, 4)]).corner["n"].tolist() == [2, 4]
    with pytest.raises(InvalidValueError, match="expected 2 values, for x, n"):
        cls("p", 1.0, corner=(1.0, 2, 3))


def test_a_group_of_many_becomes_a_collection() -> None:
    where = catalog(POTATO, SACK)
    potato, sack = class_for("Potato", "ndx-food", where), class_for("PotatoSack", "ndx-food", where)
    held = sack()
    first = potato("a", 1.0)
    held.add_potatos(first)
    second = held.create_potatos("b", weight=2.0)
    assert isinstance(held, MultiContainerInterface)
    assert isinstance(held.potatos, LabelledDict)
    assert (held.name, list(held.potatos), held["a"], held.get_potatos("b")) == ("sack", ["a", "b"], first, second)
    assert type(second) is potato
    assert second.parent is held
    assert "weight" in inspect.signature(held.create_potatos).parameters


def test_a_fixed_name_is_no_argument() -> None:
    cls = made("Cellar", group("Cellar", name="cellar", attributes=[{"name": "cold", "dtype": "bool", "doc": "c"}]))
    assert list(inspect.signature(cls).parameters) == ["cold"]
    assert cls(True).name == "cellar"


def test_a_refined_field_keeps_its_name_and_changes_only_what_is_said() -> None:
    series = group("WattSeries", "TimeSeries", datasets=[
        {"name": "data", "dtype": "numeric", "shape": [None, None], "doc": "d",
         "attributes": [{"name": "unit", "dtype": "text", "value": "W", "doc": "u"}]},
        {"name": "timestamps", "dtype": "float64", "shape": [None], "doc": "t"},
    ])  # fmt: skip
    cls = made("WattSeries", series)
    assert cls.__fields__["data"].shapes == ((None, None),)
    assert cls.__fields__["timestamps"].required
    assert "unit" not in inspect.signature(cls).parameters
    made_series = cls("s", data=[[1.0]], timestamps=[0.0])
    assert made_series.unit == "W"
    assert isinstance(made_series, TimeSeries)
    with pytest.raises(InvalidTypeError, match="required 'timestamps'"):
        cls("s", data=[[1.0]], rate=1.0)
    shared = cls("t", data=made_series, timestamps=made_series)  # what the base can do with a field, the refined one can too
    assert shared.data == [[1.0]]


def test_the_checks_of_the_base_are_made() -> None:
    cls = made("WattSeries", group("WattSeries", "TimeSeries", attributes=[{"name": "maker", "dtype": "text", "doc": "m"}]))
    with pytest.raises(InvalidTypeError, match="either timestamps or a rate"):
        cls("s", [1.0], "W", "me")
    with pytest.raises(InvalidValueError, match="as many timestamps as samples"):
        cls("s", [1.0], "W", "me", timestamps=[1.0, 2.0])


def test_a_table_has_the_columns_that_are_specified() -> None:
    columns = [
        {"name": "size", "neurodata_type_inc": "VectorData", "dtype": "float", "doc": "How big."},
        {"name": "eyes", "neurodata_type_inc": "VectorData", "dtype": "int", "doc": "e", "quantity": "?"},
        {"name": "eyes_index", "neurodata_type_inc": "VectorIndex", "doc": "i", "quantity": "?"},
        {"name": "row", "neurodata_type_inc": "DynamicTableRegion", "doc": "r", "quantity": "?",
         "attributes": [{"name": "scale", "dtype": "float32", "doc": "s", "required": False}]},
    ]  # fmt: skip
    farm = {"name": "farm", "dtype": "text", "doc": "f"}
    cls = made("PotatoTable", group("PotatoTable", "DynamicTable", attributes=[farm], datasets=columns))
    table = cls(name="t", description="d", farm="f")
    assert isinstance(table, DynamicTable)
    assert table.colnames == ("size",)
    table.add_row(size=1.0, eyes=[1, 2])
    assert table["eyes"][0] == [1, 2]
    assert table["size"].description == "How big."
    assert {name: (column.index, column.table, column.required) for name, column in cls.__predefined__.items()} == {
        "size": (0, False, True), "eyes": (1, False, False), "row": (0, True, False),
    }  # fmt: skip
    assert (cls.__fields__["row__scale"].where, cls.__fields__["row__scale"].key) == ("row", "scale")


def test_a_dataset_with_a_type_holds_its_values() -> None:
    recipe = {
        "neurodata_type_def": "Recipe", "neurodata_type_inc": "NWBData", "dtype": "text", "shape": [None], "doc": "r",
        "attributes": [{"name": "cook", "dtype": "text", "required": False, "doc": "c"}],
    }  # fmt: skip
    column = {"neurodata_type_def": "Labels", "neurodata_type_inc": "VectorData", "doc": "l",
              "attributes": [{"name": "by", "dtype": "text", "doc": "b"}]}  # fmt: skip
    where = catalog(datasets=(recipe, column))
    cls = class_for("Recipe", "ndx-food", where)
    assert issubclass(cls, NWBData)
    assert cls("r", ["cut", "boil"], cook="c").data == ["cut", "boil"]
    labels = class_for("Labels", "ndx-food", where)
    assert list(inspect.signature(labels).parameters) == ["name", "description", "by", "data"]
    assert isinstance(labels("l", "d", "me", [1]), VectorData)


def test_types_build_on_each_other() -> None:
    where = catalog(POTATO, group("SweetPotato", "Potato", attributes=[{"name": "sugar", "dtype": "float", "doc": "s"}]))
    cls = class_for("SweetPotato", "ndx-food", where)
    assert issubclass(cls, class_for("Potato", "ndx-food", where))
    assert (cls("p", 1.0, 0.2).sugar, cls("p", 1.0, 0.2).weight) == (0.2, 1.0)


def test_a_class_made_from_a_specification_can_be_built_upon() -> None:
    base = made("Potato", POTATO)

    class Baked(base):
        def __init__(self, name: str) -> None:
            super().__init__(name, weight=0.1)

    assert list(inspect.signature(Baked).parameters) == ["name"]
    assert Baked("b").weight == 0.1


# ---- which class stands for a type


def test_files_may_mean_different_things_by_one_name() -> None:
    one = made("Potato", POTATO)
    other = made("Potato", group("Potato"))
    assert "weight" in one.__fields__
    assert "weight" not in other.__fields__
    assert known_class("Potato", "ndx-food") is None


def test_a_catalog_gives_the_same_class_each_time() -> None:
    where = catalog(POTATO)
    assert class_for("Potato", "ndx-food", where) is class_for("Potato", "ndx-food", where)


def test_types_of_the_standard_are_the_same_whatever_a_file_says_of_them() -> None:
    other = Catalog.from_sources({"core": {"9.9.9": {
        "namespace": json.dumps({"namespaces": [{"name": "core", "schema": [{"source": "x"}]}]}),
        "x": json.dumps({"groups": [{"neurodata_type_def": "LFP", "doc": "another"}]}),
    }}})  # fmt: skip
    assert class_for("LFP", "core", other) is ecephys.LFP
    assert class_for("TimeSeries", "core", other) is TimeSeries


def test_the_standard_goes_by_any_namespace_that_a_file_gives() -> None:
    assert class_for("ElectricalSeries", "hdmf-common", bundled()) is ecephys.ElectricalSeries
    assert class_for("VectorData", "core", bundled()) is VectorData


def test_a_registered_class_stands_for_its_type() -> None:
    printed = run_fresh("""
import json, photonwb
from photonwb.core import NWBContainer
from photonwb.model.generated import class_for
from photonwb.schema import bundled
@photonwb.register_class("Potato", "ndx-food")
class Potato(NWBContainer):
    pass
print(class_for("Potato", "ndx-food", bundled()) is Potato)
""")
    assert printed == "True\n"


def test_a_loaded_extension_is_known_everywhere(tmp_path) -> None:
    header = {"namespaces": [{"name": "ndx-food", "version": "0.1.0", "doc": "d", "schema": [
        {"namespace": "core"}, {"source": "food.yaml"}]}]}  # fmt: skip
    path = tmp_path / "food.namespace.yaml"
    path.write_text(json.dumps(header))
    derived = group("SweetPotato", "Potato")
    (tmp_path / "food.yaml").write_text(json.dumps({"groups": [POTATO, derived]}))
    printed = run_fresh(f"""
import photonwb
from photonwb.model.registry import known_class
photonwb.load_namespaces({str(path)!r})
SweetPotato = photonwb.get_class("SweetPotato", "ndx-food")
print(SweetPotato(name="p", weight=1.0).weight, known_class("SweetPotato", "ndx-food") is SweetPotato)
print(photonwb.get_class("Potato", "ndx-food") is SweetPotato.__mro__[1])
""")
    assert printed == "1.0 True\nTrue\n"


# ---- specifications that make no sense


@pytest.mark.parametrize(
    "broken",
    [
        group("Odd", "Odd"),
        group("Odd", "Nowhere"),
        group("Odd", attributes=[{"dtype": "text"}]),
        group("Odd", datasets="none"),
        group("Odd", groups=[{"doc": "nameless"}]),
        group("Odd", datasets=[{"name": "x", "neurodata_type_inc": "Nowhere", "doc": "d"}]),
    ],
)
def test_a_type_that_makes_no_sense_becomes_a_plain_container(broken: dict[str, Any]) -> None:
    cls = made("Odd", broken)
    assert (cls.__name__, cls.neurodata_type, cls.namespace) == ("Odd", "Odd", "ndx-food")
    assert issubclass(cls, NWBContainer)
    assert cls(name="x").name == "x"


def test_a_type_that_nobody_knows_becomes_a_plain_container() -> None:
    cls = class_for("Mystery", "ndx-gone", bundled())
    assert (cls.neurodata_type, cls.namespace) == ("Mystery", "ndx-gone")
    assert issubclass(cls, NWBContainer)
    assert known_class("Mystery", "ndx-gone") is None
    assert issubclass(class_for("Mystery", "ndx-lost", bundled(), dataset=True), NWBData)


def test_types_that_inherit_from_each_other_in_a_circle() -> None:
    assert issubclass(made("A", group("A", "B"), group("B", "A")), NWBContainer)


def test_the_nearest_type_that_makes_sense_is_kept() -> None:
    cls = made("Odd", group("Odd", "TimeSeries", attributes=[{"dtype": "text"}]))
    assert issubclass(cls, TimeSeries)


@pytest.mark.parametrize(
    "name", ["parent", "children", "__init__", "_stored", "name", "class", "two words", "1st", "_name", "fields"]
)
def test_a_member_cannot_hide_what_every_object_has(name: str) -> None:
    cls = made("Odd", group("Odd", attributes=[{"name": name, "dtype": "text", "doc": "d", "required": False}]))
    (field,) = [field for field in cls.__fields__.values() if field.key == name]
    made_object = cls("x", **{field.name: "value"})
    assert (made_object.name, made_object.parent, made_object.children) == ("x", None, ())
    assert getattr(made_object, field.name) == "value"
    assert field.name.isidentifier()
    assert str(inspect.signature(cls)).startswith("(name")


def test_a_name_that_means_something_else_in_the_base_is_another_field() -> None:
    cls = made("Odd", group("Odd", "TimeSeries", attributes=[{"name": "unit", "dtype": "text", "doc": "d"}]))
    odd = cls("x", data=[1.0], unit="V", unit_="other", rate=1.0)
    assert (odd.unit, odd.unit_, cls.__fields__["unit_"].where) == ("V", "other", "")


# ---- the modules


def test_importing_a_module_makes_no_class() -> None:
    loaded = modules_loaded_by("import photonwb.ecephys, photonwb.misc, photonwb.icephys, photonwb.behavior, photonwb.event")
    assert not {"json", "inspect", "numpy", "photonwb.common", "photonwb.base"} & loaded


def test_a_module_gives_its_classes_and_nothing_else() -> None:
    assert set(dir(ecephys)) == set(ecephys.__all__)
    assert ecephys.LFP is ecephys.LFP
    assert (ecephys.LFP.__module__, ecephys.LFP.__qualname__) == ("photonwb.ecephys", "LFP")
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ecephys.Nothing


def test_a_type_of_another_module_comes_with_what_that_knows_of_it() -> None:
    printed = run_fresh("""
from photonwb.model.generated import class_for
from photonwb.schema import bundled
print(class_for("Units", "core", bundled()).add_unit.__name__)
""")
    assert printed == "add_unit\n"


def test_what_holds_for_all_waveforms_is_kept_with_each_column() -> None:
    units = misc.Units(waveform_rate=30000.0)
    assert {units.waveform_rate, units.waveform_sd__sampling_rate, units.waveforms__sampling_rate} == {30000.0}
    units.waveform_unit = "mV"
    assert {units.waveform_unit, units.waveform_sd__unit, units.waveforms__unit} == {"mV"}


def test_retired_types_say_what_to_use_instead() -> None:
    with pytest.raises(InvalidValueError, match="use Units"):
        ecephys.Clustering(description="d", num=[1], peak_over_rms=[1.0], times=[1.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TwoPhotonSeries", "two_photon_series"),
        ("LFP", "lfp"),
        ("HERDManager", "herd_manager"),
        ("NWBDataInterface", "nwb_data_interface"),
        ("Series2D", "series2_d"),
        ("", ""),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_source_channels_are_found_under_their_own_name(tmp_path):
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    group = nwbfile.create_electrode_group(name="g", description="d", location="l", device=nwbfile.create_device(name="probe"))
    for _ in range(3):
        nwbfile.add_electrode(group=group, location="l")
    region = nwbfile.create_electrode_table_region([0, 2], "d")
    bands = misc.DecompositionSeries(name="bands", data=np.ones((2, 2, 1)), metric="power", rate=1.0, source_channels=region)
    bands.add_band(band_name="theta", band_limits=(4.0, 8.0))
    nwbfile.add_acquisition(bands)
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as again:
        found = again.acquisition["bands"].source_channels
        assert (found.name, list(found.data), found.table) == ("source_channels", [0, 2], again.electrodes)
    assert region.name == "electrodes"
