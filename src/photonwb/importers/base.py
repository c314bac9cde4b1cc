"""What an importer is, and what it hands over.

An importer is anything with the four names of `Importer`; a module will do, and ours are modules. It reads one kind of source
into a `Fragment`: plain descriptions of what is there, not NWB objects. Those are made once for the whole session (`assembly`),
when it is known what else there is and what the user adds, because the standard requires what hardly any source says (the
indicator, the place in the brain). So no importer can be tempted to invent it, and all sessions are built alike.

The one rule for arrays: everything in a fragment has the order of the standard. Movies are (time, x, y), images (x, y), masks in
(x, y), traces (time, regions), shifts (time, 2) as (x, y); x is horizontal. A source in rows and columns is turned on entry,
lazily, by `swapped`. Large arrays stay where they are until they are written: anything with shape, dtype and indexing.

Names: a source with one plane calls it "ImagingPlane", its regions "PlaneSegmentation", its movie "TwoPhotonSeries". Of several,
each name ends in what tells the planes apart ("ImagingPlane0"); names of series and images follow that of the plane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from photonwb.arrays.swapped import swapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from photonwb.regions.rois import RoiSet
    from photonwb.typing import ArrayLike

__all__ = [
    "BadFrames",
    "Channel",
    "Column",
    "Fragment",
    "Importer",
    "Instrument",
    "Motion",
    "Movie",
    "Picture",
    "Plane",
    "Regions",
    "Timing",
    "Trace",
    "plane_suffix",
    "swapped",
]


class Importer(Protocol):
    """One kind of source. Third parties offer theirs as an entry point of the group `photonwb.importers`.

    Attributes
    ----------
    name : str
        What users call the format: "suite2p".
    recognises : str
        What sources look like, for people: "a folder with plane0/stat.npy".
    can_open : callable(path) -> bool
        Whether a path (which exists) is such a source. Looks at names and headers only; never fails.
    read : callable(path, *, ...) -> Fragment
        Describe what the source holds. Options are keywords with types and defaults, described in the docstring; the command line
        is made from them. An `ImportError` that says what to install is raised where a library is missing.
    """

    @property
    def name(self) -> str: ...

    @property
    def recognises(self) -> str: ...

    @property
    def can_open(self) -> Callable[[Path], bool]: ...

    @property
    def read(self) -> Callable[..., Fragment]: ...


class Timing(NamedTuple):
    """When samples were taken: by rate, or each by its time. A rate of None is asked for."""

    rate: float | None = None
    starting_time: float = 0.0
    timestamps: ArrayLike | None = None


class Instrument(NamedTuple):
    """A device. What is None is left out."""

    name: str
    description: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial_number: str | None = None


class Channel(NamedTuple):
    """A band of light that is collected. An emission_lambda (in nm) of None is asked for."""

    name: str
    description: str | None = None
    emission_lambda: float | None = None


class Plane(NamedTuple):
    """An imaging plane, as far as the source knows it. What is None is asked for where the standard requires it.

    Attributes
    ----------
    name : str
        Planes of the same name in several sources of one session are the same plane.
    channels : tuple of Channel
        In the order of the source; one without a name of its own is made where there is none.
    device : str, optional
        Name of an `Instrument` of the fragment.
    grid_spacing, origin_coords : (x, y) or (x, y, z), optional
        In meters.
    """

    name: str
    channels: tuple[Channel, ...] = ()
    description: str | None = None
    device: str | None = None
    excitation_lambda: float | None = None
    indicator: str | None = None
    location: str | None = None
    imaging_rate: float | None = None
    grid_spacing: tuple[float, ...] | None = None
    origin_coords: tuple[float, ...] | None = None
    reference_frame: str | None = None


class Movie(NamedTuple):
    """A movie as recorded.

    Attributes
    ----------
    plane : str
        Name of a `Plane` of the fragment.
    data : (time, x, y) or (time, x, y, z) array, optional
        None where `options` say external_file.
    kind : {"TwoPhotonSeries", "OnePhotonSeries"}
    options : mapping
        Further arguments of that class: pmt_gain, scan_line_rate, field_of_view, external_file, num_samples, ...
    """

    name: str
    plane: str
    data: ArrayLike | None
    timing: Timing = Timing()
    kind: str = "TwoPhotonSeries"
    unit: str = "n.a."
    description: str | None = None
    options: Mapping[str, Any] = {}


class Column(NamedTuple):
    """A column of a table of regions: a value for each region, or an array for each where it is `ragged`."""

    name: str
    description: str
    values: Any
    ragged: bool = False


class Regions(NamedTuple):
    """The regions of one plane.

    Attributes
    ----------
    plane : str
        Name of a `Plane` of the fragment.
    masks : RoiSet
        With its image_shape (x, y), where it is known.
    """

    name: str
    plane: str
    masks: RoiSet
    columns: tuple[Column, ...] = ()
    description: str | None = None


class Trace(NamedTuple):
    """One kind of signal of all regions of a table.

    Attributes
    ----------
    kind : str
        "raw", "neuropil", "denoised", "deconvolved", "dff", "baseline"; anything else is a name. What is "dff" goes to DfOverF,
        the rest to Fluorescence.
    regions : str
        Name of a `Regions` of the fragment.
    data : (time, regions) array
    name : str, optional
        Name of the series; made from the kind unless given.
    """

    kind: str
    regions: str
    data: ArrayLike
    timing: Timing = Timing()
    unit: str = "n.a."
    description: str | None = None
    name: str | None = None


class Picture(NamedTuple):
    """An image (x, y) that sums up the movie of a plane."""

    name: str
    plane: str
    data: ArrayLike
    description: str | None = None


class Motion(NamedTuple):
    """The correction of one movie for motion.

    Attributes
    ----------
    shifts : (time, 2) array, optional
        What brought each frame to its place, in pixels along (x, y).
    corrected : (time, x, y) array, optional
        The movie after correction.
    original : str, optional
        Name of the `Movie` that was corrected; the only one of the plane that fits unless given.
    channel : str
        Which channel the movie shows, where there are several: names end in it.
    block_shifts : (time, blocks, 2) array, optional
        What moved each block of the image further.
    blocks : list of (int, int, int, int)
        Where each block lies: first and end of x, of y.
    """

    plane: str
    shifts: ArrayLike | None = None
    corrected: ArrayLike | None = None
    original: str | None = None
    timing: Timing = Timing()
    description: str | None = None
    channel: str = ""
    unit: str = "n.a."
    kind: str = "TwoPhotonSeries"
    block_shifts: ArrayLike | None = None
    blocks: Sequence[tuple[int, int, int, int]] = ()


class BadFrames(NamedTuple):
    """Frames of a plane that should not be used: a boolean for each frame."""

    plane: str
    frames: Any
    timing: Timing = Timing()
    reason: str = "bad frame"


def plane_suffix(plane: str) -> str:
    """What the names of objects end in that belong to a plane: "" for "ImagingPlane", "Plane1" for "ImagingPlane1"."""
    suffix = plane.removeprefix("ImagingPlane")
    return f"Plane{suffix}" if suffix.isdigit() else suffix


class Fragment:
    """What one source holds.

    Attributes
    ----------
    source : str
        What it was read from, for messages.
    instruments, planes, movies, regions, traces, pictures, motions, bad_frames : list
        Descriptions of what is there.
    metadata : dict
        What the source says about the session: fields of `NWBFile` by name (session_start_time, experimenter, ...) and
        `subject`, a dict of the fields of `Subject`. What users say goes first.
    settings : dict of str
        Texts worth keeping as they are (parameters of a program as JSON), by name.
    notes : list of str
        What users should know: what was left out, and why.
    """

    def __init__(self, source: Path | str) -> None:
        self.source = str(source)
        self.instruments: list[Instrument] = []
        self.planes: list[Plane] = []
        self.movies: list[Movie] = []
        self.regions: list[Regions] = []
        self.traces: list[Trace] = []
        self.pictures: list[Picture] = []
        self.motions: list[Motion] = []
        self.bad_frames: list[BadFrames] = []
        self.metadata: dict[str, Any] = {}
        self.settings: dict[str, str] = {}
        self.notes: list[str] = []

    def missing(self, metadata: Mapping[str, Any] | None = None) -> list[str]:
        """What is required, and neither the source nor these metadata say; see `metadata`."""
        from photonwb.importers.metadata import Metadata

        return Metadata(metadata or {}).missing([self])

    def __repr__(self) -> str:
        parts = {name: len(value) for name, value in vars(self).items() if isinstance(value, list) and value}
        return f"<Fragment of {self.source}: {', '.join(f'{count} {name}' for name, count in parts.items())}>"
