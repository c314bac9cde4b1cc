"""Put the results of suite2p into an NWB file.

    python examples/suite2p_to_nwb.py suite2p/ session.nwb --start 2024-05-06T14:00:00+02:00 --session "mouse on a wheel" \
        --device microscope --location VISp --indicator GCaMP6f --excitation 920 --channel green=510 --channel red=610

suite2p knows pixels, frames and traces. What it does not know (when, where, of what, with which light) is asked for.

suite2p counts in rows and columns, (ypix, xpix) and image[y, x]; NWB stores images as [x, y] and masks as (x, y, weight), x being
the horizontal axis. So images and traces are transposed here, and xpix comes first.
"""

from __future__ import annotations

import argparse
import codecs
import pickle
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

import photonwb
from photonwb import NWBFile
from photonwb.base import Images
from photonwb.device import Device
from photonwb.image import GrayscaleImage
from photonwb.ophys import Fluorescence, ImageSegmentation, ImagingPlane, OpticalChannel, PlaneSegmentation

TRACES = {  # file: what it is
    "F": "Fluorescence",
    "Fneu": "Fluorescence of the neuropil around",
    "spks": "Deconvolved fluorescence",
    "F_chan2": "Fluorescence in the second channel",
    "Fneu_chan2": "Fluorescence of the neuropil around in the second channel",
}
FLAGS = {  # file: the columns that it makes, and what they are
    "iscell": ("accepted", "Whether the region is a cell.", "cell_probability", "Probability that the region is a cell."),
    "redcell": ("red", "Whether the cell is red.", "red_probability", "Probability that the cell is red."),
}
IMAGES = {
    "meanImg": "Mean of the registered movie.",
    "meanImg_chan2": "Mean of the registered movie of the second channel.",
    "max_proj": "Maximum of the registered movie.",
    "Vcorr": "Correlation of pixels with their neighbours.",
}


class Experiment(NamedTuple):
    """What suite2p does not say."""

    session_start_time: datetime
    session_description: str
    device: str
    location: str
    indicator: str
    excitation_lambda: float
    channels: dict[str, float]  # name and wavelength of the light that each collects, the functional one first
    rate: float | None = None  # frames per second of one plane, where there is no ops.npy


class _Unpickler(pickle.Unpickler):
    """Unpickles arrays and numbers, and nothing that could do harm."""

    ALLOWED = {  # noqa: RUF012 - a constant
        ("numpy", "dtype"): np.dtype,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy.core.multiarray", "scalar"): np.float64(0).__reduce__()[0],
        ("_codecs", "encode"): codecs.encode,
    }

    def find_class(self, module: str, name: str) -> Any:
        allowed = self.ALLOWED.get((module.replace("numpy._core", "numpy.core"), name))
        if allowed is None:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of suite2p")
        return allowed


