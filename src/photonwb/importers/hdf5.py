"""HDF5 files of analysis programs, those of MATLAB among them, as plain values.

MATLAB counts its axes the other way round: what is [height, width, n] there is (n, width, height) in the file, so that images
come out as the standard wants them, x first. Files of MATLAB before version 7.3 are no HDF5; scipy reads them, and what it gives
is turned to the same order, so that importers need to know only one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from photonwb.regions.rois import RoiSet

__all__ = [
    "SparseColumns",
    "array",
    "is_hdf5",
    "is_mat",
    "open_hdf5",
    "open_mat",
    "plain",
    "regions_of_columns",
    "regions_of_stack",
]

_AT_ONCE = 64  # images of regions that are in memory together
_FEW = 64  # what is longer is data, not a setting


class SparseColumns(NamedTuple):
    """A sparse matrix with a column for each region: the values, their rows, and where each column begins and ends."""

    data: Any
    rows: Any
    bounds: Any


def is_hdf5(path: Path) -> bool:
    """Whether a path is an HDF5 file."""
    import h5py

    return path.is_file() and bool(h5py.is_hdf5(path))


def open_hdf5(path: Path) -> Any:
    """An open HDF5 file; it stays open as long as arrays of it are used.

    Raises
    ------
    StorageError
        It cannot be opened.
    """
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise StorageError(f"{path}: cannot be opened as an HDF5 file: {error}") from error


def array(group: Any, name: str, dimensions: int) -> Any:
    """A dataset of numbers, left in its file; None where it is not there, is empty, or stands for nothing."""
    found = group.get(name) if group is not None else None
    if found is None or not hasattr(found, "dtype") or found.dtype.kind not in "iufb" or "MATLAB_empty" in _attributes(found):
        return None
    return found if len(found.shape) == dimensions and all(found.shape) else None


def _attributes(found: Any) -> Any:
    return getattr(found, "attrs", {})


def plain(group: Any) -> dict[str, Any]:
    """The numbers and texts of a group and the groups in it."""
    values: dict[str, Any] = {}
    for name in group:
        value = _plain(group[name])
        if value is not None:
            values[name] = value
    return values


def _plain(found: Any) -> Any:
    if hasattr(found, "keys"):
        return plain(found) or None
    if "MATLAB_empty" in _attributes(found) or not 0 < found.size <= _FEW:
        return None
    values: Any = found[()]
    if _attributes(found).get("MATLAB_class") in (b"char", "char"):
        return "".join(map(chr, values.ravel()))
    if isinstance(values, bytes):
        return values.decode("utf-8", "replace")
    if found.dtype.kind in "iufb":
        listed: list[Any] = values.ravel().tolist()
        return listed if len(listed) > 1 else listed[0]
    return str(values) if found.dtype.kind == "U" and found.size == 1 else None


# ---- MATLAB


def is_mat(path: Path) -> bool:
    """Whether a path is a file of MATLAB that holds structures or sparse matrices; arrays are not read for that."""
    if path.suffix.lower() != ".mat" or not path.is_file():
        return False
    if is_hdf5(path):
        return True
    with path.open("rb") as file:
        if file.read(6) != b"MATLAB":
            return False
    try:
        import scipy.io

        return any(kind in ("struct", "sparse") for _, _, kind in scipy.io.whosmat(path))
    except (ImportError, ValueError, TypeError, NotImplementedError, OSError):
        return False


def open_mat(path: Path) -> Any:
    """The variables of a file of MATLAB, structures as groups, arrays with their axes reversed."""
    if is_hdf5(path):
        return open_hdf5(path)
    try:
        import scipy.io
    except ImportError:
        raise ImportError(f"{path}: files of MATLAB before version 7.3 need scipy: pip install photonwb[import]") from None
    try:
        values = scipy.io.loadmat(path, simplify_cells=True)
    except (ValueError, TypeError, NotImplementedError, OSError) as error:
        raise DamagedFileError(f"{path}: cannot be read as a file of MATLAB: {error}") from error
    return _reversed({name: value for name, value in values.items() if not name.startswith("__")})


def _reversed(value: Any) -> Any:
    import numpy as np

    if isinstance(value, dict):
        return {name: _reversed(part) for name, part in value.items()}
    if hasattr(value, "tocsc"):
        columns = value.tocsc()
        return {"data": columns.data, "ir": columns.indices, "jc": columns.indptr}
    return np.asarray(value).T


def sparse_columns(group: Any, name: str) -> SparseColumns | None:
    """A sparse matrix of MATLAB (data, ir, jc) or of scipy (data, indices, indptr), a column for each region."""
    found = group.get(name) if group is not None else None
    if found is None or not hasattr(found, "keys"):
        return None
    for rows, bounds in (("ir", "jc"), ("indices", "indptr")):
        if bounds in found and rows in found:
            return SparseColumns(found["data"][...], found[rows][...], found[bounds][...])
    return None


# ---- regions


def regions_of_columns(columns: SparseColumns, rows_and_columns: tuple[int, ...], place: str) -> RoiSet:
    """Regions of a matrix (pixels, regions) whose pixels run down the rows of an image first, as in MATLAB.

    Parameters
    ----------
    columns : SparseColumns
    rows_and_columns : (height, width) or (height, width, depth)
        Shape of the image.
    place : str
        What messages call the matrix.
    """
    import numpy as np

    from photonwb.regions.masks import AXES, mask_dtype, members
    from photonwb.regions.rois import RoiSet

    count = int(np.prod(rows_and_columns))
    if len(columns.rows) and int(columns.rows.max()) >= count:
        raise DamagedFileError(f"{place}: a pixel lies outside the {count} pixels of an image of {rows_and_columns}")
    (kept,), weights = members(columns.data)
    y, x, *z = np.unravel_index(columns.rows[kept].astype(np.int64), rows_and_columns, order="F")
    values = np.empty(len(kept), mask_dtype(2 + len(z)))
    for axis, index in zip(AXES, (x, y, *z), strict=False):
        values[axis] = index
    values["weight"] = weights
    height, width, *depth = rows_and_columns
    return RoiSet(values, np.searchsorted(kept, columns.bounds[1:]), (width, height, *depth))


def regions_of_stack(stack: Any) -> RoiSet:
    """Regions of a stack of images (regions, x, y), a few of which are in memory at a time."""
    import numpy as np

    from photonwb.regions.rois import RoiSet

    parts = [RoiSet.from_images(block) for block in _blocks(stack)]
    lengths = np.concatenate([part.areas() for part in parts])
    return RoiSet(np.concatenate([part.values for part in parts]), lengths.cumsum(), stack.shape[1:])


def _blocks(stack: Any) -> Iterator[Any]:
    for first in range(0, len(stack), _AT_ONCE):
        yield stack[first : first + _AT_ONCE]
