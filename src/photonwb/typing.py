"""Types that many signatures share. Nothing here costs an import at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, runtime_checkable

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Array", "ArrayLike", "Compression", "DuckArray", "Path", "Several", "Shape", "TextLike"]

T = TypeVar("T")

Shape: TypeAlias = "tuple[int, ...]"
Path: TypeAlias = "str | os.PathLike[str]"
TextLike: TypeAlias = "str | Sequence[str]"

# How arrays are compressed: "fast", "small" or "none"; or as in h5py, the level of gzip, or the name or number of a filter.
Compression: TypeAlias = "str | int | bool | None"


@runtime_checkable
class DuckArray(Protocol):
    """What numpy, h5py, zarr, dask and our own lazy arrays have in common."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __getitem__(self, key: Any, /) -> Any: ...


# Anything that can be stored as an array: arrays of all kinds, nested sequences, iterators of blocks, and wrappers
# around those that carry storage options.
ArrayLike: TypeAlias = "NDArray[Any] | DuckArray | Sequence[Any] | Iterable[Any]"

# What a field of the model holds: set from anything that is ArrayLike, read as an array with shape, dtype and indexing. A type
# that is both is not to be had from type checkers, which look at the declaration of an attribute for reading and for setting.
Array: TypeAlias = Any

# One object, or a list, tuple or dict of them.
Several: TypeAlias = "T | Iterable[T] | Mapping[str, T]"