def load(path: Path) -> Any:
    """Content of a .npy file; arrays of numbers stay on disk until they are needed."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(file)
        if not dtype.hasobject:
            return np.load(path, mmap_mode="r")
        values = _Unpickler(file).load()
        return values.item() if shape == () else values


def convert(folder: Path, experiment: Experiment) -> NWBFile:
    """All planes of a suite2p folder as an NWBFile; traces are read when it is written.

    Parameters
    ----------
    folder : Path
        The folder with plane0, plane1, ...
    experiment : Experiment
    """
    planes = sorted((path for path in folder.glob("plane*") if path.is_dir()), key=lambda path: int(path.name[5:]))
    if not planes:
        raise FileNotFoundError(f"{folder} has no folder plane0: give the one that suite2p wrote")
    nwbfile = NWBFile(
        session_description=experiment.session_description,
        identifier=str(uuid4()),
        session_start_time=experiment.session_start_time,
    )
    device = nwbfile.add_device(Device(experiment.device))
    module = nwbfile.create_processing_module("ophys", "Regions of interest and their signals, found by suite2p.")
    segmentation, fluorescence = ImageSegmentation(), Fluorescence()
    module.add([segmentation, fluorescence])
    for path in planes:
        ops = load(path / "ops.npy") if (path / "ops.npy").exists() else {}
        rate = ops.get("fs", experiment.rate)
        if rate is None:
            raise ValueError(f"{path} has no ops.npy, which says the rate: give it (--rate)")
        plane = nwbfile.add_imaging_plane(_imaging_plane(path.name, experiment, device, rate))
        regions = segmentation.create_plane_segmentation(
            name=path.name, description=f"Regions that suite2p found in {path.name}.", imaging_plane=plane
        )
        _add_regions(regions, path)
        _add_traces(fluorescence, regions, path, rate)
        images = _summary_images(path.name, ops)
        if len(images.images):
            module.add(images)
    return nwbfile


def _imaging_plane(name: str, experiment: Experiment, device: Device, rate: float) -> ImagingPlane:
    channels = [
        OpticalChannel(name=channel, description=f"The {channel} channel.", emission_lambda=wavelength)
        for channel, wavelength in experiment.channels.items()
    ]
    return ImagingPlane(
        name=name,
        optical_channel=channels,
        description=f"{name} of suite2p.",
        device=device,
        excitation_lambda=experiment.excitation_lambda,
        indicator=experiment.indicator,
        location=experiment.location,
        imaging_rate=rate,
    )


def _add_regions(regions: PlaneSegmentation, path: Path) -> None:
    """The masks, and a flag with its probability for each."""
    columns: dict[str, Any] = {}
    for file, (flag, flag_description, probability, probability_description) in FLAGS.items():
        if (path / f"{file}.npy").exists():
            values = load(path / f"{file}.npy")
            regions.add_column(flag, flag_description)
            regions.add_column(probability, probability_description)
            columns |= {flag: values[:, 0] == 1, probability: values[:, 1]}
    masks = [np.column_stack((cell["xpix"], cell["ypix"], cell["lam"])) for cell in load(path / "stat.npy")]
    regions.add_rois(pixel_mask=masks, **columns)


def _add_traces(fluorescence: Fluorescence, regions: PlaneSegmentation, path: Path, rate: float) -> None:
    for file, what in TRACES.items():
        if (path / f"{file}.npy").exists():
            fluorescence.create_roi_response_series(
                name=f"{file}_{path.name}",
                data=load(path / f"{file}.npy").T,  # (region, time) becomes (time, region)
                rois=regions.create_roi_table_region(f"All regions of {path.name}."),
                unit="n.a.",
                rate=float(rate),
                description=f"{what} of each region of {path.name}.",
            )


def _summary_images(plane: str, ops: dict[str, Any]) -> Images:
    images = Images(f"SummaryImages_{plane}", description=f"Images that sum up the movie of {plane}.")
    for name, description in IMAGES.items():
        if name in ops:
            image = np.zeros((ops["Ly"], ops["Lx"]), ops[name].dtype)
            # Some images leave out the border that motion made useless.
            whole = ops[name].shape == image.shape
            rows, columns = (slice(None), slice(None)) if whole else (slice(*ops["yrange"]), slice(*ops["xrange"]))
            image[rows, columns] = ops[name]
            images.add_image(GrayscaleImage(name, data=image.T, description=description))
    return images


def _channel(text: str) -> tuple[str, float]:
    name, _, wavelength = text.rpartition("=")
    return name, float(wavelength)


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Put the results of suite2p into an NWB file.")
    parser.add_argument("folder", type=Path, help="the folder with plane0, plane1, ...")
    parser.add_argument("output", type=Path, help="the NWB file to write")
    parser.add_argument("--start", type=datetime.fromisoformat, required=True, help="when the session began, with time zone")
    parser.add_argument("--session", required=True, help="what happened in the session")
    parser.add_argument("--device", required=True, help="name of the microscope")
    parser.add_argument("--location", required=True, help="where in the brain the planes lie")
    parser.add_argument("--indicator", required=True, help="what fluoresces")
    parser.add_argument("--excitation", type=float, required=True, help="wavelength of the laser in nm")
    parser.add_argument(
        "--channel",
        type=_channel,
        action="append",
        required=True,
        metavar="NAME=NM",
        help="wavelength of a channel, functional first",
    )
    parser.add_argument("--rate", type=float, help="frames per second of one plane, where there is no ops.npy")
    given = parser.parse_args(arguments)
    experiment = Experiment(
        given.start,
        given.session,
        given.device,
        given.location,
        given.indicator,
        given.excitation,
        dict(given.channel),
        given.rate,
    )
    photonwb.write(convert(given.folder, experiment), given.output)


if __name__ == "__main__":
    main()
