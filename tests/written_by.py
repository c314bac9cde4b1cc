"""One small session in the layouts in which other programs write it, made with pynwb as they do.

`Session` holds the truth in rows and columns. Each function writes a file; where the program has a habit that contradicts the
standard (the row of a pixel in `x`, images in rows), the file has it too.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.base import Images
from pynwb.image import GrayscaleImage, ImageSeries
from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel, RoiResponseSeries, TwoPhotonSeries

if TYPE_CHECKING:
    from pathlib import Path

RATE = 10.0
FRAMES = 80


class Session:
    """A movie (time, row, column) with regions, each flickering in its own way; signals are (time, region)."""

    def __init__(self, height: int = 24, width: int = 40, regions: int = 6, seed: int = 0, margin: int = 2) -> None:
        rng = np.random.default_rng(seed)
        self.height, self.width = height, width
        self.masks = np.zeros((regions, height, width), np.float32)
        for number in range(regions):  # above the diagonal, the first in the far corner
            row = 2 if number == 0 else int(rng.integers(0, height // 4))
            column = width - 5 - margin if number == 0 else int(rng.integers(height // 2 - 4, width - 7)) if number else 0
            self.masks[number, row : row + 4, column : column + 5] = rng.uniform(0.5, 1, (4, 5))
        self.signals = rng.gamma(1.0, 60.0, (FRAMES, regions)).astype(np.float32)
        light = np.einsum("tn,nyx->tyx", self.signals, (self.masks > 0).astype(np.float32))
        self.movie = (100 + light + rng.normal(0, 5, light.shape)).astype(np.uint16)
        self.neuropil, self.deconvolved, self.dff = self.signals * 0.1, self.signals * 0.2, self.signals * 0.3
        self.accepted = np.arange(regions) % 3 > 0

    @property
    def mean(self) -> Any:
        return self.movie.mean(axis=0)

    def pixels(self, number: int, *, rows_in_x: bool, plane: int | None = None) -> Any:
        y, x = np.nonzero(self.masks[number])
        first, second = (y, x) if rows_in_x else (x, y)
        depth = [] if plane is None else [np.full(len(x), plane)]
        return np.array([first, second, *depth, self.masks[number, y, x]]).T


def written(writer: Any, path: Path, session: Session, **options: Any) -> Path:
    """Let one of the writers below write, without the warnings of pynwb."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return writer(path, session, **options)


def new_file(description: str = "a session", **general: Any) -> Any:
    created = general.pop("created", datetime(2024, 5, 6, 12, tzinfo=UTC))
    return NWBFile(description, "identifier", datetime(2020, 1, 1, tzinfo=UTC), file_create_date=created, **general)


def plane_of(nwbfile: Any, name: str = "ImagingPlane", device: str = "Microscope", channel: str = "a channel") -> Any:
    return nwbfile.create_imaging_plane(
        name=name,
        optical_channel=OpticalChannel("OpticalChannel", channel, 500.0),
        description="standard",
        device=nwbfile.devices.get(device) or nwbfile.create_device(device),
        excitation_lambda=600.0,
        indicator="GCaMP",
        location="V1",
    )


def save(nwbfile: Any, path: Path) -> Path:
    with NWBHDF5IO(path, "w") as io:
        io.write(nwbfile)
    return path


def series(name: str, data: Any, rois: Any, **more: Any) -> Any:
    timing = {} if "timestamps" in more else {"rate": RATE}
    return RoiResponseSeries(name=name, data=data, rois=rois, unit="n.a.", **(timing | more))


