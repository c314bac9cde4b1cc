"""Finding objects of a file by what a user calls them, and saying in numbers what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.cli.output import UsageError
from photonwb.errors import PhotonwbError
from photonwb.layouts.traces import find_traces
from photonwb.model.container import AbstractContainer
from photonwb.tree import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photonwb.file import NWBFile

__all__ = ["facts_of", "find", "movie_of", "objects_of", "path_of", "the_only", "traces_of"]


def path_of(item: AbstractContainer) -> str:
    """Path of an object in its file."""
    return item._stored.path if item._stored is not None else item.name


def objects_of(nwbfile: AbstractContainer, *types: str) -> list[Any]:
    """Objects of some types that can be read, in the order of the file."""
    found = (item for item in walk(nwbfile) if isinstance(item, AbstractContainer))
    return [item for item in found if item.neurodata_type in types]


def find(nwbfile: AbstractContainer, name: str) -> Any:
    """The object of a path, or the only one of a name.

    Raises
    ------
    UsageError
        There is none, or several; the message lists what there is.
    """
    items = [item for item in walk(nwbfile) if isinstance(item, AbstractContainer)]
    found = [item for item in items if path_of(item).strip("/") == name.strip("/")]
    found = found or [item for item in items if item.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"there are several objects named {name!r}: give the path of one, {_listing(found)}")
    raise UsageError(f"there is no object {name!r}: `photonwb tree` shows what there is")


def the_only(items: Sequence[Any], what: str, option: str) -> Any:
    """The only one of some objects.

    Raises
    ------
    UsageError
        There is none, or several and none was chosen.
    """
    if len(items) == 1:
        return items[0]
    if not items:
        raise UsageError(f"the file has no {what}")
    raise UsageError(f"the file has several of {what}: choose one by {option}, {_listing(items)}")


def _listing(items: Sequence[AbstractContainer]) -> str:
    paths = [path_of(item) for item in items]
    return ", ".join(paths[:8]) + (f" and {len(paths) - 8} more" if len(paths) > 8 else "")


def movie_of(nwbfile: AbstractContainer, name: str | None, option: str = "--series") -> Any:
    """The movie of that path or name; without one, the only one, of which one that is corrected for motion goes first.

    Raises
    ------
    UsageError
        There is none or there are several, or its frames are not in the file.
    """
    if name is not None:
        movie = find(nwbfile, name)
    else:
        series = objects_of(nwbfile, "TwoPhotonSeries", "OnePhotonSeries", "ImageSeries")
        movies = [item for item in series if 0 not in (shape_of(item.data) or (0,))]
        corrected = [item for item in movies if getattr(item.parent, "neurodata_type", "") == "CorrectedImageStack"]
        movie = the_only(corrected or movies, "movies with frames", option)
    shape = shape_of(getattr(movie, "data", None))
    if shape is None or len(shape) < 3 or 0 in shape:
        raise UsageError(f"{path_of(movie)} ({movie.neurodata_type}) is no movie with frames in the file")
    return movie


def traces_of(nwbfile: NWBFile, name: str | None, option: str = "--series") -> Any:
    """The traces of that path or name; without one, the only ones that are raw, or as near to that as there are."""
    if name is not None:
        series = find(nwbfile, name)
        if series.neurodata_type != "RoiResponseSeries":
            raise UsageError(f"{path_of(series)} is a {series.neurodata_type}, and holds no traces of regions")
        return series
    known = [found for found in find_traces(nwbfile) if found.data is found.series.data]
    for kind in ("raw", "demixed", "corrected", "denoised", "unknown"):
        if found := [each.series for each in known if each.kind == kind]:
            break
    else:
        found = objects_of(nwbfile, "RoiResponseSeries")
    return the_only(found, "traces (RoiResponseSeries)", option)


def facts_of(item: Any) -> dict[str, Any]:
    """Path and type of an object; shape, element type, unit and rate of its data."""
    if not isinstance(item, AbstractContainer):
        return {"name": item.name, "error": str(item.error)}
    facts: dict[str, Any] = {"path": path_of(item), "neurodata_type": item.neurodata_type}
    try:
        data: Any = item.fields.get("data")
        if isinstance(data, AbstractContainer):
            facts["data"] = path_of(data)
        elif data is not None:
            facts |= {"shape": shape_of(data), "dtype": str(getattr(data, "dtype", "")) or None}
        facts |= {name: item.fields[name] for name in ("unit", "rate") if name in item.fields}
    except PhotonwbError as error:
        facts["error"] = str(error)
    return facts
