"""Arrays as dask arrays, in blocks of whole chunks.

What goes into the graph is where an array is, not what it holds: other processes open the file for themselves, and keep it open
from one block to the next. The names of equal arrays are equal, so that dask knows what it has computed already.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError, MissingLibraryError, StorageError

from .grid import block_shape
from .lazy import LazyArray
from .shapes import shape_of
from .swapped import SwappedAxes

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

__all__ = ["dask_array", "has_dask", "token_of"]

# A process keeps so many arrays open that came with the graphs of others.
OPEN_ARRAYS = 16


def has_dask() -> bool:
    """Whether dask is installed."""
    try:
        import_module("dask.array")
    except ImportError:
        return False
    return True


def dask_array(values: Any, chunks: Any = None) -> Any:
    """Any array as one of dask.

    Parameters
    ----------
    values : array
        One of a file, in memory, or of dask already.
    chunks : optional
        As in `dask.array.from_array`. Default are blocks of whole chunks, about as large as dask is set to (`array.chunk-size`),
        which reach over the last axes first: of a movie some whole frames, of traces some samples of all regions.

    Returns
    -------
    dask.array.Array

    Raises
    ------
    MissingLibraryError
        dask is not installed.
    InvalidTypeError
        Nothing is known of the shape.
    """
    try:
        import dask.array as da
    except ImportError as error:
        raise MissingLibraryError("arrays of dask need dask: pip install 'photonwb[lazy]'") from error
    if isinstance(values, da.Array):
        return values if chunks is None else values.rechunk(chunks)
    if isinstance(values, SwappedAxes):
        return values.to_dask(chunks)
    shape: Any = shape_of(values)
    if shape is None or None in shape or not hasattr(values, "dtype"):
        raise InvalidTypeError(f"expected an array to hand to dask, got {type(values).__name__}; write it to a file first")
    if chunks is None:
        chunks = _blocks(shape, getattr(values, "chunks", None), values.dtype)
    if isinstance(values, LazyArray):
        return _of_file(values, chunks)
    return da.from_array(values, chunks=chunks)


def _blocks(shape: tuple[int, ...], chunks: Any, dtype: np.dtype[Any]) -> tuple[int, ...]:
    from dask import config
    from dask.utils import parse_bytes

    nbytes = parse_bytes(config.get("array.chunk-size"))
    return block_shape(shape, chunks if chunks and not isinstance(chunks[0], tuple) else None, dtype.itemsize, nbytes)


def _of_file(array: LazyArray, chunks: Any) -> Any:
    import dask.array as da
    import numpy as np
    from dask.base import tokenize

    # The array is a part of each task: a key of its own would be sent from process to process in its stead.
    return da.from_array(
        _Blocks(array),
        chunks=chunks,
        name=f"photonwb-{tokenize(array, chunks)}",
        asarray=False,
        meta=np.empty((0,) * array.ndim, array.dtype),
        inline_array=True,
    )


def token_of(array: LazyArray) -> tuple[Any, ...]:
    """What an array is known by, to this process and others; one of which that cannot be told is like no other."""
    return _state_of(array) or ("photonwb", uuid.uuid4().hex)


def _state_of(array: LazyArray) -> tuple[Any, ...] | None:
    """The file of an array in a certain state, and its place there; None if it lies in no single file."""
    source: Any = array.source
    keeper = getattr(getattr(source, "store", None), "keeper", None)
    if keeper is None:
        return None
    file = keeper.file
    return "photonwb", file.path, file.state, source.path, array.dtype.str, array.shape


class _Blocks:
    """An array as dask indexes it."""

    def __init__(self, array: LazyArray) -> None:
        self._array = array
        self._token = token_of(array)
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, key: Any) -> Any:
        return self._array[key]

    def __dask_tokenize__(self) -> Any:
        return self._token

    def __reduce__(self) -> tuple[Any, ...]:
        source: Any = self._array.source
        open_store, arguments = source.store.__reduce__()
        return _opened, (_Recipe(self._token, open_store, arguments, source.path, self._array.given_dtype),)


class _Recipe:
    """How another process gets at an array.

    Parameters
    ----------
    token : tuple
        See `token_of`.
    open_store : callable
    arguments : tuple
        Of the callable.
    path : str
        Of the dataset.
    dtype : numpy dtype or None
        What its values are converted to.
    """

    def __init__(
        self, token: tuple[Any, ...], open_store: Callable[..., Any], arguments: tuple[Any, ...], path: str, dtype: Any
    ) -> None:
        self.token = token
        self.open_store, self.arguments = open_store, arguments
        self.path = path
        self.dtype = dtype

    # Equal tokens are equal arrays, however they are opened.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Recipe) and self.token == other.token

    def __hash__(self) -> int:
        return hash(self.token)


@lru_cache(OPEN_ARRAYS)
def _opened(recipe: _Recipe) -> _Blocks:
    dataset = recipe.open_store(*recipe.arguments).root[recipe.path.strip("/")]
    array = LazyArray(dataset.source(), recipe.dtype)
    if _state_of(array) not in (None, recipe.token):
        raise StorageError(f"{array.source.description}: the file was changed after the dask array was made; make it again")
    return _Blocks(array)
