"""Put a two-photon movie from TIFF files into an NWB file, with its motion corrected.

    python examples/tiff_to_nwb.py movie.tiff session.nwb --start 2024-05-06T14:00:00+02:00 --session "mouse on a wheel" \
        --rate 30 --device microscope --location VISp --indicator GCaMP6f --excitation 920 --emission 510

The source is a file of many frames or a folder of files; what it says of itself, as files of ScanImage do, is used too. However
long the movie, only a few frames of it are in memory: they are read while the file is written, once for the movie, and again for
what is worked out of it.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import photonwb
from photonwb import DataChunkIterator, NWBFile, TimeSeries
from photonwb.base import Images
from photonwb.image import GrayscaleImage, ImageSeries
from photonwb.importers import import_session
from photonwb.ophys import MotionCorrection, TwoPhotonSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from photonwb.arrays import LazyArray

FRAMES_AT_ONCE = 16
REFERENCE_FRAMES = 200
SMOOTHING = 1.0  # pixels


# ---- motion


def sum_of(frames: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Sum of frames, one after the other."""
    total = np.zeros(())
    for frame in frames:
        total = total + frame
    return total


def displacements(movie: LazyArray, most: int = 20) -> NDArray[Any]:
    """How far each frame is away from the mean of the first ones, by the peak of their phase correlation.

    Parameters
    ----------
    movie : LazyArray, shape (time, x, y)
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


def convert(source: Path, metadata: Mapping[str, Any]) -> NWBFile:
    """A movie and its correction as an NWBFile; the frames are read when that is written."""
    nwbfile = import_session(source, metadata={key: value for key, value in metadata.items() if value is not None})
    module = nwbfile.create_processing_module("ophys", "The movie without its motion.")
    module.add(_corrected(nwbfile.acquisition["TwoPhotonSeries"]))  # type: ignore[arg-type] - an importer names it so
    return nwbfile


def _corrected(original: TwoPhotonSeries) -> list[Any]:
    """The movie brought to rest, what was done to each frame, and the mean of the result."""
    movie: LazyArray = original.data
    # NWB keeps what brings a frame back to its place: the opposite of where it went.
    translation = -displacements(movie)

    def frames() -> Iterator[NDArray[Any]]:
        return (moved(frame, int(dx), int(dy)) for frame, (dx, dy) in zip(movie, translation, strict=True))

    # Frames that came steadily have a rate, others each their time.
    times: dict[str, Any] = {"rate": original.rate} if original.timestamps is None else {"timestamps": original}
    correction = MotionCorrection()
    correction.create_corrected_image_stack(
        corrected=ImageSeries(
            "corrected",
            data=DataChunkIterator(frames(), maxshape=movie.shape, dtype=movie.dtype, buffer_size=FRAMES_AT_ONCE),
            unit="n.a.",
            description="The movie at rest.",
            **times,
        ),
        original=original,
        xy_translation=TimeSeries(
            "xy_translation",
            data=translation,
            unit="pixels",
            description="How (x, y) of each frame were changed.",
            **times,
        ),
    )
    mean = GrayscaleImage("mean", data=(sum_of(frames()) / movie.shape[0]).astype("f4"), description="Mean of the movie at rest.")
    return [correction, Images("SummaryImages", images=[mean], description="Images that sum up the movie.")]


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Put a two-photon movie from TIFF files into an NWB file.")
    parser.add_argument("source", type=Path, help="a TIFF file, or a folder of them")
    parser.add_argument("output", type=Path, help="the NWB file to write")
    asked = {
        "session_start_time": ("--start", "when the session began, with time zone; ScanImage knows it, but not the zone"),
        "session_description": ("--session", "what happened in the session"),
        "device": ("--device", "name of the microscope"),
        "location": ("--location", "where in the brain the plane lies"),
        "indicator": ("--indicator", "what fluoresces"),
        "excitation_lambda": ("--excitation", "wavelength of the laser in nm"),
        "emission_lambda": ("--emission", "wavelength of the recorded light in nm"),
        "rate": ("--rate", "frames per second, where the TIFF does not tell"),
    }
    for field, (option, meaning) in asked.items():
        kind = float if field.endswith("_lambda") or field == "rate" else str
        parser.add_argument(option, dest=field, type=kind, help=meaning)
    given = vars(parser.parse_args(arguments))
    source, output = given.pop("source"), given.pop("output")
    photonwb.write(convert(source, given), output)


if __name__ == "__main__":
    main()
