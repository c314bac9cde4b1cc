"""Arrays and tables as files of other programs: what they are written as follows from the suffix of the path."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from photonwb.cli.output import UsageError, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["form_of", "save_array", "save_images", "save_lines", "trace_lines"]


def form_of(path: Path, forms: Iterable[str], chosen: str | None = None) -> str:
    """The form that was asked for, or that the suffix of a path tells.

    Raises
    ------
    UsageError
        It is none of those there are.
    """
    form = chosen or {"tif": "tiff"}.get(suffix := path.suffix.lstrip(".").lower(), suffix)
    if form not in (known := list(forms)):
        raise UsageError(f"{path.name}: cannot be written as {form or 'a file without a suffix'}: choose {', '.join(known)}")
    return form


def save_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of text."""
    with written(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in lines)


def save_array(path: Path, data: Any, progress: Callable[[int, int], object] | None = None) -> None:
    """Write an array as NPY, some rows at a time."""
    import numpy as np
    from numpy.lib import format as npy

    with written(path) as temporary, temporary.open("wb") as file:
        header = {"descr": npy.dtype_to_descr(np.dtype(data.dtype)), "fortran_order": False, "shape": tuple(data.shape)}
        npy.write_array_header_1_0(file, header)
        for block in _row_blocks(data, progress):
            file.write(np.ascontiguousarray(block).tobytes())


def _row_blocks(data: Any, progress: Callable[[int, int], object] | None, nbytes: int = 16 << 20) -> Iterator[NDArray[Any]]:
    import math

    import numpy as np

    step = max(1, nbytes // max(1, math.prod(data.shape[1:]) * np.dtype(data.dtype).itemsize))
    for start in range(0, len(data), step):
        yield np.asarray(data[start : start + step])
        if progress is not None:
            progress(min(start + step, len(data)), len(data))


def save_images(path: Path, form: str, images: Mapping[str, NDArray[Any]]) -> None:
    """Write images of rows and columns, by name."""
    import numpy as np

    with written(path) as temporary, temporary.open("wb") as file:
        if form == "npz":
            np.savez(file, **images)  # type: ignore[arg-type] - numpy has an option of the kind of a name
        elif form == "npy":
            if len(images) != 1:
                raise UsageError(f"{path.name}: NPY holds one image, not {', '.join(images)}: choose one, or a file .npz")
            np.save(file, next(iter(images.values())))
        elif form == "tiff":
            _save_tiff(file, images)
        else:
            _save_picture(file, images)


def _save_tiff(file: IO[bytes], images: Mapping[str, NDArray[Any]]) -> None:
    try:
        from tifffile import TiffWriter
    except ImportError as error:
        raise ImportError("TIFF files are written by tifffile: pip install 'photonwb[tiff]'") from error
    with TiffWriter(file) as tiff:
        for name, image in images.items():
            tiff.write(image, description=name, photometric="minisblack")


def _save_picture(file: IO[bytes], images: Mapping[str, NDArray[Any]]) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("PNG files are drawn by matplotlib: pip install 'photonwb[plots]'") from error
    from photonwb.plots import plot_summary

    figure = Figure(figsize=(4.2 * min(2, len(images)), 3.8 * -(-len(images) // 2)), layout="constrained")
    plot_summary(images, figure=figure)
    figure.savefig(file, format="png", dpi=120)


def trace_lines(times: Any, data: NDArray[Any], names: Iterable[Any]) -> Iterator[str]:
    """Traces as lines of CSV: time, and a column for each name. NaN is an empty cell."""
    yield ",".join(["time", *map(str, names)])
    for time, row in zip(times, data, strict=True):
        yield ",".join([f"{time:.9g}", *("" if value != value else f"{value:.7g}" for value in row.tolist())])
