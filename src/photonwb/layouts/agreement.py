"""Whether signals go along with the pixels under the masks, or with those that are there when x and y are exchanged.

Some regions and a few frames tell: those at which a region is at its brightest, and as many spread over the movie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from photonwb.segmentation import PlaneSegmentation

    Array = NDArray[Any]

__all__ = ["compared"]

# Kinds of signals in the order in which they are tried; deconvolved ones say too little of brightness.
_KINDS = ("raw", "demixed", "denoised", "corrected", "dff")
_MOST_REGIONS = 32
_FRAMES = (12, 48)
_FRAME_BYTES = 64 << 20


def compared(table: PlaneSegmentation, movie: Any) -> tuple[float, float, int] | None:
    """Mean correlation of signals with pixels, for masks as they are and exchanged, and of how many regions.

    Parameters
    ----------
    table : PlaneSegmentation
    movie : array-like, shape (time, x, y) or (time, x, y, z)
        Of which a few frames are read.

    Returns
    -------
    (float, float, int) or None
        None where there are no signals with as many samples as frames, or no masks that would be elsewhere when exchanged.
    """
    import numpy as np

    signals = _signals(table, len(movie))
    if signals is None:
        return None
    values, rows = signals
    frames = _telling_frames(values, movie)
    straight, exchanged = _correlations(movie, frames, values[frames], table.rois[rows])
    usable = np.isfinite(straight) & np.isfinite(exchanged)
    if not usable.any():
        return None
    return float(straight[usable].mean()), float(exchanged[usable].mean()), int(usable.sum())


def _signals(table: PlaneSegmentation, count: int) -> tuple[Array, list[int]] | None:
    """Signals (frame, region) of some regions, and their rows in the table."""
    import numpy as np

    from photonwb.layouts.traces import traces_of

    if count < _FRAMES[0]:
        return None
    all_traces = [found for found in traces_of(table) if found.kind in _KINDS and (shape_of(found.data) or (0,))[0] == count]
    for found in sorted(all_traces, key=lambda found: (_KINDS.index(found.kind), found.channel or 1)):
        values = np.asarray(found.data[:, :_MOST_REGIONS], dtype="f8")
        rows = np.asarray(found.rois[: values.shape[1]])
        varies: Any = np.isfinite(values).all(axis=0) & (rows >= 0) & (rows < len(table.rois))
        varies[varies] = np.ptp(values[:, varies], axis=0) > 0
        if varies.any():
            return values[:, varies], [int(row) for row in rows[varies]]
    return None


def _telling_frames(signals: Array, movie: Any) -> list[int]:
    """Frames at which some region is at its brightest, and as many spread over the movie."""
    import numpy as np

    shape, itemsize = shape_of(movie) or (), getattr(getattr(movie, "dtype", None), "itemsize", 8)
    nbytes = int(np.prod(shape[1:])) * itemsize  # type: ignore[arg-type] - of data that are stored
    most = min(max(_FRAME_BYTES // max(nbytes, 1), _FRAMES[0]), _FRAMES[1], len(signals))
    peaks = list(dict.fromkeys(signals.argmax(axis=0).tolist()))[: most // 2]
    spread = np.linspace(0, len(signals) - 1, most - len(peaks)).astype(int).tolist()
    return sorted({*peaks, *spread})


def _correlations(movie: Any, frames: list[int], signals: Array, rois: Any) -> tuple[Array, Array]:
    """Correlation of each signal with its pixels, for masks as they are and exchanged; NaN where the two are about the same."""
    import numpy as np

    shape: Any = (shape_of(movie) or ())[1:]
    masks: list[list[Any]] = []
    for roi in rois:
        xyz = roi.coordinates.T
        exchanged = np.concatenate([xyz[1::-1], xyz[2:]])
        apart = np.abs(xyz[0].mean() - xyz[1].mean()) > 0.5 * max(np.ptp(xyz[0]), np.ptp(xyz[1]), 1) if xyz.size else False
        usable = apart and len(xyz) == len(shape) and float(roi.weights.sum()) > 0
        masks.append([(places, roi.weights) if usable and _inside(places, shape) else None for places in (xyz, exchanged)])
    values = np.full((2, len(frames), len(masks)), np.nan)
    for number, frame in enumerate(frames):
        image = np.asarray(movie[frame], dtype="f8")
        ground = image.mean()  # of which all masks get the same
        for region, both in enumerate(masks):
            for way, mask in enumerate(both):
                if mask is not None:
                    values[way, number, region] = np.average(image[tuple(mask[0])], weights=mask[1]) - ground
    return _correlation(values[0], signals), _correlation(values[1], signals)


def _inside(places: Array, shape: tuple[int, ...]) -> bool:
    return all(int(line.max()) < length for line, length in zip(places, shape, strict=True))


def _correlation(values: Array, signals: Array) -> Array:
    """Pearson correlation of each pair of columns; 0 where pixels do not change."""
    import numpy as np

    values, signals = values - values.mean(axis=0), signals - signals.mean(axis=0)
    scale = np.sqrt((values**2).sum(axis=0) * (signals**2).sum(axis=0))
    return np.divide((values * signals).sum(axis=0), scale, out=np.where(np.isnan(scale), np.nan, 0.0), where=scale > 0)