def suite2p(path: Path, session: Session, planes: int = 1, channels: int = 1) -> Path:
    """`save_nwb` of suite2p: planes in one table, a container for each kind; all planes hold the same here."""
    nwbfile = new_file("suite2p_proc")
    plane = plane_of(nwbfile)
    movie = TwoPhotonSeries(
        name="TwoPhotonSeries", imaging_plane=plane, external_file=["/nowhere/a.tif"], starting_frame=[0], format="external",
        dimension=[session.height, session.width], starting_time=0.0, rate=RATE * planes, num_samples=FRAMES * planes,
    )  # fmt: skip
    nwbfile.add_acquisition(movie)
    segmentation = ImageSegmentation()
    table = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="suite2p output", imaging_plane=plane, reference_images=movie
    )
    module = nwbfile.create_processing_module("ophys", "optical physiology processed data")
    module.add(segmentation)
    count = len(session.masks)
    for number in range(planes):
        for region in range(count):
            if planes > 1:
                table.add_roi(voxel_mask=session.pixels(region, rows_in_x=True, plane=number))
            else:
                table.add_roi(pixel_mask=session.pixels(region, rows_in_x=True))
    flags = np.tile(np.column_stack([session.accepted, session.accepted * 0.9]).astype("f8"), (planes, 1))
    table.add_column("iscell", "two columns - iscell & probcell", flags)
    regions = [
        table.create_roi_table_region(f"ROIs for plane{number}", region=list(range(number * count, (number + 1) * count)))
        for number in range(planes)
    ]
    kinds = {"Fluorescence": session.signals, "Neuropil": session.neuropil, "Deconvolved": session.deconvolved}
    if channels > 1:
        kinds |= {"Fluorescence_chan2": session.signals + 1000, "Neuropil_chan2": session.neuropil + 1000}
    for kind, data in kinds.items():
        each = [series(f"plane{number}", data + number, regions[number]) for number in range(planes)]
        module.add(Fluorescence(roi_response_series=each, name=kind))
    for number in range(planes):
        images = Images(f"Backgrounds_{number}")
        images.add_image(GrayscaleImage(name="meanImg", data=session.mean))
        module.add(images)
    return save(nwbfile, path)


def caiman(path: Path, session: Session, *, looked_at: bool = True) -> Path:
    """`movie.save`, and `save_NWB` of the results into the same file: masks in column-major order taken for row-major."""
    nwbfile = new_file("CaImAn Results")
    plane = plane_of(nwbfile, device="imaging_device", channel="main optical channel")
    movie = TwoPhotonSeries(name="TwoPhotonSeries", imaging_plane=plane, data=session.movie, unit="n.a.", rate=RATE)
    nwbfile.add_acquisition(movie)
    module = nwbfile.create_processing_module("ophys", "contains caiman estimates for the main imaging plane")
    segmentation, fluorescence = ImageSegmentation(), Fluorescence()
    module.add([segmentation, fluorescence])
    table = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="CNMF_ROIs", imaging_plane=plane, reference_images=movie
    )
    for name in ("r", "snr", "accepted", "rejected", "keep"):
        table.add_column(name, name)
    count = len(session.masks)
    for mask, kept in zip(session.masks, session.accepted, strict=True):
        wrong = mask.reshape(-1, order="F").reshape(mask.shape)
        seen = {"accepted": bool(kept) and looked_at, "rejected": not kept and looked_at}
        table.add_roi(image_mask=wrong, r=0.9, snr=3.0, keep=bool(kept), **seen)
    table.add_roi(image_mask=np.ones(session.masks.shape[1:]), r=np.nan, snr=np.nan, accepted=False, rejected=False, keep=False)
    times = np.arange(FRAMES) / RATE
    cells = table.create_roi_table_region("ROIs", region=list(range(count)))
    ground = table.create_roi_table_region("Background", region=[count])
    fluorescence.add_roi_response_series(series("RoiResponseSeries", session.signals - 1, cells, timestamps=times))
    name = "Background_Fluorescence_Response"
    fluorescence.add_roi_response_series(series(name, np.ones((FRAMES, 1)), ground, timestamps=times))
    module.add(TimeSeries(name="residuals", data=np.ones((FRAMES, count)), timestamps=times, unit="NA"))
    return save(nwbfile, path)


def neuroconv(
    path: Path,
    session: Session,
    *,
    script: str = "NeuroConv provenance record\nneuroconv_version: 0.10.2",
    rows_in_x: bool = True,
) -> Path:
    """neuroconv 0.10: all signals in one container; x first, but for the pixels of masks."""
    nwbfile = new_file(source_script=script, source_script_file_name="convert.py")
    plane = plane_of(nwbfile)
    data = session.movie.transpose(0, 2, 1)
    nwbfile.add_acquisition(TwoPhotonSeries(name="TwoPhotonSeries", imaging_plane=plane, data=data, unit="n.a.", rate=RATE))
    module = nwbfile.create_processing_module("ophys", "contains optical physiology processed data")
    segmentation, fluorescence = ImageSegmentation(), Fluorescence()
    module.add([segmentation, fluorescence])
    table = segmentation.create_plane_segmentation(name="PlaneSegmentation", description="Segmented ROIs", imaging_plane=plane)
    table.add_column("roi_name", "The unique identifier for each ROI.")
    for number in range(len(session.masks)):
        table.add_roi(pixel_mask=session.pixels(number, rows_in_x=rows_in_x), roi_name=str(number))
    table.add_column("iscell", "", session.accepted.astype("f8"))
    rois = table.create_roi_table_region("all", region=list(range(len(session.masks))))
    named = {"RoiResponseSeries": session.signals, "Neuropil": session.neuropil, "Deconvolved": session.deconvolved}
    for name, values in (named | {"DfOverF": session.dff, "Denoised": session.signals}).items():
        fluorescence.add_roi_response_series(series(name, values, rois))
    images = Images("SegmentationImages", description="The summary images of the segmentation.")
    images.add_image(GrayscaleImage("mean_image", session.mean.T))
    module.add(images)
    return save(nwbfile, path)


