"""Arrays of a file as a series or a table has them: with the attributes of their dataset, and open for changes if the file is."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import LazyArray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from photonwb.storage.contract import Dataset

__all__ = ["StoredArray", "WritableArray"]


class StoredArray(LazyArray):
    """An array in a file.

    Parameters
    ----------
    dataset : Dataset
    """

    __slots__ = ("_dataset",)

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset.source())
        self._dataset = dataset

    @property
    def attrs(self) -> MutableMapping[str, Any]:
        """Attributes of the dataset, as stored."""
        return self._dataset.attributes


class WritableArray(StoredArray):
    """An array in a file that can be assigned to; the file has the new values for good once it is written or closed.

    Parameters
    ----------
    dataset : Dataset
    note : callable, optional
        Called after each change, with the name of the attribute that was set or "".
    """

    __slots__ = ("_note",)

    def __init__(self, dataset: Dataset, note: Callable[[str], None] = lambda attribute: None) -> None:
        super().__init__(dataset)
        self._note = note

    @property
    def attrs(self) -> MutableMapping[str, Any]:
        """Attributes of the dataset; what is set is in the file when that is written or closed."""
        return _NotedAttributes(self._dataset.attributes, self._note)

    def __setitem__(self, key: Any, values: Any) -> None:
        import numpy as np

        place = _place(key, self.shape)
        if place is None:  # no box: what it touches is changed in memory
            whole = self[...]
            whole[key] = values
            self._dataset.write(tuple(slice(0, length) for length in self.shape), whole)
        else:
            array = np.asarray(values, self.dtype)
            counts = tuple(part.stop - part.start for part in place)
            kept = tuple(count for count, part in zip(counts, _parts(key, len(counts)), strict=True) if isinstance(part, slice))
            self._dataset.write(place, np.broadcast_to(array, kept).reshape(counts))
        self._note("")

    def resize(self, size: int | tuple[int, ...], axis: int | None = None) -> None:
        """Give the array another shape, or another length along one axis, as far as its dataset may grow."""
        shape = tuple(size) if axis is None and isinstance(size, tuple) else None
        if shape is None:
            lengths = list(self.shape)
            lengths[axis or 0] = int(cast("int", size))
            shape = tuple(lengths)
        self._dataset.resize(shape)
        self._note("")


class _NotedAttributes(MutableMapping[str, Any]):
    """Attributes of which each change is told."""

    def __init__(self, attributes: MutableMapping[str, Any], note: Callable[[str], None]) -> None:
        self._attributes = attributes
        self._note = note

    def __getitem__(self, name: str) -> Any:
        return self._attributes[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._attributes[name] = value
        self._note(name)

    def __delitem__(self, name: str) -> None:
        del self._attributes[name]
        self._note(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __repr__(self) -> str:
        return repr(self._attributes)


def _parts(key: Any, axes: int) -> list[Any]:
    """One index for each axis."""
    parts: list[Any] = list(cast("Any", key)) if isinstance(key, tuple) else [key]
    if any(part is Ellipsis for part in parts):
        dots = next(position for position, part in enumerate(parts) if part is Ellipsis)
        parts[dots : dots + 1] = [slice(None)] * (axes - len(parts) + 1)
    return parts + [slice(None)] * (axes - len(parts))


def _place(key: Any, shape: tuple[int, ...]) -> tuple[slice, ...] | None:
    """An index as a slice for each axis; None where it is none that a box stands for."""
    place: list[slice] = []
    parts = _parts(key, len(shape))
    if len(parts) != len(shape):
        return None
    for part, length in zip(parts, shape, strict=True):
        if isinstance(part, slice) and part.step in (None, 1):
            start, stop, _ = part.indices(length)
            place.append(slice(start, max(start, stop)))
        elif isinstance(part, (slice, bool)) or not hasattr(part, "__index__") or getattr(part, "shape", ()) != ():
            return None
        else:
            row = int(part) + length if part < 0 else int(part)
            if not 0 <= row < length:
                raise IndexError(f"index {part} is out of bounds for an axis of length {length}")
            place.append(slice(row, row + 1))
    return tuple(place)
