"""Whatever is given as data, as a shape, a type, and blocks that come one after another.

Blocks are about 16 MiB, whatever the size of the data, and made of whole chunks of the array that is written as far as the data
allow it. Nothing is guessed from the first element alone: a list has the type that holds all of its elements, and an iterator
that changes its type on the way is refused rather than cut to fit.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from photonwb.errors import InvalidTypeError, InvalidValueError

from .wrappers import DataIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Block: TypeAlias = tuple[tuple[slice, ...], NDArray[Any]]

__all__ = ["Incoming", "incoming"]

BLOCK = 16 << 20


class Incoming(NamedTuple):
    """Data on their way into a file.

    Parameters
    ----------
    shape : tuple of int or None
        None for an axis whose length shows at the end.
    dtype : numpy.dtype
        Of the blocks; object for text.
    make_blocks : callable
        Gives the blocks, from the shape of the chunks that they go to.
    options : dict
        How the data are to be stored, where a wrapper or an iterator says it, by the names that `H5DataIO` has for it.
    is_sparse : bool
        Whether the blocks leave out what is zero.
    """

    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    make_blocks: Callable[[tuple[int, ...] | None], Iterator[Block]]
    options: Mapping[str, Any]
    is_sparse: bool = False

    def blocks(self, chunks: tuple[int, ...] | None = None) -> Iterator[Block]:
        """Places and values, once; a place is one slice for each axis.

        Parameters
        ----------
        chunks : tuple of int, optional
            Shape of the chunks that the values go to; blocks are whole ones where that can be.
        """
        return self.make_blocks(chunks)


def incoming(data: Any) -> Incoming:
    """Take anything as data.

    Parameters
    ----------
    data
        An array of numpy, h5py, zarr, dask or this package; a scalar; nested sequences; a sequence of arrays; an iterator of
        elements along the first axis; a chunk iterator; a wrapper around any of those, of this package or of hdmf.

    Raises
    ------
    InvalidTypeError
        Elements of kinds that do not go together, or that no array holds.
    InvalidValueError
        Rows of different lengths, or an iterator without elements.
    """
    if isinstance(data, DataIO) or (hasattr(data, "io_settings") and hasattr(data, "data")):
        return _from_wrapper(data)
    if hasattr(data, "recommended_chunk_shape") and hasattr(data, "__next__"):
        return _from_chunk_iterator(data)
    if hasattr(data, "image_shape") and hasattr(data, "blocks"):  # arrays.sparse
        return Incoming(data.shape, data.dtype, data.blocks, {}, is_sparse=True)
    if hasattr(data, "shape") and hasattr(data, "dtype") and hasattr(data, "__getitem__"):
        return _from_array(data)
    if hasattr(data, "__array__"):
        import numpy as np

        return _from_array(np.asarray(data))
    if isinstance(data, (list, tuple, range)):
        return _from_sequence(cast("Sequence[Any]", data))
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        return _from_sequence(data)
    return _from_elements(iter(data))


def _from_wrapper(wrapper: Any) -> Incoming:
    import numpy as np

    options = dict(getattr(wrapper, "io_settings", {}))
    if getattr(wrapper, "is_uncompressed", False) or options.get("compressor") is False:
        options["compression"] = False
    _take_codecs(options)
    if "fill_value" in options:  # so called by Zarr
        options["fillvalue"] = options.pop("fill_value")
    if wrapper.data is None:
        shape, dtype = options.pop("shape", None) or wrapper.shape, options.pop("dtype", None) or wrapper.dtype
        if shape is None or dtype is None:
            raise InvalidValueError(f"{type(wrapper).__name__} has neither data, nor the shape and dtype of data to come")
        return Incoming(tuple(shape), np.dtype(dtype), _no_blocks, options)
    found = incoming(wrapper.data)
    return found._replace(options={**found.options, **options})


def _take_codecs(options: dict[str, Any]) -> None:
    """Put the codecs that a wrapper for Zarr asks for in the place of its own options; no compressor is one as well."""
    if not {"compressors", "filters"} & options.keys() and not options.get("compressor"):
        return
    from .codec_names import filters_of

    compressors = options.pop("compressors", options.pop("compressor", None))
    options["codecs"] = (*filters_of(options.pop("filters", None) or []), *filters_of(compressors or []))


def _no_blocks(chunks: tuple[int, ...] | None) -> Iterator[Block]:
    return iter(())


# ---- arrays


def _from_array(data: Any) -> Incoming:
    import numpy as np

    shape = tuple(int(length) for length in data.shape)
    dtype = np.dtype(object) if data.dtype.kind in "UT" else np.dtype(data.dtype)

    def blocks(chunks: tuple[int, ...] | None) -> Iterator[Block]:
        from .grid import steps

        if 0 in shape:
            return
        if hasattr(data, "check_size"):  # LazyArray
            data.check_size()
        step = _block_shape(shape, dtype.itemsize, chunks, _chunks_of(data))
        for place in steps(shape, step):
            # numpy arrays are not copied here; all others are, by reading them.
            values = np.asarray(data[place] if shape else data[()])
            yield place, values.astype(dtype) if values.dtype.kind in "UT" else values

    return Incoming(shape, dtype, blocks, {})


def _chunks_of(data: Any) -> tuple[int, ...] | None:
    """Shape of the chunks of an array; dask says the length of each along each axis."""
    chunks: Any = getattr(data, "chunks", None)
    if not isinstance(chunks, tuple) or len(cast("tuple[Any, ...]", chunks)) != len(data.shape):
        return None
    return tuple(max(length, default=1) if isinstance(length, tuple) else length for length in cast("tuple[Any, ...]", chunks))


def _block_shape(
    shape: tuple[int, ...], itemsize: int, target: tuple[int, ...] | None, source: tuple[int, ...] | None
) -> tuple[int, ...]:
    """Blocks of whole chunks of the target; no smaller than those of the source, lest each is read many times,
    unless those lie quite differently.
    """
    from .grid import block_shape

    unit = target or source
    if target is not None and source is not None:
        both = tuple(-(-one // other) * other for one, other in zip(source, target, strict=True))
        clipped = (min(length, step) for length, step in zip(shape, both, strict=True))
        unit = both if math.prod(clipped) * itemsize <= 8 * BLOCK else target
    return block_shape(shape, unit, itemsize, BLOCK)


# ---- sequences


def _from_sequence(values: Any) -> Incoming:
    """Nested sequences, or a sequence of arrays."""
    import numpy as np

    if (
        hasattr(values, "__len__")
        and len(values)
        and all(getattr(value, "ndim", 0) and hasattr(value, "dtype") for value in values)
    ):
        return _from_arrays(values)
    try:
        array: NDArray[Any] = np.asarray(values)
    except ValueError as error:
        raise InvalidValueError(f"rows of different lengths do not make an array: {_first_ragged(values)}") from error
    if array.dtype.kind in "USO":
        array = _checked_objects(values, array)
    elif array.dtype == np.float64 and (np.abs(array) >= 2.0**63).any():
        array = _large_integers(values, array)
    return _from_array(array)


def _first_ragged(values: Any) -> str:
    lengths = [len(value) if hasattr(value, "__len__") else None for value in values]
    for number, length in enumerate(lengths):
        if length != lengths[0]:
            return f"row {number} has {'no' if length is None else length} elements, row 0 {lengths[0] or 'none'}"
    return f"they differ further down, {values!r:.100}"


def _checked_objects(values: Any, array: NDArray[Any]) -> NDArray[Any]:
    """Text; numpy would make text of numbers between texts, and objects of what it does not know."""
    import numpy as np

    leaves = list(_leaves(values))
    kinds = {type(leaf).__name__ for leaf in leaves if not isinstance(leaf, (str, bytes))}
    if kinds and (array.dtype.kind != "O" or kinds & {"int", "float", "bool", "NoneType"}):
        if kinds == {"int"} and len(leaves) == array.size and not any(isinstance(leaf, (str, bytes)) for leaf in leaves):
            raise InvalidValueError("integers of more than 64 bits cannot be stored")
        others = " and text" if any(isinstance(leaf, (str, bytes)) for leaf in leaves) else ""
        raise InvalidTypeError(f"elements of {' and '.join(sorted(kinds))}{others} do not make an array")
    return array if array.dtype.kind == "S" else np.asarray(array, dtype=object)


def _large_integers(values: Any, array: NDArray[Any]) -> NDArray[Any]:
    """Integers that numpy would round, because some of them need the 64th bit."""
    import numpy as np

    leaves = list(_leaves(values))
    if not all(isinstance(leaf, int) for leaf in leaves):
        return array
    if min(leaves) < 0:
        raise InvalidValueError(f"no integer type holds both {min(leaves)} and {max(leaves)}")
    return np.array(leaves, np.uint64).reshape(array.shape)


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, (list, tuple)):
        for value in cast("Sequence[Any]", values):
            yield from _leaves(value)
    elif getattr(values, "shape", None):
        yield from values.ravel().tolist()
    else:
        yield values.item() if hasattr(values, "item") else values


def _from_arrays(arrays: Sequence[Any]) -> Incoming:
    """Arrays that are stacked along a new first axis, some at a time."""
    import numpy as np

    shape = tuple(arrays[0].shape)
    for number, array in enumerate(arrays):
        if tuple(array.shape) != shape:
            raise InvalidValueError(
                f"expected arrays of shape {shape} as the first, array {number} has shape {tuple(array.shape)}"
            )
    try:
        dtype = np.result_type(*{np.dtype(array.dtype) for array in arrays})
    except TypeError as error:
        raise InvalidTypeError(f"the types of the arrays do not go together: {error}") from error

    def blocks(chunks: tuple[int, ...] | None) -> Iterator[Block]:
        step = _elements_in_block(shape, dtype, chunks)
        for start in range(0, len(arrays), step):
            group = [np.asarray(array, dtype) for array in arrays[start : start + step]]
            yield _along_first(start, len(group), shape), np.stack(group)

    return Incoming((len(arrays), *shape), dtype, blocks, {})


def _elements_in_block(shape: tuple[int, ...], dtype: np.dtype[Any], chunks: tuple[int, ...] | None) -> int:
    step = chunks[0] if chunks else 1
    return step * max(1, BLOCK // max(1, step * math.prod(shape) * dtype.itemsize))


def _along_first(start: int, length: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return (slice(start, start + length), *(slice(0, size) for size in shape))


# ---- iterators


def _from_elements(elements: Iterator[Any]) -> Incoming:
    """An iterator of what lies at each place of the first axis."""
    import numpy as np

    first = next(elements, None)
    if first is None:
        raise InvalidValueError("an iterator without elements has no shape and no type")
    sample = _element(first, 0)
    shape, dtype = sample.shape, sample.dtype

    def blocks(chunks: tuple[int, ...] | None) -> Iterator[Block]:
        step = _elements_in_block(shape, dtype, chunks)
        remaining = itertools.chain([first], elements)
        for start in itertools.count(0, step):
            # Each element is copied at once: many a generator fills the same array again and again.
            buffer = np.empty((step, *shape), dtype)
            length = 0
            for element in itertools.islice(remaining, step):
                buffer[length] = _fitting(_element(element, start + length), shape, dtype, start + length)
                length += 1
            if length:
                yield _along_first(start, length, shape), buffer[:length]
            if length < step:
                return

    return Incoming((None, *shape), dtype, blocks, {})


def _element(value: Any, number: int) -> NDArray[Any]:
    import numpy as np

    if isinstance(value, (str, bytes)):
        text = np.empty((), object)
        text[()] = value
        return text
    if value is None:
        raise InvalidTypeError(f"element {number} is None; use DataChunkIterator for data with gaps")
    found = incoming(value)
    array = np.empty(tuple(length or 0 for length in found.shape), found.dtype)
    for place, values in found.blocks():
        array[place] = values
    return array


def _fitting(values: NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any], number: int) -> NDArray[Any]:
    import numpy as np

    if values.shape != shape:
        raise InvalidValueError(f"element {number} has shape {values.shape}, those before it {shape}")
    if not np.can_cast(values.dtype, dtype, "safe"):
        raise InvalidTypeError(
            f"element {number} holds {values.dtype}, the first one {dtype}, which cannot hold it; "
            "give all the same type, or say it with DataChunkIterator(data, dtype=...)"
        )
    return values


def _from_chunk_iterator(iterator: Any) -> Incoming:
    """An iterator of blocks that lie anywhere."""
    import numpy as np

    dtype = np.dtype(iterator.dtype)
    dtype = np.dtype(object) if dtype.kind in "UT" else dtype
    shape = tuple(None if length is None else int(length) for length in iterator.maxshape)

    def blocks(chunks: tuple[int, ...] | None) -> Iterator[Block]:
        for chunk in iterator:
            place, values = _placed(chunk.selection, np.asarray(chunk.data), shape)
            yield from _pieces(place, values, dtype, chunks)

    options: dict[str, Any] = {"maxshape": shape} if None in shape else {}
    recommended = iterator.recommended_chunk_shape()
    if recommended is not None:
        options["chunks"] = tuple(recommended)
    return Incoming(shape, dtype, blocks, options)


def _pieces(
    place: tuple[slice, ...], values: NDArray[Any], dtype: np.dtype[Any], chunks: tuple[int, ...] | None
) -> Iterator[Block]:
    """A block in copies of the usual size: it may be large, and the iterator may fill the same array again."""
    from .grid import block_shape, steps

    if not values.size:
        return
    for part in steps(values.shape, block_shape(values.shape, chunks, dtype.itemsize, BLOCK)):
        target = tuple(
            slice(whole.start + inside.start, whole.start + inside.stop) for whole, inside in zip(place, part, strict=True)
        )
        yield target, values[part].astype(dtype)


def _placed(selection: Any, values: NDArray[Any], shape: tuple[int | None, ...]) -> Block:
    """One slice for each axis, and values with as many axes."""
    parts: list[Any] = list(cast("Any", selection if isinstance(selection, tuple) else (selection,)))
    if Ellipsis in parts:
        dots = parts.index(Ellipsis)
        parts[dots : dots + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    lengths = iter(values.shape)
    place: list[slice] = []
    for part in parts:
        if isinstance(part, slice):
            start, length = part.start or 0, next(lengths, 0)
            if part.step not in (None, 1) or start < 0 or (part.stop is not None and part.stop - start != length):
                break
            place.append(slice(start, start + length))
        elif hasattr(part, "__index__") and part >= 0:
            place.append(slice(int(part), int(part) + 1))
        else:
            break
    inside = all(most is None or part.stop <= most for part, most in zip(place, shape, strict=False))
    if len(place) != len(shape) or next(lengths, None) is not None or not inside:
        raise InvalidValueError(f"values of shape {values.shape} cannot be put at {selection!r} of an array of shape {shape}")
    return tuple(place), values.reshape([part.stop - part.start for part in place])
