"""Constructors of classes that are made from a specification.

They take what the specification, or an established order of arguments, says; give the class that they build on what it takes; and
keep the rest by the fields. A constructor is an object rather than a function so that its signature, which needs `inspect`, is
made only when something asks for it.
"""

from __future__ import annotations

import warnings
from types import MethodType
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.container import AbstractContainer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from inspect import Signature

    from photonwb.model.generated import Recipe

__all__ = ["REQUIRED", "Constructor", "parameters_of"]


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Any = _Required()
"""Stands for the default of an argument that has none."""


def parameters_of(cls: type[Any]) -> dict[str, Any]:
    """Arguments of the constructor of a class, with their defaults."""
    init: Any = cls.__init__
    if isinstance(init, Constructor):
        return init.parameters
    code = init.__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    defaults = init.__defaults__ or ()
    required = code.co_argcount - 1 - len(defaults)
    given = dict(zip(names[required : required + len(defaults)], defaults, strict=True)) | (init.__kwdefaults__ or {})
    return {name: given.get(name, REQUIRED) for name in names}


class Constructor:
    """The `__init__` of a class made from a specification.

    Parameters
    ----------
    owner : type
        The class.
    base : type
        The class that it builds on.
    parameters : dict
        Arguments in their order, with their defaults.
    recipe : Recipe
        What the specification does not say.
    """

    __name__ = "__init__"

    def __init__(self, owner: type[Any], base: type[Any], parameters: dict[str, Any], recipe: Recipe) -> None:
        self.__qualname__ = f"{owner.__qualname__}.__init__"
        self.__module__ = owner.__module__
        self.owner = owner
        self.base = base
        self.parameters = parameters
        self.recipe = recipe
        self.type_name = owner.__name__

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, instance: Any, /, *args: Any, **kwargs: Any) -> None:
        given = self._bound(args, kwargs)
        recipe = self.recipe
        if recipe.retired and not instance._in_construct_mode:
            raise InvalidValueError(f"{self.type_name}: only old files have this type; {recipe.retired}")
        if recipe.methods is not None:
            recipe.methods._before(instance, given)
        self._fix(given)
        given |= {name: value for name, value in recipe.given.items() if given.get(name) is None}
        wanted = parameters_of(self.base)
        given |= {name: value for name, value in self.owner.__defaults__.items() if name in wanted and name not in given}
        fields = self.owner.__fields__
        own = {name: value for name, value in given.items() if name == "name" or (name in fields and name not in wanted)}
        AbstractContainer._init(instance, own)
        self.base.__init__(instance, **{name: given[name] for name in wanted if name in given})
        if recipe.methods is not None:
            recipe.methods._after(instance, given)

    def _fix(self, given: dict[str, Any]) -> None:
        """Give the base the values that the standard fixes, whatever came instead."""
        fields = self.owner.__fields__
        for name in {*given, *parameters_of(self.base)}:
            field = fields.get(name)
            if field is None or field.fixed is None:
                continue
            value = given.get(name)
            if value is not None and value != field.fixed:
                place = f"{self.type_name} {given.get('name')!r}.{name}"
                text = f"{place}: {value!r} is not used, as the standard only allows {field.fixed!r}"
                warnings.warn(text, stacklevel=3)
            given[name] = field.fixed

    def _bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, with the defaults of those left out."""
        names = list(self.parameters)
        if len(args) > len(names):
            raise InvalidTypeError(f"{self.type_name}(): expected at most {len(names)} arguments, got {len(args)}")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in self.parameters:
                raise InvalidTypeError(f"{self.type_name}(): there is no argument {name!r}; there are {', '.join(names)}")
            if name in given:
                raise InvalidTypeError(f"{self.type_name}(): got the argument {name!r} twice")
            given[name] = value
        missing = [name for name, default in self.parameters.items() if default is REQUIRED and name not in given]
        if missing:
            raise InvalidTypeError(f"{self.type_name}(): missing the required {', '.join(map(repr, missing))}")
        return {name: given.get(name, default) for name, default in self.parameters.items()}

    @property
    def __signature__(self) -> Signature:
        from inspect import Parameter, Signature

        kind = Parameter.POSITIONAL_OR_KEYWORD
        found = [Parameter("self", kind)]
        for name, default in self.parameters.items():
            field = self.owner.__fields__.get(name)
            annotation = field.annotation if field is not None else Parameter.empty
            found.append(
                Parameter(name, kind, default=Parameter.empty if default is REQUIRED else default, annotation=annotation)
            )
        return Signature(found, return_annotation=None)

    def __repr__(self) -> str:
        return f"<constructor of {self.type_name}({', '.join(self.parameters)})>"
