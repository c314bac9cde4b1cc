"""Collections of named objects, and the methods that a class offers for them.

`LabelledDict` is a dict whose values carry their own key. Those that come from a file list names without opening anything and
read an object when it is asked for, so that a file of ten thousand series opens as fast as one of ten.

`adder`, `getter` and `creator` make the `add_*`, `get_*` and `create_*` methods of a collection. They keep the type of the
elements and, for `creator`, the whole signature of the class.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, overload

from photonwb.errors import ClosedFileError, InvalidTypeError, InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


__all__ = ["LabelledDict", "Members", "adder", "creator", "getter"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


class Members(Protocol[T_co]):
    """The objects of a collection that are still in a file."""

    def names(self) -> list[str]:
        """All names, in the order of the file; remembered after the first time."""
        ...

    def has(self, name: object) -> bool:
        """Whether there is one of that name; looks at nothing else."""
        ...

    def read(self, name: str) -> T_co: ...

    def class_of(self, name: str) -> type[T_co] | None:
        """Class of a member, without reading it; None if that does not work."""
        ...


class LabelledDict(MutableMapping[str, T]):
    """Objects by name (or by another attribute of theirs).

    Parameters
    ----------
    label : str
        What the collection is called, for messages.
    key_attr : str
        The attribute of an object that is its key.
    add_callable, remove_callable : callable, optional
        Called with each object after it was added or removed.

    Notes
    -----
    `collection["unit == lumens"]` gives the set of the objects with that attribute.
    """

    def __init__(
        self,
        label: str,
        key_attr: str = "name",
        add_callable: Callable[[T], object] | None = None,
        remove_callable: Callable[[T], object] | None = None,
    ) -> None:
        self.label = label
        self.key_attr = key_attr
        self._on_add = add_callable
        self._on_remove = remove_callable
        self._items: dict[str, T] = {}
        self._members: Members[T] | None = None
        self._taken_out: set[str] = set()

    def read_from(self, members: Members[T]) -> None:
        """Offer the objects of a file besides those in memory."""
        self._members = members

    def _stored_names(self) -> list[str]:
        if self._members is None:
            return []
        return [name for name in self._members.names() if name not in self._taken_out]

    def _is_stored(self, key: object) -> bool:
        return self._members is not None and key not in self._taken_out and self._members.has(key)

    def _key(self, value: T) -> str:
        try:
            return getattr(value, self.key_attr)
        except AttributeError:
            raise InvalidValueError(f"{self.label}: {value!r} has no {self.key_attr!r} to be filed under") from None

    def __getitem__(self, key: str) -> Any:
        if key in self._items:
            return self._items[key]
        if self._is_stored(key):
            value = self._items[key] = self._members.read(key)  # type: ignore[union-attr]
            return value
        if isinstance(key, str) and "==" in key:  # pyright: ignore[reportUnnecessaryIsInstance] - users pass anything
            return self._query(key)
        raise NotFoundError(f"{key!r} is not in {self.label}; there is {_listing(list(self))}")

    def _query(self, text: str) -> Any:
        attribute, _, wanted = (part.strip() for part in text.partition("=="))
        if not attribute or not wanted:
            raise InvalidValueError(f"{self.label}[{text!r}]: write 'attribute == value'")
        if attribute == self.key_attr:
            return self[wanted]
        return {value for value in self.values() if getattr(value, attribute, None) == wanted}

    def __setitem__(self, key: str, value: T) -> None:
        if key in self:
            raise InvalidTypeError(f"{self.label} already holds {key!r}: remove it first")
        if key != self._key(value):
            raise NotFoundError(f"{self.label}: key {key!r} must equal the {self.key_attr} {self._key(value)!r} of the object")
        self._items[key] = value
        if self._on_add is not None:
            self._on_add(value)

    def add(self, value: T) -> None:
        """File an object under its own key."""
        self[self._key(value)] = value

    def __delitem__(self, key: str) -> None:
        value = self[key]
        self._items.pop(key)
        self._taken_out.add(key)
        if self._on_remove is not None:
            self._on_remove(value)

    def __iter__(self) -> Iterator[str]:
        names = self._stored_names()
        known = set(names)
        return iter([*names, *(key for key in self._items if key not in known)])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, key: object) -> bool:
        return key in self._items or self._is_stored(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The object of that name, or a default."""
        return self[key] if key in self._items or self._is_stored(key) else default

    def values(self) -> ValuesView[T]:
        """All objects; reads those that are still in the file."""
        return super().values()

    def items(self) -> ItemsView[str, T]:
        """All names and objects; reads those that are still in the file."""
        return super().items()

    def loaded(self) -> list[T]:
        """Objects that are in memory already."""
        return list(self._items.values())

    def fill(self, items: Mapping[str, T]) -> None:
        """Take objects as they are, each under the key that it has there."""
        self._items.update(items)

    def loaded_items(self) -> list[tuple[str, T]]:
        """The same with their names."""
        return list(self._items.items())

    def rename(self, key: str, new_key: str) -> None:
        """File an object under another key, which it must have already."""
        if new_key in self:
            raise InvalidValueError(f"{self.label} already holds {new_key!r}: remove it first, or choose another name")
        self[key]  # read before its name in the file is forgotten
        self._items = {new_key if each == key else each: value for each, value in self._items.items()}
        self._taken_out.add(key)

    def settle(self, members: Members[T] | None) -> None:
        """Note that a file now has what is in memory, and nothing of what was taken out."""
        self._members = members
        self._taken_out.clear()

    def taken_out(self) -> set[str]:
        """Names of objects that were removed since the file was read, even if others took their place."""
        return set(self._taken_out)

    def __eq__(self, other: object) -> bool:
        return self is other or (hasattr(other, "items") and dict(self) == dict(other))  # type: ignore[call-overload]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        try:
            kinds = {key: getattr(self.kind(key), "__name__", "not readable") for key in self}
            return f"{{{', '.join(f'{key!r}: <{kind}>' for key, kind in kinds.items())}}}"
        except ClosedFileError as error:
            return f"<{self.label}, which cannot be read: {error}>"

    def _repr_html_(self) -> str:
        from photonwb.html import dict_html

        return dict_html(self)

    def kind(self, key: str) -> type[T] | None:
        """Class of an object, which is not read for it; None for one that cannot be read."""
        if key in self._items:
            return type(self._items[key])
        return None if self._members is None else self._members.class_of(key)