def neuroconv_two_planes(path: Path, session: Session) -> Path:
    """neuroconv 0.6 of suite2p with two channels and planes: a table, and series, for each of both."""
    nwbfile = new_file(source_script="Created using NeuroConv v0.6.0", source_script_file_name="convert.py")
    module = nwbfile.create_processing_module("ophys", "contains optical physiology processed data")
    segmentation, fluorescence, relative = ImageSegmentation(), Fluorescence(), DfOverF()
    module.add([segmentation, fluorescence, relative])
    for number, suffix in enumerate(("Chan1Plane0", "Chan1Plane1", "Chan2Plane0", "Chan2Plane1")):
        plane = plane_of(nwbfile, f"ImagingPlane{suffix}")
        table = segmentation.create_plane_segmentation(
            name=f"PlaneSegmentation{suffix}", description="Segmented ROIs", imaging_plane=plane
        )
        for mask in session.masks:
            table.add_roi(image_mask=mask.T)
        table.add_column("Accepted", "1 if ROI was accepted", session.accepted.astype(int))
        table.add_column("Rejected", "1 if ROI was rejected", (~session.accepted).astype(int))
        rois = table.create_roi_table_region("all", region=list(range(len(session.masks))))
        for name, values in {"RoiResponseSeries": session.signals, "Neuropil": session.neuropil}.items():
            fluorescence.add_roi_response_series(series(f"{name}{suffix}", values + number, rois))
        relative.add_roi_response_series(series(f"RoiResponseSeries{suffix}", session.dff + number, rois))
    return save(nwbfile, path)


def roiextractors_2020(path: Path, session: Session) -> Path:
    """The first versions of roiextractors: rows first."""
    nwbfile = new_file(created=datetime(2020, 12, 17, tzinfo=UTC))
    plane = plane_of(nwbfile)
    module = nwbfile.create_processing_module("ophys", "contains optical physiology processed data")
    segmentation, fluorescence = ImageSegmentation(), Fluorescence()
    module.add([segmentation, fluorescence])
    table = segmentation.create_plane_segmentation(name="PlaneSegmentation", description="Segmented ROIs", imaging_plane=plane)
    for name in ("RoiCentroid", "Accepted", "Rejected"):
        table.add_column(name, name)
    for mask, kept in zip(session.masks, session.accepted, strict=True):
        table.add_roi(image_mask=mask, RoiCentroid=[1, 2], Accepted=int(kept), Rejected=int(not kept))
    rois = table.create_roi_table_region("all", region=list(range(len(session.masks))))
    for name, values in {"RoiResponseSeries": session.signals, "Neuropil": session.neuropil}.items():
        fluorescence.add_roi_response_series(series(name, values, rois))
    return save(nwbfile, path)


def allensdk(path: Path, session: Session) -> Path:
    """Visual Behavior of the AllenSDK: a container for each kind, in each a series `traces`; rows first."""
    nwbfile = new_file()
    plane = plane_of(nwbfile, "imaging_plane_1", channel="2P Optical Channel")
    module = nwbfile.create_processing_module("ophys", "Ophys processing module")
    segmentation = ImageSegmentation(name="image_segmentation")
    module.add(segmentation)
    table = segmentation.create_plane_segmentation(name="cell_specimen_table", description="Segmented rois", imaging_plane=plane)
    for name in ("cell_specimen_id", "valid_roi", "x", "y"):
        table.add_column(name, "No Description Available")
    for number, mask in enumerate(session.masks):
        table.add_roi(
            image_mask=mask, cell_specimen_id=number, valid_roi=bool(session.accepted[number]), x=1, y=2, id=100 + number
        )
    rois = table.create_roi_table_region("segmented cells", region=slice(len(session.masks)))
    times = np.arange(FRAMES) / RATE
    relative = DfOverF(name="dff")
    module.add(relative)
    relative.add_roi_response_series(series("traces", session.dff, rois, timestamps=times))
    named = {"demixed_trace": session.signals, "neuropil_trace": session.neuropil, "corrected_fluorescence": session.signals - 5}
    for name, data in named.items():
        traces = series("traces", data, rois, timestamps=times)
        module.add(Fluorescence(roi_response_series=[traces], name=name))
    numbers = np.arange(len(session.masks))
    for name in ("r", "RMSE"):
        module["corrected_fluorescence"].add_roi_response_series(
            series(name, numbers / 10, rois, timestamps=numbers.astype("f8"))
        )
    # A type of an extension there, of which the name is fixed.
    module.add(series("event_detection", session.deconvolved, rois, timestamps=times))
    images = Images("images")
    images.add_image(GrayscaleImage("max_projection", session.movie.max(axis=0)))
    module.add(images)
    return save(nwbfile, path)


