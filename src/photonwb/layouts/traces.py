"""Signals and flags in the files of programs that each have their own names for them.

The standard has one type for all signals of regions and no word for what they are. The words that programs use instead are a
table here, read in the source of suite2p, CaImAn, roiextractors and neuroconv (old and new), AllenSDK, the conversions of the
Allen Brain Observatory, and in the tutorials of MatNWB and PyNWB. Every answer says by what it was recognised.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.arrays.swapped import swapped
from photonwb.errors import InvalidValueError, NotFoundError, PhotonwbError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.segmentation import PlaneSegmentation

    Array = NDArray[Any]

__all__ = ["FLAGS", "KINDS", "Accepted", "Traces", "accepted_of", "find_traces", "only_traces", "traces_of"]

# Words in the name of a series, its type, or what holds it; the kinds in the order in which they are looked for.
KINDS: dict[str, tuple[str, ...]] = {
    "deconvolved": ("deconvol", "spks", "spike", "event"),
    "neuropil": ("neuropil", "fneu"),
    "dff": ("dff", "dfoverf", "deltaf", "dfof"),
    "denoised": ("denoised",),
    "demixed": ("demixed",),
    "corrected": ("corrected",),
    "baseline": ("baseline",),
    "background": ("background",),
    "raw": ("raw",),
}
# What comes nearest where a file has none of a kind.
_NEAREST = {"raw": "demixed"}

_CHANNEL = re.compile(r"chan(?:nel)?_?(\d+)", re.IGNORECASE)
_NO_LETTERS = re.compile(r"[^a-z]+")


class Traces:
    """Signals of regions, whatever the file calls them.

    Attributes
    ----------
    series : RoiResponseSeries
        With their times and units.
    kind : str
        One of `KINDS`; "unknown" where nothing tells it.
    how : str
        By what they were recognised.
    channel : int or None
        Number of the channel, from 1; None where no name tells it.
    """

    def __init__(self, series: Any, kind: str, how: str, channel: int | None, data: Any) -> None:
        self.series, self.kind, self.how, self.channel = series, kind, how, channel
        self._data = data

    @property
    def data(self) -> Any:
        """The signals, (time, region), read when indexed."""
        return self._data

    @property
    def rois(self) -> Any:
        """Rows of `segmentation`, one for each column of the data."""
        return self.series.rois.data

    @property
    def segmentation(self) -> PlaneSegmentation:
        """The table of the regions."""
        return self.series.rois.table

    @property
    def place(self) -> str:
        """Names of what holds the series, and its own."""
        return "/".join(item.name for item in (*reversed(_holders(self.series)), self.series))

    def _is_at(self, where: Any) -> bool:
        plane = getattr(self.segmentation, "imaging_plane", None)
        places = [self.series, *_holders(self.series), self.segmentation, plane]
        if isinstance(where, str):
            return where.strip("/") == self.place or where in [item.name for item in places if item is not None]
        return any(item is where for item in places)

    def __repr__(self) -> str:
        channel = "" if self.channel is None else f", channel {self.channel}"
        return f"<Traces {self.place}: {self.kind}{channel}, {self.how}>"


class SumOfArrays:
    """Arrays of one shape added up where they are indexed."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self._parts = parts
        self.shape: Any = shape_of(parts[0])
        self.dtype = parts[0].dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Array:
        import numpy as np

        return sum(np.asarray(part[key]) for part in self._parts)  # type: ignore[return-value] - of at least one array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        import numpy as np

        return np.asarray(self[...], dtype=dtype)


# ---- finding signals


def find_traces(nwbfile: NWBFile) -> list[Traces]:
    """All signals of regions in a file, with what they are; those that cannot be read are left out."""
    return [found for series in _series_in(nwbfile) for found in _recognised(series)]