def _listing(names: list[str]) -> str:
    if not names:
        return "nothing in it"
    shown = ", ".join(repr(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"


class _Unbound:
    """Called on the class, a method takes the object first, as any method does."""

    def __call__(self, instance: Any, *args: Any, **named: Any) -> Any:
        return self.__get__(instance, type(instance))(*args, **named)  # type: ignore[attr-defined] - of each method below


class _Method(_Unbound, Generic[T]):
    """A method of a class, made from the name of a collection."""

    def __init__(self, collection: str, doc: str) -> None:
        self.collection = collection
        self.__doc__ = doc
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def _bind(self, instance: Any, call: Callable[..., Any]) -> Any:
        call.__name__ = self.name
        call.__qualname__ = f"{type(instance).__name__}.{self.name}"
        call.__doc__ = self.__doc__
        return call


class _Adder(_Method[T]):
    @overload
    def __get__(self, instance: None, owner: type) -> _Adder[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[[T | Iterable[T] | Mapping[str, T]], Any]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        collection = self.collection

        def add(*args: Any, **named: Any) -> Any:
            return instance._add(collection, _one_argument(self.name, collection, args, named))

        return self._bind(instance, add)


class _Getter(_Method[T]):
    @overload
    def __get__(self, instance: None, owner: type) -> _Getter[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[..., T]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self

        def get(name: str | None = None) -> Any:
            return instance._get(self.collection, name)

        return self._bind(instance, get)


class _Creator(_Unbound, Generic[P, T]):
    def __init__(self, make: Callable[P, T], collection: str) -> None:
        self.make = make
        self.collection = collection
        name = getattr(make, "__name__", "new object")
        self.__doc__ = f"Create a {name} and add it to `{collection}`; the arguments are those of its class."

    @overload
    def __get__(self, instance: None, owner: type) -> _Creator[P, T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[P, T]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self

        def create(*args: P.args, **named: P.kwargs) -> T:
            made = self.make(*args, **named)
            instance._add(self.collection, made)
            return made

        create.__doc__ = self.__doc__
        create.__wrapped__ = self.make  # type: ignore[attr-defined] - lets help() show the arguments of the class
        return create


def _one_argument(method: str, collection: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if len(args) + len(named) != 1 or (named and collection not in named):
        raise InvalidTypeError(f"{method}() takes one argument, {collection!r}: an object, or a list, tuple or dict of objects")
    return args[0] if args else named[collection]


def adder(element: type[T], collection: str) -> _Adder[T]:
    """Make an `add_*` method that takes one object, or a list, tuple or dict of them."""
    return _Adder(collection, f"Add one or several {element.__name__} objects (one, a list, tuple or dict) to `{collection}`.")


def getter(element: type[T], collection: str) -> _Getter[T]:
    """Make a `get_*` method: by name, or without a name the only one there is."""
    return _Getter(collection, f"Get the {element.__name__} of that name from `{collection}`; without a name, the only one.")


def creator(make: Callable[P, T], collection: str) -> _Creator[P, T]:
    """Make a `create_*` method with the signature of the class that it creates."""
    return _Creator(make, collection)