def visual_coding(path: Path, session: Session) -> Path:
    """The Allen Brain Observatory as it was converted for DANDI (000728)."""
    nwbfile = new_file()
    plane = plane_of(nwbfile)
    module = nwbfile.create_processing_module("ophys", "Contains processed optical physiology data.")
    segmentation = ImageSegmentation()
    table = segmentation.create_plane_segmentation(
        name="PlaneSegmentation", description="Segmented regions of interest (ROI).", imaging_plane=plane
    )
    for number in range(len(session.masks)):
        table.add_roi(pixel_mask=session.pixels(number, rows_in_x=False), id=number)
    rois = table.create_roi_table_region("all", region=list(range(len(session.masks))))
    named = {"Neuropil": session.neuropil, "Corrected": session.signals - 5, "Demixed": session.signals}
    fluorescence = Fluorescence(roi_response_series=[series(name, data, rois) for name, data in named.items()])
    relative = [series("DfOverF", session.dff, rois), series("DfOverFEvents", session.deconvolved, rois)]
    module.add([segmentation, fluorescence, DfOverF(roi_response_series=relative)])
    return save(nwbfile, path)


def matnwb(path: Path, session: Session, *, pixels: bool = False, programs: Any = (("matnwb", "2.9.0"),)) -> Path:
    """What MatNWB's tutorial leads to: arrays [row, column, time] of MATLAB, whose axes the file has in reverse.

    Its pixel masks are what `ind2sub` gives: x in `x`, counted from 1.
    """
    nwbfile = new_file(was_generated_by=[list(program) for program in programs])
    plane = plane_of(nwbfile, "imaging_plane")
    data = session.movie.transpose(0, 2, 1)
    nwbfile.add_acquisition(TwoPhotonSeries(name="2pInternal", imaging_plane=plane, data=data, unit="lumens", rate=RATE))
    module = nwbfile.create_processing_module("ophys", "Contains optical physiology data")
    segmentation = ImageSegmentation()
    table = segmentation.create_plane_segmentation(name="PlaneSegmentation", description="my favorite", imaging_plane=plane)
    for number, mask in enumerate(session.masks):
        if pixels:
            table.add_roi(pixel_mask=session.pixels(number, rows_in_x=False) + np.array([1, 1, 0]))
        else:
            table.add_roi(image_mask=mask.T)
    rois = table.create_roi_table_region("all_rois", region=list(range(len(session.masks))))
    fluorescence = Fluorescence(roi_response_series=[series("RoiResponseSeries", session.signals, rois)])
    module.add([segmentation, fluorescence, DfOverF(roi_response_series=[series("my_series", session.dff, rois)])])
    return save(nwbfile, path)


def nobody(
    path: Path, session: Session, *, movie: bool = True, rows_in_x: bool = False, traces: bool = True, images: bool = False
) -> Path:
    """A file without any sign of who wrote it; x is first, but for the pixels of masks on demand."""
    nwbfile = new_file()
    plane = plane_of(nwbfile)
    if movie:
        data = session.movie.transpose(0, 2, 1)
        nwbfile.add_acquisition(ImageSeries(name="other", data=data[:, ::2], unit="n.a.", rate=RATE))
        nwbfile.add_acquisition(TwoPhotonSeries(name="movie", imaging_plane=plane, data=data, unit="n.a.", rate=RATE))
    module = nwbfile.create_processing_module("ophys", "results")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    table = segmentation.create_plane_segmentation(name="cells", description="drawn by hand", imaging_plane=plane)
    for number in range(len(session.masks)):
        table.add_roi(pixel_mask=session.pixels(number, rows_in_x=rows_in_x))
    if traces:
        rois = table.create_roi_table_region("all", region=list(range(len(session.masks))))
        module.add(Fluorescence(roi_response_series=[series("F", session.signals, rois)]))
    if images:
        module.add(Images("images", images=[GrayscaleImage("mean", session.mean.T)]))
    return save(nwbfile, path)