def traces_of(table: PlaneSegmentation) -> list[Traces]:
    """All signals of the regions of a table, in the file that the table is in."""
    ancestors = table.get_ancestors()
    if not ancestors or not hasattr(ancestors[-1], "processing"):
        return []
    root: Any = ancestors[-1]
    return [found for found in find_traces(root) if found.segmentation is table]


def only_traces(found: Sequence[Traces], kind: str, where: Any, channel: int | None, label: str) -> Traces:
    """The only ones of a kind at a place; errors list what there is."""
    if kind not in KINDS:
        raise InvalidValueError(f"{label}.traces: expected a kind out of {', '.join(KINDS)}, got {kind!r}")
    near = [each for each in found if where is None or each._is_at(where)]
    # What bears no number is of the first channel.
    near = [each for each in near if channel is None or (each.channel or 1) == channel]
    chosen = [each for each in near if each.kind == kind] or [each for each in near if each.kind == _NEAREST.get(kind)]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise NotFoundError(f"{label}.traces: there are no {kind} traces{_among(near, where, channel)}")
    raise InvalidValueError(
        f"{label}.traces: there are {len(chosen)} of the kind {kind!r}: "
        f"{'; '.join(map(str, chosen))}. Choose by `where` (a table, a plane or a name) or `channel`"
    )


def _among(found: Sequence[Traces], where: Any, channel: int | None) -> str:
    place = "" if where is None else f" at {getattr(where, 'name', where)!r}"
    place += "" if channel is None else f" of channel {channel}"
    return f"{place}; there are {'; '.join(map(str, found)) or 'no traces at all'}"


def _series_in(nwbfile: Any) -> Iterator[Any]:
    modules = nwbfile.processing
    for holder in (*(modules[name].data_interfaces for name in list(modules)), nwbfile.acquisition, nwbfile.analysis):
        for name in list(holder):
            try:
                item = holder[name]
                several = getattr(item, "roi_response_series", None)
                for each in [item] if several is None else several.values():
                    if hasattr(each, "rois") and hasattr(each.rois, "table"):
                        yield each
            except PhotonwbError:
                continue


def _recognised(series: Any) -> Iterator[Traces]:
    try:
        shape: tuple[Any, ...] = shape_of(series.data) or ()
        count = (shape_of(series.rois.data) or (None,))[0]
        table = series.rois.table
        channel = next((int(match[1]) for name in _names(series) if (match := _CHANNEL.search(name))), None)
        data = series.data
    except PhotonwbError:
        return
    if isinstance(data, (list, tuple)):
        import numpy as np

        data = np.asarray(data)
    if len(shape) != 2 and (len(shape), count) != (1, 1):
        return  # a number for each region, for example
    kind, how = _kind_of(series)
    if len(shape) == 1:
        data = _AsColumn(data)
    elif shape[1] != count and shape[0] == count:
        data, how = swapped(data, 0, 1), f"{how}; stored as (region, time)"
    if kind == "raw" and getattr(table, "description", None) == "CNMF_ROIs":
        yield from _of_caiman(series, channel, data)
    else:
        yield Traces(series, kind, how, channel, data)


def _of_caiman(series: Any, channel: int | None, data: Any) -> Iterator[Traces]:
    """CaImAn stores what it fitted, and beside it what is left of the signals; the sum of both is what was there."""
    yield Traces(series, "denoised", "CaImAn stores its fit, C, under this name", channel, data)
    module = _holders(series)[-1]
    left = getattr(module, "data_interfaces", {}).get("residuals")
    if left is not None and shape_of(left.data) == shape_of(data):
        yield Traces(series, "raw", "sum of the fit of CaImAn and its 'residuals'", channel, SumOfArrays([data, left.data]))


