"""What a store has to offer, and nothing of NWB.

A store is a tree of groups and datasets with attributes, links and references. This page is the whole contract: HDF5, Zarr
and the in-memory store of the tests implement it, and the contract tests run over each of them. Nodes are cheap values: a
store and a path. Structure is read through the library of the format; the bytes of large arrays go through
`photonwb.arrays`, which gets from `Dataset.source()` what it needs to fetch and decode them by itself.

Values
------
Scalars and small arrays cross this border as plain Python and numpy values:

- text is `str`; arrays of text are object arrays of `str` (bytes that are not UTF-8 are decoded with `surrogateescape`);
- booleans are `bool` and numpy bool; numbers keep their numpy dtype;
- a reference to another object is a `Reference`; arrays of references are object arrays of them (None for a null reference);
- compound values are numpy structured arrays; their members of text or references have dtype object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping
    from types import EllipsisType

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.arrays.layouts import Preferences

__all__ = [
    "ASCII",
    "REFERENCE",
    "TEXT",
    "Block",
    "Dataset",
    "ElementType",
    "Group",
    "Layout",
    "Link",
    "Node",
    "Reference",
    "Selection",
    "Store",
    "Typed",
    "is_group",
]


class Reference(NamedTuple):
    """A pointer to an object of the same store, by its absolute path ('' when the object was deleted)."""

    path: str


class Link(NamedTuple):
    """A member of a group that stands for another object.

    Parameters
    ----------
    path : str
        Absolute path of the target (a relative one is taken from the group that holds the link).
    file : str, optional
        The file that holds the target, relative to the folder of the linking file; None for this file.
    """

    path: str
    file: str | None = None


TEXT = "text"
ASCII = "ascii"
REFERENCE = "reference"

# What one element is: a number (numpy dtype), text, ASCII text, a reference, or a compound of named members.
ElementType: TypeAlias = "np.dtype[Any] | str | tuple[tuple[str, ElementType], ...]"

Selection: TypeAlias = "tuple[int | slice | EllipsisType | NDArray[Any], ...]"

# A place in a dataset, as one slice per axis, and the values that go there.
Block: TypeAlias = "tuple[tuple[slice, ...], NDArray[Any]]"


class Typed(NamedTuple):
    """A value together with the element type that it must be stored as (for attributes and small datasets)."""

    value: Any
    element: ElementType


class Layout(NamedTuple):
    """How a dataset is stored.

    Parameters
    ----------
    shape : tuple of int
        () for a scalar.
    element : ElementType
    maximum : tuple of int or None, optional
        How far each axis may grow, None without end. None as a whole: the shape is final.
    chunks : tuple of int, optional
        Shape of the chunks; None for contiguous storage.
    filters : tuple of (str, dict)
        Applied to each chunk, in this order: ("shuffle", {}), ("gzip", {"level": 4}), ("fletcher32", {}), ("lzf", {}),
        or a filter of the format by its number: ("32001", {"options": (...)}).
    fill : scalar, optional
        Value of elements that were never written.
    """

    shape: tuple[int, ...]
    element: ElementType
    maximum: tuple[int | None, ...] | None = None
    chunks: tuple[int, ...] | None = None
    filters: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    fill: Any = None


class Node(Protocol):
    """A group or a dataset."""

    @property
    def store(self) -> Store: ...

    @property
    def path(self) -> str:
        """Absolute path that leads here without passing a link, '/' for the root."""
        ...

    @property
    def name(self) -> str:
        """Last part of the path."""
        ...

    @property
    def identity(self) -> Hashable:
        """Equal for two nodes exactly when they are the same stored object, by whatever path they were reached."""
        ...

    @property
    def attributes(self) -> MutableMapping[str, Any]:
        """Read at access; setting a value (plain or `Typed`) writes it, deleting removes it."""
        ...


class Group(Node, Protocol):
    """A folder of named members."""

    def __iter__(self) -> Iterator[str]:
        """Names of all members, links included, in the order of the names."""
        ...

    def __len__(self) -> int: ...

    def __contains__(self, name: object) -> bool: ...

    def __getitem__(self, name: str) -> Group | Dataset | Link:
        """The member of that name or relative path; a link is returned, not followed, when it is the last part.

        Raises
        ------
        NotFoundError
            There is no such member.
        """
        ...

    def create_group(self, name: str, attributes: Mapping[str, Any] | None = None) -> Group:
        """Make a group. Attributes given here may be larger than those set later (64 KiB in HDF5)."""
        ...

    def create_dataset(
        self, name: str, layout: Layout, value: Any = None, attributes: Mapping[str, Any] | None = None
    ) -> Dataset:
        """Make a dataset; `value` (scalar or array of the whole shape) is written at once when given."""
        ...

    def create_link(self, name: str, link: Link) -> None: ...

    def delete(self, name: str) -> None:
        """Remove a member (a link itself, not its target)."""
        ...

    def move(self, name: str, to: Group, new_name: str) -> None:
        """Rename a member or hang it into another group of the same store; references to it stay valid."""
        ...


class Dataset(Node, Protocol):
    """An array, or a scalar when its shape is ()."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """As numpy sees the values; object for text and references."""
        ...

    @property
    def layout(self) -> Layout: ...

    def read(self, selection: Selection = ()) -> Any:
        """Values of a basic selection (integers, slices of any step, Ellipsis, at most one index array), as numpy does it."""
        ...

    def source(self) -> Any:
        """What `photonwb.arrays` needs to read this dataset by itself (`arrays.ArraySource`)."""
        ...

    def write(self, selection: tuple[slice, ...], values: Any) -> None: ...

    def write_blocks(self, blocks: Iterable[Block]) -> None:
        """Store many blocks as they come, encoding chunks in parallel where the store can; memory bounded by a few blocks.

        The slices have no step. The dataset grows where a block reaches beyond it, as far as its layout allows.
        """
        ...

    def resize(self, shape: tuple[int, ...]) -> None: ...


def is_group(node: Group | Dataset | Link) -> TypeGuard[Group]:
    """Whether a member of a group is a group itself."""
    return hasattr(node, "create_group")


class Store(Protocol):
    """An open file, folder or buffer."""

    @property
    def location(self) -> str:
        """Absolute path or address, as shown to people."""
        ...

    @property
    def root(self) -> Group: ...

    @property
    def writable(self) -> bool: ...

    @property
    def closed(self) -> bool: ...

    @property
    def form(self) -> str:
        """Which format it is in: "hdf5", "zarr", "memory"."""
        ...

    @property
    def has_typed_attributes(self) -> bool:
        """Whether numbers in attributes that somebody else wrote come back with the types that they had."""
        ...

    @property
    def preferences(self) -> Preferences:
        """How arrays are best stored that nobody says it of."""
        ...

    def follow(self, link: Link | Reference, start: Group | None = None) -> Group | Dataset:
        """The node a link or reference leads to, through as many links as it takes (and into other files).

        Raises
        ------
        BrokenLinkError
            The target does not exist, the links go in a circle, or the other file may not be opened.
        """
        ...

    def flush(self) -> None: ...

    def commit(self) -> None:
        """Make all changes since the last commit durable; as a whole, where the store can do that."""
        ...

    def close(self) -> None: ...
