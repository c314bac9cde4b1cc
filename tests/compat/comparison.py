"""Comparing objects of photonwb with those of pynwb (or of photonwb again), field by field.

The fields of our side say what to compare; the values are taken from both sides by the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np

# Fields that one side keeps in another form: what they come to is compared elsewhere.
_SKIPPED = {"columns", "meanings_tables", "target_tables"}


def differences(ours: Any, theirs: Any, path: str = "/") -> Iterator[str]:
    """Every difference between two objects and all that is below them, as text with its place."""
    if type(ours).__name__ != type(theirs).__name__:
        yield f"{path}: type {type(ours).__name__} != {type(theirs).__name__}"
        return
    for name in ("name", "neurodata_type", "namespace", "object_id"):
        if name == "object_id" and not _stored_id(ours):
            continue  # made at random for each object of an old file
        mine = getattr(ours, name)
        other = getattr(theirs, name, None) or getattr(theirs, "data_type", None)
        if mine != other:
            yield f"{path}.{name}: {mine!r} != {other!r}"
    for name, field in type(ours).__fields__.items():
        if name in _SKIPPED or field.fixed is not None:
            continue
        mine, other = getattr(ours, name), getattr(theirs, name, None)
        yield from _value_differences(mine, other, f"{path}.{name}", follow=field.kind in ("child", "children"))
    if hasattr(ours, "colnames"):
        yield from _table_differences(ours, theirs, path)


def _stored_id(container: Any) -> bool:
    return container._stored is None or container._stored.object_id() is not None


def _value_differences(mine: Any, other: Any, path: str, *, follow: bool) -> Iterator[str]:
    if _empty(mine) and _empty(other):
        return
    if _empty(mine) != _empty(other):
        yield f"{path}: {_short(mine)} != {_short(other)}"
    elif hasattr(mine, "neurodata_type"):
        yield from _object_differences(mine, other, path, follow=follow)
    elif isinstance(mine, Mapping):
        yield from _mapping_differences(mine, other, path, follow=follow)
    elif isinstance(mine, (list, tuple)) and mine and hasattr(mine[0], "neurodata_type"):
        others = {item.name: item for item in (other.values() if isinstance(other, Mapping) else other)}
        yield from _mapping_differences({item.name: item for item in mine}, others, path, follow=follow)
    else:
        yield from _array_differences(mine, other, path)


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (Mapping, list, tuple)) and not len(value))


def _short(value: Any) -> str:
    return repr(value)[:80]


def _object_differences(mine: Any, other: Any, path: str, *, follow: bool) -> Iterator[str]:
    if follow:
        yield from differences(mine, other, path)
    elif (_stored_id(mine) and mine.object_id != other.object_id) or mine.name != other.name:
        yield f"{path}: leads to {mine.name!r}, not to {other.name!r}"


def _mapping_differences(mine: Any, other: Any, path: str, *, follow: bool) -> Iterator[str]:
    if set(mine) != set(other):
        yield f"{path}: {sorted(mine)} != {sorted(other)}"
    for key in sorted(set(mine) & set(other)):
        yield from _object_differences(mine[key], other[key], f"{path}[{key!r}]", follow=follow)


def _array_differences(mine: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(mine, datetime) or isinstance(other, datetime):
        if mine != other:
            yield f"{path}: {mine} != {other}"
        return
    left, right = _array(mine), _array(other)
    if left.shape != right.shape:
        yield f"{path}: shape {left.shape} != {right.shape}"
    elif left.dtype.names is not None or right.dtype.names is not None:
        yield from _compound_differences(left, right, path)
    elif left.dtype.kind == "O" and left.size and hasattr(left.flat[0], "object_id"):
        if [item.object_id for item in left.flat] != [item.object_id for item in right.flat]:
            yield f"{path}: other objects are referred to"
    elif left.dtype.kind not in "OUST" and left.dtype != right.dtype and not _is_number(mine) and "['kind']" not in path:
        # The kinds of an enumeration are unsigned by the standard; pynwb stores them as they come.
        yield f"{path}: dtype {left.dtype} != {right.dtype}"
    elif not np.array_equal(left, right, equal_nan=left.dtype.kind == "f"):
        yield f"{path}: {left!r:.80} != {right!r:.80}"


def _is_number(value: Any) -> bool:
    return getattr(value, "shape", ()) == ()


def _array(value: Any) -> Any:
    data = value if isinstance(value, np.ndarray) else getattr(value, "data", value)
    if hasattr(data, "shape") and hasattr(data, "__getitem__") and not isinstance(data, np.ndarray) and data.shape != ():
        value = data[:]
    if isinstance(value, (list, tuple)) and value and hasattr(value[0], "object_id"):
        array = np.empty(len(value), dtype=object)
        array[:] = value
        return array
    array = np.asarray(value)
    if array.dtype.kind in "SU" or (array.dtype.kind == "O" and array.size and isinstance(array.flat[0], bytes)):
        return np.vectorize(lambda text: text.decode() if isinstance(text, bytes) else str(text), otypes=[object])(array)
    return array


def _compound_differences(left: Any, right: Any, path: str) -> Iterator[str]:
    if left.dtype.names != right.dtype.names:
        yield f"{path}: members {left.dtype.names} != {right.dtype.names}"
        return
    for name in left.dtype.names:
        mine, other = left[name], right[name]
        if mine.dtype.kind != "O" and not np.array_equal(mine, other):
            yield f"{path}.{name}: {mine!r:.80} != {other!r:.80}"
        if mine.dtype != other.dtype:
            yield f"{path}.{name}: dtype {mine.dtype} != {other.dtype}"


def _table_differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    if tuple(ours.colnames) != tuple(theirs.colnames):
        yield f"{path}.colnames: {ours.colnames} != {theirs.colnames}"
    mine = {column.name: column for column in ours.columns}
    other = {column.name: column for column in theirs.columns}
    if set(mine) != set(other):
        yield f"{path}.columns: {sorted(mine)} != {sorted(other)}"
    for name in sorted(set(mine) & set(other)):
        place = f"{path}[{name!r}]"
        if type(mine[name]).__name__ == "VectorIndex":
            # The width of an index may differ: ours leaves room for rows to come.
            if list(map(int, mine[name].data[:])) != list(map(int, other[name].data[:])):
                yield f"{place}: other ends"
        elif type(mine[name]).__name__ == "TimeSeriesReferenceVectorData":
            yield from _reference_differences(mine[name], other[name], place)
        else:
            yield from differences(mine[name], other[name], place)


def _reference_differences(mine: Any, other: Any, path: str) -> Iterator[str]:
    for row in range(len(mine)):
        left, right = mine[row], other[row]
        if (left.idx_start, left.count) != (right.idx_start, right.count) or left.timeseries.name != right.timeseries.name:
            yield f"{path}[{row}]: {left.idx_start, left.count} != {right.idx_start, right.count}"
