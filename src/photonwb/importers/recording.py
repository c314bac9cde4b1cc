"""What all recordings of pages have in common: channels and planes take turns, and time goes on.

A microscope writes page after page. Importers find out what each page shows; from then on, everything is the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import InvalidValueError
from photonwb.importers.base import Channel, Movie, Plane, Timing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from photonwb.importers.base import Fragment
    from photonwb.movies import Pages

__all__ = ["MICRON", "Recording", "add_recording", "arranged", "timing_of"]

MICRON = 1e-6

# Part of a frame by which the times of frames may differ from those of a steady rate.
_JITTER = 0.1


class Recording(NamedTuple):
    """Pages, and what they show.

    Attributes
    ----------
    pages : Pages
    places : (channel, time, z) array of int
        The number of the page that shows each plane of each channel at each time.
    timings : tuple of Timing
        When each plane was recorded; one for all of them, or one for each z.
    channels : tuple of Channel
    plane : Plane
        With its name, and what is known of the whole field of view; `grid_spacing` and `origin_coords` in x and y.
    depths : tuple of float, optional
        Where the planes lie along z, in meters.
    options : mapping
        Further arguments of the series.
    pmt_gains : tuple of float or None
        Of each channel.
    """

    pages: Pages
    places: NDArray[Any]
    timings: tuple[Timing, ...] = (Timing(),)
    channels: tuple[Channel, ...] = ()
    plane: Plane = Plane("ImagingPlane")
    depths: tuple[float, ...] = ()
    kind: str = "TwoPhotonSeries"
    description: str | None = None
    options: Mapping[str, Any] = {}
    pmt_gains: tuple[float | None, ...] = ()


def arranged(count: int, axes: str, lengths: Sequence[int]) -> tuple[NDArray[Any], int]:
    """Which page shows what, when the axes follow each other in the same way all the time.

    Parameters
    ----------
    count : int
        Number of pages.
    axes : str
        The letters C (channel), T (time) and Z, from the slowest to the fastest.
    lengths : sequence of int
        Their lengths. The first is counted anew: a recording may have been stopped at any time.

    Returns
    -------
    places : (channel, time, z) array of int
    left_over : int
        Pages at the end that do not make a whole.
    """
    import numpy as np

    step = 1
    for length in lengths[1:]:
        step *= max(1, length)
    whole = count // step
    places = np.arange(whole * step).reshape(whole, *lengths[1:])
    missing = [axis for axis in "CTZ" if axis not in axes]
    places = places.reshape(*places.shape, *(1 for _ in missing))
    order = [*axes, *missing]
    return places.transpose([order.index(axis) for axis in "CTZ"]), count - whole * step


def timing_of(times: ArrayLike) -> Timing:
    """A rate for frames that came steadily; their times where some are missing or late.

    Parameters
    ----------
    times : array-like, shape (time,)
        In seconds.
    """
    import numpy as np

    known = np.asarray(times, float)
    if len(known) < 2 or not np.isfinite(known).all():
        return Timing(timestamps=known) if len(known) and np.isfinite(known).all() else Timing()
    period = float(known[-1] - known[0]) / (len(known) - 1)
    if period <= 0 or np.abs(known - (known[0] + period * np.arange(len(known)))).max() > _JITTER * period:
        return Timing(timestamps=known)
    return Timing(rate=float(np.round(1 / period, 6)), starting_time=float(known[0]))


def add_recording(
    fragment: Fragment, recording: Recording, *, channel: str | None = None, split_planes: bool = False, link: bool = False
) -> None:
    """Add the planes and movies of a recording to a fragment.

    Parameters
    ----------
    fragment : Fragment
    recording : Recording
    channel : str, optional
        The name of a channel, or its number from 1; all by default.
    split_planes : bool
        Make a movie of each plane, instead of volumes (time, x, y, z).
    link : bool
        Leave the movie where it is.

    Raises
    ------
    InvalidValueError
        There is no such channel; the movie cannot be linked.
    """
    recording = _of_channel(recording, channel)
    depth: int = recording.places.shape[2]
    if link:
        _require_linkable(recording)
    if depth > 1 and split_planes:
        for z in range(depth):
            _add(fragment, recording, z, str(z), link=link)
    else:
        _add(fragment, recording, None if depth > 1 else 0, "", link=link)


def _of_channel(recording: Recording, wanted: str | None) -> Recording:
    if wanted is None:
        return recording
    names = [channel.name for channel in recording.channels]
    number = names.index(wanted) if wanted in names else int(wanted) - 1 if str(wanted).isdecimal() else -1
    if not 0 <= number < len(recording.places):
        known = ", ".join(names) or f"1 to {len(recording.places)}"
        raise InvalidValueError(f"{recording.pages.description}: expected a channel out of {known}, got {wanted!r}")
    return recording._replace(
        places=recording.places[number : number + 1],
        channels=recording.channels[number : number + 1],
        pmt_gains=recording.pmt_gains[number : number + 1],
    )


def _require_linkable(recording: Recording) -> None:
    if recording.places.ravel().tolist() != list(range(recording.pages.count)) or recording.places.shape[::2] != (1, 1):
        raise InvalidValueError(
            f"{recording.pages.description}: cannot be linked, since its pages are not one movie frame by frame "
            f"(there are several channels or planes, or pages to leave out); leave out link=True to have it copied"
        )


def _add(fragment: Fragment, recording: Recording, z: int | None, suffix: str, *, link: bool) -> None:
    """Add one plane, or a volume where z is None."""
    from photonwb.movies import movie_of

    timings = list(recording.timings)
    timing = timings[z or 0] if len(timings) > 1 else timings[0]
    plane = _plane(recording, z, suffix)
    fragment.planes.append(plane._replace(imaging_rate=plane.imaging_rate or timing.rate))
    several = len(recording.places) > 1
    for number, places in enumerate(recording.places):
        channel = recording.channels[number] if number < len(recording.channels) else Channel(f"Channel{number + 1}")
        shown = f" in the channel {channel.name}" if several else ""
        options = dict(recording.options)
        if number < len(recording.pmt_gains):
            options["pmt_gain"] = recording.pmt_gains[number]
        if z is not None and options.get("field_of_view") is not None:
            options["field_of_view"] = options["field_of_view"][:2]
        if link:
            options |= _link(recording.pages)
        fragment.movies.append(
            Movie(
                name=f"{recording.kind}{plane.name.removeprefix('ImagingPlane')}{_identifier(channel.name) if several else ''}",
                plane=plane.name,
                data=None if link else movie_of(recording.pages, places if z is None else places[:, z]),
                timing=timing,
                kind=recording.kind,
                description=f"{recording.description or 'The movie as recorded'}{shown}.",
                options=options,
            )
        )


def _plane(recording: Recording, z: int | None, suffix: str) -> Plane:
    plane, depths = recording.plane, list(recording.depths)
    spacing, origin = plane.grid_spacing, plane.origin_coords
    if z is None:
        import numpy as np

        steps = np.diff(depths)
        even = len(steps) and np.allclose(steps, steps[0], rtol=1e-3) and steps[0] != 0
        spacing = (*spacing[:2], round(float(abs(steps[0])), 12)) if spacing and even else spacing
    if origin and depths:
        origin = (*origin[:2], depths[z or 0])
    description = plane.description
    if suffix:
        at = f" at z = {depths[z or 0] / MICRON:g} µm" if depths else ""
        description = f"Plane {suffix}{at}. {description or ''}".strip()
    return plane._replace(
        name=f"{plane.name}{suffix}",
        channels=plane.channels or recording.channels,
        grid_spacing=spacing,
        origin_coords=origin,
        description=description,
    )


def _link(pages: Any) -> dict[str, Any]:
    from pathlib import Path

    from photonwb.external import link_arguments

    return link_arguments([Path(path).absolute() for path in pages.paths])


def _identifier(name: str) -> str:
    """A name that can be part of another one: "Channel 1" as Channel1."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"\W+", name))
