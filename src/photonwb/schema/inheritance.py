"""How one specification refines another.

What is written in the refining one wins, and what it leaves out is taken from the base, member by member: children of the
same name refine each other, nameless children do so when they are of the same type. Quantity, linkability, a fixed name and
whether an attribute is required are always said by the refining one, as these have defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from photonwb.errors import SchemaError
from photonwb.schema.specification import AttributeSpec, DatasetSpec, GroupSpec, LinkSpec, ReferenceSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb.schema.specification import DType, MemberSpec, TypedSpec

__all__ = ["refine", "refine_dataset", "refine_group"]

_Spec = TypeVar("_Spec", AttributeSpec, DatasetSpec, GroupSpec, LinkSpec)
_Data = TypeVar("_Data", AttributeSpec, DatasetSpec)


@overload
def refine(own: GroupSpec, base: TypedSpec) -> GroupSpec: ...
@overload
def refine(own: DatasetSpec, base: TypedSpec) -> DatasetSpec: ...
def refine(own: TypedSpec, base: TypedSpec) -> TypedSpec:
    """Complete `own` with what only `base` says.

    Raises
    ------
    SchemaError
        If one is a group and the other a dataset.
    """
    if isinstance(own, GroupSpec) and isinstance(base, GroupSpec):
        return refine_group(own, base)
    if isinstance(own, DatasetSpec) and isinstance(base, DatasetSpec):
        return refine_dataset(own, base)
    kinds = ["group" if isinstance(spec, GroupSpec) else "dataset" for spec in (own, base)]
    raise SchemaError(f"The {kinds[0]} {own.type_name or own.name} cannot extend the {kinds[1]} {base.type_name or base.name}.")


def refine_group(own: GroupSpec, base: GroupSpec) -> GroupSpec:
    """Complete the group `own` with what only `base` says."""
    return own._replace(
        doc=own.doc or base.doc,
        type_inc=own.type_inc or base.type_inc,
        attributes=_merged(own.attributes, base.attributes, _refine_data),
        datasets=_merged(own.datasets, base.datasets, refine_dataset),
        groups=_merged(own.groups, base.groups, refine_group),
        links=_merged(own.links, base.links, lambda own, _: own),
    )


def refine_dataset(own: DatasetSpec, base: DatasetSpec) -> DatasetSpec:
    """Complete the dataset `own` with what only `base` says."""
    return _refine_data(own, base)._replace(
        type_inc=own.type_inc or base.type_inc,
        attributes=_merged(own.attributes, base.attributes, _refine_data),
    )


def _refine_data(own: _Data, base: _Data) -> _Data:
    value = base.value if own.value is None else own.value
    default = base.default if own.default is None else own.default
    return own._replace(
        doc=own.doc or base.doc,
        dtype=_refine_dtype(own.dtype, base.dtype),
        dims=base.dims if own.dims is None else own.dims,
        shape=base.shape if own.shape is None else own.shape,
        value=value,
        default=default if value is None else None,
    )


def _refine_dtype(own: DType | None, base: DType | None) -> DType | None:
    members, inherited = _members(own), _members(base)
    if members and inherited:
        # Members that the base has keep their place: readers may go by position.
        return tuple(({member.name: member for member in inherited} | {member.name: member for member in members}).values())
    return base if own is None else own


def _members(dtype: DType | None) -> tuple[MemberSpec, ...] | None:
    return dtype if isinstance(dtype, tuple) and not isinstance(dtype, ReferenceSpec) else None


def _merged(own: tuple[_Spec, ...], base: tuple[_Spec, ...], refine: Callable[[_Spec, _Spec], _Spec]) -> tuple[_Spec, ...]:
    """Children of `base`, each refined by its counterpart in `own`, and then the new ones."""
    if not (own and base):
        return own or base
    refined = {_key(spec): spec for spec in base}
    for spec in own:
        key = _key(spec)
        refined[key] = refine(spec, refined[key]) if key in refined else spec
    return tuple(refined.values())


def _key(spec: AttributeSpec | DatasetSpec | GroupSpec | LinkSpec) -> tuple[str | None, str | None]:
    """What makes two children the same: the name, or else the type."""
    if spec.name or isinstance(spec, AttributeSpec):
        return spec.name, None
    return None, spec.target_type if isinstance(spec, LinkSpec) else spec.type_name
