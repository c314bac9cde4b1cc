"""Regions that come one by one, by the ten thousand.

Most tables have no column but that of the masks. What it takes to add to that one is looked up once, and again when the table
gets other columns: of a mask nothing is made then but its pixels, at the end of the column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.common.ragged import VectorIndex
from photonwb.regions.masks import DIMENSIONS, mask_dtype

if TYPE_CHECKING:
    from photonwb.segmentation import PlaneSegmentation
    from photonwb.typing import ArrayLike

__all__ = ["MaskAdder"]


class MaskAdder:
    """Adds regions to a table of pixel masks, or of voxel masks, and nothing else.

    Parameters
    ----------
    name : {"pixel_mask", "voxel_mask"}
    index : VectorIndex
        The column of that name.
    """

    __slots__ = ("_column", "_growing", "_index", "_name")

    def __init__(self, name: str, index: VectorIndex) -> None:
        self._name, self._index, self._column = name, index, index.target
        self._growing = self._column._growing_of(mask_dtype(DIMENSIONS[name]))

    @classmethod
    def of(cls, table: PlaneSegmentation) -> MaskAdder | None:
        """What adds regions to a table; None where it has other columns."""
        tops = table._tops()
        for name, top in tops.items():
            if len(tops) == 1 and name in DIMENSIONS and isinstance(top, VectorIndex):
                return cls(name, top)
        return None

    def add(self, table: PlaneSegmentation, pixel_mask: ArrayLike | None, voxel_mask: ArrayLike | None) -> bool:
        """Add a region, provided that the columns are kept as they were; returns whether that is so."""
        mask, other = (pixel_mask, voxel_mask) if self._name == "pixel_mask" else (voxel_mask, pixel_mask)
        growing, index, column, identifiers = self._growing, self._index, self._column, table.id
        if mask is None or other is not None or growing is None or growing.array is not column.data:
            return False
        ends: Any = index.data
        if index.target is not column or type(ends) is not list or type(identifiers.data) is not list:
            return False
        pixels, before, rows, count = table._pixels_of(mask, self._name, growing), growing.array, len(ends), len(identifiers.data)
        try:
            column._extend(pixels)
            ends.append(len(growing.array))
            index._note_growth()
            identifiers.append(count)
        except BaseException:  # an interruption, for nothing is wrong with the mask
            column._restore(before, None)
            index._restore(ends, rows)
            identifiers._restore(identifiers.data, count)
            raise
        return True
