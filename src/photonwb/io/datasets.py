"""How the values of a field become a dataset or an attribute.

Which element type they get is decided in `elements`, how they are chunked and compressed in `arrays`, unless the values come in a
wrapper that says so. Bulk data pass through in blocks; nothing here holds more than a few of them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import DataIO, incoming, layout_for
from photonwb.arrays.appended import AppendedArray
from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.io.elements import TEXTS, converted, element_for, smallest_unsigned
from photonwb.io.references import reference_array
from photonwb.io.stores import form_of
from photonwb.model.checks import describe_value
from photonwb.storage.contract import ASCII, Layout, Link, Typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

    from photonwb.arrays import LazyArray
    from photonwb.io.writing import Writer
    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Field
    from photonwb.storage.contract import Block, Dataset, ElementType, Group

__all__ = ["converted_blocks", "has_tiles", "is_postponed", "rewrite_values", "write_array", "written_value"]

# Arrays of fewer bytes are always written with the objects that they belong to.
LARGE = 16 << 20


def written_value(container: AbstractContainer, field: Field, value: Any) -> Any:
    """A scalar or a short list as the value of an attribute or a scalar dataset."""
    import numpy as np

    if isinstance(value, (dt.date, dt.datetime)):
        return Typed(_isoformat(value), ASCII)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], (dt.date, dt.datetime)):
        return Typed(np.array([_isoformat(date) for date in cast("list[Any]", value)], dtype=object), ASCII)
    if isinstance(value, str):
        return Typed(value, ASCII) if field.dtype in ("ascii", "isodatetime") else value
    array = _small_array(container, field, value)
    element = _element(container, field, array.dtype)
    if isinstance(element, str):
        return Typed(array if array.shape else array[()], element)
    return Typed(_fitting(container, field, array, element), element)


def _isoformat(date: dt.date) -> str:
    """A date as ISO 8601 has it: with a zone of whole minutes, which those of before 1900 are often not."""
    offset = date.utcoffset() if isinstance(date, dt.datetime) else None
    if offset is not None and offset % dt.timedelta(minutes=1):
        date = cast("dt.datetime", date).astimezone(dt.timezone(dt.timedelta(minutes=round(offset.total_seconds() / 60))))
    return date.isoformat()


def _small_array(container: AbstractContainer, field: Field, value: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError as error:
        raise _bad_value(container, field, value, error) from error
    if array.dtype.kind in "US" or (array.size == 0 and field.dtype in ("text", "ascii", None)):
        return array.astype(object)
    return array


def _element(container: AbstractContainer, field: Field, dtype: np.dtype[Any]) -> ElementType:
    try:
        return element_for(field.dtype, dtype)
    except PhotonwbError as error:
        raise InvalidTypeError(f"{container._label()}.{field.name}: {error}") from error


def _fitting(container: AbstractContainer, field: Field, values: Any, element: ElementType) -> Any:
    try:
        return converted(values, element)
    except PhotonwbError as error:
        raise InvalidValueError(f"{container._label()}.{field.name}: {error}") from error


def _bad_value(container: AbstractContainer, field: Field, value: Any, error: Exception) -> PhotonwbError:
    return InvalidValueError(f"{container._label()}.{field.name}: {describe_value(value)} cannot be stored: {error}")


def write_array(
    writer: Writer,
    parent: Group,
    name: str,
    container: AbstractContainer,
    field: Field,
    value: Any,
    attributes: Mapping[str, Any] | None = None,
) -> Dataset | None:
    """Write the values of a field as a dataset, which is created with `attributes` where it is an array.

    Returns
    -------
    Dataset or None
        None when they became a link to a dataset that is there already.
    """
    linked = _can_link(container, field, value) and _link_instead(writer, parent, name, value)
    if linked:
        return None
    if _is_scalar(value):
        stored = written_value(container, field, value)
        element = stored.element if isinstance(stored, Typed) else "text"
        return parent.create_dataset(name, Layout((), element), stored.value if isinstance(stored, Typed) else stored)
    references = reference_array(writer, container, field, value)
    if references is not None:
        values, element = references
        layout = Layout(values.shape, element, maximum=(None,) * values.ndim if field.kind == "content" else None)
        if layout.maximum is not None and values.size:
            layout = layout._replace(chunks=values.shape)
        elif layout.maximum is not None:
            layout = layout._replace(maximum=None)
        return parent.create_dataset(name, layout, values)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dt.date):
        stored = written_value(container, field, value)
        return parent.create_dataset(name, Layout(stored.value.shape, ASCII), stored.value)
    if isinstance(value, (list, tuple)) and not value and field.dtype in TEXTS:
        value = _no_texts()
    return _write_blocks(writer, parent, name, container, field, value, attributes)


def _no_texts() -> Any:
    import numpy as np

    return np.empty(0, dtype=object)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, bytes, bool, int, float, dt.date)) or getattr(value, "shape", None) == ()


def _link_instead(writer: Writer, parent: Group, name: str, value: Any) -> bool:
    """Make a link where the values lie in this file already, or in another and the wrapper asks for it."""
    values = value.data if isinstance(value, DataIO) or hasattr(value, "link_data") else value
    location, path = _place_of(values)
    if location is None or path is None:
        return False
    if location == writer.plan.location:
        path = writer.plan.after(path)
        if path is None:
            return False
        if path != f"{parent.path.rstrip('/')}/{name}":
            parent.create_link(name, Link(path))
        return True
    if writer.link_data and getattr(value, "link_data", False) and form_of(location) == writer.store.form:
        parent.create_link(name, writer.plan.link_into(location, path))
        return True
    return False


def _can_link(container: AbstractContainer, field: Field, value: Any) -> bool:
    """Whether a link to an array in a file can stand for a dataset of an object: it has no attributes of its own."""
    there: Any = getattr(getattr(value, "source", None), "attributes", None)
    if there is None or container._stored is not None:
        return True
    if field.kind == "content":
        return False  # the dataset is the object itself
    wanted = {
        other.key or other.name: container.fields.get(other.name)
        for other in type(container).__fields__.values()
        if other.kind == "attribute" and other.where == field.path and other.fixed is None
    }
    return all(value is None or _is_same(there.get(key), value) for key, value in wanted.items())


def _is_same(stored: Any, value: Any) -> bool:
    import numpy as np

    return stored is not None and not hasattr(value, "neurodata_type") and bool(np.all(np.asarray(stored) == np.asarray(value)))


def _place_of(values: Any) -> tuple[str | None, str | None]:
    """File and path of an array that is a dataset of h5py or was read by us."""
    import os

    if hasattr(values, "file") and hasattr(values, "name"):  # h5py.Dataset
        return os.path.abspath(values.file.filename), values.name
    node = getattr(values, "source", None)
    if node is not None and hasattr(node, "store"):
        return node.store.location, node.path
    return None, None


def _write_blocks(
    writer: Writer,
    parent: Group,
    name: str,
    container: AbstractContainer,
    field: Field,
    value: Any,
    attributes: Mapping[str, Any] | None,
) -> Dataset:
    try:
        data = incoming(value)
    except PhotonwbError as error:
        raise InvalidValueError(f"{container._label()}.{field.name}: {error}") from error
    element = _index_element(container) or _element(container, field, data.dtype)
    layout = Layout(*layout_for(data, element, role_of(container, field), writer.compression, writer.store.preferences))
    if writer.postpone and layout.maximum and is_postponed(container, field, value):
        return parent.create_dataset(name, layout._replace(shape=(0, *layout.shape[1:])))
    dataset = parent.create_dataset(name, layout, attributes=attributes)
    blocks = converted_blocks(container, field, data.blocks(layout.chunks), element)
    if role_of(container, field) == "mask" and has_tiles(layout) and None not in data.shape and not data.is_sparse:
        from photonwb.arrays.sparse import without_zeros

        blocks = without_zeros(blocks, layout.chunks or ())
    dataset.write_blocks(_growing(dataset, blocks) if None in data.shape else blocks)
    return dataset


def has_tiles(layout: Layout) -> bool:
    """Whether what is not written of images reads as zeros."""
    return layout.chunks is not None and len(layout.shape) > 2 and not layout.fill and hasattr(layout.element, "itemsize")


def is_postponed(container: AbstractContainer, field: Field, value: Any) -> bool:
    """Whether an array is large, and stored so that it can grow: one of samples over time that no wrapper says anything of."""
    import math

    shape: tuple[int | None, ...] = getattr(value, "shape", ())
    if role_of(container, field) not in ("movie", "trace") or hasattr(value, "io_settings") or not shape or None in shape:
        return False
    return hasattr(value, "dtype") and math.prod(cast("tuple[int, ...]", shape)) * value.dtype.itemsize >= LARGE


def _index_element(container: AbstractContainer) -> ElementType | None:
    """Ends of ragged rows are unsigned, and no wider than it takes."""
    return smallest_unsigned(_last_end(container)) if container.neurodata_type == "VectorIndex" else None


def _last_end(container: AbstractContainer) -> int:
    import numpy as np

    ends: Any = container.fields["data"]
    ends = ends[-1:] if isinstance(ends, list) else np.asarray(ends)
    return int(ends[-1]) if len(ends) else 0


def _element_in(node: Dataset, container: AbstractContainer) -> ElementType | None:
    """The same for ends that go into a dataset which is there: as it is, where they fit."""
    import numpy as np

    wanted, there = _index_element(container), node.layout.element
    if wanted is None or not isinstance(there, np.dtype) or there.kind not in "iu":
        return wanted
    return there if _last_end(container) <= np.iinfo(there).max else wanted


def converted_blocks(
    container: AbstractContainer, field: Field, blocks: Iterator[Block], element: ElementType
) -> Iterator[Block]:
    """Blocks with their values as they are stored."""
    for place, values in blocks:
        yield place, _fitting(container, field, values, element)


def role_of(container: AbstractContainer, field: Field) -> str:
    """What an array is for, which decides how it is chunked and compressed."""
    names = {base.__name__ for base in type(container).__mro__}
    if "VectorData" in names or "ElementIdentifiers" in names:
        return "mask" if container.name == "image_mask" else "column"
    if field.name == "data" and "ImageSeries" in names:
        return "movie"
    if field.name in ("data", "timestamps", "control") and "TimeSeries" in names:
        return "trace"
    return "whole"


def rewrite_values(writer: Writer, node: Dataset, container: AbstractContainer, field: Field, value: Any) -> bool:
    """Store new values in the dataset that is there, as far as they differ; this keeps all that is attached to it.

    Returns
    -------
    bool
        False when the dataset cannot hold them (its shape is final, its type too narrow, or they belong elsewhere): it has to be
        made anew.
    """
    if hasattr(value, "neurodata_type") or hasattr(value, "io_settings") or _is_scalar(value) or not getattr(node, "shape", ()):
        return False
    references = reference_array(writer, container, field, value)
    if references is not None:
        values, element = references
        shape: tuple[int | None, ...] = values.shape
        blocks: Iterator[Block] = iter([(tuple(slice(0, length) for length in values.shape), values)])
    else:
        data = incoming(value)
        shape, element = data.shape, _element_in(node, container) or _element(container, field, data.dtype)
        is_continued = isinstance(value, AppendedArray) and value.base.shape == node.shape and _is_at(value.base, node)
        made = _new_blocks(value) if is_continued else data.blocks(node.layout.chunks)
        blocks = converted_blocks(container, field, made, node.layout.element)
    if not _can_hold(node.layout, shape, element):
        return False
    length, known = node.shape[0], tuple(extent or 0 for extent in shape)
    if known != node.shape:
        node.resize(known)
    if None in shape:
        node.write_blocks(_growing(node, blocks))
    else:
        node.write_blocks(piece for block in blocks for piece in _different(node, block, length))
    return True


def _is_at(array: LazyArray, node: Dataset) -> bool:
    """Whether an array is what a dataset, or the one that it is a copy of, holds."""
    return getattr(array.source, "path", None) == node.path or getattr(array.source, "identity", None) == node.identity


def _new_blocks(value: AppendedArray) -> Iterator[Block]:
    """What is not in the file of an array that grew there."""
    for start, part in value.new_parts():
        for place, values in incoming(part).blocks(value.chunks):
            yield (slice(place[0].start + start, place[0].stop + start), *place[1:]), values


def _different(node: Dataset, block: Block, length: int) -> Iterator[Block]:
    """Of a block the part behind the old end of a dataset, and the part before it if that is not there already."""
    (first, *others), values = block
    end = min(max(length - first.start, 0), len(values))
    if end:
        place = (slice(first.start, first.start + end), *others)
        if not _is_equal(node.read(place), values[:end]):
            yield place, values[:end]
    if end < len(values):
        yield (slice(first.start + end, first.stop), *others), values[end:]


def _is_equal(stored: Any, values: Any) -> bool:
    import numpy as np

    if values.dtype.names:
        return stored.dtype.names == values.dtype.names and all(
            _is_equal(stored[name], values[name]) for name in values.dtype.names
        )
    return np.array_equal(stored, values, equal_nan=values.dtype.kind == "f")


def _can_hold(layout: Layout, shape: tuple[int | None, ...], element: ElementType) -> bool:
    """Whether values of a shape and type fit into a dataset as it is."""
    import numpy as np

    there = layout.element
    if isinstance(there, np.dtype) and isinstance(element, np.dtype):
        fits = np.can_cast(element, there, "safe") if element.names is None else element == there
    else:
        fits = there == element or _members(there) == _members(element)
    if layout.maximum is None and tuple(shape) != layout.shape:
        return False
    room = layout.maximum or layout.shape
    return (
        fits
        and len(room) == len(shape)
        and all(most is None or (length is not None and length <= most) for most, length in zip(room, shape, strict=True))
    )


def _members(element: ElementType) -> Any:
    """Names and types of the members of a compound, in whichever of the two forms it is given."""
    names: Any = getattr(element, "names", None)
    return tuple((name, element[name]) for name in names) if names else element  # type: ignore[index]


def _growing(dataset: Dataset, blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks of data whose length shows as they come: each makes the room that it needs."""
    for place, values in blocks:
        needed = tuple(max(length, part.stop) for length, part in zip(dataset.shape, place, strict=True))
        if needed != dataset.shape:
            dataset.resize(needed)
        yield place, values
