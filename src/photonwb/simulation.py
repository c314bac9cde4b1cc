"""A small two-photon recording that never happened: cells with calcium transients, motion of the tissue, noise of photons.

The demonstration and the tests use it: it is the same for the same seed, and everything in it (masks, motion, traces) is known.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photonwb.base import ProcessingModule
    from photonwb.file import NWBFile
    from photonwb.ophys import ImagingPlane, TwoPhotonSeries

__all__ = ["IDENTIFIER", "Recording", "as_nwbfile", "simulate"]

IDENTIFIER = "photonwb-demo"
_LARGEST_SHIFT = 4  # pixels


class Recording(NamedTuple):
    """A simulated recording.

    Attributes
    ----------
    raw, corrected : array of uint16, shape (time, width, height)
        The movie as the microscope saw it, and with its motion undone.
    shifts : array of int, shape (time, 2)
        How far the tissue was away from its place in each frame, in pixels along width and height.
    masks : list of arrays, shape (pixels, 3)
        Pixels of each cell as (x, y, weight).
    fluorescence : array, shape (time, cells)
        Mean of the corrected movie over each mask, pixels counting by their weight.
    calcium : array, shape (time, cells)
        What the cells really did, as change relative to rest.
    rate : float
        Frames per second.
    """

    raw: NDArray[Any]
    corrected: NDArray[Any]
    shifts: NDArray[Any]
    masks: list[NDArray[Any]]
    fluorescence: NDArray[Any]
    calcium: NDArray[Any]
    rate: float

    @property
    def dff(self) -> NDArray[Any]:
        """Fluorescence relative to its 20th percentile, minus one."""
        import numpy as np

        rest = np.percentile(self.fluorescence, 20, axis=0)
        return (self.fluorescence - rest) / rest


def simulate(
    frames: int = 300, width: int = 160, height: int = 120, cells: int = 16, rate: float = 15.0, seed: int = 1
) -> Recording:
    """Make up a recording.

    Parameters
    ----------
    frames, width, height, cells : int
        At least one frame, and 40 pixels of width and height; `cells` is how many there are at most, as room allows.
    rate : float
        Frames per second.
    seed : int

    Raises
    ------
    InvalidValueError
        Too few frames or pixels.
    """
    import numpy as np

    if frames < 1 or min(width, height) < 40 or cells < 1:
        raise InvalidValueError(
            f"a recording needs a frame, a cell, and 40 × 40 pixels, got {frames} frames of {width} × {height} with {cells} cells"
        )
    rng = np.random.default_rng(seed)
    masks = _cells(rng, width, height, cells)
    calcium = _transients(rng, frames, len(masks), rate)
    drift = np.cumsum(rng.normal(0, 0.25, (frames, 2)), axis=0)
    shifts = np.clip(drift, -_LARGEST_SHIFT, _LARGEST_SHIFT).round().astype(np.int64)
    corrected = _movie(rng, masks, calcium, (width, height))
    raw = np.stack([np.roll(frame, shift, axis=(0, 1)) for frame, shift in zip(corrected, shifts, strict=True)])
    return Recording(raw, corrected, shifts, masks, _traces(corrected, masks), calcium, rate)


def _cells(rng: Any, width: int, height: int, cells: int) -> list[NDArray[Any]]:
    """Bodies of cells, ellipses with a darker nucleus, that keep off each other and off the border."""
    import numpy as np

    x, y = np.meshgrid(np.arange(width), np.arange(height), indexing="ij")
    masks: list[NDArray[Any]] = []
    taken = np.zeros((width, height), bool)
    for _ in range(50 * cells):
        radii, centre = rng.uniform(4.5, 7.5, 2), rng.uniform(12, (width - 12, height - 12))
        distance = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2
        if (taken & (distance < 1.6)).any():
            continue
        inside = distance < 1
        taken |= inside
        weight = (1 - 0.6 * np.exp(-6 * distance[inside])) * np.clip(3 * (1 - distance[inside]), 0.1, 1)
        masks.append(np.column_stack([*np.nonzero(inside), weight / weight.max()]))
        if len(masks) == cells:
            break
    return masks


def _transients(rng: Any, frames: int, cells: int, rate: float) -> NDArray[Any]:
    """Spikes at random, each followed by an exponential decay of about a second."""
    import numpy as np

    spikes = rng.poisson(0.25 / rate, (frames, cells)).astype(float)
    kernel = np.exp(-np.arange(int(4 * rate) + 1) / (0.9 * rate))
    return np.stack([np.convolve(spikes[:, cell], kernel)[:frames] for cell in range(cells)], axis=1) * 1.5


def _movie(rng: Any, masks: list[NDArray[Any]], calcium: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Tissue that is at rest but for the calcium of its cells, counted in photons."""
    import numpy as np

    tissue = 24 + 4 * _smooth(rng.normal(size=shape), 6) + 3 * _smooth(rng.normal(size=shape), 1)
    still = np.clip(tissue, 8, None).astype("f4")
    movie = np.empty((len(calcium), *shape), np.uint16)
    for frame, activity in zip(movie, calcium, strict=True):
        image = still.copy()
        for mask, active in zip(masks, activity, strict=True):
            image[_pixels(mask)] += 22 * mask[:, 2] * (1 + active)
        image += np.sqrt(image) * rng.standard_normal(shape, "f4")  # as good as Poisson's noise, and faster to make
        frame[...] = np.clip(image, 0, None)
    return movie


