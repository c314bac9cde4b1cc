"""What a file says about each plane, gathered for those who write it elsewhere, whatever names and axes the file has."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.importers.base import plane_suffix
from photonwb.layouts.axis_order import image_rows
from photonwb.layouts.traces import find_traces, only_traces
from photonwb.ophys import ImageSegmentation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from photonwb.file import NWBFile
    from photonwb.layouts.traces import Traces
    from photonwb.ophys import PlaneSegmentation
    from photonwb.regions.rois import RoiSet

__all__ = ["PlaneResults", "Steps", "blocks", "images_of", "planes_of", "rate_of", "save_npy"]

_BLOCK = 1 << 24  # values of signals that are in memory at a time


class PlaneResults:
    """The regions of a table that have signals together: all of them, or those of one of the planes that share the table.

    Attributes
    ----------
    table : PlaneSegmentation
    rows : list of int
    """

    def __init__(self, table: PlaneSegmentation, rows: list[int], traces: Sequence[Traces]) -> None:
        self.table, self.rows, self._traces = table, rows, traces

    @property
    def channels(self) -> list[int]:
        """Numbers of the channels that there are signals of."""
        return sorted({found.channel or 1 for found in self._traces}) or [1]

    def traces(self, kind: str, channel: int) -> Traces | None:
        """The signals of a kind, None where there are none."""
        try:
            return only_traces(self._traces, kind, None, channel, self.table._label())
        except NotFoundError:
            return None

    def column(self, name: str) -> NDArray[Any]:
        """The values of a column for these regions."""
        import numpy as np

        return np.asarray(self.table[name].data[:])[self.rows]

    def masks(self) -> RoiSet:
        """The masks, `x` being horizontal.

        Raises
        ------
        InvalidValueError
            A region reaches over several planes.
        """
        import numpy as np

        rois = self.table.masks.rois[self.rows]
        if rois.dimensions == 3 and any(np.ptp(mask["z"]) for mask in rois.masks() if len(mask)):
            raise InvalidValueError(f"{self.table._label()}: expected regions of a plane, these are of a volume")
        return rois


def planes_of(nwbfile: NWBFile) -> list[PlaneResults]:
    """The planes of a file: tables of regions, or the parts of one where signals tell its planes apart.

    Raises
    ------
    NotFoundError
        There are no regions.
    """
    tables = [
        table
        for container in _members(nwbfile)
        if isinstance(container, ImageSegmentation)
        for table in container.plane_segmentations.values()
    ]
    if not tables:
        raise NotFoundError(f"{nwbfile._label()}: expected regions of interest in a processing module, there are none")
    traces = [found for found in find_traces(nwbfile) if found.kind != "background"]
    return [
        plane
        for table in tables
        if not table.name.startswith("Background")
        for plane in _planes_in(table, [found for found in traces if found.segmentation is table])
    ]


def _planes_in(table: PlaneSegmentation, traces: Sequence[Traces]) -> Iterator[PlaneResults]:
    import numpy as np

    groups: dict[tuple[int, ...], list[Traces]] = {}
    for found in traces:
        groups.setdefault(tuple(np.sort(found.rois[:]).tolist()), []).append(found)
    used: set[int] = set()
    for rows, found in sorted(groups.items(), key=lambda group: (-len(group[0]), group[0])):
        if used.isdisjoint(rows):
            used.update(rows)
            yield PlaneResults(table, list(rows), found)
        else:
            warnings.warn(f"left out, as there are more regions beside theirs: {'; '.join(map(str, found))}", stacklevel=2)
    if not groups:
        yield PlaneResults(table, list(range(len(table))), [])


def images_of(nwbfile: NWBFile, plane: PlaneResults, number: int) -> dict[str, Any]:
    """The summary images of a plane as (row, column): those in the collection named after it, or in the only one."""
    from photonwb.base import Images

    collections = {member.name: member for member in _members(nwbfile) if isinstance(member, Images)}
    names = [f"SummaryImages{plane_suffix(plane.table.imaging_plane.name)}", f"Backgrounds_{number}"]
    if len(collections) == 1:
        names += collections
    chosen = next((collections[name] for name in names if name in collections), None)
    images = {} if chosen is None else chosen.images
    return {name: image_rows(image) for name, image in images.items() if len(shape_of(image.data) or ()) == 2}


def rate_of(series: Any) -> float | None:
    """Samples per second, that between most samples where they did not come steadily; None where nothing tells it."""
    import numpy as np

    if series.rate is not None:
        return float(series.rate)
    if series.timestamps is None:
        return None
    period = float(np.median(np.diff(series.get_timestamps()[:]))) if len(series.timestamps) > 1 else 0.0
    return 1 / period if period > 0 and np.isfinite(period) else None


class Steps:
    """Tells how many values are written, of all signals together."""

    def __init__(self, signals: Iterable[Traces], progress: Callable[[int, int], object] | None) -> None:
        self._count, self._total = 0, sum(math.prod(each.data.shape) for each in signals)
        self._progress = progress

    def done(self, count: int) -> None:
        """So many more are."""
        self._count += count
        if self._progress is not None:
            self._progress(self._count, self._total)


def blocks(count: int, length: int) -> Iterator[slice]:
    """Rows or columns to take at a time, where each has so many values."""
    step = max(1, _BLOCK // max(1, length))
    return (slice(first, min(first + step, count)) for first in range(0, count, step))


def save_npy(path: Path, shape: tuple[int, int], dtype: Any, parts: Iterable[NDArray[Any]], steps: Steps) -> None:
    """An array as NPY, written piece by piece."""
    import numpy as np
    from numpy.lib import format as npy

    with path.open("wb") as file:
        header = {"descr": npy.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype).data)
            steps.done(part.size)


def _members(nwbfile: NWBFile) -> Iterator[Any]:
    for module in nwbfile.processing.values():
        yield from module.data_interfaces.values()
