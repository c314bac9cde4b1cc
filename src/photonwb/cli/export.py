"""`photonwb export`: one object of a file as a file of another program, or all results as a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_file, add_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["add_arguments", "run"]

_FORMS = ("csv", "npy", "tiff", "mp4")
_FOLDERS = ("csv", "npy", "parquet", "suite2p")  # of all signals of regions


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    parser.add_argument("object", nargs="?", metavar="OBJECT", help="path or name of a table, series, image or movie")
    parser.add_argument(
        "--to",
        choices=tuple(dict.fromkeys((*_FORMS, *_FOLDERS))),
        help="form of the result (default: by the suffix of the path); without OBJECT all signals of regions go into a folder, "
        f"as {', '.join(_FOLDERS)}",
    )
    add_output(
        parser,
        "file or folder to write; movies become pages of rows and columns in TIFF, pictures to look at in MP4, stay as stored "
        "in NPY",
        required=True,
    )
    group = parser.add_argument_group("videos (MP4)")
    group.add_argument("--rate", type=float, metavar="HZ", help="frames per second (default: as recorded)")
    group.add_argument(
        "--contrast",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="values that become black and white (default: those that 99.8 %% of the pixels lie between)",
    )
    group.add_argument("--plane", type=int, metavar="N", help="which plane of a volume, counted from 0")


def run(options: Namespace) -> int:
    """Write the object."""
    import photonwb
    from photonwb.arrays.shapes import shape_of
    from photonwb.cli.objects import find, path_of
    from photonwb.cli.output import Progress, show, target_of
    from photonwb.cli.saving import form_of

    if options.object is None:
        return _export_all(options)
    target = target_of(options, options.file)
    form = form_of(target, _FORMS, options.to)
    with photonwb.open(options.file, trusted=options.trusted) as nwbfile:
        item = find(nwbfile, options.object)
        with Progress(options, "export", "rows") as progress:
            if form == "mp4":
                more = _write_video(target, item, options, progress)
            else:
                more = dict[str, Any]()
                _WRITERS[form](target, item, progress)
        facts = {"object": path_of(item), "shape": shape_of(item), "file": str(target), "bytes": target.stat().st_size, **more}
    show(options, facts, [f"{facts['object']} -> {target}{_told_of_video(more)}"])
    return 0


def _export_all(options: Namespace) -> int:
    """Write all signals of regions into a folder."""
    from pathlib import Path

    import photonwb
    from photonwb.cli.output import OutputError, Progress, UsageError, show, told
    from photonwb.errors import ExistingFileError
    from photonwb.exporters import export_suite2p, export_traces

    if options.to not in _FOLDERS:
        raise UsageError(f"give an OBJECT to export, or --to {', '.join(_FOLDERS)} for a folder with all signals of regions")
    folder = Path(options.output)
    with (
        photonwb.open(options.file, trusted=options.trusted) as nwbfile,
        told(folder),
        Progress(options, "export", "values") as progress,
    ):
        try:
            if options.to == "suite2p":
                paths = export_suite2p(nwbfile, folder, overwrite=options.overwrite, progress=progress)
            else:
                paths = export_traces(nwbfile, folder, options.to, overwrite=options.overwrite, progress=progress)
        except ExistingFileError as error:
            raise OutputError(str(error).replace("overwrite=True", "say --overwrite")) from error
    show(options, {"files": [str(path) for path in paths]}, map(str, paths))
    return 0


def _write_csv(path: Path, item: Any, progress: Callable[[int, int], object]) -> None:
    from photonwb.cli.saving import save_lines

    if hasattr(item, "colnames"):
        try:
            frame = item.to_dataframe(exclude={name for name in item.colnames if name.endswith("_mask")})
        except ImportError as error:
            raise ImportError("tables become CSV by pandas: pip install 'photonwb[pandas]'") from error
        save_lines(path, frame.to_csv().splitlines())
    else:
        save_lines(path, _series_lines(item, progress))


def _series_lines(series: Any, progress: Callable[[int, int], object]) -> Any:
    import numpy as np

    from photonwb.cli.saving import trace_lines

    data = _data_of(series, "csv")
    if len(data.shape) > 2 or not hasattr(series, "get_timestamps"):
        raise _unfit(series, "csv")
    values = np.asarray(data[:]).reshape(len(data), -1)
    rois = getattr(series, "rois", None)
    names = [f"roi_{row}" for row in rois.data[:]] if rois is not None else [f"value_{place}" for place in range(values.shape[1])]
    yield from trace_lines(series.get_timestamps()[:], values, names)
    progress(len(values), len(values))


def _write_npy(path: Path, item: Any, progress: Callable[[int, int], object]) -> None:
    from photonwb.cli.saving import save_array

    save_array(path, _data_of(item, "npy"), progress)


def _write_tiff(path: Path, item: Any, progress: Callable[[int, int], object]) -> None:
    import numpy as np

    from photonwb.cli.output import told
    from photonwb.cli.saving import save_images
    from photonwb.movies import write_tiff

    if hasattr(item, "frames"):
        with told(path):
            write_tiff(path, _movie_of(item, "tiff", (3, 4)), item.fields.get("rate"), overwrite=True, progress=progress)
        return
    data = _data_of(item, "tiff")
    if len(data.shape) in (2, 3) and item.neurodata_type.endswith("Image"):
        save_images(path, "tiff", {item.name: np.swapaxes(np.asarray(data), 0, 1)})
    else:
        raise _unfit(item, "tiff")


def _write_video(path: Path, item: Any, options: Namespace, progress: Callable[[int, int], object]) -> dict[str, Any]:
    """Write a video; gives what cannot be seen in it."""
    from photonwb.cli.output import told
    from photonwb.movies import write_video

    movie = _movie_of(item, "mp4", (3,)) if options.plane is None else _Plane(_movie_of(item, "mp4", (4,)), options.plane)
    rate = options.rate or _rate_of(item)
    with told(path):
        low, high = write_video(path, movie, rate, contrast=options.contrast, overwrite=True, progress=progress)
    return {"rate": rate, "contrast": [low, high]}


def _told_of_video(facts: dict[str, Any]) -> str:
    if not facts:
        return ""
    low, high = facts["contrast"]
    return f", {facts['rate']:.4g} frames per second, from {low:.6g} (black) to {high:.6g} (white)"


class _Plane:
    """One plane of a movie (time, x, y, z), read where it is indexed."""

    def __init__(self, movie: Any, plane: int) -> None:
        from photonwb.cli.output import UsageError

        *shape, planes = movie.shape
        if not 0 <= plane < planes:
            raise UsageError(f"--plane {plane}: there are {planes} planes, counted from 0")
        self.shape, self.dtype = tuple(shape), movie.dtype
        self._movie, self._plane = movie, plane

    def __getitem__(self, key: Any) -> Any:
        import numpy as np

        return np.asarray(self._movie[key])[..., self._plane]


def _movie_of(item: Any, form: str, dimensions: tuple[int, ...]) -> Any:
    """The frames of a movie as (time, x, y), those of external files too."""
    from photonwb.arrays.swapped import swapped

    frames = item.frames if hasattr(item, "frames") else None
    if frames is None or len(frames.shape) not in dimensions or not frames.shape[0]:
        raise _unfit(item, form)
    return swapped(frames, 1, 2)


def _rate_of(series: Any) -> float:
    """Frames per second, that between most frames where they did not come steadily."""
    import numpy as np

    from photonwb.cli.output import UsageError

    rate = series.fields.get("rate")
    if not rate:
        periods = np.diff(series.get_timestamps()[:])
        rate = 1 / float(np.median(periods)) if periods.size and np.median(periods) > 0 else 0.0
    if not rate or not np.isfinite(rate):
        raise UsageError(f"{series.name} does not say how many frames there are in a second: say --rate HZ")
    return float(rate)


def _data_of(item: Any, form: str) -> Any:
    """The array of an object, also where it is that of another one."""
    data = item.fields.get("data")
    while hasattr(data, "neurodata_type"):
        data = data.fields.get("data")
    dtype = getattr(data, "dtype", None)
    if isinstance(data, list):
        import numpy as np

        data = np.asarray(data)
        dtype = data.dtype
    if dtype is None or dtype.hasobject or not data.shape:
        raise _unfit(item, form)
    return data


def _unfit(item: Any, form: str) -> Exception:
    from photonwb.cli.objects import path_of
    from photonwb.cli.output import UsageError

    return UsageError(f"{path_of(item)} ({item.neurodata_type}) cannot be written as {form}: choose another object or form")


_WRITERS: dict[str, Callable[..., None]] = {"csv": _write_csv, "npy": _write_npy, "tiff": _write_tiff}
