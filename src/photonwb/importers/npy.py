"""Reading .npy files of others without trusting them.

numpy stores an array of objects as a pickle, which can run any program when it is read. What analysis programs really put there
is arrays and numbers, so that only the handful of names is let in of which those are made. Not even these are numpy's own, which
crash when a damaged file calls them with nonsense: what stands for them is filled in afterwards, when it is known to fit.
"""

from __future__ import annotations

import codecs
import pickle
import struct
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb import typing

__all__ = ["load_npy"]


# What unpickling nonsense ends with.
_FAILURES = (
    pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, ImportError, LookupError, MemoryError, RecursionError,
    SyntaxError, TokenError, TypeError, ValueError, AssertionError, struct.error,
)  # fmt: skip


class _Type:
    """Stands for an element type."""

    def __init__(self, text: Any, *_: Any) -> None:
        self.text = text
        self.order: Any = "="

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def made(self, resolve: Callable[[Any], Any]) -> Any:
        import numpy as np

        if not isinstance(self.text, str) or self.text[:1] not in set("?biufcSUO"):
            raise pickle.UnpicklingError(f"it has values of type {self.text!r}, which have no place among numbers and texts")
        dtype = np.dtype(self.text)
        return dtype if dtype.hasobject or self.order == "|" else dtype.newbyteorder(self.order)


class _Values:
    """Stands for an array, or (without a shape) for a number."""

    def __init__(self, raw: Any = None, dtype: Any = None, shape: Any = None, order: str = "C", *_: Any) -> None:
        self.state = shape, dtype, order == "F", raw

    def __setstate__(self, state: Any) -> None:
        _, *rest = state
        self.state = tuple(rest)

    def made(self, resolve: Callable[[Any], Any]) -> Any:
        import numpy as np

        shape, kind, fortran, raw = self.state
        dtype = resolve(kind)
        if dtype.hasobject:
            if shape is None:
                return resolve(raw)
            values = np.empty(len(raw), object)
            for place, value in enumerate(raw):
                values[place] = resolve(value)
        else:
            values = np.frombuffer(raw, dtype).copy() if len(raw) else np.empty(0, dtype)
        return values[0] if shape is None else values.reshape(shape, order="F" if fortran else "C")


class _Resolver:
    """Puts what they stand for in the place of what stands for arrays and numbers."""

    def __init__(self) -> None:
        self.found: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, (str, int, float)):  # most of all, and what they are
            return value
        if id(value) not in self.found:
            self.found[id(value)] = self.made(value)
        return self.found[id(value)]

    def made(self, value: Any) -> Any:
        if isinstance(value, (_Type, _Values)):
            return value.made(self)
        if isinstance(value, dict):
            return {self(key): self(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)([self(part) for part in value])
        return value


def _path(*parts: str) -> str:
    return "/".join(parts).replace("//", "/")


def _scalar(dtype: Any, raw: Any) -> _Values:
    return _Values(raw, dtype)


def _array(*_: Any) -> _Values:
    return _Values()


_PATHS = ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Values,
    ("numpy.core.multiarray", "_reconstruct"): _array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _Values,
    ("_codecs", "encode"): codecs.encode,
    ("collections", "OrderedDict"): dict,
    # Paths are kept as texts: a path of Windows cannot be made elsewhere.
    **{(module, kind): _path for module in ("pathlib", "pathlib._local") for kind in _PATHS},
}


class _Unpickler(pickle._Unpickler):  # the one in Python: that in C takes gigabytes for a memo number that damage made large
    """Unpickles what stands for arrays and numbers, and nothing that could do harm."""

    def find_class(self, module: str, name: str) -> Any:
        found = _ALLOWED.get((module.replace("numpy._core", "numpy.core"), name))
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
            values = _Resolver()(_Unpickler(BytesIO(file.read())).load())
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file") from None
    except _FAILURES as error:
        raise DamagedFileError(f"{path}: cannot be read as a .npy file: {error}") from error
    if not isinstance(values, np.ndarray) or values.size != np.prod(shape):
        raise DamagedFileError(f"{path}: expected an array of shape {shape}, got {type(values).__name__}")
    values = values.reshape(shape, order="F" if fortran else "C")
    return values.item() if shape == () else values
