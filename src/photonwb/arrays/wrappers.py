"""Data together with how they are to be stored.

The names, arguments and defaults are those of hdmf. What a wrapper does not say is left to the defaults (`layouts`), and whether
a filter is there to be had is for the store to say, when it writes.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidTypeError, InvalidValueError

from .lazy import LazyArray
from .shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

__all__ = ["DataIO", "H5DataIO"]

# The filters that have names. Others go by their number, and are brought by plugins.
NAMED = ("gzip", "lzf", "szip")
GZIP_CODE = 1


class DataIO:
    """Data to be stored. Everything else about it is that of the data.

    Parameters
    ----------
    data : array-like, optional
    dtype : type or numpy.dtype, optional
        Type of the values; only when there are no data yet.
    shape : tuple of int, optional
        Shape; only when there are no data yet.

    Raises
    ------
    InvalidValueError
        Without data, only one of dtype and shape is given.
    """

    def __init__(self, data: Any = None, dtype: Any = None, shape: tuple[int, ...] | None = None) -> None:
        if data is None and (dtype is None) != (shape is None):
            raise InvalidValueError(f"{type(self).__name__}: without data, both dtype and shape are needed")
        if data is not None:
            for name, given in (("dtype", dtype), ("shape", shape)):
                if given is not None:
                    warnings.warn(f"{name} is ignored where data are given: it is that of the data", stacklevel=3)
            dtype = shape = None
        self._data: Any = data
        self._dtype = dtype
        self._shape = shape

    @property
    def data(self) -> Any:
        """What is wrapped."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if self._shape is not None:
            raise InvalidValueError(
                f"{type(self).__name__} of shape {self._shape} is filled after it was written, by its dataset"
            )
        self._data = value

    @property
    def dtype(self) -> Any:
        """Type of the values; None without data."""
        return self._dtype if self._data is None else self._data.dtype

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """Shape of the values, as far as it is known."""
        return self._shape if self._data is None else shape_of(self._data)

    @property
    def valid(self) -> bool:
        """Whether there are data."""
        return self._data is not None

    @property
    def _present(self) -> Any:
        data: Any = self._data
        if data is None:
            raise InvalidValueError(f"{type(self).__name__} has no data")
        return data

    def get_io_params(self) -> dict[str, Any]:
        """How the data are to be stored."""
        return {}

    def append(self, arg: Any) -> None:
        """Add one value at the end."""
        self.extend([arg])

    def extend(self, arg: Iterable[Any]) -> None:
        """Add values at the end."""
        from .growing import extended

        self._data = extended(self._present, arg)

    def __len__(self) -> int:
        if self._shape is None and hasattr(self._present, "__len__"):
            return len(self._present)
        length = (self.shape or (None,))[0]
        if length is None:
            raise InvalidTypeError(f"the length of the data in {type(self).__name__} is not known")
        return length

    def __bool__(self) -> bool:
        return self.valid and (not hasattr(self._data, "__len__") or len(self._data) > 0)

    def __getattr__(self, name: str) -> Any:
        # A copy that is being made asks for names before it has data.
        if name.startswith("_") or self._data is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._data, name)

    def __getitem__(self, key: Any) -> Any:
        return self._present[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._present)

    def __next__(self) -> Any:
        return next(self._present)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        if hasattr(self._present, "__next__"):
            raise InvalidTypeError("an iterator can be gone through once, and does not become an array")
        return np.array(self._present, dtype) if copy else np.asarray(self._present, dtype)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self._data).__name__}, {self.get_io_params()}>"


