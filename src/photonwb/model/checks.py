"""What a field makes of a value that is given to it.

Lenient where no information is lost (an integer where a float is meant, numpy scalars everywhere), strict where it is. The
checks never read bulk data: of an array they look at the shape. Each takes the object, the field and the value, and returns the
value in the form the object keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from photonwb.model.fielded import Fielded
    from photonwb.model.fields import Field

    Check = Callable[[Fielded, Field, Any], Any]

__all__ = ["check_for", "describe_value", "exact_type", "fail", "mismatch"]


def check_for(field: Field) -> Check:
    """The check of a field, chosen once by its kind and its declared type."""
    if field.fixed is not None:
        return _check_fixed
    kinds = {_bare(name) for name in field.types} - {"None"}
    if field.kind == "children":
        return _check_objects
    if "Array" in kinds:
        return _check_array
    if field.kind in ("link", "child") or field.dtype == "reference":
        return _check_object
    if kinds == {"Any"}:
        return _check_anything
    if kinds & {"list", "tuple"}:
        return _check_texts
    if len(kinds) == 1:
        return _BY_TYPE.get(kinds.pop(), _check_object)
    if kinds <= {"datetime", "date", "str"}:
        return _check_date
    return _check_anything


def exact_type(field: Field) -> type | None:
    """The type whose values the check of a field takes as they are, whatever they are; None where it looks at each."""
    if field.one_of or (field.dtype or "").startswith("uint"):
        return None
    return _TAKEN_AS_THEY_ARE.get(check_for(field))


def fail(instance: Fielded, field: Field, expected: str, value: Any, *, wrong_type: bool = False) -> Exception:
    """The error for a value that a field does not take: which object, which field, what was expected, what came."""
    error = InvalidTypeError if wrong_type else InvalidValueError
    return error(mismatch(f"{instance._label()}.{field.name}", expected, value))


def mismatch(place: str, expected: str, value: Any) -> str:
    """`place: expected this, got that`: the one form of our messages about values."""
    return f"{place}: expected {expected}, got {describe_value(value)}"


def describe_value(value: Any) -> str:
    """A value as an error message shows it: short, and telling its kind."""
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, (str, bytes, int, float)):
        text = repr(value)
        return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
    if hasattr(value, "neurodata_type") and not isinstance(value, type):
        return str(value._label())
    shape = shape_of(value)
    name = type(value).__name__
    return f"{name} object" if shape is None else f"{name} of shape {_shape_text(shape)}"


def _shape_text(shape: Iterable[int | None]) -> str:
    parts = ["any" if length is None else str(length) for length in shape]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def _bare(name: str) -> str:
    return name.partition("[")[0]


def _check_anything(instance: Fielded, field: Field, value: Any) -> Any:
    return value


def _check_fixed(instance: Fielded, field: Field, value: Any) -> Any:
    if value != field.fixed:
        raise fail(instance, field, f"{field.fixed!r}, the only value that the standard allows", value)
    return field.fixed


def _check_text(instance: Fielded, field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise fail(instance, field, "text", value, wrong_type=True)
    if field.one_of and value not in field.one_of:
        raise fail(instance, field, " or ".join(repr(text) for text in field.one_of), value)
    return value if type(value) is str else str(value)


def _scalar(value: Any) -> Any:
    """A 0-d array or a numpy scalar as itself, made plain when it is an array."""
    if getattr(value, "shape", None) == () and hasattr(value, "item") and hasattr(value, "ndim"):
        return value[()]
    return value


def _kind(value: Any) -> str:
    """One letter for the kind of number, in the way of numpy dtypes; "" for what is no number."""
    if isinstance(value, bool):
        return "b"
    if isinstance(value, int):
        return "i"
    if isinstance(value, float):
        return "f"
    dtype = getattr(value, "dtype", None)
    return str(getattr(dtype, "kind", "")) if getattr(value, "shape", None) == () else ""


def _check_float(instance: Fielded, field: Field, value: Any) -> Any:
    if type(value) is float:
        return value
    number = _scalar(value)
    kind = _kind(number)
    if kind == "f":
        return number
    if kind in ("i", "u") and kind:
        return float(number)
    raise fail(instance, field, "a number", value, wrong_type=True)


def _check_int(instance: Fielded, field: Field, value: Any) -> Any:
    if type(value) is int:
        number: Any = value
    else:
        number = _scalar(value)
        kind = _kind(number)
        if kind == "f" and float(number).is_integer():
            number = int(number)
        elif kind not in ("i", "u") or not kind:
            raise fail(instance, field, "a whole number", value, wrong_type=True)
    if field.dtype is not None and field.dtype.startswith("uint") and number < 0:
        raise fail(instance, field, "a number >= 0", value)
    return number


def _check_bool(instance: Fielded, field: Field, value: Any) -> bool:
    number = _scalar(value)
    if _kind(number) == "b":
        return bool(number)
    raise fail(instance, field, "True or False", value, wrong_type=True)


def _check_date(instance: Fielded, field: Field, value: Any) -> Any:
    import datetime as dt

    if isinstance(value, dt.date) or (isinstance(value, str) and "str" in field.types):
        return value
    raise fail(instance, field, "a datetime", value, wrong_type=True)


def _check_texts(instance: Fielded, field: Field, value: Any) -> Any:
    """A list of texts (or of whatever the annotation says); one text alone becomes a list of one."""
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, (list, tuple)) or shape_of(value) is not None:
        return cast("Any", value)
    raise fail(instance, field, "text or a list of texts", value, wrong_type=True)


def _check_array(instance: Fielded, field: Field, value: Any) -> Any:
    if hasattr(value, "neurodata_type"):
        return _check_shared(instance, field, value)
    shape = shape_of(value)
    if not shape and (isinstance(value, (str, bytes, dict, int, float)) or (shape is None and not hasattr(value, "__iter__"))):
        raise fail(instance, field, "an array", value, wrong_type=True)
    if field.shapes and shape is not None:
        _check_shape(instance, field, shape)
    return value.to_numpy() if hasattr(value, "iloc") else value  # a column of a data frame is indexed by label, not by place


def _check_shape(instance: Fielded, field: Field, shape: tuple[int | None, ...]) -> None:
    """Compare a shape with those that the field allows; what is not known yet is no mistake."""
    for allowed in field.shapes:
        if len(allowed) != len(shape):
            continue
        # Mostly any length will do, which is seen at once.
        if not any(allowed) or all(None in pair or pair[0] == pair[1] for pair in zip(allowed, shape, strict=True)):
            return
    expected = " or ".join(_shape_text(allowed) for allowed in field.shapes)
    raise InvalidValueError(f"{instance._label()}.{field.name}: expected shape {expected}, got {_shape_text(shape)}")


def _check_shared(instance: Fielded, field: Field, value: Any) -> Any:
    """Another object whose array is shared: it must have a field of the same name."""
    if field.name not in type(value).__fields__:
        raise fail(instance, field, f"an array or an object with {field.name!r}", value, wrong_type=True)
    owner = value
    while hasattr(owner, "neurodata_type"):
        if owner is instance:
            raise fail(instance, field, "an object that does not itself share the values of this one", value)
        owner = owner.__dict__.get(field.name)
    return value


def _check_object(instance: Fielded, field: Field, value: Any) -> Any:
    cls = type(value)
    if cls not in field.known_classes:
        names = field.element_names
        if "Any" not in names and not any(base.__name__ in names for base in cls.__mro__):
            raise fail(instance, field, f"{_article(names)}", value, wrong_type=True)
        field.known_classes.add(cls)
    if field.kind == "child" and field.named_by_key and value.name != field.key:
        raise InvalidValueError(
            f"{instance._label()}.{field.name}: expected an object named {field.key!r}, got {value._label()}; "
            f"create it with name={field.key!r}"
        )
    return value


def _check_objects(instance: Fielded, field: Field, value: Any) -> Any:
    """Objects of a collection: one, a list, tuple or dict of them; returned as a list."""
    objects = listed(value)
    if objects is None:
        raise fail(instance, field, f"{_article(field.element_names)} or a list of such", value, wrong_type=True)
    for item in objects:
        _check_object(instance, field, item)
    return objects


def listed(value: Any) -> list[Any] | None:
    """One object, a list, tuple or dict of objects, as a list; None for anything else."""
    if hasattr(value, "neurodata_type"):
        return [value]
    if hasattr(value, "values"):
        return list(value.values())
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
        return list(value)
    return None


def _article(names: tuple[str, ...]) -> str:
    return " or ".join(f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}" for name in names)


_TAKEN_AS_THEY_ARE: dict[Check, type] = {_check_text: str, _check_float: float, _check_int: int}

_BY_TYPE: dict[str, Check] = {
    "str": _check_text,
    "float": _check_float,
    "int": _check_int,
    "bool": _check_bool,
    "datetime": _check_date,
    "date": _check_date,
}
