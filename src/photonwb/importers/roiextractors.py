"""Formats that only roiextractors reads (Inscopix, Femtonics, MicroManager, Scanbox, SIMA, Thor ...), through that library.

It is asked for by name, never recognised: what it takes depends on the extractor, and our own importers are to be preferred where
there is one. Its images are in rows and columns.
"""

from __future__ import annotations

import json
import math
from threading import Lock
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, InvalidValueError
from photonwb.importers.base import Channel, Column, Fragment, Movie, Picture, Plane, Regions, Timing, Trace, swapped
from photonwb.importers.recording import timing_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["can_open", "name", "read", "recognises"]

name = "roiextractors"
recognises = "what an extractor of roiextractors reads, with format='roiextractors' and extractor='...'"

_PLANE, _REGIONS = "ImagingPlane", "PlaneSegmentation"
# Properties that say which regions were kept.
_ACCEPTED = ("is_accepted", "accepted", "iscell")
_MASKS_AT_ONCE = 32
_DEFECTS = {  # of version 0.10
    "SbxImagingExtractor": "it gives the first of several planes only, and a whole number of frames per second: check the rate",
}


def can_open(path: Path) -> bool:
    """Never: this importer has to be asked for."""
    return False


def read(
    path: Path | str,
    *,
    extractor: str | None = None,
    arguments: str | Mapping[str, Any] | None = None,
    one_photon: bool = False,
) -> Fragment:
    """Describe what an extractor of roiextractors reads.

    Parameters
    ----------
    path : path
        What the extractor takes first.
    extractor : str
        Name of its class, for example InscopixImagingExtractor.
    arguments : str or mapping, optional
        Its other arguments, as JSON or a mapping: '{"plane_index": 0}'.
    one_photon : bool
        Whether the movie was recorded with a one-photon microscope.

    Raises
    ------
    InvalidValueError
        There is no such extractor, or it does not take these arguments.
    DamagedFileError
        The extractor cannot read the source.
    ImportError
        roiextractors is not installed.
    """
    source = _opened(str(path), extractor, arguments)
    fragment = Fragment(path)
    defect = _DEFECTS.get(str(extractor))
    fragment.notes.append(f"read by {extractor} of roiextractors{f'; {defect}' if defect else ''}")
    if hasattr(source, "get_roi_ids"):
        _add_segmentation(fragment, source)
    else:
        _add_movie(fragment, source, one_photon)
    return fragment


def _opened(path: str, extractor: str | None, arguments: str | Mapping[str, Any] | None) -> Any:
    try:
        from roiextractors import extractorlist
    except ImportError:
        raise ImportError(f"{path}: extractors come with roiextractors: pip install photonwb[roiextractors]") from None
    known = {
        each.__name__: each
        for each in (*extractorlist.imaging_extractor_full_list, *extractorlist.segmentation_extractor_full_list)
    }
    if extractor not in known:
        raise InvalidValueError(f"extractor: expected the name of one ({', '.join(sorted(known))}), got {extractor!r}")
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else dict(arguments or {})
    except ValueError:
        raise InvalidValueError(f"arguments: expected JSON such as '{{\"plane_index\": 0}}', got {arguments!r}") from None
    try:
        made: Any = known[extractor]
        return made(path, **given)
    except ImportError:
        raise  # which says what to install
    except TypeError as error:
        raise InvalidValueError(f"{extractor}: {error}; give arguments='{{...}}'") from error
    except Exception as error:
        raise DamagedFileError(f"{path}: {extractor} cannot read it: {type(error).__name__}: {error}") from error


# ---- movies


