"""What a file says about each table of regions, gathered for those who write it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays.shapes import shape_of
from photonwb.errors import NotFoundError
from photonwb.importers.base import plane_suffix
from photonwb.ophys import DfOverF, Fluorescence, ImageSegmentation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.file import NWBFile
    from photonwb.ophys import PlaneSegmentation, RoiResponseSeries

__all__ = ["Signals", "image_shape_of", "images_of", "signals_of", "tables_of"]


class Signals(NamedTuple):
    """Signals of all regions of a table; `is_dff` says that they are relative to a baseline."""

    series: RoiResponseSeries
    is_dff: bool


def tables_of(nwbfile: NWBFile) -> list[PlaneSegmentation]:
    """All tables of regions of a file.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found = [
        table
        for container in _members(nwbfile)
        if isinstance(container, ImageSegmentation)
        for table in container.plane_segmentations.values()
    ]
    if not found:
        raise NotFoundError(f"{nwbfile._label()}: expected regions of interest in a processing module, there are none")
    return found


def signals_of(nwbfile: NWBFile, table: PlaneSegmentation) -> list[Signals]:
    """The signals of the regions of a table."""
    return [
        Signals(series, isinstance(container, DfOverF))
        for container in _members(nwbfile)
        if isinstance(container, (Fluorescence, DfOverF))
        for series in container.roi_response_series.values()
        if series.rois.table is table
    ]


def images_of(nwbfile: NWBFile, table: PlaneSegmentation) -> dict[str, Any]:
    """The summary images (x, y) of the plane of a table: those in the collection named after the plane, or in the only one."""
    from photonwb.base import Images

    collections = {member.name: member for member in _members(nwbfile) if isinstance(member, Images)}
    named = collections.get(f"SummaryImages{plane_suffix(table.imaging_plane.name)}")
    chosen = named or (next(iter(collections.values())) if len(collections) == 1 else None)
    return {} if chosen is None else {name: image.data for name, image in chosen.images.items()}


def image_shape_of(nwbfile: NWBFile, table: PlaneSegmentation) -> tuple[int, ...] | None:
    """Width and height of the images that the regions were drawn on, from whatever tells them."""
    known = table.rois.image_shape
    if known is not None:
        return known
    shapes = [shape_of(image) for image in images_of(nwbfile, table).values()]
    for series in (*nwbfile.acquisition.values(), *_members(nwbfile)):
        if getattr(series, "imaging_plane", None) is table.imaging_plane and hasattr(series, "frames"):
            shape = shape_of(getattr(series, "data", None))
            shapes.append(shape[1:3] if shape else None)
    return next((shape[:2] for shape in shapes if shape and all(shape)), None)  # type: ignore[return-value] - all lengths are known


def _members(nwbfile: NWBFile) -> Iterator[Any]:
    for module in nwbfile.processing.values():
        yield from module.data_interfaces.values()
