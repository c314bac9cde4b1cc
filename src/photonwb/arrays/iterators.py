"""Data that come in pieces: made while they are written, or too large to hold.

The names, arguments and hooks are those that writers of such iterators know from hdmf, so that their classes work with a changed
import. An iterator of hdmf itself is taken as it is (`incoming`).
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidTypeError, InvalidValueError

from .shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["AbstractDataChunkIterator", "DataChunk", "DataChunkIterator", "GenericDataChunkIterator"]


class DataChunk:
    """A piece of an array and its place.

    Parameters
    ----------
    data : numpy array, optional
        None where there are no more.
    selection : int, slice, or tuple of those, optional
        Where the values go in the whole array.
    """

    def __init__(self, data: NDArray[Any] | None = None, selection: Any = None) -> None:
        self.data = data
        self.selection = selection

    def __len__(self) -> int:
        return 0 if self.data is None else len(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        return np.array(self._values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"<DataChunk of shape {None if self.data is None else self.data.shape} at {self.selection}>"

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._values.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    def astype(self, dtype: Any) -> DataChunk:
        """The same piece with values of another type."""
        return DataChunk(self._values.astype(dtype), self.selection)

    def get_min_bounds(self) -> tuple[int, ...]:
        """Shape of the smallest array that this piece fits in.

        Raises
        ------
        InvalidTypeError
            The selection is something else than integers and slices.
        """
        parts = cast("tuple[Any, ...]", self.selection if isinstance(self.selection, tuple) else (self.selection,))
        if not all(isinstance(part, (int, slice)) for part in parts):
            raise InvalidTypeError(f"expected a selection of integers and slices, got {self.selection!r}")
        return tuple((part.stop or 0) if isinstance(part, slice) else part + 1 for part in parts)

    @property
    def _values(self) -> NDArray[Any]:
        if self.data is None:
            raise InvalidValueError("this chunk has no data")
        return self.data


class AbstractDataChunkIterator(ABC):
    """What every iterator of pieces offers."""

    @abstractmethod
    def __iter__(self) -> Iterator[DataChunk]: ...

    @abstractmethod
    def __next__(self) -> DataChunk: ...

    @abstractmethod
    def recommended_chunk_shape(self) -> tuple[int, ...] | None:
        """Shape of chunks that suits the pieces; None to leave the choice."""

    @abstractmethod
    def recommended_data_shape(self) -> tuple[int, ...] | None:
        """Shape to begin with."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    @property
    @abstractmethod
    def maxshape(self) -> tuple[int | None, ...]:
        """Shape of the whole array; None for axes whose length is not known."""


