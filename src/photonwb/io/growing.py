"""Datasets that can be added to, and what has been added to them but is not in them yet.

A dataset grows by whole rows of chunks. What does not fill one waits for the rest; when it has to be in the file sooner, the
incomplete chunk is written, and written again when more has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import LazyArray, incoming, layout_for
from photonwb.arrays.incoming import Incoming
from photonwb.errors import InvalidValueError
from photonwb.storage.contract import Layout
from photonwb.storage.relations import relations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from photonwb.storage.contract import Block, Dataset, ElementType, Group, Store

__all__ = ["Tail", "growable"]

# Rows often come one by one; so many pieces are kept before they are joined.
MOST_PIECES = 256


class Tail:
    """The end of a dataset that grows along its first axis.

    Parameters
    ----------
    node : Dataset
        One that `growable` gives.

    Attributes
    ----------
    length : int
        Rows in the dataset, and those that were promised to it.
    """

    def __init__(self, node: Dataset) -> None:
        layout = node.layout
        self.node = node
        self.element: ElementType = layout.element
        self.row_shape = layout.shape[1:]
        self.length = layout.shape[0]
        self._step = (layout.chunks or (1,))[0]
        # The row of chunks that is not full is kept, so that it never has to be read.
        self._start = self.length // self._step * self._step
        self._waiting: list[NDArray[Any]] = [node.read((slice(self._start, None),))] if self._start < self.length else []
        self._count = self.length - self._start
        self._is_written = True

    def add(self, values: NDArray[Any]) -> None:
        """Take rows."""
        self._waiting.append(values)
        self._count += len(values)
        self._is_written = False
        if len(self._waiting) > MOST_PIECES:
            self._waiting = [self._joined()]

    def _joined(self) -> NDArray[Any]:
        import numpy as np

        return self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)

    def write(self, *, incomplete: bool) -> None:
        """Write what has come: whole rows of chunks, and the incomplete one if that is asked for."""
        whole = self._count // self._step * self._step
        writing = self._count if incomplete else whole
        if self._is_written or not writing:
            return
        values = self._joined()
        place = (slice(self._start, self._start + writing), *(slice(0, length) for length in self.row_shape))
        self.node.write_blocks([(place, values[:writing])])
        self._start += whole
        self._waiting = [values[whole:].copy()] if whole < self._count else []
        self._count -= whole
        self._is_written = writing == whole + self._count


def growable(store: Store, node: Dataset, role: str, element: ElementType | None = None, row_shape: Any = None) -> Dataset:
    """A dataset that can grow along its first axis: the one given, or a copy of it that takes its place.

    Parameters
    ----------
    store : Store
    node : Dataset
    role : str
        See `arrays.layout_for`.
    element : element type, optional
        What its elements have to be; by default what they are.
    row_shape : tuple of int, optional
        Shape of what lies at one place of the first axis, for a dataset that is empty.

    Raises
    ------
    InvalidValueError
        It has no axis along which it could grow.
    """
    layout = node.layout
    if not layout.shape:
        raise InvalidValueError(f"{store.location}: {node.path} is a single value, to which nothing can be added")
    element = layout.element if element is None else element
    row_shape = layout.shape[1:] if row_shape is None else tuple(row_shape)
    can_grow = layout.maximum is not None and layout.maximum[0] is None
    if can_grow and element == layout.element and row_shape == layout.shape[1:]:
        return node
    options = {"fillvalue": layout.fill} if layout.fill is not None and element == layout.element else {}
    empty = Incoming((None, *row_shape), node.dtype, _no_blocks, options)
    return _made_anew(store, node, Layout(*layout_for(empty, element, role=role)))


def _no_blocks(chunks: tuple[int, ...] | None) -> Iterator[Block]:
    return iter(())


def _made_anew(store: Store, node: Dataset, layout: Layout) -> Dataset:
    """A dataset with the same values and attributes in another layout; what referred to the old one refers to it."""
    path, name = node.path, node.name
    parent = cast("Group", _node_at(store, path.rpartition("/")[0] or "/"))
    attributes = dict(node.attributes)
    # What refers to the old dataset is told by path, and by path it is found again.
    referring = [
        (holder, one.name, holder.attributes[one.name])
        for one in relations_of(store)
        if one.kind == "attribute" and path in one.targets
        for holder in [_node_at(store, one.holder)]
    ]
    made = parent.create_dataset(f"{name}.new", layout, attributes=attributes)
    if 0 not in node.shape:
        made.write_blocks(incoming(LazyArray(node.source())).blocks(layout.chunks))
    parent.delete(name)
    parent.move(f"{name}.new", parent, name)
    made = cast("Dataset", parent[name])
    for holder, key, value in referring:
        holder.attributes[key] = value
    return made


def _node_at(store: Store, path: str) -> Any:
    return store.root if path == "/" else store.root[path.strip("/")]
