"""`photonwb export`: one object of a file as a file of another program, or all results as a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["add_arguments", "run"]

_FORMS = ("csv", "npy", "tiff")
_FOLDERS = ("csv", "npy", "parquet", "suite2p")  # of all signals of regions


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file")
    parser.add_argument("object", nargs="?", metavar="OBJECT", help="path or name of a table, series, image or movie")
    parser.add_argument(
        "--to",
        choices=tuple(dict.fromkeys((*_FORMS, *_FOLDERS))),
        help="form of the result (default: by the suffix of the path); without OBJECT all signals of regions go into a folder, "
        f"as {', '.join(_FOLDERS)}",
    )
    add_output(
        parser,
        "file or folder to write; movies become pages of rows and columns in TIFF, stay as stored in NPY",
        required=True,
    )


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
    with photonwb.open(options.file) as nwbfile:
        item = find(nwbfile, options.object)
        with Progress(options, "export", "rows") as progress:
            _WRITERS[form](target, item, progress)
        facts = {"object": path_of(item), "shape": shape_of(item), "file": str(target), "bytes": target.stat().st_size}
    show(options, facts, [f"{facts['object']} -> {target}"])
    return 0


def _export_all(options: Namespace) -> int:
    """Write all signals of regions into a folder."""
    from pathlib import Path

    import photonwb
    from photonwb.cli.output import OutputError, UsageError, show, told
    from photonwb.errors import ExistingFileError
    from photonwb.exporters import export_suite2p, export_traces

    if options.to not in _FOLDERS:
        raise UsageError(f"give an OBJECT to export, or --to {', '.join(_FOLDERS)} for a folder with all signals of regions")
    folder = Path(options.output)
    with photonwb.open(options.file) as nwbfile, told(folder):
        try:
            if options.to == "suite2p":
                paths = export_suite2p(nwbfile, folder, overwrite=options.overwrite)
            else:
                paths = export_traces(nwbfile, folder, options.to, overwrite=options.overwrite)
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

    from photonwb.cli.saving import save_images, save_movie

    data = _data_of(item, "tiff")
    if hasattr(item, "frames"):
        save_movie(path, item.frames, item.fields.get("rate"), progress)
    elif len(data.shape) in (2, 3) and item.neurodata_type.endswith("Image"):
        save_images(path, "tiff", {item.name: np.swapaxes(np.asarray(data), 0, 1)})
    else:
        raise _unfit(item, "tiff")


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


_WRITERS = {"csv": _write_csv, "npy": _write_npy, "tiff": _write_tiff}
