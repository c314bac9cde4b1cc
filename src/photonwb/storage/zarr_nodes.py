"""Groups and arrays of Zarr stores: no more than a store and a path, as nodes are everywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.arrays.grid import chunk_parts
from photonwb.arrays.reading import can_read, check_size, read
from photonwb.arrays.source import ByteLayout
from photonwb.errors import DamagedFileError, InvalidValueError, NotFoundError, PhotonwbError, StorageError

from .checks import check_layout, check_member, check_move, check_new_name, check_resize, values_for
from .elements import dtype_of, plain_value
from .links import descend
from .nodes import MANY_TEXTS, StoreNode
from .selections import read_selection
from .zarr_attributes import ZarrAttributes
from .zarr_objects import from_stored
from .zarr_places import places_of
from .zarr_records import new_array, new_group

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from photonwb.arrays.source import ArraySource

    from .contract import Block, Layout, Link, Selection
    from .selections import Box
    from .zarr_metadata import ArrayMetadata
    from .zarr_records import Record
    from .zarr_store import ZarrStore

__all__ = ["ZarrDataset", "ZarrGroup", "ZarrNode"]


class ZarrNode(StoreNode):
    """What groups and arrays have in common."""

    __slots__ = ()
    store: ZarrStore

    @property
    def identity(self) -> Hashable:
        return self.store.location, id(self.record)

    @property
    def attributes(self) -> ZarrAttributes:
        return ZarrAttributes(self)

    @property
    def record(self) -> Record:
        """What the store knows of this object."""
        return self.store.record(self.path)


class ZarrGroup(ZarrNode):
    """A group of a Zarr store."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        record = self.record
        return iter(sorted({*record.members, *record.links}))

    def __len__(self) -> int:
        record = self.record
        return len({*record.members, *record.links})

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or not name:
            return False
        if "/" in name:
            try:
                descend(self, name)
            except NotFoundError:
                return False
            return True
        record = self.record
        return name in record.members or name in record.links

    def __getitem__(self, name: str) -> ZarrGroup | ZarrDataset | Link:
        if "/" in name:
            return descend(self, name)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes
        record = self.record
        member = record.members.get(name)
        if member is not None:
            return (ZarrDataset if member.is_array else ZarrGroup)(self.store, self._child(name))
        if name in record.links:
            return self.store.link_from(record.links[name])
        raise NotFoundError(f"{self.store.location}: {self.path} has no member {name!r}")

    def create_group(self, name: str, attributes: Mapping[str, Any] | None = None) -> ZarrGroup:
        record = self._new_member(name)
        record.members[name] = new_group()
        return self._filled(ZarrGroup(self.store, self._child(name)), attributes)

    def create_dataset(
        self, name: str, layout: Layout, value: Any = None, attributes: Mapping[str, Any] | None = None
    ) -> ZarrDataset:
        from .zarr_writing import new_metadata, write_values

        where = f"{self.store.location}: {self._child(name)}"
        check_layout(layout, where)
        record = self._new_member(name)
        values = None if value is None else values_for(value, layout.element, layout.shape, where)
        try:
            record.members[name] = new_array(new_metadata(layout, values))
        except PhotonwbError as error:
            error.add_note(where)
            raise
        member = ZarrDataset(self.store, self._child(name))
        if values is not None:
            try:
                write_values(member, values)
            except BaseException:
                self.delete(name)
                raise
        return self._filled(member, attributes)

    def create_link(self, name: str, link: Link) -> None:
        self._new_member(name).links[name] = self.store.link_to(link)

    def delete(self, name: str) -> None:
        record = self.store.changing(self.path)
        check_member(self, name)
        if name in record.links:
            del record.links[name]
            return
        self.store.remove(self._child(name))

    def move(self, name: str, to: Any, new_name: str) -> None:
        record = self.store.changing(self.path)
        check_move(self, name, to, new_name)
        if name in record.links:
            to.record.links[new_name] = record.links.pop(name)
            return
        self.store.rename(self._child(name), to._child(new_name))

    def _child(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def _new_member(self, name: str) -> Record:
        """The record of this group, to which a member of that name may be added."""
        record = self.store.changing(self.path)
        check_new_name(self, name)
        if name in RESERVED_NAMES:
            raise InvalidValueError(f"{self.store.location}: {self.path}: {name!r} is kept for the format; choose another name")
        return record

    def _filled(self, member: Any, attributes: Mapping[str, Any] | None) -> Any:
        """A new member with its attributes; when that fails, there is no new member."""
        try:
            if attributes:
                member.attributes.update(attributes)
        except BaseException:
            self.delete(member.name)
            raise
        return member


RESERVED_NAMES = ("zarr.json",)


class ZarrDataset(ZarrNode):
    """An array of a Zarr store; also what `photonwb.arrays` reads from."""

    __slots__ = ()

    @property
    def metadata(self) -> ArrayMetadata:
        """What is known of how the array is stored.

        Raises
        ------
        DamagedFileError, StorageError
            Its document makes no sense.
        """
        record = self.record
        try:
            return record.array
        except (DamagedFileError, StorageError) as error:
            error.add_note(f"in the metadata of {self.description}")
            raise

    @property
    def shape(self) -> tuple[int, ...]:
        metadata = self.metadata
        return () if metadata.is_scalar else metadata.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return dtype_of(self.metadata.element)

    @property
    def layout(self) -> Layout:
        return self.metadata.layout

    @property
    def chunks(self) -> tuple[int, ...] | None:
        return self.metadata.layout.chunks

    @property
    def filters(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        return self.metadata.layout.filters

    @property
    def description(self) -> str:
        return f"{self.store.location}: {self.path}"

    def read(self, selection: Selection | Any = ()) -> Any:
        metadata = self.metadata
        if isinstance(selection, tuple) and not selection:
            values = self.read_box(tuple(map(range, metadata.shape)))
            return plain_value(values.reshape(()) if metadata.is_scalar else values)
        values = read_selection(selection, metadata.layout.shape, self.read_box)
        return plain_value(values)

    def read_box(self, box: Box) -> NDArray[Any]:
        """The values of a box, in the form of the contract."""
        metadata = self.metadata
        self.store.folder.require_in_place()
        if metadata.is_scalar and not box:
            box = (range(1),) * len(metadata.shape)
        counts = tuple(map(len, box))
        try:
            if not metadata.encoding.is_known:
                from .zarr_library import read_box

                values = read_box(self, metadata, box)
            elif metadata.dtype.hasobject:
                values = self._objects(box)
            else:
                layout = self._bytes()
                values = read(layout, box or (range(1),)).reshape(counts)
            return from_stored(values, metadata.element, self.store.path_in)
        except PhotonwbError as error:
            if self.store.location not in str(error):
                error.add_note(f"{self.description} cannot be read")
            raise

    def _objects(self, box: Box) -> NDArray[Any]:
        """Objects of a box, decoded chunk by chunk."""
        from .zarr_writing import ChunkStore

        metadata = self.metadata
        counts = tuple(map(len, box))
        places = places_of(self.store.folder, self.folder, metadata)
        if math.prod(counts) > MANY_TEXTS:
            # Each text that was stored takes four bytes at least.
            check_size(8 * math.prod(counts), sum(place.size for place in places.values()), self.description)
        found = np.full(counts, metadata.fill, object)
        chunks = ChunkStore(self)
        for part in chunk_parts(box, metadata.chunks):
            chunk = chunks.stored(part.chunk)
            if chunk is not None:
                found[part.target] = chunk[part.inside]
        return found

    @property
    def folder(self) -> str:
        """Where the chunks are."""
        return self.store.folder.file(self.path.strip("/"))

    def source(self) -> ArraySource:
        return self

    def byte_layout(self) -> ByteLayout | None:
        metadata = self.metadata
        has_objects = metadata.dtype.hasobject or dtype_of(metadata.element).hasobject
        if has_objects or not metadata.encoding.is_known or not metadata.shape or metadata.is_scalar:
            return None
        self.store.folder.require_in_place()
        return self._bytes()

    def _bytes(self) -> ByteLayout:
        """Where the bytes of elements lie that have such; a scalar is one element along one axis."""
        known = self.store.byte_layouts.get(self.path)
        if known is not None and known[0] is self.metadata:
            return known[1]
        metadata = self.metadata
        encoding = metadata.encoding if metadata.encoding.shard is None else metadata.encoding.shard.encoding
        layout = ByteLayout(
            self.folder,
            metadata.shape or (1,),
            metadata.dtype,
            metadata.chunks or (1,),
            encoding.filters,
            metadata.fill,
            places_of(self.store.folder, self.folder, metadata),
            self.store.threads,
            axes=encoding.axes,
            in_files=True,
        )
        if not can_read(layout):
            raise StorageError(f"{self.description}: elements of {metadata.dtype} cannot be read")
        self.store.byte_layouts[self.path] = metadata, layout
        return layout

    def write(self, selection: tuple[slice, ...], values: Any) -> None:
        from .zarr_writing import write_selection

        self.store.changing(self.path)
        write_selection(self, selection, values)

    def write_blocks(self, blocks: Iterable[Block]) -> None:
        from .zarr_writing import write_blocks

        self.store.changing(self.path)
        write_blocks(self, blocks)

    def resize(self, shape: tuple[int, ...]) -> None:
        from .zarr_writing import resize

        record = self.store.changing(self.path)
        check_resize(self.layout, shape, self.description)
        resize(self, record, tuple(shape))
