"""A store in memory, for tests of what is built on stores, and the shortest reading of the contract."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.arrays.layouts import HDF5_PREFERENCES
from photonwb.errors import BrokenLinkError, ClosedFileError, NotFoundError, StorageError

from .checks import check_layout, check_member, check_move, check_new_name, check_resize, values_for
from .contract import REFERENCE, Link, Reference
from .elements import convert, dtype_of, normalise, objects, plain_value
from .links import descend, follow
from .selections import grown, read_selection, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from numpy.typing import NDArray

    from photonwb.arrays.source import ArraySource

    from .contract import Block, ElementType, Layout, Selection

__all__ = ["MemoryDataset", "MemoryGroup", "MemoryStore"]


class MemoryStore:
    """A tree of groups and datasets that lives as long as this object.

    Parameters
    ----------
    location : str, optional
        What to call it in messages.
    files : dict of str to MemoryStore, optional
        Where links to other files lead.
    """

    form = "memory"
    has_typed_attributes = True
    preferences = HDF5_PREFERENCES

    def __init__(self, location: str = "memory", files: Mapping[str, MemoryStore] | None = None) -> None:
        self.location = location
        self.writable = True
        self.closed = False
        self._files = dict(files or {})
        self._root = MemoryGroup(self, None, "/")

    @property
    def root(self) -> MemoryGroup:
        self.check()
        return self._root

    def follow(self, link: Link | Reference, start: Any = None) -> MemoryGroup | MemoryDataset:
        return follow(self, link, start)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes

    def beside(self, file: str) -> MemoryStore:
        if file not in self._files:
            raise BrokenLinkError(f"{self.location}: a link leads to {file!r}, which does not exist")
        return self._files[file]

    def flush(self) -> None:
        self.check()

    def commit(self) -> None:
        self.check()

    def close(self) -> None:
        self.closed = True

    def check(self, *, to_change: bool = False) -> None:
        """Refuse what a closed store, or one for reading, cannot do."""
        if self.closed:
            raise ClosedFileError(f"{self.location}: the store was closed")
        if to_change and not self.writable:
            raise StorageError(f"{self.location}: cannot be changed: opened for reading only")


class _Node:
    def __init__(self, store: MemoryStore, parent: MemoryGroup | None, name: str) -> None:
        self.store = store
        self.parent = parent
        self.name = name
        self._attributes = _Attributes(self)

    @property
    def path(self) -> str:
        return "/" if self.parent is None else f"{self.parent.path.rstrip('/')}/{self.name}"

    @property
    def identity(self) -> Hashable:
        return id(self)

    @property
    def attributes(self) -> _Attributes:
        self.store.check()
        return self._attributes

    @property
    def is_alive(self) -> bool:
        """Whether the node can still be reached from the root."""
        return self.parent is None or (self.parent.members.get(self.name) is self and self.parent.is_alive)


class MemoryGroup(_Node):
    """A group in memory."""

    def __init__(self, store: MemoryStore, parent: MemoryGroup | None, name: str) -> None:
        super().__init__(store, parent, name)
        self.members: dict[str, MemoryGroup | MemoryDataset | Link] = {}

    def __iter__(self) -> Iterator[str]:
        self.store.check()
        return iter(sorted(self.members))

    def __len__(self) -> int:
        self.store.check()
        return len(self.members)

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except NotFoundError:
            return False
        return True

    def __getitem__(self, name: str) -> MemoryGroup | MemoryDataset | Link:
        self.store.check()
        if "/" in name:
            return descend(self, name)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes
        if name not in self.members:
            raise NotFoundError(f"{self.store.location}: {self.path} has no member {name!r}")
        return self.members[name]

    def create_group(self, name: str, attributes: Mapping[str, Any] | None = None) -> MemoryGroup:
        return self._add(name, MemoryGroup(self.store, self, name), attributes)

    def create_dataset(
        self, name: str, layout: Layout, value: Any = None, attributes: Mapping[str, Any] | None = None
    ) -> MemoryDataset:
        where = f"{self.store.location}: {self.path}/{name}"
        check_layout(layout, where)
        dataset = MemoryDataset(self, name, layout)
        if value is not None:
            dataset.write((), values_for(value, layout.element, layout.shape, where))
        return self._add(name, dataset, attributes)

    def create_link(self, name: str, link: Link) -> None:
        self._add(name, link)

    def delete(self, name: str) -> None:
        self.store.check(to_change=True)
        check_member(self, name)
        del self.members[name]

    def move(self, name: str, to: Any, new_name: str) -> None:
        self.store.check(to_change=True)
        check_move(self, name, to, new_name)
        node = to.members[new_name] = self.members.pop(name)
        if not isinstance(node, Link):
            node.parent, node.name = to, new_name

    def _add(self, name: str, member: Any, attributes: Mapping[str, Any] | None = None) -> Any:
        self.store.check(to_change=True)
        check_new_name(self, name)
        self.members[name] = member
        try:
            if attributes:
                member.attributes.update(attributes)
        except BaseException:
            del self.members[name]
            raise
        return member


class MemoryDataset(_Node):
    """A dataset in memory."""

    def __init__(self, parent: MemoryGroup, name: str, layout: Layout) -> None:
        super().__init__(parent.store, parent, name)
        self.layout = layout
        self._values = self._filled(layout.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.layout.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return dtype_of(self.layout.element)

    @property
    def chunks(self) -> tuple[int, ...] | None:
        return self.layout.chunks

    @property
    def filters(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        return self.layout.filters

    @property
    def description(self) -> str:
        return f"{self.store.location}: {self.path}"

    def read(self, selection: Selection | Any = ()) -> Any:
        self.store.check()
        values = read_selection(selection, self.shape, lambda box: self._values[np.ix_(*box)] if box else self._values)
        return plain_value(_resolved(values.copy()))

    def source(self) -> ArraySource:
        return self

    def byte_layout(self) -> None:
        self.store.check()

    def write(self, selection: tuple[slice, ...], values: Any) -> None:
        self.store.check(to_change=True)
        counts = tuple(map(len, spans(selection, self.shape)))
        array = values_for(values, self.layout.element, counts, self.description)
        self._values[(*selection, ...)] = _bound(array, self.store)

    def write_blocks(self, blocks: Iterable[Block]) -> None:
        for place, values in grown(self, blocks):
            self.write(place, values)

    def resize(self, shape: tuple[int, ...]) -> None:
        self.store.check(to_change=True)
        check_resize(self.layout, shape, self.description)
        values = self._filled(shape)
        kept = tuple(slice(min(old, new)) for old, new in zip(self.shape, shape, strict=True))
        values[kept] = self._values[kept]
        self._values, self.layout = values, self.layout._replace(shape=tuple(shape))

    def _filled(self, shape: tuple[int, ...]) -> NDArray[Any]:
        return _empty(shape, self.layout.element, self.layout.fill)


class _Attributes(MutableMapping[str, Any]):
    def __init__(self, node: _Node) -> None:
        self._node = node
        self._values: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> Any:
        self._node.store.check()
        if name not in self._values:
            raise NotFoundError(f"{self._node.store.location}: {self._node.path} has no attribute {name!r}")
        return plain_value(_resolved(self._values[name].copy()))

    def __setitem__(self, name: str, value: Any) -> None:
        self._node.store.check(to_change=True)
        self._values[name] = _bound(normalise(value)[0].copy(), self._node.store)

    def __delitem__(self, name: str) -> None:
        self._node.store.check(to_change=True)
        if name not in self._values:
            raise NotFoundError(f"{self._node.store.location}: {self._node.path} has no attribute {name!r}")
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        self._node.store.check()
        return iter(sorted(self._values))

    def __len__(self) -> int:
        return len(self._values)


def _empty(shape: tuple[int, ...], element: ElementType, fill: Any) -> NDArray[Any]:
    """What elements are that nobody wrote: zeros, empty text, null references."""
    if isinstance(element, tuple):
        values = np.empty(shape, dtype_of(element))
        for name, member in element:
            values[name] = _empty(shape, member, None)
        return values
    if isinstance(element, np.dtype):
        return convert(np.full(shape, 0 if fill is None else fill, dtype_of(element)), element)
    return np.full(shape, None if element == REFERENCE else "", object)


def _bound(values: NDArray[Any], store: MemoryStore) -> NDArray[Any]:
    """References become the nodes themselves, so that they stay valid when those move."""
    return _mapped(values, lambda value: store.follow(value) if isinstance(value, Reference) else value)


def _resolved(values: NDArray[Any]) -> NDArray[Any]:
    return _mapped(values, lambda value: Reference(value.path if value.is_alive else "") if isinstance(value, _Node) else value)


def _mapped(values: NDArray[Any], function: Callable[[Any], Any]) -> NDArray[Any]:
    if values.dtype.names is not None and values.dtype.hasobject:
        result = values.copy()
        for name in values.dtype.names:
            result[name] = _mapped(values[name], function)
        return result
    if values.dtype != object:
        return values
    return objects([function(value) for value in values.ravel().tolist()], values.shape)
