"""Movies, images and masks whose axes are not in the order of the standard: told by the doctor, put right in a mended copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.swapped import swapped
from photonwb.cli.objects import find, objects_of, path_of
from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from photonwb.file import NWBFile
    from photonwb.layouts.axis_order import AxisOrder
    from photonwb.validation import Finding

__all__ = ["CODE", "axis_facts", "axis_findings", "note_that_all_is_straight", "straighten"]

CODE = "axis_order"
_MOVIES = ("TwoPhotonSeries", "OnePhotonSeries", "ImageSeries")


def axis_facts(item: Any) -> dict[str, Any]:
    """Which axis of a movie or of masks is horizontal, how that is known, and, for masks, all else that there is to tell it."""
    facts = _as_facts(item.axis_order)
    if item.neurodata_type == "PlaneSegmentation":
        from photonwb.layouts.axis_order import evidence_on_masks

        facts["evidence"] = [_as_facts(each) for each in evidence_on_masks(item)]
    return facts


def _as_facts(known: AxisOrder) -> dict[str, Any]:
    return {**known._asdict(), "what": known.what}


def axis_findings(nwbfile: NWBFile, told: Collection[str]) -> list[Finding]:
    """A finding for each object whose axes are not in the order of the standard, but those whose paths are told already."""
    from photonwb.validation import Finding, Severity

    found: list[Finding] = []
    for item, known in _with_axes(nwbfile):
        path = path_of(item)
        if known.is_standard or any(path.strip("/") in other for other in told):
            continue
        what = f"{known.what}, by {known.how}: {known.reason}"
        fix = "store them in the order of the standard; `frames` and `masks` put them so while reading"
        found.append(Finding(Severity.WARNING, CODE, path, what, "x first", "", fix, item.neurodata_type))
    return found


def _with_axes(nwbfile: NWBFile) -> Iterator[tuple[Any, AxisOrder]]:
    from photonwb.layouts.axis_order import axis_order_of_image

    for item in objects_of(nwbfile, *_MOVIES, "PlaneSegmentation"):
        try:
            yield item, item.axis_order
        except PhotonwbError:  # of which other findings tell
            continue
    for item in objects_of(nwbfile, "Images"):
        images = list(item.images.values())
        if images and hasattr(images[0].data, "shape"):
            yield item, axis_order_of_image(images[0])


def straighten(nwbfile: NWBFile, finding: Finding) -> None:
    """Put x first in a movie, in images or in the masks of a table."""
    item = find(nwbfile, finding.path)
    if item.neurodata_type == "Images":
        for image in item.images.values():
            image.data = image.data[:].swapaxes(0, 1)
    elif item.neurodata_type == "PlaneSegmentation":
        _straighten_masks(item)
    else:
        item.data = swapped(item.data, 1, 2)


def _straighten_masks(table: Any) -> None:
    known: AxisOrder = table.axis_order
    for name in ("pixel_mask", "voxel_mask"):
        if name in table.colnames:
            column = _values_of(table, name)
            values = column.data[:]
            turned = values.copy()
            if known.one_based:
                for axis in turned.dtype.names[:-1]:
                    turned[axis] -= 1
            if known.order == "yx":
                turned["x"], turned["y"] = turned["y"].copy(), turned["x"].copy()
            column.data = turned
    if "image_mask" in table.colnames:
        column = _values_of(table, "image_mask")
        images = column.data[:]
        if known.column_major:
            count, first, second = images.shape
            images = images.reshape(count, second, first).swapaxes(1, 2)
        column.data = images.swapaxes(1, 2) if known.order == "yx" else images


def _values_of(table: Any, name: str) -> Any:
    return next(column for column in table.columns if column.name == name)


def note_that_all_is_straight(nwbfile: NWBFile) -> None:
    """Leave a sign that the habits of the first writer no longer hold."""
    from photonwb import __version__

    programs = nwbfile.was_generated_by
    known = [] if programs is None else [tuple(str(part) for part in program) for program in programs[:]]
    nwbfile.was_generated_by = [*known, ("photonwb", __version__)]  # type: ignore[assignment] - checked by the field
