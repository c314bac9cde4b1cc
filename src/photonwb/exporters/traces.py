"""Signals as tables: CSV for everybody, NPY for programs, Parquet for both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import ExistingFileError, InvalidValueError, NotFoundError
from photonwb.exporters.results import Steps, blocks, save_npy
from photonwb.layouts.traces import find_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.layouts.traces import Traces

__all__ = ["export_traces"]


def export_traces(
    nwbfile: NWBFile,
    folder: typing.Path,
    format: str = "csv",
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> list[Path]:
    """Write the signals of all regions, a file for each series.

    Parameters
    ----------
    nwbfile : NWBFile
    folder : path
        Where to put the files, each named after its series and what holds it.
    format : {"csv", "npy", "parquet"}
        A table with the time in seconds and a column for each region, named by its id in the table of regions. An array
        (time, regions) in case of "npy", the times beside it.
    overwrite : bool
        Whether to replace files that are there already.
    progress : callable, optional
        Called with the number of values that are written, of all signals together, and how many there are.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    NotFoundError
        There are no signals of regions.
    ExistingFileError
        There is such a file already.
    InvalidValueError
        An unknown format.
    """
    if format not in _WRITERS:
        raise InvalidValueError(f"format: expected one of {', '.join(_WRITERS)}, got {format!r}")
    found = find_traces(nwbfile)
    if not found:
        raise NotFoundError(f"{nwbfile._label()}: expected signals of regions of interest, there are none")
    target = Path(folder)
    paths = [target / f"{name}.{format}" for name in _names(found)]
    for path in paths:
        if path.exists() and not overwrite:
            raise ExistingFileError(f"{path} exists already: choose another folder, or overwrite=True")
    target.mkdir(parents=True, exist_ok=True)
    steps = Steps(found, progress)
    for path, traces in zip(paths, found, strict=True):
        _WRITERS[format](traces, path, steps)
    return paths


def _names(found: Sequence[Traces]) -> list[str]:
    """Names of files: those of the series and what holds them, and more where these are the same."""
    places = [traces.place.split("/") for traces in found]
    names = ["_".join(place[1:]).removeprefix("Fluorescence_") for place in places]
    return [
        name if names.count(name) == 1 else "_".join([*place, traces.kind])
        for name, place, traces in zip(names, places, found, strict=True)
    ]


def _columns(traces: Traces) -> list[str]:
    """The id of each region, in the order of the columns."""
    import numpy as np

    return [str(number) for number in np.asarray(traces.segmentation.id.data[:])[np.asarray(traces.rois[:])]]


def _times(traces: Traces) -> Any:
    import numpy as np

    return np.asarray(traces.series.get_timestamps()[:])


def _write_csv(traces: Traces, path: Path, steps: Steps) -> None:
    import numpy as np

    times = _times(traces)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(["time", *_columns(traces)]) + "\n")
        for here in blocks(*traces.data.shape):
            block = np.asarray(traces.data[here])
            for time, values in zip(times[here].tolist(), block, strict=True):
                # The shortest text that gives the same number again.
                file.write(",".join([repr(time), *map(str, values)]) + "\n")
            steps.done(block.size)


def _write_npy(traces: Traces, path: Path, steps: Steps) -> None:
    import numpy as np

    data = traces.data
    parts = (np.asarray(data[here]) for here in blocks(*data.shape))
    save_npy(path, data.shape, data.dtype, parts, steps)
    np.save(path.with_name(f"{path.stem}_times.npy"), _times(traces))


def _write_parquet(traces: Traces, path: Path, steps: Steps) -> None:
    try:
        import pandas as pd

        frame = pd.DataFrame(traces.data[:], columns=_columns(traces))
        frame.insert(0, "time", _times(traces))
        frame.to_parquet(path)
    except ImportError:
        raise ImportError("writing Parquet needs pandas and pyarrow: pip install pandas pyarrow") from None
    steps.done(traces.data.shape[0] * traces.data.shape[1])


_WRITERS: dict[str, Callable[[Traces, Path, Steps], None]] = {
    "csv": _write_csv,
    "npy": _write_npy,
    "parquet": _write_parquet,
}
