"""A file as it is, with its arrays chunked and compressed anew.

Nothing here knows what the objects mean: groups, attributes, links and references are copied as they are, those of extensions and
those that nobody knows included. What was deleted from the source takes no room in the copy.
"""

from __future__ import annotations

import os
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import LazyArray, incoming, layout_for
from photonwb.errors import InvalidValueError
from photonwb.io import datasets
from photonwb.io.replacing import replacing
from photonwb.io.resuming import Growing, blocks_from, finish
from photonwb.io.stores import form_of, new_store, opened_store
from photonwb.storage.contract import Layout, Link, Reference, is_group

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from photonwb import typing
    from photonwb.storage.contract import Dataset, Group, Node, Store

__all__ = ["repack_file"]


def repack_file(
    source: typing.Path,
    target: typing.Path,
    *,
    compression: typing.Compression = "fast",
    frames: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    part: Path | None = None,
    trusted: bool = False,
) -> None:
    """Copy a file with other chunks and compression.

    Parameters
    ----------
    source, target : path
        Must differ; what is at the target is replaced once the copy is complete. A name that ends in .zarr is that of a store of
        Zarr.
    compression : {"fast", "small", "none"}, or as in h5py
    frames : int, optional
        Frames in a chunk of a movie; by default as many as make about 1 MiB.
    progress : callable, optional
        Called with the number of bytes done and of all.
    part : path, optional
        A partial file in the folder of the target, by way of which the copy is made; one that is there is finished. See
        `photonwb.io.resuming`. Without it, and of a store of Zarr, an interrupted copy leaves nothing.
    trusted : bool
        Whether values that lie in other files are read; see `photonwb.open`.

    Raises
    ------
    InvalidValueError
        Source and target are the same file.
    StorageError
        The one cannot be read, or the other not be written; there is no half of a copy then.
    """
    path, form = Path(os.path.abspath(target)), form_of(target)
    if Path(os.path.abspath(source)) == path:
        raise InvalidValueError(f"{path}: a file cannot be copied over itself; choose another path")
    with closing(opened_store(os.fspath(source), "r", {}, trusted=trusted)) as old:
        if part is None or form == "zarr":
            with replacing(path) as temporary:
                _copied(old, temporary, form, path.parent, compression, frames, progress)
            return
        if not part.exists():
            with replacing(part) as temporary:
                _copied(old, temporary, form, path.parent, compression, frames, None, postpone=True)
        finish(part, _growing(old), progress)
        part.replace(path)


def _copied(old: Store, temporary: Path, form: str, *arguments: Any, postpone: bool = False) -> None:
    with closing(new_store(temporary, form)) as new:
        _Copy(old, new, *arguments, postpone=postpone).run()


def _growing(old: Store) -> Iterator[Growing]:
    for node in _datasets(old.root):
        if _size(node) >= datasets.LARGE and _is_plain(node):
            yield Growing(node.path, node.shape[0], partial(blocks_from, LazyArray(node.source())))


