"""What belongs to an imaging plane: its movies, and the shape of their frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import PhotonwbError
from photonwb.validation.samples import known_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.model.container import AbstractContainer

__all__ = ["frame_count", "frame_shape", "movies_of", "root_of"]


def root_of(container: AbstractContainer) -> AbstractContainer:
    """The outermost object that holds this one."""
    ancestors = container.get_ancestors()
    return ancestors[-1] if ancestors else container


def movies_of(plane: Any, root: Any) -> Iterator[Any]:
    """Acquired movies of a plane; those that cannot be read are left out, as other rules tell of them."""
    acquisition = getattr(root, "acquisition", None) or {}
    for name in list(acquisition):
        try:
            series = acquisition[name]
            if getattr(series, "imaging_plane", None) is plane and plane is not None:
                yield series
        except PhotonwbError:
            continue


def frame_shape(series: Any) -> tuple[int, ...] | None:
    """Shape (x, y) or (x, y, z) of the frames of a movie; None where nothing tells it."""
    shape = known_shape(series.data)
    if shape is not None and len(shape) in (3, 4) and all(shape):
        return shape[1:]
    told = known_shape(series.dimension)
    return tuple(int(length) for length in series.dimension) if told in ((2,), (3,)) else None


def frame_count(series: Any) -> int | None:
    """Number of frames of a movie; None where nothing tells it."""
    shape = known_shape(series.data)
    if shape and all(shape):
        return shape[0]
    stored = series.fields.get("num_samples")
    return None if stored is None else int(stored)
