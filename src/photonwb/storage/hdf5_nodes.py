"""Groups and datasets of HDF5 files.

Each opens what it needs when it needs it, through its store: a handle in every node would keep the file open, and somebody would
have to close it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.arrays.reading import can_read, check_size, read
from photonwb.errors import DamagedFileError, NotFoundError, StorageError

from .checks import check_layout, check_member, check_move, check_new_name, check_resize, values_for
from .contract import Link
from .elements import dtype_of, plain_value
from .hdf5_attributes import HDF5Attributes, needs_dense_storage
from .hdf5_layout import byte_layout, creation_properties, filters_of, layout_of, raw_layout, reads_other_files
from .hdf5_library import h5d, h5g, h5l, h5o, h5p, h5s, name_bytes, name_text
from .hdf5_types import decode, element_from, encode, file_type, list_places, memory_type
from .links import descend
from .nodes import MANY_TEXTS, StoreNode
from .selections import read_selection, spans

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from photonwb.arrays.source import ArraySource, ByteLayout

    from .contract import Block, ElementType, Layout, Selection
    from .hdf5 import HDF5Store, Task
    from .selections import Box

__all__ = ["HDF5Dataset", "HDF5Group"]


class _Node(StoreNode):
    """What groups and datasets have in common."""

    __slots__ = ()
    store: HDF5Store

    @property
    def identity(self) -> Hashable:
        with self.store.reading(self.path):
            info = h5o.get_info(self.store.object_id(self.path))
            return info.fileno, info.addr

    @property
    def attributes(self) -> HDF5Attributes:
        return HDF5Attributes(self.store, self.path)

    @property
    def object_id(self) -> Any:
        """The open object."""
        return self.store.object_id(self.path)


class HDF5Group(_Node):
    """A group of an HDF5 file."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        names: list[bytes] = []
        with self.store.reading(self.path):
            group = self.object_id
            group.links.iterate(names.append)
        return iter([name_text(name) for name in names])

    def __len__(self) -> int:
        with self.store.reading(self.path):
            return self.object_id.get_num_objs()

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or not name or "\0" in name:
            return False
        if self.store.opened(self._child(name)) is not None:
            return True
        if "/" in name:
            try:
                descend(self, name)
            except NotFoundError:
                return False
            return True
        with self.store.reading(self.path):
            group = self.object_id
            return name not in (".", "..") and group.links.exists(name_bytes(name))

    def __getitem__(self, name: str) -> HDF5Group | HDF5Dataset | Link:
        path = self._child(name)
        opened = self.store.opened(path) if name else None
        if opened is not None:  # which spares the way down
            return self._node(path, opened)
        if "/" in name:
            return descend(self, name)  # pyright: ignore[reportReturnType] - the nodes of a store are of its own classes
        with self.store.reading(path):
            group, raw = self.object_id, name_bytes(name)
            try:
                info = group.links.get_info(raw)
            except (KeyError, RuntimeError, ValueError) as error:
                if name in self:
                    raise
                raise NotFoundError(f"{self.store.location}: {self.path} has no member {name!r}") from error
            if info.type == h5l.TYPE_HARD:
                return self._open(name, h5o.open(group, raw))
            if info.type not in (h5l.TYPE_SOFT, h5l.TYPE_EXTERNAL):
                raise StorageError(f"{self.store.location}: {path} is a link of an unknown kind")
            target = group.links.get_val(raw)
            file, path = target if info.type == h5l.TYPE_EXTERNAL else (None, target)
            return Link(name_text(path), None if file is None else name_text(file))

    def create_group(self, name: str, attributes: Mapping[str, Any] | None = None) -> HDF5Group:
        with self._new_member(name):
            properties = h5p.create(h5p.GROUP_CREATE)
            if _has_large(attributes):
                properties.set_attr_creation_order(h5p.CRT_ORDER_TRACKED)
            self.store.keep(self._child(name), h5g.create(self.object_id, name_bytes(name), gcpl=properties))
            member = HDF5Group(self.store, self._child(name))
            self._fill(member, attributes)
        return member

    def create_dataset(
        self, name: str, layout: Layout, value: Any = None, attributes: Mapping[str, Any] | None = None
    ) -> HDF5Dataset:
        where = f"{self.store.location}: {self._child(name)}"
        check_layout(layout, where)
        values = None if value is None else values_for(value, layout.element, layout.shape, where)
        with self._new_member(name):
            properties = creation_properties(layout, many_attributes=_has_large(attributes))
            space = h5s.create(h5s.SCALAR)
            if layout.shape:
                maximum = tuple(h5s.UNLIMITED if length is None else length for length in layout.maximum or layout.shape)
                space = h5s.create_simple(layout.shape, maximum)
            created = h5d.create(self.object_id, name_bytes(name), file_type(layout.element), space, properties)
            self.store.keep(self._child(name), created)
            member = HDF5Dataset(self.store, self._child(name))
            self._fill(member, attributes, values, layout.element)
        return member

    def create_link(self, name: str, link: Link) -> None:
        with self._new_member(name):
            group = self.object_id
            if link.file is None:
                group.links.create_soft(name_bytes(name), name_bytes(link.path))
            else:
                group.links.create_external(name_bytes(name), name_bytes(link.file), name_bytes(link.path))

    def delete(self, name: str) -> None:
        check_member(self, name)
        with self.store.writing(self._child(name)):
            self.object_id.unlink(name_bytes(name))
        self.store.forget_all()

    def move(self, name: str, to: Any, new_name: str) -> None:
        check_move(self, name, to, new_name)
        with self.store.writing(self._child(name)):
            group = self.object_id
            group.links.move(name_bytes(name), to.object_id, name_bytes(new_name))
        self.store.forget_all()

    def _child(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def _new_member(self, name: str) -> Task:
        """Context in which a member is made, after its name was checked."""
        task = self.store.writing(self._child(name))
        check_new_name(self, name)
        self.store.forget_addresses()
        return task

    def _fill(
        self,
        member: HDF5Group | HDF5Dataset,
        attributes: Mapping[str, Any] | None,
        values: Any = None,
        element: ElementType = "",
    ) -> None:
        """Write the content of a new member; when that fails, there is no new member."""
        try:
            if isinstance(member, HDF5Dataset) and values is not None and values.size:
                if values.ndim and member.chunks:
                    member.write_blocks([(tuple(map(slice, (0,) * values.ndim, values.shape)), values)])
                else:
                    encoded = np.ascontiguousarray(encode(values, element, self.store.reference_to)).reshape(values.shape)
                    member.object_id.write(h5s.ALL, h5s.ALL, encoded)
            if attributes:
                member.attributes.update(attributes)
        except BaseException:
            self.delete(member.name)
            raise

    def _open(self, name: str, object_id: Any) -> HDF5Group | HDF5Dataset:
        path = self._child(name)
        node = self._node(path, object_id)
        self.store.keep(path, object_id)
        return node

    def _node(self, path: str, object_id: Any) -> HDF5Group | HDF5Dataset:
        if isinstance(object_id, h5d.DatasetID):
            return HDF5Dataset(self.store, path)
        if isinstance(object_id, h5g.GroupID):
            return HDF5Group(self.store, path)
        raise StorageError(f"{self.store.location}: {path} is a named type, neither group nor dataset")


class HDF5Dataset(_Node):
    """A dataset of an HDF5 file; also what `photonwb.arrays` reads from."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        with self.store.reading(self.path):
            return self.object_id.shape or ()

    @property
    def dtype(self) -> np.dtype[Any]:
        with self.store.reading(self.path):
            return dtype_of(element_from(self.object_id.get_type()))

    @property
    def layout(self) -> Layout:
        with self.store.reading(self.path):
            return layout_of(self.object_id)

    @property
    def chunks(self) -> tuple[int, ...] | None:
        with self.store.reading(self.path):
            properties = self.object_id.get_create_plist()
            return properties.get_chunk() if properties.get_layout() == h5d.CHUNKED else None

    @property
    def filters(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        with self.store.reading(self.path):
            return filters_of(self.object_id.get_create_plist())

    @property
    def description(self) -> str:
        return f"{self.store.location}: {self.path}"

    def read(self, selection: Selection | Any = ()) -> Any:
        with self.store.reading(self.path):
            dataset = self.object_id
            properties = dataset.get_create_plist()
            if reads_other_files(properties):
                if not self.store.trusted:
                    raise StorageError(
                        f"{self.description}: the values lie in other files, which were not opened; open it with trusted=True "
                        "if you know who made it"
                    )
                dataset = self.store.with_other_files(self.path)
            space, stored = dataset.get_space(), dataset.get_type()
            if space.get_simple_extent_type() == h5s.NULL:
                return None
            dtype, type_id = memory_type(stored)
            shape = space.get_simple_extent_dims()

        def read_box(box: Box) -> NDArray[Any]:
            counts = tuple(map(len, box))
            with self.store.reading(self.path):
                self._check_size(math.prod(counts), dtype)
                array = np.empty(counts, dtype)
                if array.size:
                    self._check_lengths(stored, properties, space, box)
                    memory, chosen = _spaces(space, shape, box)
                    dataset.read(memory, chosen, array, type_id)
                return decode(array, stored, lambda address: self.store.path_at(address, self.path))

        if isinstance(selection, tuple) and not selection:
            return plain_value(read_box(tuple(map(range, shape))))
        values = read_selection(selection, shape, read_box)
        return plain_value(values)

    def _check_size(self, count: int, dtype: np.dtype[Any]) -> None:
        """Refuse what no file of this size can hold: a damaged shape must not fill the memory."""
        check_size(count * dtype.itemsize, self.store.size, self.description)
        # Each text has a place of its own in the file.
        if dtype.hasobject and count > MANY_TEXTS and count > self.store.size:
            raise StorageError(
                f"{self.description}: {count} texts are asked for, of a file of {self.store.size / 1e9:.3f} GB; the shape is "
                "damaged, or most of it was never written: read a part"
            )

    def _check_lengths(self, stored: Any, properties: Any, space: Any, box: Box) -> None:
        """Refuse texts longer than the file: HDF5 makes room for each, up to 4 GiB, before it finds out that there is none."""
        places, size = list_places(stored)
        layout = raw_layout(self, size, properties, space) if places and self.store.is_local else None
        if layout is None or not can_read(layout):
            return
        try:
            elements = read(layout, box)
        except DamagedFileError:  # HDF5 will say it better
            return
        for place in places:
            lengths = np.ndarray(elements.shape, "<u4", elements, place, elements.strides)
            if lengths.max() > self.store.size:
                raise DamagedFileError(f"{self.description}: a text or list of {lengths.max()} elements is larger than the file")

    def source(self) -> ArraySource:
        return self

    def byte_layout(self) -> ByteLayout | None:
        layouts = self.store.byte_layouts
        known = layouts.get(self.path)
        if known is not None and known.keeper is not None:
            return known  # the store is open, and has the file open
        with self.store.reading(self.path):
            if not self.store.is_local:
                return None
            if self.store.writable:
                self.store.flush()
                return byte_layout(self)
            if self.path not in layouts:
                layouts[self.path] = byte_layout(self)
            return layouts[self.path]

    def write(self, selection: tuple[slice, ...], values: Any) -> None:
        with self.store.writing(self.path):
            dataset = self.object_id
            element = element_from(dataset.get_type())
            box = spans(selection, dataset.shape)
            counts = tuple(map(len, box))
            array = values_for(values, element, counts, self.description)
            if array.size:
                encoded = np.ascontiguousarray(encode(array, element, self.store.reference_to)).reshape(counts)
                dataset.write(*_spaces(dataset.get_space(), dataset.shape, box), encoded)

    def write_blocks(self, blocks: Iterable[Block]) -> None:
        from .hdf5_writing import write_blocks

        write_blocks(self, blocks)

    def resize(self, shape: tuple[int, ...]) -> None:
        check_resize(self.layout, shape, self.description)
        with self.store.writing(self.path):
            self.object_id.set_extent(tuple(shape))


def _has_large(attributes: Mapping[str, Any] | None) -> bool:
    return any(map(needs_dense_storage, (attributes or {}).values()))


def _spaces(space: Any, shape: tuple[int, ...], box: Box) -> tuple[Any, Any]:
    """What to read or write in memory and in the file, for one box of a dataset."""
    if all(len(wanted) == length for wanted, length in zip(box, shape, strict=True)):
        return h5s.ALL, h5s.ALL
    counts = tuple(map(len, box))
    # A selection belongs to the dataspace, which other reads of the dataset share.
    space = space.copy()
    space.select_hyperslab(tuple(wanted.start for wanted in box), counts, tuple(wanted.step for wanted in box))
    return h5s.create_simple(counts), space
