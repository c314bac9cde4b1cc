"""What can be mended in a file without knowing more than is in it.

Much is mended by writing the file anew through the model: links, types of elements, specifications, chunks. For some findings an
object is changed first. All else takes somebody who knows; then the finding says what to do.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from photonwb.cli.axes import CODE, note_that_all_is_straight, straighten
from photonwb.cli.objects import find, path_of
from photonwb.cli.output import UsageError
from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from photonwb.file import NWBFile
    from photonwb.validation import Finding

__all__ = ["command_for", "mend"]

# Gone when the file is written anew.
_BY_WRITING = {
    "array_for_scalar",
    "big_endian",
    "check_large_dataset_compression",
    "check_small_dataset_compression",
    "fixed_length_dates",
    "fixed_value",
    "frame_chunks",
    "hard_link",
    "link_to_link",
    "missing_specification",
    "no_specification",
    "relative_link",
    "second_hard_link",
    "several_versions",
    "text_in_array",
    "wrong_dtype",
}


def _swap_axes(nwbfile: NWBFile, finding: Finding) -> None:
    """Exchange x and y of the masks."""
    table = find(nwbfile, _object_path(finding))
    for name in ("pixel_mask", "voxel_mask"):
        if name in table.colnames:
            column = _values_of(table, name)
            values = column.data[:]
            swapped = values.copy()
            swapped["x"], swapped["y"] = values["y"], values["x"]
            column.data = swapped
    if "image_mask" in table.colnames:
        column = _values_of(table, "image_mask")
        column.data = column.data[:].swapaxes(1, 2)


def _values_of(table: Any, name: str) -> Any:
    return next(column for column in table.columns if column.name == name)


def _use_rate(nwbfile: NWBFile, finding: Finding) -> None:
    """Put a rate in the place of evenly spaced timestamps."""
    series = find(nwbfile, _object_path(finding))
    times = series.timestamps[:]
    series.timestamps = None
    series.rate = float((len(times) - 1) / (times[-1] - times[0]))
    series.starting_time = float(times[0])


def _drop_empty_text(nwbfile: NWBFile, finding: Finding) -> None:
    """Leave out a text that is empty."""
    path = finding.path.replace("@", "/")
    item = _holder_of(nwbfile, path)
    for field in type(item).__fields__.values():
        place = "/".join(part for part in (path_of(item).rstrip("/"), field.where, field.key or field.name) if part)
        if place.strip("/") == path.strip("/") and item.fields.get(field.name) == "" and not field.required:
            setattr(item, field.name, None)


def _holder_of(nwbfile: NWBFile, path: str) -> Any:
    """The object that a field of that path belongs to."""
    while "/" in path.strip("/"):
        path = path.rpartition("/")[0]
        with suppress(UsageError):
            return find(nwbfile, path)
    return nwbfile


def _measure(nwbfile: NWBFile, finding: Finding) -> None:
    """Say in `dimension` what the shape of the frames is."""
    series = find(nwbfile, _object_path(finding))
    series.dimension = [int(length) for length in series.data.shape[1:]]


_BY_CHANGING: dict[str, Callable[[NWBFile, Finding], None]] = {
    CODE: straighten,
    "check_empty_string_for_optional_attribute": _drop_empty_text,
    "check_regular_timestamps": _use_rate,
    "dimension": _measure,
    "swapped_axes": _swap_axes,
}
_FIELDS = ("pixel_mask", "voxel_mask", "image_mask", "timestamps", "dimension", "data")


def _object_path(finding: Finding) -> str:
    """Path of the object that a finding is of, without the field."""
    path = finding.path.partition("@")[0].rstrip("/")
    holder, _, last = path.rpartition("/")
    return holder if last in _FIELDS else path


def command_for(finding: Finding, file: str) -> str:
    """The command that mends a finding; "" where somebody has to say something first."""
    if finding.code in _BY_WRITING or finding.code in _BY_CHANGING:
        return f"photonwb doctor {file} --fix --output MENDED.nwb"
    return ""


def mend(nwbfile: NWBFile, findings: Iterable[Finding]) -> list[tuple[Finding, PhotonwbError]]:
    """Change the objects of a file so that it has fewer findings once it is written.

    Returns
    -------
    list of (Finding, PhotonwbError)
        What could not be mended, and why.
    """
    failed: list[tuple[Finding, PhotonwbError]] = []
    done: set[tuple[str, str]] = set()
    for finding in findings:
        change = _BY_CHANGING.get(finding.code)
        # Exchanging the axes of a table once more would undo it.
        if change is None or (finding.code, finding.path) in done:
            continue
        done.add((finding.code, finding.path))
        try:
            change(nwbfile, finding)
        except PhotonwbError as error:
            failed.append((finding, error))
    if any(code == CODE for code, _ in done) and not any(finding.code == CODE for finding, _ in failed):
        note_that_all_is_straight(nwbfile)
    return failed
