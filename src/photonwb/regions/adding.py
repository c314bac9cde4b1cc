"""Regions that come one by one, by the ten thousand.

Most tables have no column but that of the masks. What it takes to add to it is looked up once, and again when the table gets other
columns; of a mask that comes then, nothing is made but its pixels, in the room at the end of the column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.common.ragged import VectorIndex
from photonwb.regions.masks import finite_mask

if TYPE_CHECKING:
    from photonwb.common import VectorData
    from photonwb.segmentation import PlaneSegmentation
    from photonwb.typing import ArrayLike

__all__ = ["DIMENSIONS", "MaskAdder", "mask_adder"]

DIMENSIONS = {"pixel_mask": 2, "voxel_mask": 3}


class MaskAdder:
    """Adds regions to a table that has pixel or voxel masks and nothing else.

    Parameters
    ----------
    name : str
        The kind of the masks.
    index : VectorIndex
        Their column.
    """

    __slots__ = ("_column", "_dimensions", "_index", "_name")

    def __init__(self, name: str, index: VectorIndex) -> None:
        self._name, self._index, self._column, self._dimensions = name, index, index.target, DIMENSIONS[name]

    def add(self, table: PlaneSegmentation, mask: ArrayLike) -> bool:
        """Add a region, if nothing but its mask can be wrong; returns whether it did."""
        pixels = finite_mask(mask, self._dimensions, self._name, self._column)
        index, identifiers = self._index, table.id
        if not index._takes(pixels) or type(identifiers.data) is not list:
            return False
        index._add(pixels)
        identifiers.append(len(identifiers.data))
        return True
