"""The classes of tables and columns, in one place."""

from __future__ import annotations

from photonwb.common.columns import ElementIdentifiers, VectorData
from photonwb.common.dynamic import DynamicTable
from photonwb.common.enumeration import EnumData
from photonwb.common.meanings import MeaningsTable
from photonwb.common.ragged import VectorIndex
from photonwb.common.regions import DynamicTableRegion

__all__ = ["DynamicTable", "DynamicTableRegion", "ElementIdentifiers", "EnumData", "MeaningsTable", "VectorData", "VectorIndex"]