class _Copy:
    """One copy on its way."""

    def __init__(
        self,
        old: Store,
        new: Store,
        folder: Path,
        compression: typing.Compression,
        frames: int | None,
        progress: Callable[[int, int], object] | None,
        *,
        postpone: bool = False,
    ) -> None:
        self.old, self.new, self.folder, self.postpone = old, new, folder, postpone
        self.compression, self.frames, self.progress = compression, frames, progress
        self.paths: dict[Hashable, str] = {}
        self.later: list[Callable[[], None]] = []
        self.done, self.total = 0, sum(_size(node) for node in _datasets(old.root))

    def run(self) -> None:
        """Copy everything; what refers to objects comes when all of them are there."""
        self._attributes(self.old.root, self.new.root)
        self._members(self.old.root, self.new.root)
        for write in self.later:
            write()

    def _members(self, old: Group, new: Group) -> None:
        for name in old:
            node = old[name]
            if isinstance(node, Link):
                new.create_link(name, self._moved(node))
            elif node.identity in self.paths:
                new.create_link(name, Link(self.paths[node.identity]))  # the second name of a stored object
            else:
                self.paths[node.identity] = node.path
                if is_group(node):
                    made = new.create_group(name, _plain_attributes(node))
                    self._attributes(node, made)
                    self._members(node, made)
                else:
                    self._dataset(cast("Dataset", node), new, name)

    def _moved(self, link: Link) -> Link:
        """A link to another file leads there from the folder of the copy too."""
        if link.file is None or os.path.isabs(link.file):  # noqa: PTH117 - as the user wrote it
            return link
        return Link(link.path, os.path.relpath(Path(self.old.location).parent / link.file, self.folder))

    def _attributes(self, old: Node, new: Node) -> None:
        for name, value in old.attributes.items():
            if name not in new.attributes and value is not None:
                if _refers(value):
                    self.later.append(lambda name=name, value=value: new.attributes.__setitem__(name, value))
                else:
                    new.attributes[name] = value

    def _dataset(self, old: Dataset, new: Group, name: str) -> None:
        element = old.layout.element
        if _has_references(element):
            self.later.append(lambda: self._written(old, new, name))
        else:
            self._written(old, new, name)

    def _written(self, old: Dataset, new: Group, name: str) -> None:
        layout = old.layout
        if _is_plain(old):
            data = incoming(LazyArray(old.source()))
            layout = self._layout(old, data)
            if self.postpone and _size(old) >= datasets.LARGE and layout.chunks:
                layout = layout._replace(shape=(0, *layout.shape[1:]), maximum=layout.maximum or layout.shape)
                made = new.create_dataset(name, layout, attributes=_plain_attributes(old))
                self._attributes(old, made)
                return
            made = new.create_dataset(name, layout, attributes=_plain_attributes(old))
            blocks = self._counted(data.blocks(layout.chunks))
            if _role(old) == "mask" and datasets.has_tiles(layout):
                from photonwb.arrays.sparse import without_zeros

                blocks = without_zeros(blocks, layout.chunks or ())
            made.write_blocks(blocks)
        else:
            made = new.create_dataset(name, layout, old.read(), _plain_attributes(old))
            self._count(_size(old))
        self._attributes(old, made)

    def _layout(self, old: Dataset, data: Any) -> Layout:
        layout = Layout(*layout_for(data, old.layout.element, _role(old), self.compression, self.new.preferences))
        if _role(old) == "movie" and self.frames and layout.chunks:
            layout = layout._replace(chunks=(min(self.frames, old.shape[0]), *layout.chunks[1:]))
        return layout._replace(maximum=old.layout.maximum if layout.chunks else None, fill=old.layout.fill)

    def _counted(self, blocks: Iterator[Any]) -> Iterator[Any]:
        for place, values in blocks:
            yield place, values
            self._count(values.nbytes)

    def _count(self, nbytes: int) -> None:
        self.done += nbytes
        if self.progress is not None:
            self.progress(self.done, self.total)


def _datasets(group: Group, seen: set[Hashable] | None = None) -> Iterator[Dataset]:
    """All datasets of a file, each once."""
    seen = set[Any]() if seen is None else seen
    for name in group:
        node = group[name]
        if not isinstance(node, Link) and node.identity not in seen:
            seen.add(node.identity)
            if is_group(node):
                yield from _datasets(node, seen)
            else:
                yield cast("Dataset", node)


def _is_plain(node: Dataset) -> bool:
    """Whether a dataset holds numbers, in an array."""
    return hasattr(node.layout.element, "itemsize") and bool(node.shape)


def _size(node: Dataset) -> int:
    import math

    return math.prod(node.shape) * node.dtype.itemsize


def _role(node: Dataset) -> str:
    """What an array is for, as far as its name and its shape tell."""
    dimensions = len(node.shape)
    if dimensions > 2:
        return "mask" if node.name == "image_mask" else "movie"
    if node.name in ("data", "timestamps", "control") and dimensions:
        return "trace"
    return "column" if node.layout.maximum is not None and None in node.layout.maximum else "whole"


def _plain_attributes(node: Node) -> dict[str, Any]:
    """Attributes that refer to nothing: they may be large, and then have to be there from the beginning."""
    return {name: value for name, value in node.attributes.items() if value is not None and not _refers(value)}


def _refers(value: Any) -> bool:
    if isinstance(value, Reference):
        return True
    return getattr(getattr(value, "dtype", None), "kind", "") == "O" and any(isinstance(each, Reference) for each in value.flat)


def _has_references(element: Any) -> bool:
    if isinstance(element, tuple):
        return any(_has_references(member) for _, member in cast("tuple[tuple[str, Any], ...]", element))
    return isinstance(element, str) and element == "reference"
