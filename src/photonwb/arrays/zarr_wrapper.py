"""Data together with how Zarr is to store them."""

from __future__ import annotations

from typing import Any

from photonwb.errors import InvalidValueError

from .wrappers import DataIO

__all__ = ["ZarrDataIO"]


class ZarrDataIO(DataIO):
    """Data, and how Zarr is to store them.

    In an HDF5 file they have the same chunks, and the compression that there is there.

    Parameters
    ----------
    data : array-like
    chunks : tuple of int, optional
        Shape of the chunks.
    fillvalue : scalar, optional
        Value of elements that are never written.
    compressors : codec, list of codecs, or bool, optional
        Codecs of zarr or numcodecs: blosc, zstd, gzip, zlib, shuffle, checksums. False for none, True for what photonwb chooses.
    filters : list of codecs, optional
        More codecs, which come before the others.
    serializer, shards
        Accepted and refused: how elements become bytes follows from their type, and each chunk gets a file of its own.
    link_data : bool
        Accepted and without effect: arrays of other stores are copied.

    Raises
    ------
    InvalidValueError
        Shards or a serializer are asked for.
    """

    def __init__(
        self,
        data: Any = None,
        chunks: tuple[int, ...] | None = None,
        fillvalue: Any = None,
        compressors: Any = None,
        filters: Any = None,
        serializer: Any = None,
        shards: Any = None,
        link_data: bool = False,
    ) -> None:
        super().__init__(data)
        for name, given in (("serializer", serializer), ("shards", shards)):
            if given is not None:
                raise InvalidValueError(f"ZarrDataIO.{name}: is not written; leave it out")
        self._link_data = link_data
        self._settings: dict[str, Any] = {}
        if chunks is not None:
            self._settings["chunks"] = tuple(chunks)
        if fillvalue is not None:
            self._settings["fill_value"] = fillvalue
        if compressors is not None and compressors is not True:
            self._settings["compressors"] = None if compressors is False else compressors
        if filters is not None:
            self._settings["filters"] = list(filters)

    @property
    def link_data(self) -> bool:
        return self._link_data

    @property
    def dataset(self) -> None:
        """Where the data were written to is not told."""
        return

    @property
    def io_settings(self) -> dict[str, Any]:
        """The options that were given."""
        return self._settings

    def get_io_params(self) -> dict[str, Any]:
        return {**self._settings, "link_data": self._link_data}