class H5DataIO(DataIO):
    """Data, and how HDF5 is to store them.

    Parameters
    ----------
    data : array-like, optional
    maxshape : tuple of int or None, optional
        How far each axis may grow, None without end.
    chunks : bool or tuple of int, optional
        Shape of the chunks; True for chunks of a shape that suits the data.
    compression : str, bool or int, optional
        "gzip" (or True), "lzf", "szip", the number of a filter that a plugin brings; False for none.
    compression_opts : int or tuple, optional
        Level of gzip (0 to 9), or the options of another compression.
    fillvalue : scalar, optional
        Value of elements that are never written.
    shuffle, fletcher32 : bool, optional
        Order bytes so that they compress better; add checksums.
    link_data : bool, optional
        Link to the dataset that the data are, rather than copy it.
    allow_plugin_filters : bool, optional
        Take filters by number.
    shape : tuple of int, optional
        Shape of a dataset that is filled later; only without data.
    dtype : str, type or numpy.dtype, optional
        Type of such a dataset.

    Raises
    ------
    InvalidValueError
        Options that no filter takes, or a filter by number that is not allowed.
    InvalidTypeError
        An argument of the wrong kind.
    """

    def __init__(
        self,
        data: Any = None,
        maxshape: tuple[int | None, ...] | None = None,
        chunks: bool | tuple[int, ...] | None = None,
        compression: str | bool | int | None = None,
        compression_opts: int | tuple[Any, ...] | None = None,
        fillvalue: Any = None,
        shuffle: bool | None = None,
        fletcher32: bool | None = None,
        link_data: bool = False,
        allow_plugin_filters: bool = False,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(data, dtype, shape)
        self._dataset: Any = None
        self._link_data = link_data
        if link_data and not _is_stored(data):
            warnings.warn("link_data is ignored: the data are not a dataset of a file", stacklevel=2)
            self._link_data = False
        if compression is True:
            compression = "gzip"
        self.is_uncompressed = compression is False
        if self.is_uncompressed:
            if compression_opts is not None:
                warnings.warn("compression_opts is ignored with compression=False", stacklevel=2)
            compression = compression_opts = None
        settings = {
            "maxshape": _lengths("maxshape", maxshape),
            "chunks": chunks if isinstance(chunks, bool) else _lengths("chunks", chunks),
            "compression": compression,
            "compression_opts": compression_opts,
            "fillvalue": fillvalue,
            "shuffle": shuffle,
            "fletcher32": fletcher32,
        }
        self._settings: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
        if data is None:
            self._settings |= {"dtype": dtype, "shape": shape}
        elif hasattr(data, "recommended_chunk_shape"):
            recommended = data.recommended_chunk_shape()
            if recommended is not None:
                self._settings.setdefault("chunks", recommended)
            self._settings.setdefault("maxshape", data.maxshape)
        _check_compression(compression, compression_opts, allow_plugin_filters)

    @staticmethod
    def filter_available(filter: str | int | None, allow_plugin_filters: bool) -> bool:
        """Whether a compression may be asked for; whether its plugin is installed shows when the data are written."""
        if filter is None or filter in NAMED:
            return True
        return allow_plugin_filters and isinstance(filter, int) and filter > 0

    @property
    def dataset(self) -> Any:
        """The dataset that the data were written to."""
        return self._dataset

    @dataset.setter
    def dataset(self, value: Any) -> None:
        if self._dataset is not None:
            raise InvalidValueError("the dataset of an H5DataIO is set once, when it is written")
        self._dataset = value

    @property
    def link_data(self) -> bool:
        return self._link_data

    @property
    def io_settings(self) -> dict[str, Any]:
        """The options that were given."""
        return self._settings

    def get_io_params(self) -> dict[str, Any]:
        return {**self._settings, "link_data": self._link_data}

    @property
    def valid(self) -> bool:
        identifier = getattr(self._data, "id", None)
        return super().valid and bool(getattr(identifier, "valid", True))

    @property
    def maxshape(self) -> tuple[int | None, ...] | None:
        return self._settings.get("maxshape") or getattr(self._data, "maxshape", None) or self.shape


def _is_stored(data: Any) -> bool:
    """Whether data are a dataset of a file; h5py need not be there to tell."""
    h5py: Any = sys.modules.get("h5py")
    return isinstance(data, LazyArray) or (h5py is not None and isinstance(data, h5py.Dataset))


def _lengths(name: str, lengths: Any) -> tuple[int | None, ...] | None:
    if lengths is None:
        return None
    try:
        return tuple(None if length is None else int(length) for length in cast("Iterable[Any]", lengths))
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"H5DataIO.{name}: expected a tuple of integers, got {lengths!r}") from error


def _check_compression(compression: Any, options: Any, allow_plugin_filters: bool) -> None:
    if not H5DataIO.filter_available(compression, allow_plugin_filters):
        fix = "" if isinstance(compression, str) else "; set allow_plugin_filters=True for a filter that a plugin brings"
        raise InvalidValueError(f"H5DataIO.compression: expected one of {NAMED}, got {compression!r}{fix}")
    if compression is not None and compression not in ("gzip", GZIP_CODE):
        warnings.warn(f"compression {compression!r} cannot be read everywhere; gzip can", stacklevel=3)
    if options is None:
        return
    if compression == "gzip" and options not in range(10):
        raise InvalidValueError(f"H5DataIO.compression_opts: gzip takes a level from 0 to 9, got {options!r}")
    if compression == "lzf":
        raise InvalidValueError("H5DataIO.compression_opts: lzf takes none")
    if compression == "szip" and not _are_szip_options(options):
        raise InvalidValueError(
            f"H5DataIO.compression_opts: szip takes ('ec' or 'nn', an even number from 2 to 32), got {options!r}"
        )


def _are_szip_options(options: Any) -> bool:
    if not isinstance(options, tuple) or len(cast("tuple[Any, ...]", options)) != 2:
        return False
    method, pixels = cast("tuple[Any, Any]", options)
    return method in ("ec", "nn") and isinstance(pixels, int) and pixels in range(2, 33, 2)
