"""What ScanImage notes in its TIFF files: the settings once, and a few words with each frame.

Version 3 writes lines `state.x.y=value` into the description of each frame, versions 4 and 5.0 `scanimage.SI4.x = value`; since
then there are lines `SI.x = value` in the Software tag, and the regions that are scanned as JSON in the Artist tag.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tifffile

__all__ = ["Header", "ScanField", "frame_time", "has_header"]

_TIME = re.compile(r"(?:frameTimestamps_sec|Frame Timestamps?\(s\))\s*=\s*([-+\d.eE]+)")


class ScanField(NamedTuple):
    """A rectangle that is scanned: its centre and size in degrees, and its pixels."""

    name: str
    centre: tuple[float, float]
    size: tuple[float, float]
    pixels: tuple[int, int]


def has_header(tiff: tifffile.TiffFile) -> bool:
    """Whether a file is one of ScanImage."""
    return any(_marks(text) for text in _texts(tiff))


def frame_time(page: Any) -> float:
    """Seconds since the recording began; not a number where the frame does not say."""
    found = _TIME.search(page.description or "")
    return float(found[1]) if found else float("nan")


class Header:
    """The settings of a recording.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    """

    def __init__(self, tiff: tifffile.TiffFile) -> None:
        self.text = next((text for text in _texts(tiff) if _marks(text)), "")
        self._values = dict(_lines(self.text))
        self._frame = dict(_lines(str(getattr(tiff.pages.first, "description", ""))))
        artist: Any = tiff.pages.first.tags.get("Artist")  # type: ignore[union-attr] - the first is a whole page
        self._regions = _json(str(artist.value)) if artist is not None else {}
        self.version = self._version()

    def _version(self) -> str:
        if "state.software.version" in self._values:
            return str(self.value("state.software.version"))
        parts = [self.value(f"SI.VERSION_{part}") for part in ("MAJOR", "MINOR", "UPDATE")]
        return ".".join(str(part) for part in parts if part is not None) or "unknown"

    @property
    def is_old(self) -> bool:
        """Of version 3."""
        return "state.software.version" in self._values

    def value(self, *names: str) -> Any:
        """The first setting of these that there is, as a number, text, truth value or (nested) list; None where there is none."""
        import tifffile

        for name in names:
            text = self._values.get(name, self._values.get(name.replace("SI.", "scanimage.SI.", 1)))
            if text is not None:
                try:
                    return tifffile.matlabstr2py(text)
                except Exception:  # noqa: BLE001 - a value of a kind that nobody foresaw is no reason to give up
                    return text
        return None

    def numbers(self, *names: str) -> list[float]:
        """A setting as a flat list of numbers."""
        return list(_flat(self.value(*names)))

    def number(self, *names: str) -> float | None:
        """A setting as one number."""
        found = self.numbers(*names)
        return found[0] if found else None

    @property
    def channels(self) -> list[int]:
        """Numbers of the channels that were saved, from 1."""
        if self.is_old:
            return [number for number in range(1, 5) if self.number(f"state.acq.savingChannel{number}")] or [1]
        return [int(number) for number in self.numbers("SI.hChannels.channelSave", "scanimage.SI4.channelsSave")] or [1]

    @property
    def start(self) -> datetime | None:
        """When the recording began, by the clock of that computer; ScanImage does not note its time zone."""
        if self.is_old:
            text = str(self.value("state.internal.triggerTimeFirstString", "state.internal.triggerTimeString") or "")
            for form in ("%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S.%f"):
                try:
                    return datetime.strptime(text, form)  # noqa: DTZ007 - there is none
                except ValueError:
                    continue
            return None
        epoch = [float(part) for part in re.findall(r"[\d.]+", self._frame.get("epoch", ""))]
        if len(epoch) != 6:
            return None
        day = datetime(*(int(part) for part in epoch[:5]))  # type: ignore[arg-type] # noqa: DTZ001 - there is none
        return day + timedelta(seconds=epoch[5])

    @property
    def fields(self) -> list[ScanField]:
        """The rectangles that are scanned one after the other."""
        group: Any = self._regions.get("RoiGroups", {}).get("imagingRoiGroup") or {}
        found: list[ScanField] = []
        for region in _as_list(group.get("rois")):
            for field in _as_list(region.get("scanfields")):
                if "sizeXY" in field and region.get("enable", 1) and field.get("enable", 1):
                    size, centre, pixels = field["sizeXY"], field.get("centerXY", (0, 0)), field["pixelResolutionXY"]
                    found.append(
                        ScanField(
                            str(region.get("name", "")),
                            (float(centre[0]), float(centre[1])),
                            (float(size[0]), float(size[1])),
                            (int(pixels[0]), int(pixels[1])),
                        )
                    )
        return found


def _texts(tiff: tifffile.TiffFile) -> Iterator[str]:
    page: Any = tiff.pages.first
    yield str(getattr(page, "software", ""))
    yield str(getattr(page, "description", ""))


def _marks(text: str) -> bool:
    start = text[:4000]
    return start.startswith(("SI.", "state.", "scanimage.SI")) or "\nscanimage.SI" in start or "\nSI." in start


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in re.split(r"[\r\n]+", text):
        key, equals, value = line.partition("=")
        if equals:
            yield key.strip(), value.strip()


def _flat(value: Any) -> Iterator[float]:
    if isinstance(value, (list, tuple)):
        for each in cast("list[Any]", value):
            yield from _flat(each)
    elif isinstance(value, (int, float)):
        yield float(value)


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _as_list(value: Any) -> list[dict[str, Any]]:
    """MATLAB writes one struct as an object, several as a list, none as a description of an empty array."""
    if isinstance(value, dict):
        return [] if "_ArraySize_" in value else [cast("dict[str, Any]", value)]
    return cast("list[dict[str, Any]]", value) if isinstance(value, list) else []