def _smooth(image: NDArray[Any], radius: int) -> NDArray[Any]:
    """Blur by a box, and scale to a standard deviation of one."""
    import numpy as np

    box = np.ones(2 * radius + 1) / (2 * radius + 1)
    for axis in (0, 1):
        image = np.apply_along_axis(np.convolve, axis, image, box, mode="same")
    return image / image.std()


def _pixels(mask: NDArray[Any]) -> tuple[Any, Any]:
    return mask[:, 0].astype(int), mask[:, 1].astype(int)


def _traces(movie: NDArray[Any], masks: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    return np.stack([movie[:, *_pixels(mask)] @ mask[:, 2] / mask[:, 2].sum() for mask in masks], axis=1)


def as_nwbfile(recording: Recording) -> NWBFile:
    """An NWBFile that holds a simulated recording and says everything about it."""
    from photonwb.device import Device
    from photonwb.file import NWBFile, Subject
    from photonwb.ophys import ImagingPlane, OpticalChannel, TwoPhotonSeries

    nwbfile = NWBFile(
        session_description="A simulated two-photon recording: the demonstration of photonwb.",
        identifier=IDENTIFIER,
        session_start_time=datetime(2024, 1, 1, 12, tzinfo=UTC),
        experiment_description="None: all numbers come from a generator of random numbers.",
        experimenter=["Generator, Random Number"],
        institution="nowhere",
        keywords=["simulation", "calcium imaging"],
        subject=Subject(
            subject_id="simulated", species="Mus musculus", sex="U", age="P90D", description="No animal was involved."
        ),
    )
    plane = ImagingPlane(
        name="ImagingPlane",
        optical_channel=OpticalChannel("green", "Simulated fluorescence.", 510.0),
        description="A simulated plane.",
        device=nwbfile.add_device(Device("microscope", description="A generator of random numbers.")),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="VISp",
        imaging_rate=recording.rate,
        grid_spacing=[1e-6, 1e-6],
    )
    nwbfile.add_imaging_plane(plane)
    movie = TwoPhotonSeries(
        name="TwoPhotonSeries",
        imaging_plane=plane,
        data=recording.raw,
        unit="photons",
        rate=recording.rate,
        description="The movie as the microscope would have seen it.",
    )
    nwbfile.add_acquisition(movie)
    module = nwbfile.create_processing_module("ophys", "Motion correction, regions of interest and their fluorescence.")
    _add_correction(module, recording, movie)
    _add_regions(module, recording, plane)
    return nwbfile


def _add_correction(module: ProcessingModule, recording: Recording, movie: TwoPhotonSeries) -> None:
    """The corrected movie, what was done to it, and its mean."""
    from photonwb.base import Images, TimeSeries
    from photonwb.image import GrayscaleImage, ImageSeries
    from photonwb.ophys import MotionCorrection

    corrected = ImageSeries(
        "corrected",
        data=recording.corrected,
        unit="photons",
        rate=recording.rate,
        description="The movie with its motion undone.",
    )
    # The standard keeps what brings a frame back to its place: the opposite of where it went.
    translation = TimeSeries(
        "xy_translation",
        data=-recording.shifts,
        unit="pixels",
        rate=recording.rate,
        description="What undid the motion, as (x, y).",
    )
    correction = MotionCorrection()
    correction.create_corrected_image_stack(corrected=corrected, original=movie, xy_translation=translation)
    module.add(correction)
    mean = GrayscaleImage("mean", data=recording.corrected.mean(axis=0, dtype="f4"), description="Mean of the corrected movie.")
    module.add(Images("SummaryImages", images=[mean], description="Images that sum up the movie."))


def _add_regions(module: ProcessingModule, recording: Recording, plane: ImagingPlane) -> None:
    """The cells and their signals."""
    from photonwb.ophys import DfOverF, Fluorescence, ImageSegmentation

    segmentation, fluorescence, dff = ImageSegmentation(), Fluorescence(), DfOverF()
    module.add([segmentation, fluorescence, dff])
    cells = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="The simulated cells.", imaging_plane=plane
    )
    cells.add_rois(pixel_mask=recording.masks)
    for container, name, data, unit in (
        (fluorescence, "RoiResponseSeries", recording.fluorescence, "photons"),
        (dff, "DfOverF", recording.dff, "n.a."),
    ):
        container.create_roi_response_series(
            name=name,
            data=data.astype("f4"),
            rois=cells.create_roi_table_region("All cells."),
            unit=unit,
            rate=recording.rate,
            description=f"{container.name} of each cell.",
        )