def _kind_of(series: Any) -> tuple[str, str]:
    holder = series.parent
    names = [(series.name, f"named {series.name!r}")]
    if series.neurodata_type != "RoiResponseSeries":
        names.append((series.neurodata_type, f"a {series.neurodata_type}"))
    if holder is not None and hasattr(holder, "roi_response_series"):
        within = f"in {holder.neurodata_type} {holder.name!r}"
        names += [(holder.name, within), (holder.neurodata_type, within)]
    for name, how in names:
        plain = _NO_LETTERS.sub("", name.lower())
        for kind, words in KINDS.items():
            if any(word in plain for word in words):
                return kind, how
    if getattr(holder, "neurodata_type", None) == "Fluorescence":
        return "raw", f"{names[-1][1]}, and not named as anything else"
    return "unknown", "no name tells what they are"


def _names(series: Any) -> list[str]:
    table = series.rois.table
    return [series.name, *(item.name for item in _holders(series)), table.name]


def _holders(series: Any) -> list[Any]:
    """What holds a series, from the inside, up to the module."""
    ancestors: list[AbstractContainer] = list(series.get_ancestors())
    return [item for item in ancestors if item.neurodata_type != "NWBFile"]


class _AsColumn:
    """The signal of one region as (time, 1)."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self.shape: Any = (*(shape_of(data) or ()), 1)
        self.dtype = getattr(data, "dtype", None)
        self.ndim = 2

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Array:
        import numpy as np

        first, *rest = key if isinstance(key, tuple) else (key,)
        return np.asarray(self._data[first])[..., np.newaxis][(..., *rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        import numpy as np

        return np.asarray(self[...], dtype=dtype)


# ---- which regions count


class Accepted:
    """A flag for each region, usable as an array of booleans.

    Attributes
    ----------
    data : (n,) array of bool
    how : str
        The column that says so, and what it means.
    """

    def __init__(self, data: Array, how: str) -> None:
        self.data, self.how = data, how

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        import numpy as np

        return np.asarray(self.data, dtype=dtype)

    def __repr__(self) -> str:
        return f"<Accepted: {int(self.data.sum())} of {len(self)} regions, {self.how}>"


def _is_true(values: Array) -> Array:
    return values != 0


def _first_is_true(values: Array) -> Array:
    return values[:, 0] != 0 if values.ndim == 2 else values != 0


def _says_accepted(values: Array) -> Array:
    import numpy as np

    return np.array([str(value).lower() == "accepted" for value in values.tolist()], bool)


# Columns that say which regions count: how their values become flags, and whose they are.
FLAGS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "accepted": (_is_true, "photonwb, CaImAn, old neuroconv"),
    "is_accepted": (_is_true, "roiextractors, neuroconv"),
    "iscell": (_first_is_true, "suite2p"),
    "is_cell": (_first_is_true, "suite2p"),
    "valid_roi": (_is_true, "AllenSDK"),
    "cell_status": (_says_accepted, "Inscopix"),
    "keep": (_is_true, "CaImAn: passed its evaluation"),
}


def accepted_of(table: PlaneSegmentation) -> Accepted | None:
    """Which regions of a table were taken for real; see `PlaneSegmentation.accepted`."""
    import numpy as np

    columns = {name.lower(): name for name in table.colnames}
    found: list[Accepted] = []
    for key, (read, whose) in FLAGS.items():
        if key in columns:
            flags = read(np.asarray(_values(table, columns[key])))
            if key == "accepted" and "rejected" in columns:
                # CaImAn has both, and leaves both empty where nobody has looked at the regions.
                if not flags.any() and not np.asarray(_values(table, columns["rejected"])).any():
                    continue
                if "keep" in columns:
                    return Accepted(flags, f"by the column {columns[key]!r} ({whose}), which goes before 'keep'")
            found.append(Accepted(flags, f"by the column {columns[key]!r} ({whose})"))
    if not found:
        return None
    if any(not np.array_equal(each.data, found[0].data) for each in found[1:]):
        raise InvalidValueError(f"{table._label()}.accepted: columns contradict each other: {'; '.join(map(str, found))}")
    return found[0]


def _values(table: Any, name: str) -> Any:
    return table[name].data[:]
