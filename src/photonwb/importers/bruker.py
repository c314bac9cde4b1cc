"""Folders of PrairieView, the program of Bruker's microscopes: an XML file that lists every frame, and TIFF files with the pages.

Of a series in time each frame is a frame; of a series of z stacks each sequence is a volume. Each frame has its time, so what is
missing shows.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError
from photonwb.importers.base import Channel, Fragment, Instrument, Plane, Timing
from photonwb.importers.recording import MICRON, Recording, add_recording, timing_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from photonwb.movies import TiffPages

__all__ = ["can_open", "name", "read", "recognises"]

name = "bruker"
recognises = "a folder of PrairieView, with an XML file and TIFF files, or that XML file"

_DATES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")


class _Frame(NamedTuple):
    """A frame: the sequence that it is in, its times, and the page of each channel."""

    sequence: int
    relative_time: float
    absolute_time: float
    files: tuple[tuple[str, str, int], ...]  # channel, file name, page from 1
    z: float | None


def can_open(path: Path) -> bool:
    """Whether a path is a folder of PrairieView, or its XML file."""
    try:
        return _master(path) is not None
    except OSError:
        return False


def read(path: Path | str, *, channel: str | None = None, split_planes: bool = False) -> Fragment:
    """Describe a recording of PrairieView.

    Parameters
    ----------
    path : path
        The folder, or the XML file in it.
    channel : str, optional
        The name of a channel, or its number among those recorded, from 1; all by default.
    split_planes : bool
        Make a movie of each plane, instead of volumes (time, x, y, z).

    Raises
    ------
    MissingFileError
        Not such a folder, or a TIFF file is missing.
    DamagedFileError
        The XML cannot be read, or has a DTD.
    InvalidValueError
        It lists no frames.
    """
    from photonwb.movies import TiffPages

    master = _master(Path(path))
    if master is None:
        raise MissingFileError(f"{path}: expected a folder of PrairieView, with an XML file that lists the frames")
    fragment = Fragment(path)
    scan = _Scan(master)
    names = list(dict.fromkeys(file for frame in scan.frames for _, file, _ in frame.files))
    missing = [file for file in names if not (master.parent / file).is_file()]
    if missing:
        raise MissingFileError(f"{master}: {len(missing)} of {len(names)} files of frames are missing, the first is {missing[0]}")
    pages = TiffPages([master.parent / file for file in names])
    places = _places(scan, pages, names, fragment)
    _add_session(fragment, scan)
    add_recording(fragment, _recording(scan, pages, places, fragment), channel=channel, split_planes=split_planes)
    return fragment


def _master(path: Path) -> Path | None:
    """The XML file that lists the frames."""
    candidates = sorted(path.glob("*.xml")) if path.is_dir() else [path] if path.suffix.lower() == ".xml" else []
    for each in candidates:
        with each.open("rb") as stream:
            if b"<PVScan" in stream.read(4096).replace(b"\0", b""):
                return each
    return None


class _Scan:
    """What the XML file says, read element by element: it has hundreds of bytes for each frame."""

    def __init__(self, master: Path) -> None:
        from photonwb.importers.xml_reading import elements

        self.label = str(master)
        self.attributes: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        self.sequences: list[dict[str, str]] = []
        self.frames: list[_Frame] = []
        self.serial_number: str | None = None
        inside_frame = False
        with master.open("rb") as stream:
            for event, element in elements(stream, self.label):
                if event == "start":
                    inside_frame = inside_frame or element.tag == "Frame"
                    if element.tag == "PVScan":
                        self.attributes = dict(element.attrib)
                    elif element.tag == "Sequence":
                        self.sequences.append(dict(element.attrib))
                elif element.tag == "Frame":
                    self.frames.append(self._frame(element))
                    inside_frame = False
                    element.clear()
                elif element.tag == "SystemID":
                    self.serial_number = element.get("SystemID")
                elif element.tag == "PVStateShard" and not inside_frame:
                    # Those of a sequence repeat what stands at the top.
                    self.settings = _settings(element) | self.settings
                    element.clear()
        if not self.frames:
            raise InvalidValueError(f"{self.label}: expected frames, found none")

    def _frame(self, element: Element) -> _Frame:
        try:
            files = tuple(self._file(each) for each in element.iter("File"))
            relative = float(element.get("relativeTime", "nan"))
            absolute = float(element.get("absoluteTime", "nan"))
        except (KeyError, ValueError) as error:
            raise DamagedFileError(f"{self.label}: frame {len(self.frames)} makes no sense: {error}") from error
        shard = element.find("PVStateShard")
        position = {} if shard is None else _settings(shard).get("positionCurrent", {})
        return _Frame(len(self.sequences) - 1, relative, absolute, files, _depth(position))

    def _file(self, element: Element) -> tuple[str, str, int]:
        file = element.attrib["filename"]
        if Path(file.replace("\\", "/")).name != file:
            raise ValueError(f"{file!r} is not in this folder")
        return element.get("channelName") or f"Ch{element.get('channel', '1')}", file, int(element.get("page", "1"))

    def number(self, key: str, index: str = "") -> float | None:
        """A setting as a number."""
        value = self.settings.get(key)
        value = value.get(index) if isinstance(value, dict) else value
        value = next(iter(value.values()), None) if isinstance(value, dict) else value
        try:
            return float(str(value))
        except ValueError:
            return None

    @property
    def has_volumes(self) -> bool:
        return "ZSeries" in self.sequences[0].get("type", "") and len(self.sequences) > 1

    @property
    def start(self) -> datetime | None:
        """When the recording began, by the clock of that computer."""
        for form in _DATES:
            try:
                return datetime.strptime(self.attributes.get("date", ""), form).astimezone()
            except ValueError:
                continue
        return None


def _settings(shard: Element) -> dict[str, Any]:
    """Values by key, or by key and index, or by key, index and subindex."""
    found: dict[str, Any] = {}
    for value in shard.iter("PVStateValue"):
        indexed: dict[str, Any] = {each.get("index", ""): each.get("value") for each in value.iter("IndexedValue")}
        for each in value.iter("SubindexedValues"):
            indexed[each.get("index", "")] = {
                part.get("subindex", ""): part.get("value") for part in each.iter("SubindexedValue")
            }
        found[value.get("key", "")] = indexed or value.get("value")
    return found


def _depth(position: Any) -> float | None:
    """The sum of the motors along z, in µm."""
    motors: Any = position.get("ZAxis") if isinstance(position, dict) else None
    if motors is None:
        return None
    try:
        return sum(float(each) for each in (motors.values() if isinstance(motors, dict) else [motors]))
    except ValueError:
        return None


def _channels(scan: _Scan) -> list[str]:
    return list(dict.fromkeys(channel for frame in scan.frames for channel, _, _ in frame.files))


def _places(scan: _Scan, pages: TiffPages, names: list[str], fragment: Fragment) -> NDArray[Any]:
    """The page of each (channel, time, z)."""
    import numpy as np

    firsts = dict(zip(names, np.cumsum([0, *pages.counts[:-1]]).tolist(), strict=True))
    limits = dict(zip(names, pages.counts, strict=True))
    channels = _channels(scan)
    rows: list[list[list[int]]] = []
    for group in _groups(scan, fragment):
        rows.append([])
        for frame in group:
            found = {channel: (file, page) for channel, file, page in frame.files}
            if len(found) != len(channels) or any(not 1 <= page <= limits[file] for file, page in found.values()):
                raise InvalidValueError(f"{scan.label}: a frame at {frame.relative_time:g} s lacks a page of one of {channels}")
            rows[-1].append([firsts[found[channel][0]] + found[channel][1] - 1 for channel in channels])
    return np.array(rows, np.intp).transpose(2, 0, 1)


def _groups(scan: _Scan, fragment: Fragment | None = None) -> list[list[_Frame]]:
    """The frames of each volume, from the first plane to the last; each frame for itself where there are no volumes."""
    if not scan.has_volumes:
        return [[frame] for frame in scan.frames]
    volumes: list[list[_Frame]] = [[] for _ in scan.sequences]
    for frame in scan.frames:
        volumes[frame.sequence].append(frame)
    depth = len(volumes[0])
    whole = [volume for volume in volumes if len(volume) == depth]
    if len(whole) < len(volumes) and fragment is not None:
        fragment.notes.append(f"{len(volumes) - len(whole)} volumes were left out: they are not complete")
    if scan.sequences[0].get("bidirectionalZ", "").lower() == "true":
        # Every other volume is recorded on the way back.
        whole = [volume[:: -1 if volume[0].sequence % 2 else 1] for volume in whole]
    return whole


def _recording(scan: _Scan, pages: TiffPages, places: NDArray[Any], fragment: Fragment) -> Recording:
    spacing = [scan.number("micronsPerPixel", axis) for axis in ("XAxis", "YAxis")]
    position = [scan.number("positionCurrent", axis) for axis in ("XAxis", "YAxis")]
    rows, columns = pages.shape
    has_size = None not in spacing and all(spacing)
    x, y = (float(each or 0) * MICRON for each in spacing)
    period, wavelength = scan.number("scanLinePeriod"), scan.number("laserWavelength", "0")
    channels = _channels(scan)
    return Recording(
        pages,
        places,
        _timings(scan, fragment),
        tuple(Channel(channel) for channel in channels),
        Plane(
            "ImagingPlane",
            description=_description(scan),
            device=fragment.instruments[0].name,
            excitation_lambda=wavelength or None,
            grid_spacing=(x, y) if has_size else None,
            origin_coords=tuple(float(each or 0) * MICRON for each in position) if None not in position else None,
            reference_frame="stage of the microscope" if None not in position else None,
        ),
        _depths(scan, places.shape[2]),
        description="The movie as recorded by PrairieView",
        options={
            "scan_line_rate": round(1 / period, 6) if period else None,
            "field_of_view": (columns * x, rows * y) if has_size else None,
        },
        pmt_gains=tuple(scan.number("pmtGain", str(_channel_number(channel) - 1)) for channel in channels),
    )


def _channel_number(channel: str) -> int:
    digits = "".join(letter for letter in channel if letter.isdigit())
    return int(digits) if digits else 1


def _depths(scan: _Scan, depth: int) -> tuple[float, ...]:
    group = _groups(scan)[0]
    known = [frame.z for frame in group if frame.z is not None]
    if len(known) == depth and depth > 1:
        return tuple(z * MICRON for z in known)
    step = scan.number("micronsPerPixel", "ZAxis")
    return tuple(step * MICRON * z for z in range(depth)) if step and depth > 1 else ()


def _timings(scan: _Scan, fragment: Fragment) -> tuple[Timing, ...]:
    """Times count from the first frame; those of a sequence from its own start, so several need the absolute ones."""
    import numpy as np

    groups = _groups(scan)
    several = len(scan.sequences) > 1
    times = np.array([[frame.absolute_time if several else frame.relative_time for frame in group] for group in groups])
    if not np.isfinite(times).all() or (len(times) > 1 and (np.diff(times[:, 0]) <= 0).any()):
        fragment.notes.append("the times of the frames make no sense, and were not used")
        period = scan.number("framePeriod")
        return (Timing(rate=round(1 / (period * len(groups[0])), 9) if period else None),)
    times = times - times.min()
    if len(times) == 1:
        period = scan.number("framePeriod")
        return (Timing(rate=1 / period if period else None),)
    found = tuple(timing_of(times[:, z]) for z in range(times.shape[1]))
    if found[0].rate is None:
        fragment.notes.append("frames are missing or came late: each keeps its own time")
    return found


def _description(scan: _Scan) -> str | None:
    facts = {
        "objective": scan.settings.get("objectiveLens"),
        "zoom": scan.settings.get("opticalZoom"),
        "laser power": scan.number("laserPower", "0"),
        "dwell time in µs": scan.number("dwellTime"),
    }
    known = [f"{fact} {value}" for fact, value in facts.items() if value is not None and isinstance(value, (str, float))]
    return f"Scanned with {', '.join(known)}." if known else None


def _add_session(fragment: Fragment, scan: _Scan) -> None:
    version = scan.attributes.get("version", "unknown")
    fragment.instruments.append(
        Instrument("Bruker microscope", f"Controlled by PrairieView {version}.", "Bruker", None, scan.serial_number)
    )
    fragment.metadata["was_generated_by"] = [("PrairieView", version)]
    if scan.attributes.get("notes"):
        fragment.metadata["notes"] = scan.attributes["notes"]
    if scan.start is not None:
        fragment.metadata["session_start_time"] = scan.start
        fragment.notes.append(
            f"the recording began at {scan.start:%Y-%m-%d %H:%M:%S}; PrairieView does not note the time zone: taken as local"
        )
