"""Following links and references, the same way in every store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from photonwb.errors import BrokenLinkError, ClosedFileError, InvalidValueError, NotFoundError, StorageError

from .contract import Link, Reference, Store, is_group
from .remote import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .contract import Dataset, Group

__all__ = ["LinkedStore", "descend", "follow", "is_in_folder_of", "path_from"]

# More links in a row than anyone makes on purpose: they go in a circle.
MOST_LINKS = 40


class LinkedStore(Store, Protocol):
    """A store that finds the files its links lead to."""

    def beside(self, file: str) -> LinkedStore:
        """The store of another file, named relative to the folder of this one."""
        ...


def follow(
    store: LinkedStore, link: Link | Reference, start: Group | None = None, hops: Iterator[int] | None = None
) -> Group | Dataset:
    """The node at the end of a chain of links; what `Store.follow` does. `hops` are the links that may still be followed."""
    hops = iter(range(MOST_LINKS)) if hops is None else hops
    if start is not None:
        store = cast("LinkedStore", start.store)
    origin = f"{store.location}: {start.path}" if start is not None else store.location
    if next(hops, None) is None:
        raise BrokenLinkError(f"{origin}: the links to {link.path!r} go in a circle")
    if not link.path:
        raise BrokenLinkError(f"{origin}: a reference leads to an object that no longer exists")
    file = link.file if isinstance(link, Link) else None
    try:
        if file is not None:
            start = store.beside(file).root
        target = descend(start or store.root, link.path, hops, to_target=True)
    except (BrokenLinkError, ClosedFileError):
        raise
    except (NotFoundError, StorageError) as error:
        target_file = f" of {file!r}" if file is not None else ""
        raise BrokenLinkError(
            f"{origin}: a link leads to {link.path!r}{target_file}, which cannot be reached: {error}"
        ) from error
    return cast("Group | Dataset", target)


def path_from(folder: str | os.PathLike[str], location: str) -> str:
    """How a file is named by one in a folder, so that both can be moved together.

    Raises
    ------
    InvalidValueError
        It is at an address, where no link leads.
    """
    if is_address(location):
        raise InvalidValueError(f"no link leads to {location}, which is not on this machine: copy what it holds, or download it")
    return os.path.relpath(location, folder)


def is_in_folder_of(location: str, path: str) -> bool:
    """Whether a path leads into the folder of a file or below, whatever links of the file system are on the way."""
    folder, other = Path(os.path.realpath(location)).parent, Path(os.path.realpath(path))
    return other.is_relative_to(folder)


def descend(start: Group, path: str, hops: Iterator[int] | None = None, *, to_target: bool = False) -> Group | Dataset | Link:
    """The member at a path of several names; links on the way are followed, the last one only when `to_target`."""
    # All links on the way count together: links that each lead through two others are a circle in all but name.
    hops = iter(range(MOST_LINKS)) if hops is None else hops
    node: Group | Dataset | Link = start.store.root if path.startswith("/") else start
    names = [name for name in path.split("/") if name not in ("", ".")]
    for position, name in enumerate(names, start=1):
        if not is_group(node):
            raise NotFoundError(f"{start.store.location}: no {path!r} in {start.path}: a dataset has no members")
        group = node
        node = group[name]
        if isinstance(node, Link) and (to_target or position < len(names)):
            node = follow(cast("LinkedStore", group.store), node, group, hops)
    return node
