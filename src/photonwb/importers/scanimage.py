"""TIFF files of ScanImage, of version 3 and since.

Every frame has its own time: where they are steady a rate says the same, where frames are missing each time is kept. Sizes are in
degrees of the scanner, and become lengths by the resolution of the objective (µm per degree).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError, PhotonwbError
from photonwb.importers.base import Channel, Fragment, Instrument, Plane, Timing
from photonwb.importers.recording import MICRON, Recording, add_recording, timing_of
from photonwb.importers.scanimage_header import Header, ScanField, frame_time, has_header

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from photonwb.movies import Pages, TiffPages

__all__ = ["can_open", "name", "read", "recognises"]

name = "scanimage"
recognises = "a TIFF file of ScanImage, or a folder of those of one recording"


def can_open(path: Path) -> bool:
    """Whether a path is a TIFF file of ScanImage, or a folder with some."""
    from photonwb.movies import tiff_files
    from photonwb.movies.tiff import open_tiff

    try:
        with open_tiff(tiff_files(path)[0]) as tiff:
            return has_header(tiff)
    except (PhotonwbError, OSError, ImportError):
        return False


def read(path: Path | str, *, channel: str | None = None, split_planes: bool = False, link: bool = False) -> Fragment:
    """Describe a recording of ScanImage.

    Parameters
    ----------
    path : path
        A file, or a folder of the files of one recording, in the order of the numbers in their names.
    channel : str, optional
        The name of a channel, or its number among those saved, from 1; all by default.
    split_planes : bool
        Make a movie of each plane, instead of volumes (time, x, y, z).
    link : bool
        Leave the movie in its files, and have the NWB file say where they are; for one channel and plane.

    Raises
    ------
    MissingFileError, DamagedFileError
    InvalidValueError
        Regions that do not lie in the pages as the header says.
    """
    from photonwb.movies import TiffPages, tiff_files
    from photonwb.movies.tiff import open_tiff

    fragment = Fragment(path)
    files = tiff_files(path)
    times: list[float] = []
    pages = TiffPages(files, on_page=lambda page: times.append(frame_time(page)))
    with open_tiff(files[0]) as tiff:
        header = Header(tiff)
    _Session(fragment, header, pages, times).add(channel, split_planes=split_planes, link=link)
    return fragment


class _Session:
    """A recording while it is described."""

    def __init__(self, fragment: Fragment, header: Header, pages: TiffPages, times: list[float]) -> None:
        import numpy as np

        self.fragment, self.header, self.pages = fragment, header, pages
        self.channels = len(header.channels)
        self.slices, self.per_slice, self.flyback = self._order()
        self.places = self._places()
        self.times: NDArray[Any] | None = np.array(times) if len(times) == pages.count and np.isfinite(times).all() else None

    def _order(self) -> tuple[int, int, int]:
        """Slices of a volume, frames of each in a row, and frames on the way back that show nothing."""
        header = self.header
        if header.is_old:
            slices = int(header.number("state.acq.numberOfZSlices") or 1)
            per_slice = header.number("state.acq.numberOfFrames") or 1 if slices > 1 else 1
            averaged = header.number("state.acq.numAvgFramesSave") or 1 if slices > 1 else 1
            return slices, max(1, int(per_slice / averaged)), 0
        if not header.number("SI.hStackManager.enable", "SI.hFastZ.enable"):
            return 1, 1, 0
        slices = int(
            header.number("SI.hStackManager.actualNumSlices", "SI.hStackManager.numSlices", "SI.hFastZ.numFramesPerVolume") or 1
        )
        per_slice = header.number("SI.hStackManager.framesPerSlice") or 1
        per_slice = 1 if per_slice in (float("inf"), 0) else per_slice / (header.number("SI.hScan2D.logAverageFactor") or 1)
        kept = header.number("SI.hStackManager.numFramesPerVolume") or slices
        all_frames = header.number("SI.hStackManager.numFramesPerVolumeWithFlyback")
        flyback = (all_frames - kept) if all_frames else header.number("SI.hFastZ.numDiscardFlybackFrames") or 0
        return slices, max(1, round(per_slice)), max(0, int(flyback))

    def _places(self) -> NDArray[Any]:
        """The page of each (channel, time, z)."""
        import numpy as np

        frames = self.slices * self.per_slice + self.flyback
        step = frames * self.channels
        whole, left_over = divmod(self.pages.count, step)
        if not whole:
            raise InvalidValueError(
                f"{self.pages.description}: the header speaks of {self.channels} channels and {frames} frames of a volume, and "
                f"there are {self.pages.count} pages: the recording was stopped before the first volume was complete"
            )
        if left_over:
            self.fragment.notes.append(f"the last {left_over} pages were left out: their volume is not complete")
        if self.flyback:
            self.fragment.notes.append(f"{self.flyback} frames of each volume were left out: the objective flies back")
        places = np.arange(whole * step).reshape(whole, frames, self.channels)[:, : self.slices * self.per_slice]
        places = places.reshape(whole, self.slices, self.per_slice, self.channels)
        return places.transpose(3, 0, 2, 1).reshape(self.channels, whole * self.per_slice, self.slices)

    def add(self, channel: str | None, *, split_planes: bool, link: bool) -> None:
        self._add_session()
        if self.slices > 1 and self.per_slice > 1 and not split_planes:
            split_planes = True
            self.fragment.notes.append(f"{self.per_slice} frames of each slice in a row make no volumes: each plane is a movie")
        for suffix, field, pages in self._regions():
            recording = self._recording(suffix, field, pages)
            if link and pages is not self.pages:
                raise InvalidValueError(f"{self.pages.description}: several regions share the pages, so they cannot be linked")
            add_recording(self.fragment, recording, channel=channel, split_planes=split_planes, link=link)

    def _regions(self) -> list[tuple[str, ScanField | None, Pages]]:
        """What is scanned, one region above the other in each page, with lines between in which the mirror moves on."""
        from photonwb.movies.cropped import CroppedPages

        fields, (rows, columns) = self.header.fields, self.pages.shape
        if len(fields) < 2 or not self.header.value("SI.hRoiManager.mroiEnable"):
            return [("", fields[0] if len(fields) == 1 else None, self.pages)]
        heights = [field.pixels[1] for field in fields]
        between, rest = divmod(rows - sum(heights), len(fields) - 1)
        if self.slices > 1 or between < 0 or rest or any(field.pixels[0] != columns for field in fields):
            sizes = ", ".join(f"{field.pixels[0]} × {field.pixels[1]}" for field in fields)
            planes = f" in {self.slices} slices" if self.slices > 1 else ""
            raise InvalidValueError(
                f"{self.pages.description}: several regions ({sizes} pixels{planes}) in pages of {columns} × {rows} cannot be "
                "told apart; split the file with the tools of ScanImage, or import it with format='tiff'"
            )
        starts = [sum(heights[:number]) + between * number for number in range(len(fields))]
        self.fragment.notes.append(f"each of {len(fields)} scanned regions is a movie of its own")
        return [
            (str(number), field, CroppedPages(self.pages, range(start, start + field.pixels[1])))
            for number, (field, start) in enumerate(zip(fields, starts, strict=True))
        ]

    def _recording(self, suffix: str, field: ScanField | None, pages: Pages) -> Recording:
        header = self.header
        period = header.number("SI.hRoiManager.linePeriod") or (header.number("state.acq.msPerLine") or 0) / 1000
        um = header.number("SI.objectiveResolution")
        spacing = origin = view = None
        if field is not None and um:
            spacing = tuple(size * um * MICRON / count for size, count in zip(field.size, field.pixels, strict=True))
            view = tuple(size * um * MICRON for size in field.size)
            corner = (centre - size / 2 for centre, size in zip(field.centre, field.size, strict=True))
            origin = (
                tuple((edge * um * MICRON + step / 2) for edge, step in zip(corner, spacing, strict=True)) if suffix else None
            )
        zoom = header.number("SI.hRoiManager.scanZoomFactor", "state.acq.zoomFactor")
        about = [f"zoom {zoom:g}" if zoom else "", f"{um:g} µm per degree" if um else "", field.name if suffix and field else ""]
        description = ", ".join(each for each in about if each)
        return Recording(
            pages,
            self.places,
            self._timings(),
            tuple(Channel(self._channel_name(number)) for number in header.channels),
            Plane(
                f"ImagingPlane{suffix}",
                description=f"Scanned with {description}." if description else None,
                device=self.fragment.instruments[0].name,
                grid_spacing=spacing,
                origin_coords=origin,
                reference_frame="centre of the field of the scanner" if origin else None,
            ),
            self._depths(),
            description="The movie as recorded by ScanImage",
            options={"scan_line_rate": round(1 / period, 6) if period else None, "field_of_view": view},
            pmt_gains=self._gains(),
        )

    def _channel_name(self, number: int) -> str:
        names: Any = self.header.value("SI.hChannels.channelName")
        return str(names[number - 1]) if isinstance(names, list) and len(names) >= number else f"Channel {number}"

    def _gains(self) -> tuple[float | None, ...]:
        gains = self.header.numbers("SI.hPmts.gains")
        return tuple(gains[number - 1] if number <= len(gains) else None for number in self.header.channels)

    def _depths(self) -> tuple[float, ...]:
        if self.slices == 1:
            return ()
        zs = self.header.numbers("SI.hStackManager.zs")
        if len(zs) >= self.slices:
            return tuple(z * MICRON for z in zs[: self.slices])
        step = self.header.number(
            "SI.hStackManager.actualStackZStepSize", "SI.hStackManager.stackZStepSize", "state.acq.zStepSize"
        )
        return tuple(step * MICRON * number for number in range(self.slices)) if step else ()

    def _timings(self) -> tuple[Timing, ...]:
        """By the times of the frames; by the rate that the header notes where those are not there."""
        noted = self.header.number("SI.hRoiManager.scanFrameRate", "state.acq.frameRate", "scanimage.SI4.scanFrameRate")
        averaged = self.header.number("SI.hScan2D.logAverageFactor") or 1
        rate = noted / averaged / (self.slices + self.flyback) if noted and self.per_slice == 1 else None
        rate = self.header.number("SI.hRoiManager.scanVolumeRate") or rate if self.slices > 1 and self.per_slice == 1 else rate
        if self.times is None or len(self.places[0]) < 2:
            period = (self.slices + self.flyback) * rate if rate else None
            return tuple(Timing(rate, z / period if period else 0.0) for z in range(self.slices))
        found = tuple(timing_of(self.times[self.places[0, :, z]]) for z in range(self.slices))
        told = found[0].rate
        if told is None:
            self.fragment.notes.append("frames are missing or came late: each keeps its own time")
        elif rate and abs(told / rate - 1) > 0.02:
            self.fragment.notes.append(
                f"the header speaks of {rate:g} Hz, the times of the frames of {told:g} Hz, which is what was taken"
            )
        return found

    def _add_session(self) -> None:
        version = self.header.version
        self.fragment.instruments.append(Instrument("ScanImage microscope", f"Controlled by ScanImage {version}."))
        self.fragment.metadata["was_generated_by"] = [("ScanImage", version)]
        self.fragment.settings["ScanImage"] = self.header.text
        if self.header.start is not None:
            self.fragment.metadata["session_start_time"] = self.header.start.astimezone()
            self.fragment.notes.append(
                f"the recording began at {self.header.start}, of which ScanImage does not note the time zone: taken as local"
            )
