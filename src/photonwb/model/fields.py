"""The one mechanism of the model: `Field`.

A class of the model declares each of its fields once, in the class body: the annotation says the type, the specifier where the
field lives in the file and its shape, the signature of `__init__` the order and the defaults. Constructor checks, repr, lazy
reading, writing, validation and documentation all come from this one table.

A `Field` is a descriptor without `__set__`, like `functools.cached_property`: what is absent from the `__dict__` of an object
was left at its default or has not been read yet, `__get__` loads it once, and every later access costs what a plain attribute
costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.model import checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from photonwb.model.container import AbstractContainer
    from photonwb.model.fielded import Fielded

__all__ = [
    "Field",
    "Kind",
    "attribute",
    "child",
    "children",
    "content",
    "dataset",
    "link",
    "shared_dataset",
    "signature_defaults",
]

Shapes = tuple[tuple[int | None, ...], ...]


class Kind:
    """Where a field lives in the file."""

    ATTRIBUTE = "attribute"  # an attribute of the object, or of one of its datasets
    DATASET = "dataset"  # a dataset without a type of its own
    LINK = "link"  # a link to an object that lives elsewhere
    CHILD = "child"  # one typed object inside this one
    CHILDREN = "children"  # any number of typed objects inside this one
    CONTENT = "content"  # the values of an object that is itself a dataset


# The precision that the standard asks for where the specifier does not say: what nearly all of its fields have.
_USUAL_DTYPE = {"float": "float32", "int": "int32", "str": "text", "bool": "bool", "datetime": "isodatetime"}


class Field:
    """One field of a model class.

    Attributes
    ----------
    name : str
        Name of the attribute in Python.
    kind : str
        One of `Kind`.
    is_object : bool
        Whether the values are typed objects of the model.
    is_held : bool
        Whether they lie inside of the object.
    where : str
        Path, relative to the object, of the dataset that owns the attribute or the group that holds the member; "" is the
        object itself.
    key : str or None
        Name in the file; None when the objects bring their own names.
    annotation : str
        The declared type, as written.
    dtype : str or None
        Element type in the words of the standard ("float32", "text", "numeric", ...).
    shapes : tuple of tuples
        Allowed shapes, None for any length; () when nothing is said.
    required : bool
        Whether None is refused; told by the annotation.
    fixed : Any
        The only value the standard allows, None where it allows many.
    one_of : tuple of str
        The texts that the standard knows, () where it says nothing.
    always : bool
        Whether the group of a collection is written even when it is empty.
    known_classes : set of type
        Classes whose objects were found to be what the field takes.
    """

    def __init__(
        self,
        kind: str,
        doc: str,
        *,
        where: str = "",
        key: str | None = None,
        named_by_key: bool = True,
        dtype: str | None = None,
        shape: tuple[int | None, ...] | Shapes = (),
        fixed: Any = None,
        one_of: tuple[str, ...] = (),
        annotation: str = "",
        required: bool | None = None,
        always: bool = False,
    ) -> None:
        self.kind = kind
        self.is_object = kind in (Kind.LINK, Kind.CHILD, Kind.CHILDREN)
        self.is_held = kind in (Kind.CHILD, Kind.CHILDREN)
        self.__doc__ = doc
        self.where = where
        self.key = key
        self.named_by_key = named_by_key
        self.dtype = dtype
        self.shapes: Shapes = _alternatives(shape)
        self.fixed = fixed
        self.one_of = one_of
        self.always = always
        self.annotation = annotation
        self._required = required
        self.required = bool(required)
        self.name = ""
        self.types: tuple[str, ...] = ()
        self._element_names: tuple[str, ...] | None = None
        self.known_classes: set[type] = set()
        self.known_check: Callable[[Fielded, Field, Any], Any] | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        if self.key is None and self.named_by_key:
            self.key = name
        if not self.annotation:
            self.annotation = owner.__dict__.get("__annotations__", {}).get(name, "Any")
        self.types = tuple(part.strip() for part in self.annotation.split("|"))
        if self._required is None:
            optional = self.kind == Kind.CHILDREN or self.fixed is not None
            self.required = not optional and not {"None", "Any"}.intersection(self.types)
        if self.dtype is None and self.kind in (Kind.ATTRIBUTE, Kind.DATASET):
            self.dtype = _USUAL_DTYPE.get(self.types[0])

    @property
    def is_listed(self) -> bool:
        """Whether the objects of a collection are kept in order rather than by name."""
        return self.annotation.startswith(("list", "tuple"))

    def listed(self, values: Iterable[Any]) -> list[Any] | tuple[Any, ...] | None:
        """Objects of a collection as the sequence that the annotation says; None for none where it allows that."""
        kept = tuple(values) if self.annotation.startswith("tuple") else list(values)
        return kept or (None if "None" in self.types else kept)

    @property
    def path(self) -> str:
        """Place in the file relative to the object, as people read it."""
        return "/".join(part for part in (self.where, self.key) if part)

    @property
    def element_names(self) -> tuple[str, ...]:
        """Names of the classes that the annotation allows, inside of a collection or not."""
        if self._element_names is None:
            inner = self.annotation
            if "[" in inner:
                inner = inner[inner.index("[") + 1 : inner.rindex("]")]
            names = (part.strip(" .") for part in inner.replace(",", "|").split("|"))
            self._element_names = tuple(name for name in names if name not in ("None", ""))
        return self._element_names

    def __get__(self, instance: AbstractContainer | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.load(instance)
        instance.__dict__[self.name] = value
        return value

    def load(self, instance: AbstractContainer) -> Any:
        """Value from the file the object was read from, or the default."""
        stored = instance._stored
        if stored is not None:
            return stored.load(instance, self)
        return instance._empty(self)

    def check(self, instance: Fielded, value: Any) -> Any:
        """The value in the form that the object keeps.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            The value is none that this field can hold.
        """
        if self.known_check is None:
            self.known_check = checks.check_for(self)
        return self.known_check(instance, self, value)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name!r} at {self.path!r}: {self.annotation}>"


class SharedField(Field):
    """A dataset that may be a link to the same dataset of another object.

    Holding another object means holding its values, so this one is a full descriptor: the attribute gives the values, while
    `fields` shows the object that they are shared with.
    """

    def __get__(self, instance: AbstractContainer | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            value = instance.__dict__[self.name]
        except KeyError:
            value = instance.__dict__[self.name] = self.load(instance)
        return getattr(value, self.name) if hasattr(value, "neurodata_type") else value

    def __set__(self, instance: AbstractContainer, value: Any) -> None:
        instance._set(self, value)


def _alternatives(shape: tuple[int | None, ...] | Shapes) -> Shapes:
    if shape and isinstance(shape[0], tuple):
        return shape  # type: ignore[return-value]
    return (shape,) if shape else ()  # type: ignore[return-value]


# The specifiers return Any, so that a type checker takes the annotation beside them for the type of the attribute.


def attribute(
    doc: str,
    *,
    of: str = "",
    key: str | None = None,
    dtype: str | None = None,
    shape: tuple[int | None, ...] | Shapes = (),
    fixed: Any = None,
    one_of: tuple[str, ...] = (),
) -> Any:
    """Declare an attribute of the object, or `of` one of its datasets."""
    return Field(Kind.ATTRIBUTE, doc, where=of, key=key, dtype=dtype, shape=shape, fixed=fixed, one_of=one_of)


def dataset(
    doc: str,
    *,
    within: str = "",
    key: str | None = None,
    dtype: str | None = None,
    shape: tuple[int | None, ...] | Shapes = (),
) -> Any:
    """Declare a dataset that has no type of its own."""
    return Field(Kind.DATASET, doc, where=within, key=key, dtype=dtype, shape=shape)


def shared_dataset(doc: str, *, dtype: str | None = None, shape: tuple[int | None, ...] | Shapes = ()) -> Any:
    """Declare a dataset that several objects may share by link."""
    return SharedField(Kind.DATASET, doc, dtype=dtype, shape=shape)


def content(doc: str, *, dtype: str | None = None, shape: tuple[int | None, ...] | Shapes = ()) -> Any:
    """Declare the values of an object that is itself a dataset."""
    return Field(Kind.CONTENT, doc, dtype=dtype, shape=shape)


def link(doc: str, *, within: str = "", key: str | None = None) -> Any:
    """Declare a link to an object that lives elsewhere."""
    return Field(Kind.LINK, doc, where=within, key=key)


def child(doc: str, *, within: str = "", key: str | None = None, any_name: bool = False) -> Any:
    """Declare one object inside this one; it must be named `key` unless `any_name`."""
    return Field(Kind.CHILD, doc, where=within, key=key, named_by_key=not any_name)


def children(doc: str, *, within: str = "", required: bool = False, always: bool = False) -> Any:
    """Declare any number of objects inside this one, each under its own name.

    `required`: there must be one at least; `always`: the group `within` is there even when it is empty.
    """
    return Field(Kind.CHILDREN, doc, where=within, named_by_key=False, required=required, always=always)


def signature_defaults(function: Any) -> dict[str, Any]:
    """Default values in the signature of a function (without `inspect`, which costs more to import than all of the model)."""
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    found = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    found.update(function.__kwdefaults__ or {})
    return found
