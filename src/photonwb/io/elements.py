"""Which element type a value is stored as.

The standard names a kind of number and the least precision of it. What is given with more precision keeps it, what has less is
widened, and another kind is converted when nothing is lost by that, otherwise refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.storage.contract import ASCII, REFERENCE, TEXT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from photonwb.storage.contract import ElementType

__all__ = ["TEXTS", "converted", "element_for", "smallest_unsigned"]

# dtype of the standard: (kinds of numpy, least number of bytes, numpy code of the result's kind)
_NUMBERS = {
    "float": ("f", 4),
    "float32": ("f", 4),
    "double": ("f", 8),
    "float64": ("f", 8),
    "long": ("i", 8),
    "int64": ("i", 8),
    "int": ("i", 4),
    "int32": ("i", 4),
    "short": ("i", 2),
    "int16": ("i", 2),
    "int8": ("i", 1),
    "uint": ("u", 4),
    "uint64": ("u", 8),
    "uint32": ("u", 4),
    "uint16": ("u", 2),
    "uint8": ("u", 1),
}
# dtype of the standard for texts, and what they are stored as.
TEXTS = {
    "text": TEXT,
    "utf": TEXT,
    "utf8": TEXT,
    "utf-8": TEXT,
    "ascii": ASCII,
    "bytes": ASCII,
    "isodatetime": ASCII,
    "datetime": ASCII,
}


def element_for(wanted: str | None, given: np.dtype[Any]) -> ElementType:
    """Element type that values of a numpy dtype are stored as.

    Parameters
    ----------
    wanted : str or None
        What the standard asks for; None when anything goes.
    given : numpy.dtype

    Raises
    ------
    InvalidTypeError
        Values of that dtype cannot stand for what is wanted.
    """
    given = given.newbyteorder("<")  # some readers know no other byte order
    if given.kind == "M" or given.kind == "m":
        raise InvalidTypeError(
            f"expected numbers or text, got {given}: store times as seconds relative to the session start, or dates as text"
        )
    if given.kind == "c":
        raise InvalidTypeError(f"expected real numbers, got {given}: store the real and the imaginary part on their own")
    if wanted in TEXTS:
        if given.kind not in "USO":
            raise InvalidTypeError(f"expected text, got {given}")
        return TEXTS[wanted]
    if wanted == "numeric":
        return _numeric(given)
    if wanted in _NUMBERS:
        return _number(wanted, given)
    if wanted == "bool":
        return _boolean(given)
    if given.names is not None and any(given[name].kind in "OUS" for name in given.names):
        return tuple((name, cast("Any", element_for(None, given[name]))) for name in given.names)
    if given.kind == "O" or given.kind == "U":
        return TEXT
    return ASCII if given.kind == "S" else given


def _numeric(given: np.dtype[Any]) -> np.dtype[Any]:
    """Any number; the two kinds that other tools refuse are widened to the next that holds them."""
    import numpy as np

    if given.kind == "b":
        return np.dtype("u1")
    if given.kind == "f" and given.itemsize == 2:
        return np.dtype("f4")
    if given.kind not in "iuf":
        raise InvalidTypeError(f"expected numbers, got {given}")
    return given


def _number(wanted: str, given: np.dtype[Any]) -> np.dtype[Any]:
    import numpy as np

    kind, least = _NUMBERS[wanted]
    if given.kind not in "iufb":
        raise InvalidTypeError(f"expected {wanted}, got {given}")
    size = max(least, given.itemsize)
    if kind == "f" and given.kind in "iu" and given.itemsize == 8:
        size = 8
    return np.dtype(f"{kind}{min(size, 8)}") if given.itemsize <= 8 else given


def _boolean(given: np.dtype[Any]) -> np.dtype[Any]:
    import numpy as np

    if given.kind == "b" or (given.kind in "iu" and given.itemsize == 1):
        return np.dtype(bool)
    raise InvalidTypeError(f"expected True or False, got {given}")


def converted(values: NDArray[Any], element: ElementType) -> NDArray[Any]:
    """Values in the dtype they are stored as.

    Raises
    ------
    InvalidValueError
        A number does not fit: a fraction where whole numbers are stored, or one out of range.
    """
    import numpy as np

    if isinstance(element, (str, tuple)) or values.dtype == element:
        return values
    target = element
    if values.dtype.kind in "iuf" and target.kind in "iu" and not np.can_cast(values.dtype, target, "safe"):
        return _whole_numbers(values, target)
    if values.dtype.kind in "iu" and target.kind == "b" and values.size and values.max() > 1:
        raise InvalidValueError(f"expected True or False (0 or 1), got {values.max()}")
    return values.astype(target)


def _whole_numbers(values: NDArray[Any], target: np.dtype[Any]) -> NDArray[Any]:
    import numpy as np

    if not values.size:
        return values.astype(target)
    limits = np.iinfo(target)
    low, high = values.min(), values.max()
    if not (low >= limits.min and high <= limits.max):
        raise InvalidValueError(f"expected whole numbers from {limits.min} to {limits.max}, got {low} to {high}")
    result = values.astype(target)
    if values.dtype.kind == "f" and not np.array_equal(result, values):
        raise InvalidValueError("expected whole numbers, got fractions: round them first")
    return result


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """Unsigned type for the ends of ragged rows: 32 bits, so that rows can be added in place, or 64 where it takes them."""
    import numpy as np

    return np.dtype("u4") if largest < 2**32 else np.dtype("u8")


def element_of_objects(values: Any) -> str | None:
    """REFERENCE when values hold objects of the model, None otherwise."""
    first = next((item for item in cast("list[Any]", values) if item is not None), None) if len(values) else None
    return REFERENCE if hasattr(first, "neurodata_type") else None
