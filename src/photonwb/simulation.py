"""A small two-photon recording that never happened: cells with calcium transients, motion of the tissue, noise of photons.

The demonstration and the tests use it: it is the same for the same seed, and everything in it (masks, motion, traces) is known.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photonwb.file import NWBFile

__all__ = ["Recording", "described", "simulate"]


class Recording(NamedTuple):
    """A simulated recording.

    Attributes
    ----------
    raw, corrected : array of uint16, shape (time, width, height)
        The movie as the microscope saw it, and with its motion undone.
    shifts : array of float, shape (time, 2)
        Motion in pixels, along width and height.
    masks : list of arrays, shape (pixels, 3)
        Pixels of each cell as (x, y, weight).
    fluorescence : array, shape (time, cells)
        Mean of the corrected movie over each mask.
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
    frames: int = 300, width: int = 128, height: int = 96, cells: int = 12, rate: float = 15.0, seed: int = 1
) -> Recording:
    """Make up a recording.

    Parameters
    ----------
    frames, width, height, cells : int
    rate : float
        Frames per second.
    seed : int

    Returns
    -------
    Recording
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    masks = _cells(rng, width, height, cells)
    calcium = _transients(rng, frames, cells, rate)
    shifts = np.round(np.clip(np.cumsum(rng.normal(0, 0.25, (frames, 2)), axis=0), -4, 4))
    still = np.full((width, height), 60.0) + 15 * _smooth(rng.normal(size=(width, height)), 6)
    corrected = np.empty((frames, width, height), np.uint16)
    raw = np.empty_like(corrected)
    for frame in range(frames):
        image = still.copy()
        for cell, mask in enumerate(masks):
            x, y = mask[:, 0].astype(int), mask[:, 1].astype(int)
            image[x, y] += 110 * mask[:, 2] * (1 + calcium[frame, cell])
        image = rng.poisson(np.clip(image, 0, None)).astype(np.uint16)
        corrected[frame] = image
        raw[frame] = np.roll(image, shifts[frame].astype(int), axis=(0, 1))
    fluorescence = np.stack([corrected[:, m[:, 0].astype(int), m[:, 1].astype(int)].mean(axis=1) for m in masks], axis=1)
    return Recording(raw, corrected, shifts, masks, fluorescence, calcium, rate)


def _cells(rng: Any, width: int, height: int, cells: int) -> list[NDArray[Any]]:
    """Ellipses that keep off each other and off the border."""
    import numpy as np

    x, y = np.meshgrid(np.arange(width), np.arange(height), indexing="ij")
    masks: list[NDArray[Any]] = []
    taken = np.zeros((width, height), bool)
    while len(masks) < cells:
        a, b = rng.uniform(4, 7, 2)
        centre = rng.uniform(10, width - 10), rng.uniform(10, height - 10)
        distance = ((x - centre[0]) / a) ** 2 + ((y - centre[1]) / b) ** 2
        inside = distance < 1
        if (taken & (distance < 1.7)).any():
            continue
        taken |= inside
        masks.append(np.column_stack([*np.nonzero(inside), 1 - 0.5 * distance[inside]]))
    return masks


def _transients(rng: Any, frames: int, cells: int, rate: float) -> NDArray[Any]:
    """Spikes at random, each followed by an exponential decay of about a second."""
    import numpy as np

    spikes = rng.poisson(0.25 / rate, (frames, cells)).astype(float)
    kernel = np.exp(-np.arange(int(4 * rate)) / (0.9 * rate))
    return np.stack([np.convolve(spikes[:, cell], kernel)[:frames] for cell in range(cells)], axis=1) * 1.5


def _smooth(image: NDArray[Any], radius: int) -> NDArray[Any]:
    """Blur by a box, and scale to a standard deviation of one."""
    import numpy as np

    box = np.ones(2 * radius + 1) / (2 * radius + 1)
    for axis in (0, 1):
        image = np.apply_along_axis(np.convolve, axis, image, box, mode="same")
    return image / image.std()


def described(recording: Recording) -> NWBFile:
    """An NWBFile that holds a simulated recording and says everything about it."""
    from photonwb import NWBFile, TimeSeries
    from photonwb.device import Device
    from photonwb.file import Subject
    from photonwb.image import GrayscaleImage, ImageSeries
    from photonwb.ophys import (
        DfOverF,
        Fluorescence,
        ImageSegmentation,
        ImagingPlane,
        MotionCorrection,
        OpticalChannel,
        TwoPhotonSeries,
    )

    nwbfile = NWBFile(
        session_description="simulated two-photon recording of the demonstration of photonwb",
        identifier="photonwb-demo",
        session_start_time=datetime(2024, 1, 1, 12, tzinfo=timezone.utc),
        keywords=["simulation", "calcium imaging"],
        subject=Subject(subject_id="simulated", species="Mus musculus", sex="U", age="P90D", description="no animal was involved"),
    )
    microscope = nwbfile.add_device(Device("simulated microscope", description="a random number generator"))
    plane = ImagingPlane(
        name="ImagingPlane",
        optical_channel=OpticalChannel("green", "simulated fluorescence", 510.0),
        description="simulated plane",
        device=microscope,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="VISp",
        imaging_rate=recording.rate,
        grid_spacing=[1.0, 1.0],
        grid_spacing_unit="micrometers",
    )
    nwbfile.add_imaging_plane(plane)
    movie = TwoPhotonSeries(
        name="TwoPhotonSeries", imaging_plane=plane, data=recording.raw, unit="photons", rate=recording.rate, description="the movie"
    )
    nwbfile.add_acquisition(movie)
    module = nwbfile.create_processing_module("ophys", "motion correction, regions of interest and their fluorescence")
    correction = MotionCorrection()
    correction.create_corrected_image_stack(
        corrected=ImageSeries(
            "corrected", data=recording.corrected, unit="photons", rate=recording.rate, description="with its motion undone"
        ),
        original=movie,
        xy_translation=TimeSeries(
            "xy_translation", data=recording.shifts, unit="pixels", rate=recording.rate, description="shift of each frame"
        ),
    )
    module.add(correction)
    segmentation = ImageSegmentation()
    module.add(segmentation)
    regions = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="the simulated cells", imaging_plane=plane, reference_images=movie
    )
    regions.add_rois(pixel_mask=recording.masks)
    for container, name, data, unit in (
        (Fluorescence(), "fluorescence", recording.fluorescence, "photons"),
        (DfOverF(), "dff", recording.dff, "n.a."),
    ):
        module.add(container)
        container.create_roi_response_series(
            name=name,
            data=data,
            rois=regions.create_roi_table_region("all cells"),
            unit=unit,
            rate=recording.rate,
            description=f"{name} of each cell",
        )
    from photonwb.base import Images

    mean = GrayscaleImage("mean", data=recording.corrected.mean(axis=0), description="mean of the corrected movie")
    module.add(Images("SummaryImages", images=[mean], description="images that sum up the movie"))
    return nwbfile
