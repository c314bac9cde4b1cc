"""The base classes of the NWB core namespace.

They add nothing to `container` but the namespace and the names that the standard gives them.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError
from photonwb.model.container import AbstractContainer, Container, Data
from photonwb.model.fields import attribute
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from photonwb.common import DynamicTable, DynamicTableRegion, ElementIdentifiers, VectorData, VectorIndex
    from photonwb.typing import ArrayLike

__all__ = [
    "Container",
    "Data",
    "DynamicTable",
    "DynamicTableRegion",
    "ElementIdentifiers",
    "LabelledDict",
    "MultiContainerInterface",
    "NWBContainer",
    "NWBData",
    "NWBDataInterface",
    "NWBMixin",
    "ScratchData",
    "VectorData",
    "VectorIndex",
]

# The tables build on this module, and can be had from it too.
_TABLES = ("DynamicTable", "DynamicTableRegion", "ElementIdentifiers", "VectorData", "VectorIndex")


def __getattr__(name: str) -> Any:
    if name not in _TABLES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from photonwb import common

    return getattr(common, name)


class NWBMixin(AbstractContainer, namespace="core"):
    """What all objects of the core namespace share."""

    # What classes of extensions call in their constructors. Reading a file never runs a constructor here; a library that builds
    # objects in two steps says `in_construct_mode`, and then mistakes in a file must not stop it.

    def _error_on_new_warn_on_construct(self, error_msg: str) -> None:
        if not self._in_construct_mode:
            raise InvalidValueError(error_msg)
        warnings.warn(error_msg, stacklevel=3)

    def _error_on_new_pass_on_construct(self, error_msg: str) -> None:
        if not self._in_construct_mode:
            raise InvalidValueError(error_msg)

    def _warn_on_new_pass_on_construct(self, warn_msg: str) -> None:
        if not self._in_construct_mode:
            warnings.warn(warn_msg, stacklevel=3)


class NWBContainer(NWBMixin, Container, neurodata_type="NWBContainer"):
    """A group with a type of the core namespace."""


class NWBDataInterface(NWBContainer, neurodata_type="NWBDataInterface"):
    """A group that holds data, as acquired or as analysed."""


class NWBData(NWBMixin, Data, neurodata_type="NWBData"):
    """A dataset with a type of the core namespace."""

    def __init__(self, name: str, data: Any) -> None:
        self._init(locals())


class ScratchData(NWBData, neurodata_type="ScratchData"):
    """A value or an array kept for later, with a note on what it is."""

    description: str = attribute("What the data are; stored as `notes`.", key="notes")

    def __init__(self, name: str, data: ArrayLike | float | str, description: str | None = None) -> None:
        if not description and not self._in_construct_mode:
            raise InvalidValueError(f"ScratchData {name!r}.description: expected a note on the data, got {description!r}")
        self._init(locals())


class MultiContainerInterface(NWBDataInterface):
    """A group that is mostly a collection of named objects of one type."""
