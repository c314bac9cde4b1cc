"""Arrays as xarray indexes them where there is no dask: read when their values are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["IndexedArray"]


class IndexedArray(BackendArray):
    """An array in a file.

    Parameters
    ----------
    array : array
        Takes integers, slices and one index array.
    """

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: Any) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER_1VECTOR, self._picked)

    def _picked(self, key: tuple[Any, ...]) -> NDArray[Any]:
        # Each picks along its own axis here; beside an index array, numpy takes an integer for one more of these.
        is_single = [not isinstance(part, slice) and not np.ndim(part) for part in key]
        wide = [slice(part, part + 1 or None) if one else part for part, one in zip(key, is_single, strict=True)]
        return np.asarray(self._array[tuple(wide)])[tuple([0 if one else slice(None) for one in is_single])]
