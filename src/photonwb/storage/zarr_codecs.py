"""Codecs of Zarr and filters of the contract, translated into each other.

What `photonwb.arrays` can undo has the names that it has there, whatever format and library it comes from: zlib is "gzip", as in
HDF5, and the gzip of Zarr, which is that of files, "gzip-file". Anything else is left to zarr-python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.arrays.codec_names import NAMES, PREFIX, filter_from
from photonwb.arrays.codecs import is_known
from photonwb.errors import DamagedFileError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    Filter = tuple[str, Mapping[str, Any]]

__all__ = ["FILTERS", "WRITTEN", "Encoding", "codec_documents", "encoding_from", "legacy_encoding"]

# In whose place there is no filter: how objects become bytes.
OBJECT_CODECS = ("vlen-utf8", "vlen-bytes", "json2", "pickle")

WRITTEN = frozenset(NAMES.values())

# What a compression that is given by one word stands for here: measured on movies, each is as fast and as small as anything.
FILTERS: dict[str, tuple[Filter, ...]] = {
    "fast": (("blosc", {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"}),),
    "small": (("blosc", {"cname": "zstd", "clevel": 3, "shuffle": "bitshuffle"}),),
    "none": (),
}


class Encoding(NamedTuple):
    """What becomes of a chunk before it is stored.

    Parameters
    ----------
    filters : tuple of (str, dict)
        Of its bytes, in the order of encoding.
    serializer : str
        How elements become bytes: "bytes" as they lie in memory, or a codec of objects.
    is_big_endian : bool
    axes : tuple of int, optional
        Order in which the axes lie in the bytes.
    shard : Shard, optional
        How many chunks share a file.
    is_known : bool
        Whether all of this can be undone here.
    """

    filters: tuple[Filter, ...] = ()
    serializer: str = "bytes"
    is_big_endian: bool = False
    axes: tuple[int, ...] | None = None
    shard: Shard | None = None
    is_known: bool = True


class Shard(NamedTuple):
    """Chunks in one file, with an index of them."""

    chunks: tuple[int, ...]
    encoding: Encoding
    index_encoding: Encoding
    is_index_first: bool


def encoding_from(documents: Any, dtype: np.dtype[Any]) -> Encoding:
    """The encoding that a list of codecs of format 3 describes.

    Raises
    ------
    DamagedFileError
        They are no codecs.
    """
    if not isinstance(documents, list):
        raise DamagedFileError(f"expected a list of codecs, got {documents!r:.80}")
    filters: list[Filter] = []
    found = Encoding(is_known=False)
    has_serializer = False
    for document in cast("list[Any]", documents):
        name, options = _named(document)
        if name == "transpose" and not has_serializer and found.axes is None:
            found = found._replace(axes=_axes(options.get("order")))
        elif name == "bytes":
            has_serializer = True
            found = found._replace(is_big_endian=options.get("endian") == "big")
        elif name in OBJECT_CODECS:
            has_serializer = True
            found = found._replace(serializer=name)
        elif name == "sharding_indexed" and not has_serializer:
            has_serializer = True
            found = found._replace(shard=_shard(options, dtype))
        else:
            filters.append(filter_from(name, options) if has_serializer else (f"before bytes: {name}", {}))
    if not has_serializer:
        raise DamagedFileError("the codecs do not say how elements become bytes")
    return _checked(found._replace(filters=tuple(filters)), dtype)


def legacy_encoding(document: Mapping[str, Any], dtype: np.dtype[Any]) -> Encoding:
    """The encoding that the metadata of an array of format 2 describe."""
    filters: list[Filter] = []
    serializer = "bytes"
    for codec in [*(document.get("filters") or ()), document.get("compressor")]:
        if codec is None:
            continue
        if not isinstance(codec, dict) or not isinstance(codec.get("id"), str):
            raise DamagedFileError(f"{codec!r:.80} is no codec")
        name = cast("str", codec["id"])
        if name in OBJECT_CODECS and not filters and serializer == "bytes":
            serializer = name
        else:
            filters.append(filter_from(name, {key: value for key, value in cast("Any", codec).items() if key != "id"}))
    dimensions = len(document["shape"])
    axes = tuple(reversed(range(dimensions))) if document.get("order") == "F" and dimensions > 1 else None
    return _checked(Encoding(tuple(filters), serializer, axes=axes), dtype)


def _checked(found: Encoding, dtype: np.dtype[Any]) -> Encoding:
    """The encoding, with whether it can be undone here."""
    if found.shard is not None:
        inner, index = found.shard.encoding, found.shard.index_encoding
        is_plain = not found.filters and found.axes is None
        known = is_plain and inner.is_known and inner.shard is None and index.is_known
    else:
        shuffled = [options.get("elementsize", dtype.itemsize) for name, options in found.filters if name == "shuffle"]
        known = is_known(found.filters) and set(shuffled) <= {dtype.itemsize} and (found.serializer == "bytes") != dtype.hasobject
    # Which elements were shuffled is told by the dtype.
    filters = tuple([(name, {} if known and name == "shuffle" else options) for name, options in found.filters])
    return found._replace(filters=filters, is_known=known)


def _named(document: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(document, str):
        return document, {}
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise DamagedFileError(f"{document!r:.80} is no codec")
    options: Any = document.get("configuration") or {}
    if not isinstance(options, dict):
        raise DamagedFileError(f"{options!r:.80} are no options of a codec")
    return document["name"], cast("dict[str, Any]", options)


def _axes(order: Any) -> tuple[int, ...]:
    if not isinstance(order, list) or sorted(cast("list[int]", order)) != list(range(len(order))):
        raise DamagedFileError(f"{order!r:.80} is no order of axes")
    return tuple(cast("list[int]", order))


def _shard(options: Mapping[str, Any], dtype: np.dtype[Any]) -> Shard:
    import numpy as np

    chunks = options.get("chunk_shape")
    if not isinstance(chunks, list) or not all(type(length) is int and length > 0 for length in cast("list[Any]", chunks)):
        raise DamagedFileError(f"{chunks!r:.80} is no shape of chunks")
    index = encoding_from(options.get("index_codecs"), np.dtype("<u8"))
    # A compressed index would have a length that nobody knows.
    plain = index.is_known and index.axes is None and all(name == "crc32c" for name, _ in index.filters)
    return Shard(
        tuple(cast("list[int]", chunks)),
        encoding_from(options.get("codecs"), dtype),
        index._replace(is_known=plain),
        options.get("index_location") == "start",
    )


def codec_documents(filters: Sequence[Filter], dtype: np.dtype[Any]) -> list[dict[str, Any]]:
    """The codecs of format 3 that store elements of a dtype with some filters.

    Raises
    ------
    InvalidValueError
        A filter that is not written.
    """
    if dtype.hasobject:
        return [{"name": "vlen-utf8", "configuration": {}}, *(_codec(*found, dtype) for found in filters)]
    endian = {"endian": "big" if dtype.newbyteorder(">") == dtype and dtype.names is None else "little"}
    serializer = {"name": "bytes", "configuration": endian} if dtype.itemsize > 1 else {"name": "bytes"}
    return [serializer, *(_codec(*found, dtype) for found in filters)]


def _codec(name: str, options: Mapping[str, Any], dtype: np.dtype[Any]) -> dict[str, Any]:
    match name:
        case "blosc":
            configuration = {
                "typesize": min(dtype.itemsize, 255),
                "cname": options.get("cname", "zstd"),
                "clevel": int(options.get("clevel", 5)),
                "shuffle": options.get("shuffle", "shuffle"),
                "blocksize": int(options.get("blocksize", 0)),
            }
        case "zstd":
            configuration = {"level": int(options.get("level", 0)), "checksum": False}
        case "gzip-file":
            return {"name": "gzip", "configuration": {"level": int(options.get("level", 5))}}
        case "gzip":
            return {"name": "numcodecs.zlib", "configuration": {"level": int(options.get("level", 4))}}
        case "shuffle":
            return {"name": "numcodecs.shuffle", "configuration": {"elementsize": dtype.itemsize}}
        case "crc32c":
            return {"name": "crc32c"}
        case "fletcher32" | "lz4":
            return {"name": f"{PREFIX}{name}", "configuration": dict(options)}
        case _:
            raise InvalidValueError(
                f"filter {name!r} is not written to Zarr; use blosc, zstd, gzip, shuffle or fletcher32, or leave the choice to "
                "compression='fast' or 'small'"
            )
    return {"name": name, "configuration": configuration}
