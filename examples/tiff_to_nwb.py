"""Put a two-photon movie from TIFF files into an NWB file, with its motion corrected.

    python examples/tiff_to_nwb.py movie.tiff session.nwb --start 2024-05-06T14:00:00+02:00 --session "mouse on a wheel" \
        --rate 30 --device microscope --location VISp --indicator GCaMP6f --excitation 920 --emission 510

The source is a file of many frames or a folder of files. However long the movie, only a few frames of it are in memory: they are
read page by page while the file is written, once for the movie, and again for what is worked out of it.

A page of a TIFF is an image [row, column]; NWB stores [x, y], x being the horizontal axis. So each page is transposed.
"""

from __future__ import annotations

import argparse
import re
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import numpy as np
import tifffile

import photonwb
from photonwb import DataChunkIterator, NWBFile, TimeSeries
from photonwb.base import Images
from photonwb.device import Device
from photonwb.image import GrayscaleImage, ImageSeries
from photonwb.ophys import ImagingPlane, MotionCorrection, OpticalChannel, TwoPhotonSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

FRAMES_AT_ONCE = 16
REFERENCE_FRAMES = 200
SMOOTHING = 1.0  # pixels


class Experiment(NamedTuple):
    """What the TIFF does not say."""

    session_start_time: datetime
    session_description: str
    device: str
    location: str
    indicator: str
    excitation_lambda: float
    emission_lambda: float
    rate: float | None = None  # frames per second, where the TIFF does not tell


class TiffMovie:
    """Frames (x, y) of TIFF files, read as they are asked for.

    Parameters
    ----------
    source : Path
        A file, or a folder of files, which are taken in the order of the numbers in their names.
    """

    def __init__(self, source: Path) -> None:
        self.paths = sorted(source.glob("*.tif*"), key=_numbers) if source.is_dir() else [source]
        if not self.paths:
            raise FileNotFoundError(f"{source} has no TIFF files")
        count = 0
        for path in self.paths:
            with tifffile.TiffFile(path) as tiff:
                count += len(tiff.pages)
        with tifffile.TiffFile(self.paths[0]) as tiff:
            page: Any = tiff.pages[0]
            rows, columns = page.shape
            self.dtype: np.dtype[Any] = page.dtype
            self.rate = _scanimage_rate(page.description)
        self.shape = count, columns, rows

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for path in self.paths:
            with tifffile.TiffFile(path) as tiff:
                for page in tiff.pages:
                    yield page.asarray().T  # type: ignore[union-attr]

    def streamed(self, frames: Iterable[NDArray[Any]]) -> DataChunkIterator:
        """Frames of this movie, or made of them, as data of a series."""
        return DataChunkIterator(frames, maxshape=self.shape, dtype=self.dtype, buffer_size=FRAMES_AT_ONCE)


def _numbers(path: Path) -> list[tuple[int, str]]:
    """A key that sorts Img_2 before Img_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _scanimage_rate(description: str) -> float | None:
    """Frames per second, as version 3 of ScanImage notes it."""
    found = re.search(r"state\.acq\.frameRate=([\d.]+)", description)
    return float(found[1]) if found else None


# ---- motion


def sum_of(frames: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Sum of frames, one after the other."""
    total = np.zeros(())
    for frame in frames:
        total = total + frame
    return total


def displacements(movie: TiffMovie, most: int = 20) -> NDArray[Any]:
    """How far each frame is away from the mean of the first ones, by the peak of their phase correlation.

    Parameters
    ----------
    movie : TiffMovie
    most : int
        Pixels that the tissue may move at most.

    Returns
    -------
    (time, 2) array of int
        Along x and y, in whole pixels.
    """
    _, width, height = movie.shape
    reference = np.fft.rfft2(sum_of(islice(movie, REFERENCE_FRAMES)))
    # Fine detail is mostly noise.
    coarse = np.exp(-2 * (np.pi * SMOOTHING) ** 2 * (np.fft.fftfreq(width)[:, np.newaxis] ** 2 + np.fft.rfftfreq(height) ** 2))
    coarse[0, 0] = 0
    offsets = [np.fft.fftfreq(length, 1 / length).astype(int) for length in (width, height)]
    is_near = np.logical_and(*np.meshgrid(*(np.abs(offset) <= most for offset in offsets), indexing="ij"))
    found: list[tuple[int, int]] = []
    for number, frame in enumerate(movie):
        spectrum = np.fft.rfft2(frame)
        # A frame would find its own noise in the mean, where it did not move at all.
        others = reference - spectrum if number < REFERENCE_FRAMES else reference
        product = spectrum * np.conj(others)
        correlation = np.fft.irfft2(coarse * product / (np.abs(product) + 1e-9), s=(width, height))
        x, y = np.unravel_index(np.argmax(np.where(is_near, correlation, -np.inf)), correlation.shape)
        # In a dark frame nothing is recognised, and the highest peak means nothing: it stays where it is.
        is_peak = correlation[x, y] > 8 * correlation.std()
        found.append((offsets[0][x], offsets[1][y]) if is_peak else (0, 0))
    return np.array(found, np.int16)


