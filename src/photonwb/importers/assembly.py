"""From what sources describe to the objects of a file: the one place where importers' findings become NWB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.base import Images, ProcessingModule, TimeSeries
from photonwb.device import Device, DeviceModel
from photonwb.errors import InvalidValueError
from photonwb.file import NWBFile
from photonwb.image import GrayscaleImage, ImageSeries
from photonwb.importers.base import Movie, plane_suffix
from photonwb.importers.metadata import merged_planes
from photonwb.ophys import (
    CorrectedImageStack,
    DfOverF,
    Fluorescence,
    ImageSegmentation,
    ImagingPlane,
    MotionCorrection,
    OnePhotonSeries,
    OpticalChannel,
    TwoPhotonSeries,
)
from photonwb.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photonwb.importers.base import BadFrames, Fragment, Instrument, Motion, Picture, Plane, Regions, Trace
    from photonwb.importers.metadata import Metadata
    from photonwb.ophys import PlaneSegmentation
    from photonwb.typing import ArrayLike

__all__ = ["assemble"]

_SERIES: dict[str, type[OnePhotonSeries | TwoPhotonSeries]] = {
    "OnePhotonSeries": OnePhotonSeries,
    "TwoPhotonSeries": TwoPhotonSeries,
}
# Names of series by the kind of signal: those that other readers look for.
_NAMES = {
    "raw": "RoiResponseSeries",
    "neuropil": "Neuropil",
    "denoised": "Denoised",
    "deconvolved": "Deconvolved",
    "baseline": "Baseline",
    "background": "Background",
    "dff": "RoiResponseSeries",
}


def assemble(fragments: Sequence[Fragment], metadata: Metadata, masks: str = "pixel") -> NWBFile:
    """An NWBFile of all that was found; large arrays are read when it is written.

    Parameters
    ----------
    fragments : sequence of Fragment
    metadata : Metadata
    masks : {"pixel", "image"}
        How to store regions. As images they take far more room; some readers know nothing else.

    Raises
    ------
    InvalidValueError
        Something required is missing.
    """
    metadata.check(fragments)
    return _Session(fragments, metadata, masks).nwbfile


class _Session:
    """A file while it is being put together."""

    def __init__(self, fragments: Sequence[Fragment], metadata: Metadata, masks: str) -> None:
        self.metadata = metadata
        self.masks = masks
        self.nwbfile = NWBFile(**metadata.session(fragments), was_generated_by=_programs(fragments))
        subject = metadata.subject(fragments)
        if subject:
            self.nwbfile.subject = Subject(**subject)
        for instrument in (*metadata.instruments(), *(each for fragment in fragments for each in fragment.instruments)):
            self.add_device(instrument)
        for plane in merged_planes(fragments):
            self.add_plane(metadata.plane(plane))
        self.tables: dict[str, PlaneSegmentation] = {}
        # Movies first, since a correction refers to what was corrected, maybe by another source.
        for fragment in fragments:
            for movie in fragment.movies:
                self.nwbfile.add_acquisition(self.series(movie))
        for fragment in fragments:
            self.add_results(fragment)

    def add_results(self, fragment: Fragment) -> None:
        for motion in fragment.motions:
            self.add_motion(motion)
        for regions in fragment.regions:
            self.add_regions(regions)
        for trace in fragment.traces:
            self.add_trace(trace)
        for picture in fragment.pictures:
            self.add_picture(picture)
        for bad in fragment.bad_frames:
            self.add_bad_frames(bad)
        for name, text in fragment.settings.items():
            self.nwbfile.add_scratch(text, name=name, description=f"Settings found in {Path(fragment.source).name}.")

    # ---- what was recorded with what, where

    def add_device(self, instrument: Instrument) -> None:
        if instrument.name in self.nwbfile.devices:
            return
        model = None
        if instrument.manufacturer is not None:
            name = instrument.model or f"{instrument.name} model"
            models = self.nwbfile.device_models
            model = models[name] if name in models else DeviceModel(name, manufacturer=instrument.manufacturer)
            if name not in models:
                self.nwbfile.add_device_model(model)
        self.nwbfile.add_device(
            Device(instrument.name, description=instrument.description, serial_number=instrument.serial_number, model=model)
        )

    def add_plane(self, plane: Plane) -> None:
        device = plane.device or "unknown"
        if device not in self.nwbfile.devices:
            self.nwbfile.add_device(Device(device))
        channels = [
            OpticalChannel(channel.name, channel.description or f"The channel {channel.name}.", channel.emission_lambda)  # type: ignore[arg-type] - checked
            for channel in plane.channels
        ]
        given = {
            field: value
            for field, value in plane._asdict().items()
            if value is not None and field not in ("channels", "device", "description")
        }
        self.nwbfile.add_imaging_plane(
            ImagingPlane(
                optical_channel=channels,
                device=self.nwbfile.devices[device],
                description=plane.description or f"The imaged plane {plane.name}.",
                **given,
            )
        )

    def plane(self, name: str) -> ImagingPlane:
        return self.nwbfile.imaging_planes[name]

    def series(self, movie: Movie) -> OnePhotonSeries | TwoPhotonSeries:
        arguments = {key: value for key, value in movie.options.items() if value is not None}
        if movie.data is not None:
            arguments |= {"data": movie.data, "unit": movie.unit}
        return _SERIES[movie.kind](
            name=movie.name,
            imaging_plane=self.plane(movie.plane),
            description=movie.description or f"The movie of {movie.plane}.",
            **arguments,
            **self.metadata.timing(movie.timing, movie.plane),
        )

    # ---- what was made of it

    @property
    def module(self) -> ProcessingModule:
        if "ophys" not in self.nwbfile.processing:
            self.nwbfile.create_processing_module("ophys", "What was made of the movies.")
        return self.nwbfile.processing["ophys"]

    def container(self, kind: type[Any]) -> Any:
        """The collection of a kind, made when it is first needed."""
        name = kind.__name__
        if name not in self.module.data_interfaces:
            self.module.add(kind())
        return self.module[name]

    def add_motion(self, motion: Motion) -> None:
        suffix = motion.channel + plane_suffix(motion.plane)
        timing = self.metadata.timing(motion.timing, motion.plane)
        about = motion.description or f"{motion.plane}, corrected for motion."
        original = self._original(motion)
        if motion.block_shifts is not None:
            where = f" Blocks, as first and end of x, of y: {[list(block) for block in motion.blocks]}" if motion.blocks else ""
            what = f"What moved each block of each frame of {motion.plane} further, along x and y.{where}"
            self.module.add(_shifts(f"XYTranslationBlocks{suffix}", motion.block_shifts, what, timing))
        what = f"What brought each frame of {motion.plane} to its place, along x and y."
        if motion.shifts is not None and motion.corrected is not None and original is not None:
            corrected = ImageSeries("corrected", data=motion.corrected, unit=motion.unit, description=about, **timing)
            shifts = _shifts("xy_translation", motion.shifts, what, timing)
            stack = CorrectedImageStack(corrected, original, shifts, name=f"CorrectedImageStack{suffix}")
            self.container(MotionCorrection).add_corrected_image_stack(stack)
            return
        # The standard has no place for a correction of which a part is missing.
        if motion.shifts is not None:
            self.module.add(_shifts(f"XYTranslation{suffix}", motion.shifts, what, timing))
        if motion.corrected is not None:
            movie = Movie(
                f"Corrected{motion.kind}{suffix}", motion.plane, motion.corrected, motion.timing, motion.kind, motion.unit, about
            )
            self.module.add(self.series(movie))

    def _original(self, motion: Motion) -> ImageSeries | None:
        """The movie that was corrected: the named one, or the only one of the plane with as many frames."""
        if motion.original is not None:
            return self.nwbfile.acquisition[motion.original]  # type: ignore[return-value] - movies are added first
        frames = shape_of(motion.corrected if motion.corrected is not None else motion.shifts)
        fitting = [
            series
            for series in self.nwbfile.acquisition.values()
            if isinstance(series, (OnePhotonSeries, TwoPhotonSeries))
            and series.imaging_plane is self.plane(motion.plane)
            and frames is not None
            and series.num_samples == frames[0]
        ]
        return fitting[0] if len(fitting) == 1 else None

    def add_regions(self, regions: Regions) -> None:
        table = self.container(ImageSegmentation).create_plane_segmentation(
            name=regions.name,
            description=regions.description or f"Regions of interest of {regions.plane}.",
            imaging_plane=self.plane(regions.plane),
        )
        for column in regions.columns:
            table.add_column(column.name, column.description, index=column.ragged)
        columns = {column.name: column.values for column in regions.columns}
        if not len(regions.masks):
            pass
        elif self.masks == "image":
            table.add_rois(image_mask=_images(regions), **columns)
        else:
            kind = "pixel_mask" if regions.masks.dimensions == 2 else "voxel_mask"
            table.add_rois(**{kind: regions.masks}, **columns)
        self.tables[regions.name] = table

    def add_trace(self, trace: Trace) -> None:
        table = self.tables[trace.regions]
        shape = shape_of(trace.data)
        if shape is None or len(shape) != 2 or shape[1] != len(table):
            raise InvalidValueError(
                f"{trace.kind} of {trace.regions}: expected (time, {len(table)} regions), got an array of shape {shape}"
            )
        if not len(table):
            return
        plane = table.imaging_plane.name
        self.container(DfOverF if trace.kind == "dff" else Fluorescence).create_roi_response_series(
            name=(trace.name or _NAMES.get(trace.kind, trace.kind)) + plane_suffix(plane),
            data=trace.data,
            rois=table.create_roi_table_region(f"All regions of {trace.regions}."),
            unit=trace.unit,
            description=trace.description or f"The {trace.kind} signal of each region.",
            **self.metadata.timing(trace.timing, plane),
        )

    def add_picture(self, picture: Picture) -> None:
        name = f"SummaryImages{plane_suffix(picture.plane)}"
        if name not in self.module.data_interfaces:
            self.module.add(Images(name, description=f"Images that sum up the movie of {picture.plane}."))
        images: Any = self.module[name]
        images.add_image(GrayscaleImage(picture.name, data=picture.data, description=picture.description))

    def add_bad_frames(self, bad: BadFrames) -> None:
        import numpy as np

        timing = self.metadata.timing(bad.timing, bad.plane)
        edges = np.flatnonzero(np.diff(np.asarray(bad.frames, bool).astype(np.int8), prepend=0, append=0))
        for first, end in edges.reshape(-1, 2).tolist():
            if "rate" in timing:
                start, stop = (timing["starting_time"] + frame / timing["rate"] for frame in (first, end))
            else:
                times = timing["timestamps"]
                start, stop = float(times[first]), float(times[end - 1])
            self.nwbfile.add_invalid_time_interval(start_time=start, stop_time=stop, tags=[bad.reason, bad.plane])


def _shifts(name: str, shifts: ArrayLike, what: str, timing: dict[str, Any]) -> TimeSeries:
    return TimeSeries(name, data=shifts, unit="pixels", description=what, **timing)


def _images(regions: Regions) -> Any:
    import numpy as np

    if regions.masks.image_shape is None:
        raise InvalidValueError(
            f"{regions.name}: the source does not say how large the images are: store regions as masks='pixel'"
        )
    return np.stack([regions.masks.image(row) for row in range(len(regions.masks))])


def _programs(fragments: Sequence[Fragment]) -> list[tuple[str, str]]:
    """Name and version of each program that had a part in this."""
    from photonwb import __version__

    found = [tuple(program) for fragment in fragments for program in fragment.metadata.get("was_generated_by", ())]
    return list(dict.fromkeys([*found, ("photonwb", __version__)]))
