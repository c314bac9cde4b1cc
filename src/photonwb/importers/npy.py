"""Reading .npy files of others without trusting them.

numpy stores an array of objects as a pickle, which can run any program when it is read. What analysis programs really put there
is arrays and numbers, so that only the handful of names is let in of which those are made.
"""

from __future__ import annotations

import codecs
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, MissingFileError

if TYPE_CHECKING:
    from photonwb import typing

__all__ = ["load_npy"]


def _allowed() -> dict[tuple[str, str], Any]:
    import numpy as np

    return {
        ("numpy", "dtype"): np.dtype,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy.core.multiarray", "scalar"): np.float64(0).__reduce__()[0],
        ("numpy.core.numeric", "_frombuffer"): np.empty(1).__reduce_ex__(5)[0],
        ("_codecs", "encode"): codecs.encode,
        ("collections", "OrderedDict"): dict,
        # Paths are kept as texts: a path of Windows cannot be made elsewhere.
        **{("pathlib", kind): _path for kind in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")},
        **{("pathlib._local", kind): _path for kind in ("Path", "PosixPath", "WindowsPath")},
    }


def _path(*parts: str) -> str:
    return "/".join(parts).replace("//", "/")


class _Unpickler(pickle.Unpickler):
    """Unpickles arrays and numbers, and nothing that could do harm."""

    def find_class(self, module: str, name: str) -> Any:
        found = _allowed().get((module.replace("numpy._core", "numpy.core"), name))
        if found is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which has no place among arrays and numbers")
        return found


def load_npy(path: typing.Path) -> Any:
    """Content of a .npy file.

    Returns
    -------
    array or object
        An array of numbers stays on disk until it is indexed; the one object of an array without dimensions comes by itself.

    Raises
    ------
    MissingFileError
        There is no such file.
    DamagedFileError
        It is damaged, or holds more than arrays, numbers, texts, and lists and dicts of those.
    """
    import numpy as np

    path = Path(path)
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read_header(file)
            if not dtype.hasobject:
                return np.load(path, mmap_mode="r" if np.prod(shape) else None, allow_pickle=False)
            values = _Unpickler(file).load()
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file") from None
    except (pickle.UnpicklingError, ValueError, EOFError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise DamagedFileError(f"{path}: cannot be read as a .npy file: {error}") from error
    if not isinstance(values, np.ndarray) or values.size != np.prod(shape):
        raise DamagedFileError(f"{path}: expected an array of shape {shape}, got {type(values).__name__}")
    values = values.reshape(shape, order="F" if fortran else "C")
    return values.item() if shape == () else values
