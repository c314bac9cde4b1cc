"""What users say about a session, for what its source does not say.

Metadata are a mapping, out of a YAML or JSON file or of arguments:

    session_start_time: 2024-05-06T14:00:00+02:00   # any field of NWBFile
    session_description: a mouse on a wheel
    subject: {subject_id: m1, species: Mus musculus, sex: F, age: P90D}
    device: microscope                               # or its fields: {name: ..., description: ...}
    indicator: GCaMP6f                               # of all planes, as are location, excitation_lambda, emission_lambda, ...
    channels: {green: 510, red: 610}                 # in the order of the source, instead of emission_lambda
    rate: 30                                         # frames per second of one plane, where the source does not tell
    planes:
      ImagingPlane1: {location: CA1}                 # what is different for one plane

What users say goes before what the source says. What nobody says and the standard requires is listed, all at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError, InvalidValueError, MissingFileError
from photonwb.importers.base import Channel, Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from photonwb import typing
    from photonwb.importers.base import Fragment, Plane, Timing

__all__ = ["KEYS", "Metadata", "load_metadata"]

UNKNOWN = "unknown"

# Fields of NWBFile that may be given, and what a message says of those that must be.
_REQUIRED = {
    "session_start_time": "when the session began, with time zone",
    "session_description": "what happened in the session",
}
_SESSION = (
    *_REQUIRED, "identifier", "timestamps_reference_time", "experimenter", "experiment_description", "session_id", "institution",
    "keywords", "notes", "pharmacology", "protocol", "related_publications", "slices", "data_collection", "surgery", "virus",
    "stimulus_notes", "lab",
)  # fmt: skip
_TEXTS = {"location": "where in the brain it lies", "indicator": "what fluoresces"}
_OF_PLANE = (*_TEXTS, "excitation_lambda", "description", "imaging_rate", "grid_spacing", "origin_coords", "reference_frame")
_FOR_PLANE = {*_OF_PLANE, "emission_lambda", "channels", "rate", "device"}
KEYS = {*_SESSION, *_FOR_PLANE, "subject", "planes"}
_TIMES = ("session_start_time", "timestamps_reference_time")


def load_metadata(source: typing.Path | Mapping[str, Any] | None) -> dict[str, Any]:
    """Metadata out of a YAML or JSON file, or as they are.

    Raises
    ------
    MissingFileError, InvalidValueError
        No such file, or one that holds no mapping.
    """
    if source is None:
        return {}
    if hasattr(source, "keys"):
        return dict(source)  # type: ignore[arg-type] - what has keys is a mapping
    path = Path(source)  # type: ignore[arg-type] - and all else a path
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file of metadata") from None
    try:
        values = _parsed(text, path)
    except ValueError as error:
        raise InvalidValueError(f"{path}: cannot be read as metadata: {error}") from error
    if not isinstance(values, dict):
        raise InvalidValueError(f"{path}: expected names with values, got {type(values).__name__}")
    return values


def _parsed(text: str, path: Path) -> Any:
    if path.suffix.lower() == ".json":
        import json

        return json.loads(text)
    try:
        import yaml
    except ImportError:
        raise ImportError(f"{path}: reading YAML needs PyYAML: pip install photonwb[yaml], or use JSON") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


class Metadata:
    """What users say, and what follows for what sources describe.

    Parameters
    ----------
    given : mapping
        See the module.
    placeholders : bool
        Whether what is required and nobody says is marked as unknown ("unknown", NaN, the year 1970) instead of refused. Not so
        the rate: times that nobody knows cannot be marked.

    Raises
    ------
    InvalidValueError
        A name that means nothing.
    """

    def __init__(self, given: Mapping[str, Any], placeholders: bool = False) -> None:
        _check_names(given, KEYS, "metadata")
        self.given = {key: value for key, value in given.items() if value is not None}
        self.placeholders = placeholders
        self._planes: Mapping[str, Mapping[str, Any]] = self.given.get("planes", {})
        for name, values in self._planes.items():
            _check_names(values, _FOR_PLANE, f"metadata of plane {name!r}")
        for name in _TIMES:
            if isinstance(self.given.get(name), str):
                self.given[name] = _as_time(self.given[name], name)

    # ---- what is required

    def missing(self, fragments: Iterable[Fragment]) -> list[str]:
        """What is required and nobody says, each with what it means."""
        fragments = list(fragments)
        found = [
            f"{field} ({meaning})"
            for field, meaning in _REQUIRED.items()
            if self.given.get(field) is None and all(fragment.metadata.get(field) is None for fragment in fragments)
        ]
        for plane in merged_planes(fragments):
            found += [f"{field} ({meaning})" + _of(plane.name) for field, meaning in _missing_of_plane(self._completed(plane))]
        found += [f"rate (frames per second of one plane){_of(name)}" for name in self._planes_without_rate(fragments)]
        return list(dict.fromkeys(found))

    def check(self, fragments: Iterable[Fragment]) -> None:
        """Refuse what is not complete.

        Raises
        ------
        InvalidValueError
            With the list of what is missing.
        """
        fragments = list(fragments)
        missing = self.missing(fragments)
        if self.placeholders:
            missing = [each for each in missing if each.startswith("rate ")]
        if missing:
            sources = ", ".join(fragment.source for fragment in fragments)
            hint = "" if self.placeholders else ", or allow_placeholders=True to have it marked as unknown"
            raise InvalidValueError(
                f"{sources}: the source does not say, and a file needs: {'; '.join(missing)}. Give it as arguments or in a file "
                f"of metadata{hint}"
            )

    def _planes_without_rate(self, fragments: Iterable[Fragment]) -> list[str]:
        names: list[str] = []
        for fragment in fragments:
            planes = {regions.name: regions.plane for regions in fragment.regions}
            timed = [
                *((movie.plane, movie.timing) for movie in fragment.movies),
                *((planes[trace.regions], trace.timing) for trace in fragment.traces),
                *((motion.plane, motion.timing) for motion in fragment.motions),
                *((bad.plane, bad.timing) for bad in fragment.bad_frames),
            ]
            names += [plane for plane, timing in timed if not self.timing(timing, plane)]
        return list(dict.fromkeys(names))

    # ---- what follows

    def session(self, fragments: Iterable[Fragment]) -> dict[str, Any]:
        """Arguments of `NWBFile`: what users say, then what the first source says that says something."""
        from uuid import uuid4

        values: dict[str, Any] = {"identifier": str(uuid4())}
        for fragment in reversed(list(fragments)):
            values |= {key: value for key, value in fragment.metadata.items() if value is not None and key in _SESSION}
        values |= {key: value for key, value in self.given.items() if key in _SESSION}
        values.setdefault("session_start_time", datetime(1970, 1, 1, tzinfo=UTC))  # only ever reached with placeholders
        values.setdefault("session_description", UNKNOWN)
        return values

    def subject(self, fragments: Iterable[Fragment]) -> dict[str, Any]:
        """Fields of `Subject`; none where nobody says anything."""
        values: dict[str, Any] = {}
        for fragment in reversed(list(fragments)):
            values |= fragment.metadata.get("subject", {})
        return values | dict(self.given.get("subject", {}))

    def plane(self, plane: Plane) -> Plane:
        """A plane with all that is required."""
        completed = self._completed(plane)
        if self.placeholders:
            for field, _ in _missing_of_plane(completed):
                if field == "emission_lambda":
                    nan = float("nan")
                    channels = tuple(
                        channel._replace(emission_lambda=nan if channel.emission_lambda is None else channel.emission_lambda)
                        for channel in completed.channels
                    )
                    completed = completed._replace(channels=channels)
                else:
                    completed = completed._replace(**{field: float("nan") if field == "excitation_lambda" else UNKNOWN})
        return completed

    def _completed(self, plane: Plane) -> Plane:
        """What the source says of a plane, and users."""
        said = {key: value for key, value in self.given.items() if key in _FOR_PLANE} | dict(self._planes.get(plane.name, {}))
        changes = {field: said[field] for field in _OF_PLANE if field in said}
        if "device" in said:
            changes["device"] = _instrument(said["device"]).name
        return plane._replace(**changes, channels=_channels(plane, said))

    def instruments(self) -> list[Instrument]:
        """The devices that users name."""
        named = [self.given.get("device"), *(values.get("device") for values in self._planes.values())]
        return [_instrument(each) for each in named if each is not None]

    def timing(self, timing: Timing, plane: str) -> dict[str, Any]:
        """Arguments of a series that say when; empty where nobody knows."""
        if timing.timestamps is not None:
            return {"timestamps": timing.timestamps}
        rate = self._planes.get(plane, {}).get("rate", self.given.get("rate", timing.rate))
        return {} if rate is None else {"rate": float(rate), "starting_time": float(timing.starting_time)}


def merged_planes(fragments: Iterable[Fragment]) -> list[Plane]:
    """The planes of all sources; of those with the same name, each says what those before did not."""
    found: dict[str, Plane] = {}
    for fragment in fragments:
        for plane in fragment.planes:
            before = found.get(plane.name)
            if before is None:
                found[plane.name] = plane
                continue
            unsaid = {field: value for field, value in plane._asdict().items() if not getattr(before, field)}
            found[plane.name] = before._replace(**unsaid)
    return list(found.values())


def _missing_of_plane(plane: Plane) -> list[tuple[str, str]]:
    fields = {"device": "name of the microscope", **_TEXTS, "excitation_lambda": "wavelength of the exciting light, in nm"}
    found = [(field, meaning) for field, meaning in fields.items() if getattr(plane, field) is None]
    if any(channel.emission_lambda is None for channel in plane.channels):
        names = ", ".join(channel.name for channel in plane.channels if channel.emission_lambda is None)
        found.append(("emission_lambda", f"wavelength of the collected light, in nm, of {names}; or channels, name: nm for each"))
    return found


def _channels(plane: Plane, said: Mapping[str, Any]) -> tuple[Channel, ...]:
    """The channels of a plane, in the order of the source."""
    known = plane.channels or (Channel("OpticalChannel"),)
    if "channels" in said:
        named = [Channel(str(name), None, float(wavelength)) for name, wavelength in said["channels"].items()]
        if plane.channels and len(named) != len(plane.channels):
            sources = ", ".join(channel.name for channel in plane.channels)
            raise InvalidValueError(f"channels: expected {len(plane.channels)} (the source has {sources}), got {len(named)}")
        described = [channel.description for channel in known] if plane.channels else [None] * len(named)
        return tuple(channel._replace(description=description) for channel, description in zip(named, described, strict=True))
    if "emission_lambda" in said:
        wavelength = float(said["emission_lambda"])
        if len(known) > 1:
            names = ", ".join(channel.name for channel in known)
            raise InvalidValueError(f"emission_lambda: there are several channels ({names}): give channels, name: nm for each")
        return tuple(channel._replace(emission_lambda=wavelength) for channel in known)
    return known


def _instrument(device: Any) -> Instrument:
    if isinstance(device, str):
        return Instrument(device)
    _check_names(device, Instrument._fields, "device")
    if "name" not in device:
        raise InvalidValueError("device: expected a name, or a mapping with one")
    return Instrument(**device)


def _check_names(given: Mapping[str, Any], known: Iterable[str], label: str) -> None:
    if not hasattr(given, "keys"):
        raise InvalidTypeError(f"{label}: expected names with values, got {given!r}")
    for name in given:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(str(name), list(known), 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(known))}"
            raise InvalidValueError(f"{label}: {name!r} means nothing{hint}")


def _as_time(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(f"{name}: expected a time like 2024-05-06T14:00:00+02:00, got {text!r}") from None


def _of(plane: str) -> str:
    return "" if plane == "ImagingPlane" else f" of {plane}"
