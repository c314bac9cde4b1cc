"""Which axis of an image is horizontal: what a file says, and what it is in truth.

The standard has the horizontal axis first. Files of several programs do not follow it, and nothing in a file says so. What can be
known is found out in this order: masks that fit into the frames only in one way; the habits of the program that wrote them
(`writers`); and whether the signals of some regions go along with the pixels under their masks, or with those that are there once
x and y are exchanged. Where none of this tells, what the standard says counts, and the answer says that too.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays.shapes import shape_of
from photonwb.arrays.swapped import swapped
from photonwb.errors import InvalidValueError, PhotonwbError
from photonwb.layouts.writers import writer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from photonwb.image import ImageSeries
    from photonwb.model.container import AbstractContainer
    from photonwb.regions.images import MaskImages
    from photonwb.segmentation import PlaneSegmentation

    Array = NDArray[Any]

__all__ = [
    "AxisOrder",
    "axis_order_of_image",
    "axis_order_of_masks",
    "axis_order_of_series",
    "data_of",
    "evidence_on_masks",
    "frames_of",
    "image_rows",
    "masks_of",
    "said",
    "tell",
]

_MOST_PIXELS = 200_000  # that are looked at for how far masks reach


class AxisOrder(NamedTuple):
    """Which of the first two axes of images is horizontal, and how that is known.

    Attributes
    ----------
    order : {"xy", "yx"}
        "xy": the first axis (of a pixel mask its `x`) is horizontal, as the standard says. "yx": it is vertical.
    how : {"said", "bounds", "provenance", "correlation", "files", "standard"}
        By whom uses the file; by the size of the frames; by the program that wrote it; by the signals; by the image files that
        the frames are in; by nothing but the standard.
    reason : str
    column_major : bool
        The pixels of image masks are in the order of columns, as if it were that of rows.
    one_based : bool
        The coordinates of pixel masks are counted from 1.
    """

    order: str
    how: str
    reason: str
    column_major: bool = False
    one_based: bool = False

    @property
    def is_standard(self) -> bool:
        """Whether images are as the standard says."""
        return self.order == "xy" and not self.column_major and not self.one_based

    @property
    def what(self) -> str:
        """What there is, in words."""
        if self.column_major:
            return "pixels in the order of columns"
        return ("x first" if self.order == "xy" else "rows first") + (", pixels counted from 1" if self.one_based else "")


def said(order: str) -> AxisOrder:
    """What the user of a file knows better."""
    if order not in ("xy", "yx"):
        raise InvalidValueError(f"axis_order: expected 'xy' (x first) or 'yx' (rows first), got {order!r}")
    return AxisOrder(order, "said", "said by the user")


def tell(item: AbstractContainer, axis_order: AxisOrder) -> None:
    """Warn, once for each object, that its axes are not taken as the standard says."""
    if axis_order.is_standard or axis_order.how == "said" or "_axis_order_told" in item.__dict__:
        return
    item.__dict__["_axis_order_told"] = True
    warnings.warn(f"{item._label()}: {axis_order.what}, by {axis_order.how}: {axis_order.reason}", stacklevel=4)


# ---- movies and images


def frames_of(series: ImageSeries) -> Any:
    """The frames of a movie as (time, row, column), read when indexed."""
    tell(series, series.axis_order)
    if series.axis_order.order == "yx":
        return series.data
    return swapped(data_of(series), 1, 2)


def axis_order_of_series(series: ImageSeries) -> AxisOrder:
    """Which axis of the frames of a movie is horizontal."""
    if series.external_file is not None and 0 in (shape_of(series.data) or (0,)):
        return AxisOrder("xy", "files", "image files tell rows from columns")
    return _by_writer(series, "frames") or _standard("movie")


def data_of(series: ImageSeries) -> Any:
    """The frames of a movie in the order of the standard, (time, x, y), read when indexed."""
    if series.external_file is not None and 0 in (shape_of(series.data) or (0,)):
        from photonwb.external import external_movie

        return external_movie(series)
    return series.data if series.axis_order.order == "xy" else swapped(series.data, 1, 2)


def image_rows(image: Any) -> Array:
    """The pixels of one stored image as (row, column), with colours behind."""
    import numpy as np

    pixels = np.asarray(image.data)
    return pixels if axis_order_of_image(image).order == "yx" else pixels.swapaxes(0, 1)


def axis_order_of_image(image: Any) -> AxisOrder:
    """Which axis of one stored image is horizontal."""
    return _by_writer(image, "images") or _standard("image")


def _standard(what: str) -> AxisOrder:
    return AxisOrder("xy", "standard", f"nothing in the file tells of this {what} but the standard, which puts x first")


def _by_writer(item: Any, what: str) -> AxisOrder | None:
    writer = writer_of(item, _root_of(item))
    order = None if writer is None else getattr(writer, what)
    return None if writer is None or order is None else AxisOrder(order, "provenance", writer.habit)


def _root_of(item: AbstractContainer) -> AbstractContainer | None:
    ancestors = item.get_ancestors()
    return ancestors[-1] if ancestors else None


# ---- masks


def masks_of(table: PlaneSegmentation) -> MaskImages:
    """The masks of a table as (region, row, column)."""
    from photonwb.regions.images import MaskImages

    rois, axis_order = table.rois, table.axis_order
    tell(table, axis_order)
    return MaskImages(rois, axis_order, _size_of_images(table, axis_order), table._label())


def _size_of_images(table: PlaneSegmentation, axis_order: AxisOrder) -> tuple[int, ...] | None:
    """(width, height) of the images that the masks of a table are of, with a depth for volumes; None where nothing tells it."""
    rois = table.rois
    known: list[tuple[Any, str]] = [(table._image_shapes().masks, axis_order.order)]
    known += [(_frame_shape(movie), movie.axis_order.order) for movie in _movies_of(table)]
    known += [(shape, order) for _, shape, order in _images_beside(table)]
    for shape, order in known:
        if shape:
            width, height = shape[:2] if order == "xy" else shape[1::-1]
            if rois.dimensions == 2:
                return width, height
            depth = shape[2] if len(shape) > 2 else int(rois.values["z"].max(initial=0)) + (not axis_order.one_based)
            return width, height, depth
    return None


def axis_order_of_masks(table: PlaneSegmentation) -> AxisOrder:
    """Which coordinate of the masks of a table is horizontal, by the strongest evidence that there is."""
    evidence = _evidence(table)
    first = next(evidence, None) or _standard("table")
    if first.how != "provenance" or first.is_standard:
        return first
    # A habit may have been given up since: signals, where there are any, know better.
    second = next(evidence, None)
    return first if second is None or second.order == first.order else second


def evidence_on_masks(table: PlaneSegmentation) -> list[AxisOrder]:
    """All evidence on the axes of the masks, the strongest first; reads some frames and signals where there are any."""
    return list(_evidence(table))


def _evidence(table: PlaneSegmentation) -> Iterator[AxisOrder]:
    kind = next(iter(table._mask_names()), None)
    if kind is None or not _are_there(table):
        return
    movies = list(_movies_of(table))
    told = _masks_by_writer(table, kind, movies)
    if told is not None and told.column_major:
        yield told  # neither bounds nor signals fit to masks that are scrambled
        return
    from_one = _counted_from_one(table, kind, movies)
    tests: tuple[Callable[[], AxisOrder | None], ...] = (
        lambda: _by_bounds(table, kind, movies, bool(from_one)),
        lambda: told,
        lambda: _by_signals(table, movies),
        lambda: AxisOrder("xy", "provenance", "x is stored as x") if from_one else None,
    )
    for test in tests:
        try:
            found = test()
        except (PhotonwbError, ImportError):  # what cannot be read tells nothing here; others tell that it cannot
            continue
        if found is not None:
            yield found._replace(one_based=True, reason=f"{found.reason}; {from_one}") if from_one else found


def _are_there(table: PlaneSegmentation) -> bool:
    try:
        rois = table.rois
    except PhotonwbError:  # which whoever asks for the masks is told
        return False
    return rois.dimensions > 0


def _masks_by_writer(table: PlaneSegmentation, kind: str, movies: list[Any]) -> AxisOrder | None:
    writer = writer_of(table, _root_of(table))
    order = None if writer is None else writer.image_mask if kind == "image_mask" else writer.pixel_mask
    if writer is None or order is None:
        return None
    inside = [movie for movie in movies if movie.external_file is None]
    if writer.as_movie and inside:
        order = inside[0].axis_order.order
    return AxisOrder(order, "provenance", writer.habit, column_major=writer.column_major)


def _movies_of(table: PlaneSegmentation) -> Iterator[Any]:
    """Movies that masks of a table must fit to: its reference images, and the movies of its plane."""
    plane, root = table.imaging_plane, _root_of(table)
    candidates: list[Any] = list(table.reference_images or ())
    for holder in (getattr(root, "acquisition", None) or {}, *_results(root)):
        for name in list(holder):
            try:
                item = holder[name]
                stacks = getattr(item, "corrected_image_stacks", {})
                candidates += [stack.corrected for stack in stacks.values() if _shows(stack.original, plane)]
                candidates += [item] if _shows(item, plane) else []
            except PhotonwbError:
                continue
    seen: set[int] = set()
    for movie in (each for each in candidates if hasattr(each, "external_file")):
        if id(movie) not in seen and (movie.external_file is not None or len(_frame_shape(movie)) in (2, 3)):
            seen.add(id(movie))
            yield movie


def _shows(item: Any, plane: Any) -> bool:
    return hasattr(item, "external_file") and getattr(item, "imaging_plane", None) is plane


def _results(root: Any) -> list[Any]:
    modules = getattr(root, "processing", None) or {}
    return [modules[name].data_interfaces for name in list(modules)]


def _frame_shape(movie: Any) -> tuple[int, ...]:
    """Shape of the frames that are in the file itself; () where there are none."""
    shape = shape_of(movie.data) or ()
    return () if 0 in shape else tuple(shape[1:])  # type: ignore[return-value] - of data that are stored


def _turned(order: str) -> str:
    return order[::-1]


def _counted_from_one(table: PlaneSegmentation, kind: str, movies: list[Any]) -> str:
    """Why the coordinates of masks must be counted from 1; "" without clear evidence.

    That is a program that counts so, no coordinate that is 0, and one that is as large as an axis is long: it lies outside of the
    frames otherwise, whichever axis comes first.
    """
    writer = writer_of(table, _root_of(table))
    if kind == "image_mask" or writer is None or not writer.one_based:
        return ""
    pixels = table.rois.values
    if not len(pixels) or min(int(pixels[axis].min()) for axis in "xyz"[: table.rois.dimensions]) < 1:
        return ""
    highest = int(pixels["x"].max()), int(pixels["y"].max())
    for label, shape, _ in _frames_with(table, movies):
        for ends in (highest, highest[::-1]):
            extent = ends[0] + 1, ends[1] + 1
            if _fits(extent, shape, kind) or _fits(extent[::-1], shape, kind):
                return ""
            if _fits(ends, shape, kind):
                reason = f"no coordinate is 0, and they reach {highest[0]} and {highest[1]} in {label}, {shape[0]} × {shape[1]}"
                return f"{writer.habit}: {reason}"
    return ""


def _frames_with(table: PlaneSegmentation, movies: list[Any]) -> list[tuple[str, tuple[int, ...], str]]:
    """Label, shape and order of the movies that masks must fit into, or else of the stored images in the same module."""
    found = [(movie._label(), _frame_shape(movie)[:2], movie.axis_order.order) for movie in movies if _frame_shape(movie)]
    return found or list(_images_beside(table))


def _by_bounds(table: PlaneSegmentation, kind: str, movies: list[Any], from_one: bool) -> AxisOrder | None:
    """By masks that fit into the frames, or into the stored images of the same module, in one way only."""
    extent = _extent(table, kind)
    if extent is None:
        return None
    if from_one:
        extent = extent[0] - 1, extent[1] - 1
    orders: dict[str, str] = {}
    for label, shape, order in _frames_with(table, movies):
        straight, exchanged = _fits(extent, shape, kind), _fits(extent[::-1], shape, kind)
        if straight != exchanged:
            how = "as they are" if straight else "only with x and y exchanged"
            orders[order if straight else _turned(order)] = f"the masks fit into {label}, {shape[0]} × {shape[1]}, {how}"
    if len(orders) != 1:
        return None  # they tell nothing, or contradict each other
    ((order, reason),) = orders.items()
    return AxisOrder(order, "bounds", reason)


def _fits(extent: tuple[int, ...], shape: tuple[int, ...], kind: str) -> bool:
    if kind == "image_mask":
        return extent == shape[:2]
    return extent[0] <= shape[0] and extent[1] <= shape[1]


def _extent(table: PlaneSegmentation, kind: str) -> tuple[int, int] | None:
    """How far masks reach along both axes: shape of the images, or the highest coordinates of many pixels, and one more."""
    column: Any = table._member(kind)
    if column is None:
        return None
    if kind == "image_mask":
        shape = shape_of(column.data) or ()
        return (int(shape[1]), int(shape[2])) if len(shape) > 2 and shape[0] else None  # type: ignore[arg-type]
    from photonwb.regions.masks import as_mask

    pixels = as_mask(column.data[:_MOST_PIXELS], 3 if kind == "voxel_mask" else 2)
    return (int(pixels["x"].max()) + 1, int(pixels["y"].max()) + 1) if len(pixels) else None


def _images_beside(table: PlaneSegmentation) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """Stored images in the module of a table."""
    holder = table.parent.parent if table.parent is not None else None
    for item in getattr(holder, "data_interfaces", {}).values():
        images: dict[str, Any] = getattr(item, "images", {})
        for image in images.values():
            shape = shape_of(image.data)
            if shape is not None and len(shape) >= 2:
                yield image._label(), shape[:2], axis_order_of_image(image).order  # type: ignore[misc] - of data that are stored


def _by_signals(table: PlaneSegmentation, movies: list[Any]) -> AxisOrder | None:
    """By the correlation of stored signals with the pixels under the masks."""
    from photonwb.layouts.agreement import compared

    for movie in movies:
        found = compared(table, data_of(movie))
        if found is None:
            continue
        straight, exchanged, count = found
        # Chance alone makes about 1 / sqrt(frames) of one region; several regions make it smaller.
        if abs(straight - exchanged) < max(0.15, 0.6 / count**0.5) or max(straight, exchanged) < 0.3:
            continue
        reason = (
            f"signals of {count} region{'' if count == 1 else 's'} go along with the pixels of {movie._label()} under "
            f"their masks: r = {straight:.2f} with x first, {exchanged:.2f} with y first"
        )
        return AxisOrder("xy" if straight > exchanged else "yx", "correlation", reason)
    return None