class DataChunkIterator(AbstractDataChunkIterator):
    """Goes through data along one axis, some elements at a time.

    Parameters
    ----------
    data : array, sequence, iterable or generator
        Gives one element of the axis at a time, None where an element is missing.
    maxshape : tuple of int or None, optional
        Shape of the whole array, None for axes of unknown length. By default told by the data.
    dtype : numpy.dtype, optional
        By default that of the first element, which is read for it.
    buffer_size : int, optional
        Elements in a piece.
    iter_axis : int, optional
        The axis to go along.

    Raises
    ------
    InvalidValueError
        The data are empty and no dtype is given.
    """

    def __init__(
        self,
        data: Any = None,
        maxshape: tuple[int | None, ...] | None = None,
        dtype: np.dtype[Any] | None = None,
        buffer_size: int = 1,
        iter_axis: int = 0,
    ) -> None:
        import numpy as np

        if getattr(data, "shape", None) == () or (isinstance(data, (list, tuple)) and iter_axis):
            data = np.atleast_1d(data)
        self.data: Any = data
        self.buffer_size = buffer_size
        self.iter_axis = iter_axis
        self.chunk_index = 0
        self._start = 0
        self._gap_follows = False  # whether a missing element was met behind the last piece
        self._first_shape: tuple[int, ...] | None = None
        self._peeked: DataChunk | None = None
        self._is_array = hasattr(data, "shape") and hasattr(data, "__getitem__")
        self._elements: Iterator[Any] = iter(()) if self._is_array or data is None else iter(data)
        if maxshape is None and (self._is_array or isinstance(data, (list, tuple, range))):
            maxshape = shape_of(cast("Any", data))
        self._maxshape = maxshape
        if dtype is None:
            first = self._peek()
            if first is None:
                raise InvalidValueError("the data are empty: give the dtype of the values to DataChunkIterator")
            dtype = first.dtype
        self._dtype = np.dtype(dtype)

    @classmethod
    def from_iterable(
        cls,
        data: Any = None,
        maxshape: tuple[int | None, ...] | None = None,
        dtype: np.dtype[Any] | None = None,
        buffer_size: int = 1,
        iter_axis: int = 0,
    ) -> Self:
        """The same as calling the class."""
        return cls(data, maxshape, dtype, buffer_size, iter_axis)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> DataChunk:
        chunk, self._peeked = self._peek(), None
        if chunk is None:
            raise StopIteration
        return chunk

    next = __next__

    def recommended_chunk_shape(self) -> tuple[int, ...] | None:
        return None

    def recommended_data_shape(self) -> tuple[int, ...] | None:
        known = tuple(length for length in self.maxshape if length is not None)
        if len(known) == len(self.maxshape):
            return known
        return self._first_shape or tuple(length or 1 for length in self.maxshape)

    @property
    def maxshape(self) -> tuple[int | None, ...]:
        if self._maxshape is None:
            first = self._peek()
            if first is None:
                return (None,)
            shape: list[int | None] = list(first.shape)
            shape[self.iter_axis] = None
            self._maxshape = tuple(shape)
        return self._maxshape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    def _peek(self) -> DataChunk | None:
        """The next piece, without taking it."""
        if self._peeked is None:
            values = self._slice() if self._is_array else self._gather()
            if values is None:
                return None
            self.chunk_index += 1
            self._first_shape = self._first_shape or values.shape
            stop = self._start
            selection = [slice(None)] * values.ndim
            selection[self.iter_axis] = slice(stop - values.shape[self.iter_axis], stop)
            self._peeked = DataChunk(values, tuple(selection))
        return self._peeked

    def _slice(self) -> NDArray[Any] | None:
        """The next piece of an array; `_start` moves to its end."""
        import numpy as np

        start, length = self._start, self.data.shape[self.iter_axis]
        if start >= length:
            return None
        self._start = min(start + self.buffer_size, length)
        return np.asarray(self.data[(*[slice(None)] * self.iter_axis, slice(start, self._start))])

    def _gather(self) -> NDArray[Any] | None:
        """The next elements of an iterator, as far as there is no gap between them; `_start` moves to their end."""
        import numpy as np

        found: list[NDArray[Any]] = []
        self._start += self._gap_follows
        self._gap_follows = False
        for element in self._elements:
            if element is None and found:
                self._gap_follows = True
                break
            self._start += 1
            if element is not None:
                found.append(np.asarray(element))
            if len(found) == self.buffer_size:
                break
        return np.stack(found, axis=self.iter_axis) if found else None


