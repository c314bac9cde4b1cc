"""From movies to traces, and from traces to relative changes.

A movie goes through memory once, some frames at a time, and each block of frames is multiplied with the sparse matrix of
all masks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from photonwb.analysis.projections import frame_blocks
from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from photonwb.regions.rois import RoiSet

__all__ = ["METHODS", "baseline", "delta_f_over_f", "extract_traces"]

METHODS = ("percentile", "mean", "median")
_BLOCK_BYTES = 64 << 20


def extract_traces(
    movie: Any, rois: RoiSet, *, weighted: bool = True, progress: Callable[[int, int], object] | None = None
) -> NDArray[Any]:
    """Mean of each region over the frames of a movie: ``sum(weight * value) / sum(weight)`` over its pixels.

    Parameters
    ----------
    movie : array-like, shape (time, x, y) or (time, x, y, z)
        In the order of axes of the masks: `series.data`.
    rois : RoiSet
        `segmentation.rois`.
    weighted : bool
        Whether pixels count by their weight, or all the same.
    progress : callable, optional
        Called with the number of frames done and of all, after each block.

    Returns
    -------
    array of float32, shape (time, regions)
        NaN for a region without pixels, or whose weights add up to nothing.

    Raises
    ------
    InvalidValueError
        The regions are of images of another shape, or lie outside of the frames.
    ImportError
        There is no scipy.
    """
    import numpy as np

    shape: Any = shape_of(movie) or (0,)
    matrix = _matrix(rois, tuple(shape[1:]), weighted)
    traces = np.empty((shape[0], len(rois)), "f4")
    for start, block in frame_blocks(movie):
        pixels = block.reshape(len(block), -1)
        traces[start : start + len(block)] = (matrix @ pixels.T.astype("f8", order="C")).T
        if progress is not None:
            progress(start + len(block), shape[0])
    traces[:, rois.areas() == 0] = np.nan  # where the product with an empty row is 0
    return traces


def _matrix(rois: RoiSet, shape: tuple[int, ...], weighted: bool) -> Any:
    """The sparse matrix of (regions, pixels) each row of which adds up to one."""
    import numpy as np

    from photonwb.regions.rois import RoiSet

    if rois.image_shape is not None and tuple(rois.image_shape) != shape:
        raise InvalidValueError(f"extract_traces: the regions are of images {tuple(rois.image_shape)}, the frames are {shape}")
    if rois.dimensions != len(shape):
        raise InvalidValueError(f"extract_traces: the regions have {rois.dimensions} dimensions, the frames {shape} {len(shape)}")
    try:
        matrix = RoiSet(rois.values, rois.ends, shape).sparse()
    except ImportError as error:
        raise ImportError("the masks become a sparse matrix by scipy: pip install scipy") from error
    matrix = matrix.astype("f8")
    if not weighted:
        matrix.data[:] = 1
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    scale = np.divide(1.0, sums, out=np.full_like(sums, np.nan), where=sums != 0)
    matrix.data *= np.repeat(scale, np.diff(matrix.indptr))
    return matrix


def baseline(traces: Any, method: str = "percentile", *, percentile: float = 8.0, window: int | None = None) -> NDArray[Any]:
    """Fluorescence at rest, F0, of each trace.

    Parameters
    ----------
    traces : array-like, shape (time, regions)
    method : {"percentile", "mean", "median"}
        What of the samples is F0.
    percentile : float
        Of the method "percentile". The 8th over a window of about 15 s follows slow changes and no transients [1]_.
    window : int, optional
        Samples around each one that F0 is taken from; at the ends there are fewer. By default all, so that F0 is constant.

    Returns
    -------
    array of float64
        (time, regions) with a window, else (1, regions).

    References
    ----------
    .. [1] D. A. Dombeck et al., "Imaging large-scale neural activity with cellular resolution in awake, mobile mice",
       Neuron 56, 43-57 (2007).
    """
    import numpy as np

    if method not in METHODS:
        raise InvalidValueError(f"baseline: expected a method out of {', '.join(METHODS)}, got {method!r}")
    if not 0 <= percentile <= 100:
        raise InvalidValueError(f"baseline: expected a percentile from 0 to 100, got {percentile}")
    values = np.asarray(traces)
    if values.ndim != 2 or not len(values):
        raise InvalidValueError(f"baseline: expected traces of shape (time, regions), got {values.shape}")
    values = values.astype("f8", copy=False)

    def rest(samples: NDArray[Any]) -> Any:
        """F0 over the last axis."""
        if method == "mean":
            return samples.mean(axis=-1)
        return np.percentile(samples, 50 if method == "median" else percentile, axis=-1)

    if window is None or window >= 2 * len(values):
        return rest(values.T)[np.newaxis]
    if window < 1:
        raise InvalidValueError(f"baseline: expected a window of at least 1 sample, got {window}")
    return _sliding(values, window, rest)


def _sliding(values: NDArray[Any], window: int, rest: Callable[[NDArray[Any]], Any]) -> NDArray[Any]:
    """F0 around each sample: from full windows, and at the ends from what there is of them."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    before, after = window // 2, window - window // 2  # a window is [i - before, i + after)
    length = len(values)
    result = np.empty_like(values)
    full = range(before, length - after + 1)
    step = max(1, _BLOCK_BYTES // max(1, 8 * window * values.shape[1]))
    for start in range(full.start, full.stop, step):
        stop = min(start + step, full.stop)
        view = sliding_window_view(values[start - before : stop - 1 + after], window, axis=0)
        result[start:stop] = rest(view)
    for place in (*range(min(before, length)), *range(max(before, full.stop), length)):
        result[place] = rest(values[max(0, place - before) : place + after].T)
    return result


def delta_f_over_f(
    traces: Any,
    *,
    method: str = "percentile",
    percentile: float = 8.0,
    window: int | None = None,
    neuropil: Any = None,
    neuropil_factor: float = 0.7,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[Any]:
    """Relative change of fluorescence: ``(F - F0) / F0`` [1]_.

    Parameters
    ----------
    traces : array-like, shape (time, regions)
        F; may lie in a file, and is gone through by regions.
    method, percentile, window
        How F0 is found, see `baseline`.
    neuropil : array-like, shape (time, regions), optional
        Fluorescence around each region; `neuropil_factor` times as much is taken from F first. 0.7 is usual [2]_.
    neuropil_factor : float
    progress : callable, optional
        Called with the number of regions done and of all.

    Returns
    -------
    array of float32, shape (time, regions)
        NaN where F0 is not above 0, as a relative change of nothing means nothing.

    References
    ----------
    .. [1] H. Jia et al., "In vivo two-photon imaging of sensory-evoked dendritic calcium signals in cortical neurons",
       Nature Protocols 6, 28-35 (2011).
    .. [2] T.-W. Chen et al., "Ultrasensitive fluorescent proteins for imaging neuronal activity", Nature 499, 295-300 (2013).
    """
    import numpy as np

    shape: Any = shape_of(traces)
    if shape is None or len(shape) != 2 or not shape[0]:
        raise InvalidValueError(f"delta_f_over_f: expected traces of shape (time, regions), got {shape}")
    if neuropil is not None and shape_of(neuropil) != shape:
        raise InvalidValueError(f"delta_f_over_f: expected neuropil of the shape of the traces {shape}, got {shape_of(neuropil)}")
    result = np.empty(shape, "f4")
    for columns in _column_blocks(traces, shape):
        fluorescence = np.asarray(traces[:, columns], dtype="f8")
        if neuropil is not None:
            fluorescence = fluorescence - neuropil_factor * np.asarray(neuropil[:, columns], dtype="f8")
        rest = baseline(fluorescence, method, percentile=percentile, window=window)
        rest = np.where(rest > 0, rest, np.nan)
        result[:, columns] = fluorescence / rest - 1
        if progress is not None:
            progress(min(columns.stop, shape[1]), shape[1])
    return result


def _column_blocks(traces: Any, shape: tuple[int, int]) -> Iterator[slice]:
    """Columns that take about one block of memory, whole chunks where there are any."""
    chunks = getattr(traces, "chunks", None)
    chunk = chunks[1] if chunks and isinstance(chunks[1], int) else 1
    room = max(1, _BLOCK_BYTES // (8 * shape[0]))
    step = max(1, math.floor(room / chunk)) * chunk
    for start in range(0, shape[1], step):
        yield slice(start, start + step)