class _Frames:
    """A movie (time, row, column) or (time, row, column, plane) of an extractor, read by one thread at a time."""

    def __init__(self, source: Any) -> None:
        self._source, self._lock = source, Lock()
        self.shape: tuple[int, ...] = (int(source.get_num_samples()), *(int(length) for length in source.get_sample_shape()))
        self.dtype = source.get_dtype()
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        import numpy as np

        first, *rest = key if isinstance(key, tuple) else (key,)
        if first is Ellipsis:
            first, rest = slice(None), [Ellipsis, *rest]
        wanted = np.arange(len(self))[first]
        single = np.ndim(wanted) == 0
        wanted = np.atleast_1d(wanted)
        if not len(wanted):
            frames = np.empty((0, *self.shape[1:]), self.dtype)
        else:
            start, stop = int(wanted.min()), int(wanted.max()) + 1
            with self._lock:
                block = np.asarray(self._source.get_series(start_sample=start, end_sample=stop))
            expected = (stop - start, *self.shape[1:])
            if block.size != math.prod(expected):
                label = type(self._source).__name__
                raise DamagedFileError(f"{label}: expected frames of shape {expected}, as it says itself, got {block.shape}")
            frames = block.reshape(expected)
            frames = frames if len(wanted) == stop - start and (np.diff(wanted) == 1).all() else frames[wanted - start]
        return frames[0][tuple(rest)] if single else frames[(slice(None), *rest)]


def _add_movie(fragment: Fragment, source: Any, one_photon: bool) -> None:
    timing = _timing(source)
    fragment.planes.append(Plane(_PLANE, channels=_channels(source), imaging_rate=timing.rate))
    kind = "OnePhotonSeries" if one_photon else "TwoPhotonSeries"
    fragment.movies.append(Movie(kind, _PLANE, swapped(_Frames(source), 1, 2), timing, kind))


def _timing(source: Any) -> Timing:
    times = source.get_timestamps() if source.has_time_vector() else source.get_native_timestamps()
    if times is not None:
        return timing_of(times)
    rate = source.get_sampling_frequency()
    return Timing(None if rate is None else float(rate))


def _channels(source: Any) -> tuple[Channel, ...]:
    names: Any = getattr(source, "_channel_names", None) or ()
    return tuple(Channel(str(each)) for each in names) if len(names) > 1 else ()


# ---- regions


def _add_segmentation(fragment: Fragment, source: Any) -> None:
    import numpy as np

    ids = list(source.get_roi_ids())
    timing = _timing(source)
    fragment.planes.append(Plane(_PLANE, imaging_rate=timing.rate))
    fragment.regions.append(Regions(_REGIONS, _PLANE, _masks(source, ids), tuple(_columns(source, ids))))
    for kind, values in source.get_traces_dict().items():
        shape = np.shape(values)
        if len(shape) != 2 or not shape[1]:
            continue
        if shape[1] == len(ids):
            fragment.traces.append(Trace(kind, _REGIONS, values, timing))
        else:
            fragment.notes.append(f"{kind} traces were left out: {shape[1]} of them for {len(ids)} regions")
    for picture, image in source.get_images_dict().items():
        if np.ndim(image) == 2:
            fragment.pictures.append(Picture(picture, _PLANE, np.asarray(image).T))


def _masks(source: Any, ids: list[Any]) -> Any:
    """The images of some regions at a time: the lists of pixels of some extractors are out of step with their weights."""
    import numpy as np

    from photonwb.regions.rois import RoiSet

    sets: list[RoiSet] = []
    for first in range(0, len(ids), _MASKS_AT_ONCE):
        images = np.asarray(source.get_roi_image_masks(roi_ids=ids[first : first + _MASKS_AT_ONCE]))
        sets.append(RoiSet.from_images(np.moveaxis(images, -1, 0).swapaxes(1, 2)))
    if not sets:
        return RoiSet.from_masks([], None)
    ends = np.concatenate([each.areas() for each in sets]).cumsum()
    return RoiSet(np.concatenate([each.values for each in sets]), ends, sets[0].image_shape)


def _columns(source: Any, ids: list[Any]) -> list[Column]:
    import numpy as np

    columns = [Column("roi_name", "What the program calls the region.", [str(each) for each in ids])]
    for key in source.get_property_keys():
        values = np.asarray(source.get_property(key=key, ids=ids))
        description = getattr(source.get_property_info(key), "description", "") or f"The property {key}."
        if key in _ACCEPTED:
            columns.append(Column("accepted", description, values != 0))
        elif values.dtype.kind in "biufU" and values.ndim <= 2:
            columns.append(Column(key, description, values if values.dtype.kind != "U" else values.tolist()))
    return columns
