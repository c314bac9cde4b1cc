"""Folders of suite2p: regions, signals, summary images, shifts, and the registered movie where it was kept.

suite2p counts in rows and columns: (ypix, xpix), image[y, x], movie[t, y, x]. Its rate is that of one plane already, and the
planes of a volume were recorded one after the other. Up to version 0.14 `ops.npy` holds all that is not an array of regions; from
1.0 on that is spread over db, settings, reg_outputs and detect_outputs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, MissingFileError
from photonwb.importers.base import (
    BadFrames,
    Channel,
    Column,
    Fragment,
    Motion,
    Movie,
    Picture,
    Plane,
    Regions,
    Timing,
    Trace,
    plane_suffix,
    swapped,
)
from photonwb.importers.npy import load_npy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["COLUMNS", "FLAGS", "PICTURES", "TRACES", "can_open", "name", "read", "recognises"]

name = "suite2p"
recognises = "a folder of suite2p, with plane0/stat.npy"

_OPTIONS = ("db.npy", "settings.npy", "ops.npy", "reg_outputs.npy", "detect_outputs.npy")

TRACES = {  # file: kind, name where it is not that of the kind, what it is
    "F": ("raw", None, "Fluorescence of each region."),
    "Fneu": ("neuropil", None, "Fluorescence of the neuropil around each region."),
    "spks": ("deconvolved", None, "Deconvolved fluorescence of each region."),
    "F_chan2": ("raw", "RoiResponseSeriesChan2", "Fluorescence of each region in the second channel."),
    "Fneu_chan2": ("neuropil", "NeuropilChan2", "Fluorescence of the neuropil around each region in the second channel."),
}
FLAGS = {  # file: the columns that it makes, and what they are
    "iscell": ("accepted", "Whether the region is a cell.", "cell_probability", "Probability that the region is a cell."),
    "redcell": ("red", "Whether the cell is red.", "red_probability", "Probability that the cell is red."),
}
COLUMNS = {  # numbers of a region, by the names of suite2p
    "npix": "Number of pixels.",
    "npix_soma": "Number of pixels of the soma.",
    "npix_norm": "Number of pixels relative to the mean of the regions.",
    "npix_norm_no_crop": "Number of pixels relative to the mean of the regions, dendrites included.",
    "radius": "Radius of a Gaussian fitted to the region, in pixels.",
    "aspect_ratio": "Ratio of the axes of a Gaussian fitted to the region.",
    "compact": "How compact the region is; 1 for a disk, more for what is not.",
    "solidity": "How much of its convex hull the region fills.",
    "footprint": "Spatial extent of the signal of the region.",
    "mrs": "Mean distance of the pixels from the centre, relative to that of a disk.",
    "mrs0": "Mean distance of the pixels from the centre of a disk of the same area.",
    "skew": "Skewness of the fluorescence without the neuropil.",
    "std": "Standard deviation of the fluorescence without the neuropil.",
    "snr": "Signal-to-noise ratio of the fluorescence.",
    "chan2_prob": "Probability that the region is seen in the second channel.",
}
_PER_PIXEL = {
    "overlap": "For each pixel of the mask, whether other regions have it too.",
    "soma_crop": "For each pixel of the mask, whether it belongs to the soma.",
}
PICTURES = {  # entry of the options: name, and what it is
    "meanImg": ("mean", "Mean of the registered movie."),
    "meanImgE": ("mean_enhanced", "Mean of the registered movie with enhanced contrast."),
    "meanImg_chan2": ("mean_chan2", "Mean of the registered movie of the second channel."),
    "meanImg_chan2_corrected": ("mean_chan2_corrected", "Mean of the second channel without the light of the first."),
    "max_proj": ("max_projection", "Maximum of the registered movie."),
    "Vcorr": ("correlation", "Correlation of pixels with their neighbours."),
    "refImg": ("reference", "Image that the frames were registered to."),
}


def can_open(path: Path) -> bool:
    """Whether a path is a folder of suite2p, one above it, or that of one plane."""
    return bool(_plane_folders(path))


def read(path: Path | str, *, movies: bool = True, second_channel: bool = True) -> Fragment:
    """Describe what suite2p found.

    Parameters
    ----------
    path : path
        The folder with plane0, plane1, ..., one above it, or the folder of one plane.
    movies : bool
        Whether to take the registered movie (data.bin) too, where it was kept.
    second_channel : bool
        Whether to take what there is of the second channel.

    Raises
    ------
    MissingFileError
        Not a folder of suite2p.
    DamagedFileError
        Files that do not fit each other.
    """
    folders = _plane_folders(Path(path))
    if not folders:
        raise MissingFileError(f"{path}: expected a folder of suite2p, with plane0/stat.npy")
    fragment = Fragment(path)
    for folder in folders:
        suffix = "" if len(folders) == 1 else str(_number(folder))
        _Plane(fragment, folder, suffix, second_channel).add(movies)
    return fragment


def _plane_folders(path: Path) -> list[Path]:
    if path.is_dir():
        if _is_plane(path):
            return [path]
        for folder in (path, path / "suite2p"):
            found = [each for each in folder.glob("plane*") if each.name[5:].isdigit() and _is_plane(each)]
            if found:
                return sorted(found, key=_number)
    return []


def _is_plane(path: Path) -> bool:
    if not (path / "stat.npy").is_file() and not (path / "ops.npy").is_file():
        return False
    return any((path / file).is_file() for file in ("F.npy", "iscell.npy", *_OPTIONS))


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("plane")
    return int(digits) if digits.isdigit() else 0


def _options(folder: Path) -> dict[str, Any]:
    """What suite2p notes about a plane, out of one file or several."""
    options: dict[str, Any] = {}
    for file in _OPTIONS:
        if (folder / file).is_file():
            values = load_npy(folder / file)
            if not isinstance(values, dict):
                raise DamagedFileError(f"{folder / file}: expected a dict of options, got {type(values).__name__}")
            options |= values
    return options


class _Plane:
    """One plane on its way into a fragment."""

    def __init__(self, fragment: Fragment, folder: Path, suffix: str, second_channel: bool) -> None:
        self.fragment = fragment
        self.folder = folder
        self.suffix = suffix
        self.name = f"ImagingPlane{suffix}"
        self.second_channel = second_channel
        self.options = _options(folder)
        self.stat: Sequence[Mapping[str, Any]] = load_npy(folder / "stat.npy") if (folder / "stat.npy").is_file() else []
        self.timing = _timing(self.options, _number(folder))

    def add(self, movies: bool) -> None:
        two = self.second_channel and self.options.get("nchannels", 1) > 1
        rate = self.timing.rate
        self.fragment.planes.append(
            Plane(
                self.name,
                channels=(Channel("Chan1", "The functional channel."), Channel("Chan2", "The second channel.")) if two else (),
                description=f"{self.folder.name} of suite2p.",
                imaging_rate=rate,
            )
        )
        if (self.folder / "stat.npy").is_file():
            self.add_regions()
        self.add_pictures()
        self.add_motion(movies)
        bad = self.options.get("badframes")
        if bad is not None and len(bad) and any(bad):
            self.fragment.bad_frames.append(BadFrames(self.name, bad, self.timing, "bad frame of suite2p"))
        version = self.options.get("suite2p_version", self.options.get("version"))
        if isinstance(version, str):
            self.fragment.metadata.setdefault("was_generated_by", []).append(("suite2p", version))
        settings = _settings(self.options)
        if settings:
            self.fragment.settings[f"suite2p_settings{self.suffix}"] = json.dumps(settings, indent=1, sort_keys=True)

    # ---- regions and their signals

    def add_regions(self) -> None:
        regions = f"PlaneSegmentation{self.suffix}"
        description = f"Regions that suite2p found in {self.folder.name}."
        self.fragment.regions.append(Regions(regions, self.name, self.masks(), tuple(self.columns()), description))
        for file, (kind, series, what) in TRACES.items():
            path = self.folder / f"{file}.npy"
            if path.is_file() and len(self.stat) and (self.second_channel or "chan2" not in file):
                values = load_npy(path)
                self.check_length(path, values)
                self.fragment.traces.append(Trace(kind, regions, swapped(values, 0, 1), self.timing, "n.a.", what, series))

    def masks(self) -> Any:
        import numpy as np

        from photonwb.regions.rois import RoiSet

        try:
            masks = [np.column_stack((cell["xpix"], cell["ypix"], cell["lam"])) for cell in self.stat]
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise DamagedFileError(f"{self.folder / 'stat.npy'}: a region without xpix, ypix and lam of one length") from error
        return RoiSet.from_masks(masks, self.shape, place=f"{self.folder / 'stat.npy'}: region")

    def columns(self) -> list[Column]:
        import numpy as np

        columns: list[Column] = []
        for file, (flag, about_flag, probability, about_probability) in FLAGS.items():
            path = self.folder / f"{file}.npy"
            if path.is_file() and (self.second_channel or file != "redcell"):
                values = load_npy(path)
                self.check_length(path, values, 2)
                columns += [Column(flag, about_flag, values[:, 0] == 1), Column(probability, about_probability, values[:, 1])]
        for key in self.common("med"):
            centres = np.array([cell[key] for cell in self.stat], float)[:, 1::-1]
            columns.append(Column("centroid", "Median (x, y) of the pixels.", centres))
        columns += [Column(key, COLUMNS[key], np.array([cell[key] for cell in self.stat])) for key in self.common(*COLUMNS)]
        columns += [
            Column(key, _PER_PIXEL[key], [cell[key] for cell in self.stat], ragged=True)
            for key in self.common(*_PER_PIXEL)
            if all(len(cell[key]) == len(cell["xpix"]) for cell in self.stat)
        ]
        return columns

    def common(self, *keys: str) -> list[str]:
        """Those of some entries that every region has."""
        return [key for key in keys if len(self.stat) and all(key in cell for cell in self.stat)]

    def check_length(self, path: Path, values: NDArray[Any], columns: int = 0) -> None:
        if values.ndim != 2 or len(values) != len(self.stat) or values.shape[1] < columns:
            raise DamagedFileError(
                f"{path}: expected a row for each of the {len(self.stat)} regions of stat.npy, got shape {values.shape}"
            )

    # ---- images

    @property
    def shape(self) -> tuple[int, int] | None:
        """Width and height."""
        if "Ly" not in self.options or "Lx" not in self.options:
            return None
        return int(self.options["Lx"]), int(self.options["Ly"])

    def add_pictures(self) -> None:
        for key, (picture, what) in PICTURES.items():
            image = self.options.get(key)
            if getattr(image, "ndim", 0) != 2 or not (self.second_channel or "chan2" not in key):
                continue
            whole = self.whole(image)
            if whole is None:
                self.fragment.notes.append(f"{self.folder}: {key} is left out, its shape {image.shape} fits nothing")  # type: ignore[union-attr] - an array
            else:
                self.fragment.pictures.append(Picture(picture, self.name, whole.T, what))

    def whole(self, image: Any) -> Any:
        """An image of rows and columns, with the border that motion made useless put back where it was left out."""
        import numpy as np

        width, height = self.shape or image.shape[::-1]
        if image.shape == (height, width):
            return image
        rows, columns = (slice(*map(int, self.options.get(key, (0, 0)))) for key in ("yrange", "xrange"))
        if image.shape != (rows.stop - rows.start, columns.stop - columns.start):
            return None
        whole = np.zeros((height, width), image.dtype)
        whole[rows, columns] = image
        return whole

    # ---- movies

    def add_motion(self, movies: bool) -> None:
        for channel, file in (("", "data"), ("Chan2", "data_chan2")) if self.second_channel else (("", "data"),):
            movie = self.movie(f"{file}.bin") if movies else None
            raw = self.movie(f"{file}_raw.bin", f"{file.replace('data', 'data_raw')}.bin") if movies else None
            if not self.options.get("do_registration", True):
                movie, raw = None, movie
            original = None
            if raw is not None:
                original = f"TwoPhotonSeries{channel}{plane_suffix(self.name)}"
                about = f"The movie of {self.folder.name} before registration."
                self.fragment.movies.append(Movie(original, self.name, raw, self.timing, description=about))
            # Both channels were moved by the same shifts, which are kept once, or where the standard wants them.
            shifts = _shifts(self.options, "xoff", "yoff") if not channel or original else None
            if movie is None and shifts is None:
                continue
            about = f"The movie of {self.folder.name}, registered by suite2p."
            blocks = None if channel else _shifts(self.options, "xoff1", "yoff1")
            self.fragment.motions.append(
                Motion(self.name, shifts, movie, original, self.timing, about, channel, block_shifts=blocks, blocks=self.blocks())
            )

    def blocks(self) -> list[tuple[int, int, int, int]]:
        """Where each block of the image lies: first and end of x, of y."""
        edges = zip(self.options.get("xblock", ()), self.options.get("yblock", ()), strict=False)
        return [(int(x[0]), int(x[-1]), int(y[0]), int(y[-1])) for x, y in edges]

    def movie(self, *files: str) -> Any:
        """A movie of suite2p as (time, x, y), left on disk."""
        import numpy as np

        path = next((self.folder / file for file in files if (self.folder / file).is_file()), None)
        if path is None or self.shape is None or not path.stat().st_size:
            return None
        width, height = self.shape
        frames, rest = divmod(path.stat().st_size, 2 * width * height)
        expected = int(self.options.get("nframes", frames))
        if rest or frames != expected:
            raise DamagedFileError(
                f"{path}: expected {expected} frames of {width} × {height} pixels of 2 bytes, got {path.stat().st_size} bytes"
            )
        return np.memmap(path, "<i2", "r", shape=(frames, height, width)).swapaxes(1, 2)


def _timing(options: Mapping[str, Any], number: int) -> Timing:
    """When the frames of a plane were recorded: each plane its share of the time of a volume later than the one before."""
    rate = options.get("fs")
    if rate is None:
        return Timing()
    planes = int(options.get("nplanes", 1))
    # With several regions per depth, planes of suite2p are not depths, and nothing tells when each was scanned.
    is_volume = planes > 1 and not options.get("mesoscan") and not options.get("lines") and number < planes
    return Timing(float(rate), number / (planes * float(rate)) if is_volume else 0.0)


def _shifts(options: Mapping[str, Any], x: str, y: str) -> Any:
    """What moved each frame, or each block of it, to its place, x first. suite2p notes where it was: the opposite."""
    import numpy as np

    along_x, along_y = np.asarray(options.get(x, ())), np.asarray(options.get(y, ()))
    return -np.stack((along_x, along_y), axis=-1) if along_x.size and along_x.shape == along_y.shape else None


def _settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say how suite2p was run: no arrays, and no paths, which may name people."""
    kept: dict[str, Any] = {}
    for key, value in options.items():
        plain = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
        if isinstance(plain, dict):
            plain = _settings(plain)
        if isinstance(plain, (list, tuple)) and (len(plain) > 16 or any(not isinstance(each, (int, float)) for each in plain)):
            continue
        if isinstance(plain, (bool, int, float, list, tuple, dict)) or (isinstance(plain, str) and not set("/\\") & set(plain)):
            kept[str(key)] = plain
    return kept
