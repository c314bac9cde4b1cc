"""An array that stays in its file until it is indexed."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, ClassVar

from photonwb.errors import ClosedFileError

from .grid import block_shape, steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from .selection import AxisIndex, Selection
    from .small import SmallRequests
    from .source import ArraySource

__all__ = ["LazyArray"]

# Size of the blocks in which an array is gone through.
BLOCK = 16 << 20


class LazyArray:
    """An array in a file, read where it is indexed.

    An index gives what it gives for a numpy array, in a new array. Only the chunks that it touches are read, and they are
    decoded by several threads. Those of which a part was wanted are kept for a while (`PHOTONWB_CACHE`, in MiB, for all arrays
    together), as is what lies around small requests; a request that goes on where the one before ended has the next chunks
    decoded ahead.

    Parameters
    ----------
    source : ArraySource
        A dataset of a store.
    dtype : numpy dtype, optional
        Type to convert to when reading; that of the source by default.
    """

    __slots__ = ("_dtype", "_small", "_stop", "_was_asked", "source")

    # A class that `isinstance` takes these arrays for as well, where programs insist on it; set by photonwb.drop_in.
    taken_for: ClassVar[type | None] = None

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride] - nobody sets it
        return LazyArray.taken_for or type(self)

    def __init__(self, source: ArraySource, dtype: DTypeLike | None = None) -> None:
        self.source = source
        self._dtype = dtype
        self._stop = -1
        self._was_asked = False
        self._small: SmallRequests | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        if self._dtype is None:
            return self.source.dtype
        import numpy as np

        return np.dtype(self._dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array in memory."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[int, ...] | None:
        """Shape of the chunks; None for an array in one piece."""
        return self.source.chunks

    @property
    def maxshape(self) -> tuple[int | None, ...]:
        """How far each axis may grow, None without end."""
        layout: Any = getattr(self.source, "layout", None)
        return getattr(layout, "maximum", None) or self.shape

    @property
    def compression(self) -> str | None:
        """Name of the compression; the number of the filter where it has no name."""
        return next((name for name, _ in self.source.filters if name not in _TRANSFORMS), None)

    @property
    def compression_opts(self) -> Any:
        """Level of gzip, or the options of another compression."""
        options = self._filters.get(self.compression or "", {})
        return options.get("level", options.get("options"))

    @property
    def shuffle(self) -> bool:
        return "shuffle" in self._filters

    @property
    def fletcher32(self) -> bool:
        return "fletcher32" in self._filters

    @property
    def _filters(self) -> dict[str, Mapping[str, Any]]:
        return dict(self.source.filters)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __repr__(self) -> str:
        try:
            stored = f"chunks {self.chunks}, {self.compression or 'not compressed'}" if self.chunks else "in one piece"
            described = f"of shape {self.shape}, {self.dtype}, {stored}, in {self.source.description}"
        except ClosedFileError as error:
            described = f"that cannot be read: {error}"
        return f"<LazyArray {described}>"

    def _repr_html_(self) -> str:
        from .page import array_html

        return array_html(self)

    def __getitem__(self, key: Any) -> Any:
        small = self._small or self._small_requests()
        found = small.values(key) if small is not None else None
        if found is not None:
            return found if self._dtype is None else found.astype(self._dtype, copy=False)
        import numpy as np

        from .selection import select

        names: Any = None
        if isinstance(key, str) or (isinstance(key, list) and key and isinstance(key[0], str)):
            names, key = key, ...
        if isinstance(key, np.ndarray) and key.dtype == bool and key.ndim > 1 and key.shape == self.shape:
            return self._masked(key)
        layout = self.source.byte_layout()
        selection = select(key, self.source.shape if layout is None else layout.shape)
        if selection.axis_of_bands is not None and self._nbytes_of(selection.fetch) > BLOCK:
            values = self._in_bands(layout, selection)
            return values if names is None else values[names]
        values = self._fetched(layout, selection.fetch)
        # The dots keep a single value an array, here as in numpy.
        dots = (...,) if key is ... or (isinstance(key, tuple) and any(item is ... for item in key)) else ()
        if selection.pick is not None or not values.ndim:
            values = values[(*(selection.pick or ()), *dots)]
        return values if names is None else values[names]

    def _small_requests(self) -> SmallRequests | None:
        """The short ways to what is asked for; whoever asks once may not ask again, so there are none at first."""
        if not self._was_asked:
            self._was_asked = True
            return None
        from .small import SmallRequests

        self._small = SmallRequests(self.source.byte_layout())
        return self._small

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an array in a file cannot be had without copying it into memory")
        values: NDArray[Any] = self[...]
        return values if dtype is None else values.astype(dtype, copy=False)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        rows = _rows_in_block(self.shape, self.chunks, self.dtype.itemsize)
        for _, values in self._blocks(steps(self.shape[:1], (rows,))):
            yield from values

    def astype(self, dtype: DTypeLike) -> LazyArray:
        """The same array, converted to another type when it is read."""
        return LazyArray(self.source, dtype)

    @property
    def given_dtype(self) -> DTypeLike | None:
        """What the values are converted to, None if they are left as they are."""
        return self._dtype

    def to_dask(self, chunks: Any = None) -> Any:
        """The same array as one of dask, for computations in threads, processes or on other machines.

        Parameters
        ----------
        chunks : optional
            As in `dask.array.from_array`. Default are blocks of whole chunks, about as large as dask is set to
            (`array.chunk-size`), which reach over the last axes first.

        Returns
        -------
        dask.array.Array
            Other processes open the file for themselves, by its path or address.

        Raises
        ------
        MissingLibraryError
            dask is not installed.
        """
        from .dask_arrays import dask_array

        return dask_array(self, chunks)

    def __dask_tokenize__(self) -> Any:
        from .dask_arrays import token_of

        return token_of(self)

    def check_size(self) -> None:
        """Refuse to go through an array that is larger than anything its file can hold.

        Raises
        ------
        StorageError
        """
        from .reading import check_size

        size = getattr(getattr(self.source, "store", None), "size", None)
        if size is not None:
            check_size(self.nbytes, size, self.source.description)

    def blocks(self, nbytes: int = BLOCK) -> Iterator[tuple[tuple[slice, ...], NDArray[Any]]]:
        """Go through the array in blocks of whole chunks, each read while the one before it is used.

        Parameters
        ----------
        nbytes : int, optional
            About how large a block may be; one chunk at least. Up to two blocks are in memory.

        Yields
        ------
        tuple of slice
            Where the block lies.
        numpy array
            Its values.
        """
        return self._blocks(steps(self.shape, block_shape(self.shape, self.chunks, self.dtype.itemsize, nbytes)))

    def _blocks(self, places: Iterator[tuple[slice, ...]]) -> Iterator[tuple[tuple[slice, ...], NDArray[Any]]]:
        from .pool import submit, threads

        most = getattr(self.source.byte_layout(), "threads", None)
        if threads(most) == 1:
            for place in places:
                yield place, self[place]
            return
        before = None
        for place in places:
            coming = submit(self.__getitem__, place, most=most)
            if before is not None:
                yield before[0], before[1].result()
            before = place, coming
        if before is not None:
            yield before[0], before[1].result()

    def _fetched(self, layout: Any, fetch: tuple[AxisIndex, ...]) -> NDArray[Any]:
        from .reading import can_read, read

        if can_read(layout):
            values = read(layout, fetch)
            if layout.chunks is not None and layout.filters:
                self._read_ahead(layout, fetch)
        else:
            values = self._read_by_source(fetch)
        return values if self._dtype is None else values.astype(self._dtype, copy=False)

    def _read_by_source(self, fetch: tuple[AxisIndex, ...]) -> NDArray[Any]:
        import numpy as np

        from .selection import counts, fetch_key

        if fetch and 0 not in counts(fetch):
            return np.asarray(self.source.read(fetch_key(fetch)))
        values = np.empty(counts(fetch), self.source.dtype)
        if not fetch:
            values[()] = self.source.read(())
        return values

    def _nbytes_of(self, fetch: tuple[AxisIndex, ...]) -> int:
        return math.prod(map(len, fetch)) * self.dtype.itemsize

    def _in_bands(self, layout: Any, selection: Selection) -> NDArray[Any]:
        """What index arrays pick out of more than they leave, such as the pixels of a mask over time: some rows at a time."""
        import numpy as np

        rows, *rest = selection.fetch
        step = _rows_in_block(tuple(map(len, selection.fetch)), self.chunks, self.dtype.itemsize)
        bands = (self._fetched(layout, (rows[start : start + step], *rest)) for start in range(0, len(rows), step))
        picked = [band[selection.pick or ()] for band in bands]
        return np.concatenate(picked, axis=selection.axis_of_bands, dtype=self.dtype)

    def _read_ahead(self, layout: Any, fetch: tuple[AxisIndex, ...]) -> None:
        from .pool import threads
        from .reading import read_ahead

        first = fetch[0] if fetch else None
        if isinstance(first, range) and first:
            goes_on, self._stop = first.start == self._stop, first.stop
            if goes_on and threads(layout.threads) > 1:
                with contextlib.suppress(RuntimeError):  # the interpreter is about to end and starts no more threads
                    read_ahead(layout, fetch)

    def _masked(self, mask: NDArray[np.bool_]) -> NDArray[Any]:
        """Elements where a mask of the whole shape is true: in bands of whole rows, which hold them in their order."""
        import numpy as np

        found: list[NDArray[Any]] = [np.empty(0, self.dtype)]
        rows = _rows_in_block(self.shape, self.chunks, self.dtype.itemsize)
        for start in range(0, len(self), rows):
            band = mask[start : start + rows]
            if band.any():
                found.append(self[start : start + rows][band])
        return np.concatenate(found, dtype=self.dtype)


_TRANSFORMS = frozenset({"shuffle", "fletcher32", "scaleoffset"})


def _rows_in_block(shape: tuple[int, ...], chunks: tuple[int, ...] | None, itemsize: int) -> int:
    """How many positions of the first axis make a block of whole chunks."""
    step = chunks[0] if chunks else 1
    return step * max(1, BLOCK // max(1, math.prod(shape[1:]) * itemsize * step))
