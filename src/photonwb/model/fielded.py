"""What an object makes of the table of fields of its class: how values are given to it, checked, kept and changed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.model import checks, registry
from photonwb.model.fields import Field, Kind, signature_defaults
from photonwb.model.fields_view import FieldsView
from photonwb.model.hierarchy import Hierarchy
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from photonwb.model.container import AbstractContainer

    # Of each field its name, its default, and the type of values that need no check.
    Usual = tuple[tuple[str, Any, type | None, Field], ...]

__all__ = ["Fielded"]

_NOTHING = object()
# What may be said of an object before its constructor is called.
_TWO_STEPS = frozenset(("container_source", "object_id", "in_construct_mode", "parent"))


class Fielded(Hierarchy):
    """The part of an object that keeps the values of its fields."""

    namespace: str = "hdmf-common"
    neurodata_type: str = "AbstractContainer"
    __defaults__: ClassVar[Mapping[str, Any]] = {}
    __usual__: ClassVar[Usual | None] = None  # see `_usual_values`

    # Instances override these only when they differ, which keeps construction cheap.
    _in_construct_mode: bool = False
    _changed: frozenset[str] = frozenset()  # names of fields that differ from the file the object was read from
    _assigned: frozenset[str] = frozenset()  # and of those whose array in the file was assigned to

    def __init_subclass__(cls, neurodata_type: str | None = None, namespace: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fields: dict[str, Field] = {}
        for base in reversed(cls.__bases__):
            fields.update(getattr(base, "__fields__", {}))
        fields.update({name: value for name, value in cls.__dict__.items() if isinstance(value, Field)})
        cls.__fields__ = fields
        cls.__held__ = tuple(field for field in fields.values() if field.is_held)
        cls.__usual__ = None
        if "__init__" in cls.__dict__:
            cls.__defaults__ = signature_defaults(cls.__init__)
        if namespace is not None:
            cls.namespace = namespace
        if neurodata_type is not None:
            cls.neurodata_type = neurodata_type
            registry.enter(cast("type[AbstractContainer]", cls))

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make an empty object.

        Libraries that build objects in two steps pass `container_source`, `parent`, `object_id` and `in_construct_mode` here
        and call `__init__` afterwards.
        """
        instance: Any = object.__new__(cls)
        if not _TWO_STEPS.isdisjoint(kwargs):
            for argument in _TWO_STEPS.intersection(kwargs).difference(cls.__fields__):
                instance.__dict__[f"_{argument}"] = kwargs[argument]
        return instance

    def __init__(self, name: str) -> None:
        self._init({"name": name})

    def _init(self, arguments: Mapping[str, Any]) -> None:
        """Take the arguments of a constructor: check each by its field and keep it.

        Of the many that there are few are given. What was left at its default is not kept, since `_empty` tells it.
        """
        cls, values = type(self), self.__dict__
        if "name" in arguments:
            values["_name"] = self._check_name(arguments["name"])
        for name, default, exact, field in cls.__usual__ or _usual_values(cls):
            if name in arguments and (value := arguments[name]) is not default:
                if type(value) is exact:
                    values[name] = value
                elif value is None:
                    self._check_absence(field)
                elif field.is_held:
                    self._set(field, value)
                else:
                    values[name] = field.check(self, value)

    def _check_absence(self, field: Field) -> None:
        # A collection that must not stay empty may well begin so.
        if field.required and field.kind != Kind.CHILDREN:
            raise InvalidTypeError(f"{self._label()}.{field.name}: a value is required, got None")

    def _check_name(self, name: Any) -> str:
        if not isinstance(name, str):
            raise InvalidTypeError(f"{self.neurodata_type}.name: expected text, got {checks.describe_value(name)}")
        if not self._in_construct_mode and ("/" in name or ":" in name or not name or name in (".", "..") or "\0" in name):
            raise InvalidValueError(
                f"{self.neurodata_type}.name: {name!r} cannot be the name of an object: "
                "leave out '/' and ':', and do not leave it empty"
            )
        return name

    # ---- fields

    def __setattr__(self, name: str, value: Any) -> None:
        field = type(self).__fields__.get(name)
        if field is None:
            object.__setattr__(self, name, value)
        else:
            self._set(field, value)

    def _set(self, field: Field, value: Any) -> None:
        """Give a field a new value."""
        if value is not None:
            value = field.check(self, value)
        elif not self._in_construct_mode:
            self._check_absence(field)
        if field.kind == Kind.CHILDREN:
            self._set_children(field, value)
        else:
            if field.kind == Kind.CHILD:
                self._release_replaced(field, value)
            self.__dict__[field.name] = value
            if field.kind == Kind.CHILD and value is not None:
                self._adopt(value)
        self._note_change(field)

    def _release_replaced(self, field: Field, value: Any) -> None:
        """Take out the object that another one (or none) takes the place of, from all collections that have it."""
        before = self.__dict__.get(field.name)
        if before is None and self._stored is not None and field.name not in self.__dict__:
            with suppress(PhotonwbError):  # what cannot be read need not be taken out
                before = getattr(self, field.name)
        if before is not None and before is not value and before.parent is self:
            before.reset_parent()

    def _set_children(self, field: Field, values: list[AbstractContainer] | None) -> None:
        if field.is_listed:
            self.__dict__[field.name] = field.listed(values or ())
            for value in values or ():
                self._adopt(value)
        elif values:
            self._add(field.name, values)

    def _note_change(self, field: Field) -> None:
        if self._stored is not None:
            self._changed = self._changed | {field.name}
        self.set_modified()

    def _note_assignment(self, field: Field, attribute: str = "") -> None:
        """Called when a part of the array of a field, or an attribute of it, was assigned to, which is in the file."""
        for other in type(self).__fields__.values() if attribute else ():
            is_meant = other.kind == Kind.ATTRIBUTE and (other.key or other.name) == attribute
            if is_meant and other.where == ("" if field.kind == Kind.CONTENT else field.path):
                field = other
                self.__dict__.pop(field.name, None)  # to be read again
                self._changed = self._changed - {field.name}
        self._assigned = self._assigned | {field.name}

    def _empty(self, field: Field) -> Any:
        """What a field is when nothing was given and no file tells."""
        if field.kind == Kind.CHILDREN:
            return field.listed(()) if field.is_listed else self._collection(field)
        if field.fixed is not None:
            return field.fixed
        return type(self).__defaults__.get(field.name)

    def _collection(self, field: Field) -> LabelledDict[Any]:
        return LabelledDict(field.name, add_callable=self._adopt, remove_callable=self._release)

    @property
    def fields(self) -> MutableMapping[str, Any]:
        """All fields that have a value, by name; a live view."""
        return FieldsView(cast("AbstractContainer", self))


def _usual_values(cls: type[Fielded]) -> Usual:
    """The fields of a class; of each its default, where that needs no check, and the type whose values need none.

    Found when the class has its first object. Then it is complete, and of most classes no program makes any.
    """
    usual: list[tuple[str, Any, type | None, Field]] = []
    for name, field in cls.__fields__.items():
        default = cls.__defaults__.get(name)
        is_usual = isinstance(default, (str, float, bool)) or (default is None and not field.required)
        if field.fixed is not None:
            is_usual = False
        elif field.is_held:
            is_usual = default == () or (default is None and (field.kind == Kind.CHILDREN or not field.required))
        usual.append((name, default if is_usual else _NOTHING, checks.exact_type(field), field))
    cls.__usual__ = tuple(usual)
    return cls.__usual__
