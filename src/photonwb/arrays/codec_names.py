"""Names of filters, and those that the codecs of Zarr have in either of its formats.

What can be undone here has one name, whatever format and library it comes from: zlib is "gzip", as in HDF5, and the gzip of Zarr,
which is that of files, "gzip-file". Anything else keeps its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Filter = tuple[str, Mapping[str, Any]]

__all__ = ["NAMES", "PREFIX", "filter_from", "filters_of"]

# Ends of the names of codecs, in format 3 (with "numcodecs." before them or not) and in format 2.
SAME = ("zstd", "blosc", "lz4", "crc32c", "shuffle", "fletcher32")
NAMES = {"zlib": "gzip", "gzip": "gzip-file", **dict(zip(SAME, SAME, strict=True))}
BLOSC_NAMES = ("blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd")
SHUFFLES = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle"}
PREFIX = "numcodecs."


def filter_from(name: str, options: Mapping[str, Any]) -> Filter:
    """The filter that a codec is, by its name and options."""
    found = NAMES.get(name.removeprefix(PREFIX))
    match found:
        case None:
            return name, options
        case "gzip" | "gzip-file":
            return found, {"level": _number(options, "level", 1)}
        case "zstd":
            return found, {"level": _number(options, "level", 0)}
        case "blosc":
            shuffle = options.get("shuffle")
            shuffle = SHUFFLES.get(shuffle) if type(shuffle) is int else shuffle
            return found, {
                "cname": options["cname"] if options.get("cname") in BLOSC_NAMES else "zstd",
                "clevel": _number(options, "clevel", 5),
                "shuffle": shuffle if shuffle in SHUFFLES.values() else "shuffle",
            }
        case _:
            return found, {key: _number(options, key, 0) for key in ("elementsize", "acceleration") if key in options}


def _number(options: Mapping[str, Any], key: str, default: int) -> int:
    """An option that matters for writing only; one that makes no sense does not keep anybody from reading."""
    value = options.get(key, default)
    return value if type(value) is int and 0 <= value < 100 else default


def filters_of(codecs: Any) -> tuple[Filter, ...]:
    """The filters that codecs are: objects of zarr or numcodecs, one or several.

    Raises
    ------
    InvalidTypeError
        They are no codecs.
    """
    found: list[Filter] = []
    for codec in cast("list[Any]", codecs) if isinstance(codecs, (list, tuple)) else [codecs]:
        make = getattr(codec, "to_dict", None) or getattr(codec, "get_config", None)
        document: Any = codec if isinstance(codec, dict) else make() if make is not None else None
        if not isinstance(document, dict):
            raise InvalidTypeError(f"expected codecs of zarr or numcodecs, got {type(codec).__name__}")
        described = cast("dict[str, Any]", document)
        name = described.get("name") or described.get("id")
        options: Any = described.get("configuration") or {key: described[key] for key in described if key not in ("name", "id")}
        found.append(filter_from(str(name), {key: getattr(value, "value", value) for key, value in options.items()}))
    return tuple(found)
