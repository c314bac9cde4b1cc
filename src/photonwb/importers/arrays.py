"""Movies that are plain arrays: NPY, HDF5 or Zarr.

Such a file says neither which axis is which nor how fast it was recorded, so that both are asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photonwb.errors import DamagedFileError, InvalidValueError, StorageError
from photonwb.importers.base import Channel, Fragment, Movie, Plane, Timing
from photonwb.importers.hdf5 import is_hdf5, open_hdf5
from photonwb.importers.npy import load_npy

__all__ = ["can_open", "name", "read", "recognises"]

name = "arrays"
recognises = "a movie as a plain array in a .npy, HDF5 or Zarr file"

_MOVIE_AXES = (3, 4, 5)


def can_open(path: Path) -> bool:
    """Whether a path holds exactly one array that could be a movie."""
    try:
        return len(_movies(path)) == 1
    except (StorageError, ImportError):
        return False


def read(
    path: Path | str,
    *,
    axes: str | None = None,
    dataset: str | None = None,
    one_photon: bool = False,
    unit: str = "n.a.",
) -> Fragment:
    """Describe a movie.

    Parameters
    ----------
    path : path
        A .npy file, an HDF5 file or a Zarr store.
    axes : str
        What the axes are, a letter for each: t (time), y (rows), x (columns), z (depth), c (channel). A movie of each channel.
    dataset : str, optional
        Where in an HDF5 file or a Zarr store the array lies; not needed where there is only one that could be a movie.
    one_photon : bool
        Whether it was recorded by one-photon microscopy.
    unit : str
        Unit of the values.

    Raises
    ------
    InvalidValueError
        Axes that do not fit the array.
    StorageError
        No array there.
    """
    found = _movies(Path(path))
    if dataset is None and len(found) != 1:
        raise StorageError(
            f"{path}: expected one array that could be a movie, got {sorted(found) or 'none'}; say which: dataset="
        )
    key = dataset.strip("/") if dataset is not None else next(iter(found))
    if key not in found:
        raise StorageError(f"{path}: expected a movie at {dataset!r}, there is {sorted(found) or 'none'}")
    array = found[key]
    order = _axes(axes, array.shape, str(path))
    kind = "OnePhotonSeries" if one_photon else "TwoPhotonSeries"
    fragment = Fragment(path)
    channels = array.shape[order.index("c")] if "c" in order else 1
    names = [f"Channel{number}" for number in range(channels)] if channels > 1 else []
    fragment.planes.append(Plane("ImagingPlane", channels=tuple(map(Channel, names))))
    target = "ctxyz" if "c" in order else "txyz"
    view = _Ordered(array, [order.index(axis) for axis in target if axis in order])
    for number in range(channels):
        movie = view.part(number) if "c" in order else view
        series = f"{kind}{names[number]}" if names else kind
        fragment.movies.append(Movie(series, "ImagingPlane", movie, Timing(), kind, unit, f"The movie of {Path(path).name}."))
    return fragment


def _movies(path: Path) -> dict[str, Any]:
    """The arrays of a file that could be movies, by their place in it."""
    if path.suffix == ".npy" and path.is_file():
        try:
            values = load_npy(path)
        except DamagedFileError:
            return {}
        return {"": values} if _could_be_movie(values) else {}
    if is_hdf5(path):
        found: dict[str, Any] = {}

        def visit(place: str, node: Any) -> None:
            if _could_be_movie(node):
                found[place] = node

        file = open_hdf5(path)
        if "nwb_version" not in file.attrs:  # which needs no import
            file.visititems(visit)
        return found
    if path.is_dir() and any((path / file).exists() for file in ("zarr.json", ".zarray", ".zgroup")):
        return _zarr_movies(path)
    return {}


def _zarr_movies(path: Path) -> dict[str, Any]:
    try:
        import zarr
    except ImportError:
        raise ImportError(f"{path}: Zarr stores are read by zarr: pip install photonwb[zarr]") from None
    try:
        node: Any = zarr.open(path, mode="r")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedFileError(f"{path}: cannot be read as a Zarr store: {error}") from error
    if hasattr(node, "shape"):
        return {"": node} if _could_be_movie(node) else {}
    return {place: member for place, member in node.members(max_depth=None) if _could_be_movie(member)}


def _could_be_movie(node: Any) -> bool:
    return len(getattr(node, "shape", ())) in _MOVIE_AXES and node.dtype.kind in "iuf" and all(node.shape)


def _axes(axes: str | None, shape: tuple[int, ...], source: str) -> str:
    """The letters of the axes, checked."""
    if axes is None:
        raise InvalidValueError(
            f"{source}: an array of shape {shape} does not say what its axes are: give axes, for example 'tyx'"
        )
    letters = axes.lower()
    if len(letters) != len(shape) or len(set(letters)) != len(letters) or not set("tyx") <= set(letters) <= set("tyxzc"):
        raise InvalidValueError(
            f"axes: expected a letter for each axis of {source}, whose shape is {shape}: t, y and x, with z or c; got {axes!r}"
        )
    return letters


class _Ordered:
    """A view of an array with its axes in another order, read where it is indexed.

    Takes integers and slices for its leading axes, which is what is asked of a movie while it is written.
    """

    def __init__(self, array: Any, order: list[int], fixed: int | None = None) -> None:
        self._array = array
        self._order = order
        self._fixed = fixed  # where along its first axis this view lies
        shown = order if fixed is None else order[1:]
        self.shape = tuple(array.shape[axis] for axis in shown)
        self.dtype = array.dtype
        self.ndim = len(shown)

    def part(self, number: int) -> _Ordered:
        """The view at one place of the first axis."""
        return _Ordered(self._array, self._order, number)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        import numpy as np

        picks = list(key) if isinstance(key, tuple) else [key]
        if any(pick is Ellipsis for pick in picks):
            place = picks.index(Ellipsis)
            picks[place : place + 1] = [slice(None)] * (self.ndim - len(picks) + 1)
        picks += [slice(None)] * (self.ndim - len(picks))
        if self._fixed is not None:
            picks.insert(0, self._fixed)
        drop = tuple(slice(None) if isinstance(pick, slice) else 0 for pick in picks)
        source: list[Any] = [slice(None)] * len(picks)
        for axis, pick in zip(self._order, picks, strict=True):
            length = self._array.shape[axis]
            source[axis] = pick if isinstance(pick, slice) else slice(int(pick) % length, int(pick) % length + 1)
        return np.asarray(self._array[tuple(source)]).transpose(self._order)[drop]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        return np.asarray(self[...], dtype=dtype)
