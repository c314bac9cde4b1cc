"""The columns that a specification describes, for tables that nobody wrote a class for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.common.predefined import Column
from photonwb.model.generated_fields import attribute_member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from photonwb.model.generated_fields import Member
    from photonwb.schema import Catalog
    from photonwb.schema.specification import DatasetSpec, GroupSpec

__all__ = ["column_attributes", "columns_for"]


def columns_for(
    spec: GroupSpec | DatasetSpec, below: GroupSpec | DatasetSpec | None, base: type[Any], catalog: Catalog, namespace: str
) -> dict[str, Column]:
    """The columns that a type of tables has beyond those of the class that its own is made over.

    A column that is called like something that all tables have is left out: it is reached by `table[name]` alone.
    """
    inherited = {dataset.name: dataset for dataset in getattr(below, "datasets", ())}
    datasets = {dataset.name: dataset for dataset in getattr(spec, "datasets", ()) if dataset.name and dataset.type_name}
    return {
        name: _column(dataset, datasets, catalog, namespace)
        for name, dataset in datasets.items()
        if inherited.get(name) != dataset
        and _is_a(dataset, "VectorData", catalog, namespace)
        and not _is_a(dataset, "VectorIndex", catalog, namespace)
        and isinstance(getattr(base, name, None), (Column, type(None)))
    }


def column_attributes(spec: GroupSpec | DatasetSpec | None, catalog: Catalog, namespace: str) -> Iterator[Member]:
    """What a type of tables says of its columns beyond what their own types say; the table keeps it."""
    for dataset in getattr(spec, "datasets", ()):
        if dataset.name and dataset.type_name:
            usual = {attribute.name for attribute in catalog.resolve(dataset.type_name, namespace).attributes}
            for attribute in dataset.attributes:
                if attribute.name not in usual:
                    yield attribute_member(attribute, dataset.name, False)


def _column(spec: DatasetSpec, datasets: Mapping[str, DatasetSpec], catalog: Catalog, namespace: str) -> Column:
    from photonwb.model.generated import class_for

    kind = spec.type_name or ""
    dtype = spec.dtype
    levels = 0
    while f"{spec.name}{'_index' * (levels + 1)}" in datasets:
        levels += 1
    return Column(
        spec.doc,
        index=levels,
        required=spec.required,
        table=_is_a(spec, "DynamicTableRegion", catalog, namespace),
        enum=_is_a(spec, "EnumData", catalog, namespace),
        kind="" if kind in ("VectorData", "DynamicTableRegion", "EnumData") else cast("Any", class_for(kind, namespace, catalog)),
        dtype=dtype if isinstance(dtype, str) else "reference" if hasattr(dtype, "target_type") else None,
    )


def _is_a(spec: DatasetSpec, ancestor: str, catalog: Catalog, namespace: str) -> bool:
    return catalog.is_a(spec.type_name or "", ancestor, namespace)
