"""Tables and their columns."""

from __future__ import annotations

from photonwb.common.alignedtable import AlignedDynamicTable
from photonwb.common.columns import ElementIdentifiers, VectorData
from photonwb.common.dynamic import DynamicTable, DynamicTableLink
from photonwb.common.enumeration import EnumData
from photonwb.common.meanings import MeaningsTable
from photonwb.common.predefined import Column, column
from photonwb.common.ragged import Ragged, VectorIndex
from photonwb.common.regions import DynamicTableRegion

__all__ = [
    "AlignedDynamicTable",
    "Column",
    "DynamicTable",
    "DynamicTableLink",
    "DynamicTableRegion",
    "ElementIdentifiers",
    "EnumData",
    "MeaningsTable",
    "Ragged",
    "VectorData",
    "VectorIndex",
    "column",
]