def moved(frame: NDArray[Any], dx: int, dy: int) -> NDArray[Any]:
    """A frame moved by whole pixels; zero where nothing is known."""
    width, height = frame.shape
    result = np.zeros_like(frame)
    result[max(dx, 0) : width + min(dx, 0), max(dy, 0) : height + min(dy, 0)] = frame[
        max(-dx, 0) : width + min(-dx, 0), max(-dy, 0) : height + min(-dy, 0)
    ]
    return result


# ---- the file


def convert(source: Path, experiment: Experiment) -> NWBFile:
    """A movie as an NWBFile; its frames are read when that is written."""
    movie = TiffMovie(source)
    rate = experiment.rate or movie.rate
    if rate is None:
        raise ValueError(f"{source} does not say how many frames there were per second: give the rate (--rate)")
    nwbfile = NWBFile(
        session_description=experiment.session_description,
        identifier=str(uuid4()),
        session_start_time=experiment.session_start_time,
    )
    plane = ImagingPlane(
        name="ImagingPlane",
        optical_channel=OpticalChannel("channel", "The recorded channel.", experiment.emission_lambda),
        description="The recorded plane.",
        device=nwbfile.add_device(Device(experiment.device)),
        excitation_lambda=experiment.excitation_lambda,
        indicator=experiment.indicator,
        location=experiment.location,
        imaging_rate=rate,
    )
    nwbfile.add_imaging_plane(plane)
    description = f"The frames of {source.name}."
    original = TwoPhotonSeries(
        "TwoPhotonSeries", imaging_plane=plane, data=movie.streamed(movie), unit="n.a.", rate=rate, description=description
    )
    nwbfile.add_acquisition(original)
    module = nwbfile.create_processing_module("ophys", "The movie without its motion.")
    module.add(_corrected(movie, original))
    return nwbfile


def _corrected(movie: TiffMovie, original: TwoPhotonSeries) -> list[Any]:
    """The movie brought to rest, what was done to each frame, and the mean of the result."""
    # NWB keeps what brings a frame back to its place: the opposite of where it went.
    translation = -displacements(movie)

    def frames() -> Iterator[NDArray[Any]]:
        return (moved(frame, int(dx), int(dy)) for frame, (dx, dy) in zip(movie, translation, strict=True))

    correction = MotionCorrection()
    correction.create_corrected_image_stack(
        corrected=ImageSeries(
            "corrected", data=movie.streamed(frames()), unit="n.a.", rate=original.rate, description="The movie at rest."
        ),
        original=original,
        xy_translation=TimeSeries(
            "xy_translation",
            data=translation,
            unit="pixels",
            rate=original.rate,
            description="How (x, y) of each frame were changed.",
        ),
    )
    mean = GrayscaleImage("mean", data=(sum_of(frames()) / movie.shape[0]).astype("f4"), description="Mean of the movie at rest.")
    return [correction, Images("SummaryImages", images=[mean], description="Images that sum up the movie.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Put a two-photon movie from TIFF files into an NWB file.")
    parser.add_argument("source", type=Path, help="a TIFF file, or a folder of them")
    parser.add_argument("output", type=Path, help="the NWB file to write")
    parser.add_argument("--start", type=datetime.fromisoformat, required=True, help="when the session began, with time zone")
    parser.add_argument("--session", required=True, help="what happened in the session")
    parser.add_argument("--device", required=True, help="name of the microscope")
    parser.add_argument("--location", required=True, help="where in the brain the plane lies")
    parser.add_argument("--indicator", required=True, help="what fluoresces")
    parser.add_argument("--excitation", type=float, required=True, help="wavelength of the laser in nm")
    parser.add_argument("--emission", type=float, required=True, help="wavelength of the recorded light in nm")
    parser.add_argument("--rate", type=float, help="frames per second, where the TIFF does not tell")
    given = parser.parse_args(arguments)
    experiment = Experiment(
        given.start, given.session, given.device, given.location, given.indicator, given.excitation, given.emission, given.rate
    )
    photonwb.write(convert(given.source, experiment), given.output)


if __name__ == "__main__":
    main()
