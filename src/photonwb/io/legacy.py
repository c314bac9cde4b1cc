"""Forms that older versions of the standard, or other writers, gave to what the model has in one form.

Each is a fact of some files in the wild. The rest of the reader knows the current standard only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.model.registry import known_class

if TYPE_CHECKING:
    from photonwb.io.reading import Reader
    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Field
    from photonwb.storage.contract import Dataset, Group

__all__ = ["amended", "current_type", "only_item"]

# Tables that were plain DynamicTables (or columns that were plain VectorData) before they got a type of their own: by path or
# name, the type that they have now.
_TYPED_SINCE = {
    ("DynamicTable", "electrodes"): "ElectrodesTable",
    ("DynamicTable", "bands"): "FrequencyBandsTable",
    ("VectorData", "timeseries"): "TimeSeriesReferenceVectorData",
}


def only_item(value: Any) -> str:
    """The text in an array of one; "" for anything else."""
    items = list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else []
    return items[0] if len(items) == 1 and isinstance(items[0], str) else ""


def current_type(node: Group | Dataset, neurodata_type: str, namespace: str) -> tuple[str, str]:
    """Type and namespace that an object has in the current standard."""
    newer = _TYPED_SINCE.get((neurodata_type, node.name))
    if newer is None or (newer == "TimeSeriesReferenceVectorData" and cast("Dataset", node).dtype.names is None):
        return neurodata_type, namespace
    return newer, "core"


def amended(reader: Reader, container: AbstractContainer, field: Field, value: Any) -> Any:
    """The value of a field as the current standard has it."""
    owner, amend = _AMENDMENTS.get(field.name, ("", None))
    if amend is None or all(base.__name__ != owner for base in type(container).__mro__):
        return value
    return amend(reader, container, value)


def _device_model(reader: Reader, container: AbstractContainer, value: Any) -> Any:
    """`model` was once a text attribute of the device; now it is a link to an object that has it as its name."""
    stored = cast("Any", container._stored)
    name = stored.node.attributes.get("model") if value is None else None
    if not isinstance(name, str):
        return value
    cls = cast("Any", known_class("DeviceModel", "core"))
    model = cls.__new__(cls, in_construct_mode=True)
    given = {key: container.fields.get(key) for key in ("description", "model_number")}
    model.__init__(name=name, manufacturer=container.fields.get("manufacturer") or "", **given)
    return model


def _age_reference(reader: Reader, container: AbstractContainer, value: Any) -> Any:
    """Before 2.6 an age said nothing about what it counts from."""
    stored = cast("Any", container._stored)
    if "age" in stored.node and "reference" in stored.node["age"].attributes:
        return value
    return None if _version_number(reader.version) < (2, 6) else value


def _version_number(version: str) -> tuple[int, ...]:
    parts = version.replace("b", ".").replace("-", ".").split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def _meanings_target(reader: Reader, container: AbstractContainer, value: Any) -> Any:
    """In 2.10 the column that meanings are for was a link; since 2.11 it is a reference."""
    if value is not None:
        return value
    stored = cast("Any", container._stored)
    if "target" not in stored.node:
        return None
    return reader.object_at(reader.follow(stored.node["target"], stored.node))


def _create_dates(reader: Reader, container: AbstractContainer, value: Any) -> Any:
    """A single date where a list of them belongs."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


# By field: the class that it is a field of, and what to do with its value.
_AMENDMENTS: dict[str, tuple[str, Any]] = {
    "model": ("Device", _device_model),
    "age__reference": ("Subject", _age_reference),
    "target": ("MeaningsTable", _meanings_target),
    "file_create_date": ("NWBFile", _create_dates),
}