class GenericDataChunkIterator(AbstractDataChunkIterator):
    """Goes through an array in buffers made of whole chunks. A subclass says where the values come from.

    Parameters
    ----------
    buffer_gb : float, optional
        About how large a buffer may be, in 10⁹ bytes; 1 by default.
    buffer_shape : tuple of int, optional
        Shape of the buffers instead: a multiple of that of the chunks.
    chunk_mb : float, optional
        About how large a chunk may be, in 10⁶ bytes; 10 by default.
    chunk_shape : tuple of int, optional
        Shape of the chunks instead.
    display_progress : bool, optional
        Show a progress bar; needs tqdm, or a class that works like its.
    progress_bar_class : type, optional
    progress_bar_options : dict, optional
        Arguments of the progress bar.

    Raises
    ------
    InvalidValueError
        Shapes that do not go together, or a size and a shape for the same thing.
    """

    def __init__(
        self,
        buffer_gb: float | None = None,
        buffer_shape: tuple[int, ...] | None = None,
        chunk_mb: float | None = None,
        chunk_shape: tuple[int, ...] | None = None,
        display_progress: bool = False,
        progress_bar_class: Callable[..., Any] | None = None,
        progress_bar_options: dict[str, Any] | None = None,
    ) -> None:
        self._dtype = self._get_dtype()
        self._maxshape = tuple(int(length) for length in self._get_maxshape())
        self.chunk_shape = self._shape("chunk_shape", chunk_shape, "chunk_mb", chunk_mb) or self._get_default_chunk_shape(
            chunk_mb=10.0 if chunk_mb is None else chunk_mb
        )
        self.buffer_shape = self._shape("buffer_shape", buffer_shape, "buffer_gb", buffer_gb) or self._get_default_buffer_shape(
            buffer_gb=1.0 if buffer_gb is None else buffer_gb
        )
        self._check_shapes()
        lengths = list(zip(self.maxshape, self.buffer_shape, strict=True))
        self.num_buffers = math.prod(-(-length // step) for length, step in lengths)
        from .grid import steps

        self.buffer_selection_generator = steps(self.maxshape, self.buffer_shape)
        self.display_progress = display_progress
        self.progress_bar_options = dict(progress_bar_options or {})
        if display_progress:
            self._start_progress(progress_bar_class)

    @abstractmethod
    def _get_data(self, selection: tuple[slice, ...]) -> NDArray[Any]:
        """Values of a part of the array."""

    @abstractmethod
    def _get_maxshape(self) -> tuple[int, ...]:
        """Shape of the whole array."""

    @abstractmethod
    def _get_dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    def _get_default_chunk_shape(self, chunk_mb: float) -> tuple[int, ...]:
        """Shape of the chunks where none is given: as much of the last axes as fits, so that images stay whole."""
        from .grid import block_shape

        return block_shape(self.maxshape, None, self.dtype.itemsize, self._positive("chunk_mb", chunk_mb * 1e6))

    def _get_default_buffer_shape(self, buffer_gb: float) -> tuple[int, ...]:
        """Shape of the buffers where none is given: as many chunks as fit."""
        from .grid import block_shape

        nbytes = self._positive("buffer_gb", buffer_gb * 1e9)
        return block_shape(self.maxshape, self.chunk_shape, self.dtype.itemsize, nbytes)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> DataChunk:
        selection = next(self.buffer_selection_generator, None)
        if selection is None:
            if self.display_progress:
                self.progress_bar.close()
            raise StopIteration
        chunk = DataChunk(self._get_data(selection=selection), selection)
        if self.display_progress:
            self.progress_bar.update(n=1)
        return chunk

    def __reduce__(self) -> tuple[Any, ...]:
        return self._from_dict, (self._to_dict(),)

    def _to_dict(self) -> dict[str, Any]:
        """What `_from_dict` needs; to be written by a subclass that can be pickled."""
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled: it has no _to_dict and _from_dict")

    @staticmethod
    def _from_dict(dictionary: dict[str, Any]) -> Any:
        """The iterator again, from what `_to_dict` gave."""
        raise NotImplementedError("this iterator cannot be pickled: it has no _to_dict and _from_dict")

    def recommended_chunk_shape(self) -> tuple[int, ...]:
        return self.chunk_shape

    def recommended_data_shape(self) -> tuple[int, ...]:
        return self.maxshape

    @property
    def maxshape(self) -> tuple[int, ...]:
        return self._maxshape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    def _shape(self, name: str, shape: tuple[int, ...] | None, size_name: str, size: float | None) -> tuple[int, ...] | None:
        if shape is None:
            return None
        if size is not None:
            raise InvalidValueError(f"{type(self).__name__}: give either {name} or {size_name}, not both")
        if len(shape) != len(self.maxshape):
            raise InvalidValueError(
                f"{type(self).__name__}: {name} {tuple(shape)} does not go with data of shape {self.maxshape}"
            )
        return tuple(int(length) for length in shape)

    def _positive(self, name: str, size: float) -> int:
        if size <= 0:
            raise InvalidValueError(f"{type(self).__name__}: {name} must be greater than zero")
        return int(size)

    def _check_shapes(self) -> None:
        for chunk, buffer, length in zip(self.chunk_shape, self.buffer_shape, self.maxshape, strict=True):
            if not 0 < chunk <= buffer <= length or (buffer % chunk and buffer != length):
                raise InvalidValueError(
                    f"{type(self).__name__}: chunks of {self.chunk_shape}, buffers of {self.buffer_shape} and data of shape "
                    f"{self.maxshape} do not go together: buffers must be whole chunks, and neither may exceed the data"
                )

    def _start_progress(self, progress_bar_class: Callable[..., Any] | None) -> None:
        if progress_bar_class is None:
            try:
                from tqdm import tqdm  # pyright: ignore[reportMissingModuleSource] - an optional library
            except ImportError:
                warnings.warn("a progress bar needs tqdm: pip install tqdm", stacklevel=4)
                self.display_progress = False
                return
            progress_bar_class = tqdm
        if self.progress_bar_options.pop("total", None) is not None:
            warnings.warn("the total of the progress bar is the number of buffers; 'total' is ignored", stacklevel=4)
        self.progress_bar = progress_bar_class(total=self.num_buffers, **self.progress_bar_options)
