"""Copying every object of a file that can be read, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import PhotonwbError
from photonwb.recovery.names import MEMBERS
from photonwb.storage.contract import Link, Reference
from photonwb.storage.relations import holds_references, mapped_references, references_in

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from photonwb.recovery.report import Report
    from photonwb.storage.contract import Block
    from photonwb.storage.damaged import DamagedStore
    from photonwb.storage.hdf5 import HDF5Dataset, HDF5Group, HDF5Store

__all__ = ["Copier"]


class Copier:
    """Copies what can be read.

    Parameters
    ----------
    source : DamagedStore
    target : HDF5Store
        An empty one.
    report : Report
        Gets what cannot be read.

    Attributes
    ----------
    count : int
        Objects copied.
    references : dict
        Attributes with references, by path of the object and name: they are set at last, by `refer`.
    """

    def __init__(self, source: DamagedStore, target: HDF5Store, report: Report) -> None:
        self.source = source
        self.target = target
        self.report = report
        self.count = 0
        self.references: dict[tuple[str, str], Any] = {}
        self._referring_datasets: list[HDF5Dataset] = []
        self._links: list[str] = []
        self._seen: dict[Hashable, str] = {}

    # ---- all but references

    def copy(self) -> None:
        """Copy all groups, datasets and links, and their attributes except for references."""
        root = self.source.root
        if not self.source.is_root_whole:
            self.report.add("/", "some of its attributes are not saved", "they lie beyond the end of the file")
        if self.source.lost_names:
            self.report.add("/", "its members have new names", "those that they had lie beyond the end of the file")
        self._seen[root.identity] = "/"
        for name, value in self._attributes(root).items():
            self.target.root.attributes[name] = value
        waiting = [root]
        while waiting:
            group = waiting.pop()
            for name in self._names(group):
                path = f"{group.path.rstrip('/')}/{name}"
                try:
                    inner = self._copy_member(group, name, path)
                except PhotonwbError as error:
                    self.report.add(path, "not saved", error)
                else:
                    waiting.extend(inner)

    def _names(self, group: HDF5Group) -> list[str]:
        try:
            return list(group)
        except PhotonwbError as error:
            self.report.add(group.path, "its members are not saved", error)
            return []

    def _copy_member(self, group: HDF5Group, name: str, path: str) -> list[HDF5Group]:
        """Copy one member; returns it if it has members itself."""
        member = self._opened(group, name, path)
        parent: Any = self.target.root[group.path.strip("/")] if group.path != "/" else self.target.root
        known = None if isinstance(member, Link) else self._seen.get(member.identity)
        if isinstance(member, Link) or known is not None:
            parent.create_link(name, member if known is None else Link(known))
            self._links.append(path)
            return []
        self._seen[member.identity] = path
        if hasattr(member, "create_group"):
            self.count += 1
            parent.create_group(name, self._attributes(member))
            return [member]
        if holds_references(member.layout.element):
            self._referring_datasets.append(member)
        else:
            self._copy_dataset(parent, name, member)
            self.count += 1
        return []

    def _opened(self, group: HDF5Group, name: str, path: str) -> Any:
        if self.source.missing and self.source.leave_out_missing_parts(group, name):
            self.report.add(path, "some of its attributes are not saved", "they lie beyond the end of the file")
        if self.source.missing and self.source.name_members(group, name, MEMBERS):
            self.report.add(path, "its members have new names", "those that they had lie beyond the end of the file")
        return group[name]

    def _attributes(self, node: HDF5Group | HDF5Dataset) -> dict[str, Any]:
        """Attributes that can be read; those with references are kept for later."""
        found: dict[str, Any] = {}
        try:
            names = list(node.attributes)
        except PhotonwbError as error:
            self.report.add(node.path, "its attributes are not saved", error)
            return found
        for name in names:
            try:
                value = node.attributes[name]
            except PhotonwbError as error:
                self.report.add(f"{node.path}@{name}", "not saved", error)
                continue
            if references_in(value):
                self.references[node.path, name] = value
            elif value is not None and not isinstance(value, Reference):
                found[name] = value
        return found

    # ---- datasets

    def _copy_dataset(self, parent: HDF5Group, name: str, node: HDF5Dataset) -> None:
        layout = node.layout
        if not layout.shape:
            parent.create_dataset(name, layout, self.source.value(node), self._attributes(node))
            return
        rows = self.source.present_rows(node)
        blocks = Progress(self.source.readable_blocks(node, rows))
        begins_with = (0 if layout.chunks is not None and layout.maximum is not None else rows, *layout.shape[1:])
        made = parent.create_dataset(name, layout._replace(shape=begins_with), attributes=self._attributes(node))
        made.write_blocks(blocks)
        self._tell_of_rows(node, made, blocks)

    def _tell_of_rows(self, node: HDF5Dataset, made: HDF5Dataset, blocks: Progress) -> None:
        wanted, there = node.shape[0], made.shape[0]
        if there < wanted:
            self.report.add(node.path, f"only the first {there} of {wanted} rows are saved", "the others cannot be read")
        for start, stop in blocks.gaps(there):
            self.report.add(
                node.path, f"rows {start} to {stop - 1} are not saved", "they cannot be read; their place is left empty"
            )

    # ---- references

    def refer(self) -> None:
        """Set what refers to objects, now that it is known which of them there are; take away links that lead nowhere."""
        for member in self._referring_datasets:
            try:
                self._copy_referring(member)
                self.count += 1
            except PhotonwbError as error:
                self.report.add(member.path, "not saved", error)
        for (path, name), value in self.references.items():
            self._refer(path, name, value)
        for path in self._links:
            self._check_link(path)

    def _copy_referring(self, node: HDF5Dataset) -> None:
        parent_path, _, name = node.path.rpartition("/")
        parent: Any = self.target.root[parent_path.strip("/")] if parent_path else self.target.root
        values = mapped_references(self.source.value(node), self._kept(node.path))
        parent.create_dataset(name, node.layout, values, self._attributes(node))

    def _refer(self, path: str, name: str, value: Any) -> None:
        node = self._found(path)
        if node is None:
            return
        try:
            kept = mapped_references(value, self._kept(f"{path}@{name}"))
            if kept is not None:
                node.attributes[name] = kept
        except PhotonwbError as error:
            self.report.add(f"{path}@{name}", "not saved", error)

    def _kept(self, path: str) -> Any:
        def keep(reference: Reference) -> Reference | None:
            if self._found(reference.path) is not None:
                return reference
            self.report.add(path, "a reference is not saved", f"{reference.path or 'what it led to'} is lost")
            return None

        return keep

    def _check_link(self, path: str) -> None:
        parent_path, _, name = path.rpartition("/")
        parent = self._found(parent_path or "/")
        if parent is None or name not in parent:
            return
        link = parent[name]
        if not isinstance(link, Link) or link.file is not None:
            return
        try:
            self.target.follow(link, parent)
        except PhotonwbError:
            parent.delete(name)
            self.report.add(path, "a link is not saved", f"{link.path} is lost")

    def _found(self, path: str) -> Any:
        try:
            return self.target.root if path == "/" else self.target.root[path.strip("/")] if path else None
        except PhotonwbError:
            return None


class Progress:
    """Blocks on their way, and which rows were among them."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._spans: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Block]:
        for place, values in self._blocks:
            self._spans.append((place[0].start, place[0].stop))
            yield place, values

    def gaps(self, rows: int) -> list[tuple[int, int]]:
        """Rows before the last one that did not come."""
        stops = [0, *(stop for _, stop in self._spans)]
        starts = [*(start for start, _ in self._spans), rows]
        return [(stop, start) for stop, start in zip(stops, starts, strict=True) if start > stop]
