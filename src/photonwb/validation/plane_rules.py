"""Rules on imaging planes, their movies, their correction for motion, and traces."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from photonwb.validation.findings import Severity
from photonwb.validation.planes import frame_count, frame_shape, movies_of, root_of
from photonwb.validation.rule_table import Problem, enter_in
from photonwb.validation.samples import finite_length, known_shape, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.image import ImageSeries
    from photonwb.ophys import (
        CorrectedImageStack,
        ImagingPlane,
        OnePhotonSeries,
        PlaneSegmentation,
        RoiResponseSeries,
        TwoPhotonSeries,
    )

__all__ = [
    "corrected_frames",
    "dimension",
    "emission_below_excitation",
    "field_of_view",
    "frame_chunks",
    "grid_spacing",
    "imaging_rate",
    "plane_of_reference_images",
    "single_trace",
    "trace_frames",
    "translation_shape",
    "two_photon_excitation",
    "wavelength",
]

rule = enter_in("ophys")

_METERS = ("meters", "meter", "metres", "metre", "m")
_MIB = 1 << 20


@rule("wavelength", Severity.WARNING, "ImagingPlane")
def wavelength(plane: ImagingPlane) -> Iterator[Problem]:
    """A wavelength cannot be one of light, in nanometers."""
    values = [("excitation_lambda", plane.excitation_lambda)]
    values += [(f"{channel.name}/emission_lambda", channel.emission_lambda) for channel in plane.optical_channel]
    for at, value in values:
        length = number(value)
        # Below 10 the best practices speak of another unit.
        if length is not None and not math.isnan(length) and length >= 10 and not 200 <= length <= 2500:
            yield Problem("not a wavelength of light", at, "nanometers, from 200 to 2500", str(length), "give it in nanometers")


@rule("emission_below_excitation", Severity.WARNING, "OnePhotonSeries")
def emission_below_excitation(series: OnePhotonSeries) -> Iterator[Problem]:
    """Light of one photon comes back with a shorter wavelength than it came with."""
    plane = series.imaging_plane
    excitation = number(plane.excitation_lambda)
    for channel in plane.optical_channel:
        emission = number(channel.emission_lambda)
        if excitation is not None and emission is not None and emission < excitation:
            yield Problem(
                f"channel {channel.name!r} of {plane.name!r} emits at a shorter wavelength than it is excited at",
                "imaging_plane",
                f"emission above {excitation} nm",
                f"{emission} nm",
                "check both wavelengths, and whether this is a movie of one photon",
            )


@rule("two_photon_excitation", Severity.WARNING, "TwoPhotonSeries")
def two_photon_excitation(series: TwoPhotonSeries) -> Iterator[Problem]:
    """Two photons excite with a shorter wavelength than they emit."""
    plane = series.imaging_plane
    excitation = number(plane.excitation_lambda)
    emissions = [value for channel in plane.optical_channel if (value := number(channel.emission_lambda)) is not None]
    if excitation is not None and emissions and 10 <= excitation < min(emissions):
        yield Problem(
            f"{plane.name!r} is excited at a shorter wavelength than it emits at",
            "imaging_plane",
            f"excitation above {min(emissions)} nm",
            f"{excitation} nm",
            "check both wavelengths, and whether this is a movie of two photons",
        )


@rule("grid_spacing", Severity.WARNING, "ImagingPlane")
def grid_spacing(plane: ImagingPlane) -> Iterator[Problem]:
    """Pixels are of a size that no microscope has, so that the unit is probably another one."""
    spacing = _floats(plane.grid_spacing)
    if spacing is None or plane.grid_spacing_unit not in _METERS:
        return
    # From finer than light resolves to coarser than a brain.
    if any(not 1e-9 <= value <= 1e-3 for value in spacing):
        yield Problem(
            "pixels of an impossible size",
            "grid_spacing",
            "meters, such as 1e-06",
            str(spacing),
            "give it in meters, or correct its unit",
        )


@rule("field_of_view", Severity.WARNING, "TwoPhotonSeries")
def field_of_view(series: TwoPhotonSeries) -> Iterator[Problem]:
    """The field of view is not as large as the pixels together."""
    view, shape, plane = _floats(series.field_of_view), frame_shape(series), series.imaging_plane
    spacing = _floats(plane.grid_spacing)
    if view is None or shape is None or spacing is None or plane.grid_spacing_unit not in _METERS:
        return
    expected = [size * length for size, length in zip(spacing, shape, strict=False)]
    if any(want > 0 and not 0.8 <= have / want <= 1.25 for have, want in zip(view, expected, strict=False)):
        found, wanted = (", ".join(f"{value:.4g}" for value in values) for values in (view, expected))
        yield Problem("not the size of all pixels", "field_of_view", f"({wanted}) meters, shape times grid_spacing", f"({found})")


@rule("imaging_rate", Severity.WARNING, "ImagingPlane")
def imaging_rate(plane: ImagingPlane) -> Iterator[Problem]:
    """The plane says another rate than its movie."""
    told = number(plane.imaging_rate)
    for series in movies_of(plane, root_of(plane)):
        rate = number(series.rate)
        if told and rate and not 0.95 <= told / rate <= 1.05:
            yield Problem(
                f"not the rate of {series.name!r}",
                "imaging_rate",
                f"{rate} Hz",
                f"{told} Hz",
                "correct one, or leave this one out",
            )


@rule("dimension", Severity.WARNING, "ImageSeries")
def dimension(series: ImageSeries) -> Iterator[Problem]:
    """The field `dimension` does not say what the shape of the frames is."""
    told, shape = _floats(series.dimension), known_shape(series.data)
    if told is None:
        return
    stated = tuple(int(length) for length in told)
    if len(stated) not in (2, 3):
        fix = "correct it, or leave it out"
        yield Problem("not the shape of a frame", "dimension", "(width, height) or (width, height, depth)", str(stated), fix)
    elif shape is not None and len(shape) >= 3 and all(shape) and (frame := shape[1 : 1 + len(stated)]) != stated:
        hint = "the axes may be exchanged" if frame == stated[::-1] else "correct it, or leave it out"
        yield Problem("not the shape of the frames", "dimension", str(frame), str(stated), hint)


@rule("frame_chunks", Severity.WARNING, "ImageSeries")
def frame_chunks(series: ImageSeries) -> Iterator[Problem]:
    """Frames are spread over many chunks, so that reading one means reading a large part of the movie."""
    chunks: Any = getattr(series.data, "chunks", None)
    shape, itemsize = known_shape(series.data), getattr(getattr(series.data, "dtype", None), "itemsize", 1)
    if not chunks or shape is None or len(shape) < 3 or not all(shape):
        return
    touched = math.prod(math.ceil(length / chunk) for length, chunk in zip(shape[1:], chunks[1:], strict=True))
    read = touched * math.prod(chunks) * itemsize
    if read >= 16 * math.prod(shape[1:]) * itemsize and (read >= 64 * _MIB or touched >= 100):
        yield Problem(
            f"one frame lies in {touched} chunks of {read / _MIB:.3g} MiB together",
            "data",
            "chunks of a few whole frames",
            f"chunks {tuple(chunks)}",
            "write the movie again with other chunks",
        )


@rule("translation_shape", Severity.WARNING, "CorrectedImageStack")
def translation_shape(stack: CorrectedImageStack) -> Iterator[Problem]:
    """The shifts of a motion correction are not one (x, y) for each frame."""
    shape, frames = known_shape(stack.xy_translation.data), frame_count(stack.corrected)
    if shape is None:
        return
    at = "xy_translation/data"
    if len(shape) != 2 or shape[1] not in (2, 3):
        hint = "transpose it" if len(shape) == 2 and shape[0] in (2, 3) else ""
        yield Problem("not an x and a y for each frame", at, f"shape ({frames or 'frames'}, 2)", str(shape), hint)
    elif frames is not None and shape[0] != frames:
        yield Problem("not a shift for each frame", at, f"{frames} shifts", str(shape[0]))


@rule("corrected_frames", Severity.WARNING, "CorrectedImageStack")
def corrected_frames(stack: CorrectedImageStack) -> Iterator[Problem]:
    """The movie after motion correction has other frames than the one before."""
    after, before = frame_count(stack.corrected), frame_count(stack.original)
    if after is not None and before is not None and after != before:
        yield Problem(f"not as many frames as {stack.original.name!r}", "corrected", str(before), str(after))
    shape, original = frame_shape(stack.corrected), frame_shape(stack.original)
    if shape is not None and original is not None and shape == original[::-1] != original:
        fix = "exchange the axes of one of them"
        yield Problem(f"frames as those of {stack.original.name!r}, turned", "corrected", str(original), str(shape), fix)
    elif shape is not None and original is not None and any(a > b for a, b in zip(shape, original, strict=False)):
        yield Problem(f"larger frames than {stack.original.name!r}", "corrected", f"at most {original}", str(shape))


@rule("plane_of_reference_images", Severity.WARNING, "PlaneSegmentation")
def plane_of_reference_images(table: PlaneSegmentation) -> Iterator[Problem]:
    """A reference image shows another plane than the one that the regions are in."""
    for series in table.reference_images or ():
        plane = getattr(series, "imaging_plane", None)
        if plane is not None and plane is not table.imaging_plane:
            yield Problem(
                f"reference image {series.name!r} shows another plane",
                f"reference_images/{series.name}",
                table.imaging_plane.name,
                plane.name,
                "correct the plane of the regions or the reference images",
            )


@rule("single_trace", Severity.WARNING, "RoiResponseSeries")
def single_trace(series: RoiResponseSeries) -> Iterator[Problem]:
    """There is one trace for several regions."""
    shape, count = known_shape(series.data), finite_length(series.rois.data)
    if shape is not None and len(shape) == 1 and count is not None and count > 1:
        yield Problem(
            f"one trace for {count} regions", "data", f"shape (frames, {count})", str(shape), "give a column for each region"
        )


@rule("trace_frames", Severity.WARNING, "RoiResponseSeries")
def trace_frames(series: RoiResponseSeries) -> Iterator[Problem]:
    """Traces have the rate of the movie that they are of, but not its number of frames."""
    shape, table = known_shape(series.data), series.rois.table
    if not shape or not shape[0] or table.neurodata_type != "PlaneSegmentation":
        return
    rate = number(series.rate)
    plane: Any = getattr(table, "imaging_plane", None)
    movies = [(movie, frame_count(movie)) for movie in movies_of(plane, root_of(series))]
    same_rate = [(movie, count) for movie, count in movies if count and rate and rate == number(movie.rate)]
    if same_rate and shape[0] not in [count for _, count in same_rate]:
        movie, count = same_rate[0]
        hint = "transpose them" if shape[1:] == (count,) else ""
        yield Problem(f"not as many samples as {movie.name!r} has frames", "data", str(count), str(shape[0]), hint)


def _floats(values: Any) -> list[float] | None:
    shape = known_shape(values)
    return [float(value) for value in values] if shape is not None and len(shape) == 1 else None
