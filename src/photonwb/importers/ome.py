"""What OME-XML says about the pages of a TIFF."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError
from photonwb.importers.base import Channel, Instrument, Plane, Timing
from photonwb.importers.recording import MICRON, Recording, timing_of
from photonwb.importers.xml_reading import parse_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from photonwb.importers.base import Fragment
    from photonwb.movies import TiffPages

__all__ = ["read_ome"]

_METERS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "µm": MICRON, "um": MICRON, "nm": 1e-9}
_SECONDS = {"s": 1.0, "ms": 1e-3, "µs": MICRON, "us": MICRON, "ns": 1e-9, "min": 60.0, "h": 3600.0}


def read_ome(fragment: Fragment, pages: TiffPages, text: str) -> Recording:
    """A recording as OME-XML describes it; what it says of the session goes to the fragment.

    Raises
    ------
    DamagedFileError
        Not XML.
    InvalidValueError
        It speaks of other pages than there are.
    """
    root = parse_xml(text, f"{pages.description}: OME-XML")
    image = root.find("Image")
    pixels = None if image is None else image.find("Pixels")
    if image is None or pixels is None:
        raise InvalidValueError(f"{pages.description}: the OME-XML describes no image")
    places = _places(pixels, pages)
    channels, excitation = _channels(pixels)
    spacing = tuple(_quantity(pixels, f"PhysicalSize{axis}", _METERS, "µm") for axis in "XYZ")
    depth = places.shape[2]
    device = _device(root, image, fragment)
    _session(image, fragment)
    return Recording(
        pages,
        places,
        _timings(pixels, places),
        channels if len(channels) == len(places) else (),
        Plane(
            "ImagingPlane",
            device=device,
            excitation_lambda=excitation,
            grid_spacing=(spacing[0], spacing[1]) if spacing[0] and spacing[1] else None,
        ),
        tuple(spacing[2] * z for z in range(depth)) if depth > 1 and spacing[2] else (),
    )


def _places(pixels: Element, pages: TiffPages) -> NDArray[Any]:
    """The page of each (channel, time, z), by the blocks of pages that TiffData speaks of."""
    import numpy as np

    order = pixels.get("DimensionOrder", "XYCZT")[2:]
    sizes = {axis: int(pixels.get(f"Size{axis}", "1")) for axis in "CTZ"}
    samples = sum(int(each.get("SamplesPerPixel", "1")) for each in pixels.iter("Channel"))
    if sizes["C"] > 1 and samples != sizes["C"] and samples:
        raise InvalidValueError(f"{pages.description}: the channels are colours of one page, which is no movie of grey frames")
    # Positions as they follow each other, the first letter of the order being the fastest.
    total = sizes["C"] * sizes["T"] * sizes["Z"]
    fastest = [sizes[axis] for axis in order]
    found = np.full(total, -1, np.intp)
    firsts = {Path(path).name: sum(pages.counts[:number]) for number, path in enumerate(pages.paths)}
    blocks = list(pixels.iter("TiffData"))
    for block in blocks:
        file = next((each.get("FileName", "") for each in block.iter("UUID")), "")
        if file and len(pages.paths) > 1 and file not in firsts:
            raise InvalidValueError(f"{pages.description}: the OME-XML speaks of {file}, which is not there")
        start = np.ravel_multi_index([int(block.get(f"First{axis}", "0")) for axis in order[::-1]], fastest[::-1])
        page = firsts.get(file, 0) + int(block.get("IFD", "0"))
        count = int(block.get("PlaneCount", "1" if "IFD" in block.attrib else str(min(total, pages.count))))
        found[start : start + count] = np.arange(page, page + min(count, total - int(start)))
    if not blocks:
        found[:] = np.arange(total)
    places = found.reshape(fastest[::-1]).transpose([order[::-1].index(axis) for axis in "CTZ"])
    # A recording that was stopped has fewer pages than were planned.
    complete = np.logical_and.reduce((places >= 0) & (places < pages.count), axis=(0, 2))
    stop = len(complete) if complete.all() else int(np.argmin(complete))
    if not stop:
        raise InvalidValueError(f"{pages.description}: the OME-XML speaks of {total} pages, and there are {pages.count}")
    return places[:, :stop]


def _channels(pixels: Element) -> tuple[tuple[Channel, ...], float | None]:
    """The channels, and the wavelength that excites the first of them."""
    channels = tuple(
        Channel(each.get("Name") or f"Channel{number + 1}", None, _wavelength(each, "EmissionWavelength"))
        for number, each in enumerate(pixels.iter("Channel"))
    )
    excitations = [_wavelength(each, "ExcitationWavelength") for each in pixels.iter("Channel")]
    return channels, next((each for each in excitations if each), None)


def _wavelength(channel: Element, name: str) -> float | None:
    value = _quantity(channel, name, _METERS, "nm")
    return None if value is None else round(value * 1e9, 6)


def _quantity(element: Element, name: str, units: dict[str, float], default: str) -> float | None:
    """A value with its unit, None where there is none that makes sense."""
    unit = units.get(element.get(f"{name}Unit", default))
    try:
        value = float(element.get(name, "nan"))
    except ValueError:
        return None
    return value * unit if unit and value > 0 else None


def _timings(pixels: Element, places: NDArray[Any]) -> tuple[Timing, ...]:
    import numpy as np

    _, frames, depth = places.shape
    times = np.full((depth, frames), np.nan)
    for each in pixels.iter("Plane"):
        z, time, delta = int(each.get("TheZ", "0")), int(each.get("TheT", "0")), each.get("DeltaT")
        if delta is not None and each.get("TheC", "0") == "0" and z < depth and time < frames:
            times[z, time] = float(delta) * _SECONDS.get(each.get("DeltaTUnit", "s"), 1.0)
    if frames > 1 and np.isfinite(times).all() and (np.diff(times, axis=1) > 0).all():
        return tuple(timing_of(each) for each in times)
    increment = _quantity(pixels, "TimeIncrement", _SECONDS, "s")
    return (Timing(rate=round(1 / increment, 9) if increment else None),)


def _device(root: Element, image: Element, fragment: Fragment) -> str | None:
    wanted = image.find("InstrumentRef")
    for instrument in root.iter("Instrument"):
        microscope = instrument.find("Microscope")
        if microscope is None or (wanted is not None and wanted.get("ID") != instrument.get("ID")):
            continue
        maker, model, serial = (microscope.get(key) for key in ("Manufacturer", "Model", "SerialNumber"))
        if maker or model:
            fragment.instruments.append(Instrument(model or f"{maker} microscope", None, maker, model, serial))
            return fragment.instruments[-1].name
    return None


def _session(image: Element, fragment: Fragment) -> None:
    acquired = image.findtext("AcquisitionDate")
    try:
        begin = datetime.fromisoformat(acquired.strip()) if acquired else None
    except ValueError:
        begin = None
    if begin is not None:
        fragment.metadata["session_start_time"] = begin if begin.tzinfo else begin.astimezone()
        if begin.tzinfo is None:
            fragment.notes.append(f"the recording began at {begin}, of which OME-XML does not tell the time zone: taken as local")
