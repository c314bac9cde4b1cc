"""From files to a session in one call."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidValueError
from photonwb.importers.metadata import KEYS, Metadata, load_metadata
from photonwb.importers.registry import importer, options_of, recognise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.image import ImageSeries
    from photonwb.importers.base import Importer

__all__ = ["import_session", "link_from"]


def import_session(
    paths: typing.Path | Sequence[typing.Path],
    output: typing.Path | None = None,
    metadata: typing.Path | Mapping[str, Any] | None = None,
    *,
    format: str | None = None,
    allow_placeholders: bool = False,
    masks: str = "pixel",
    **options: Any,
) -> NWBFile:
    """Make an NWB file of what microscopes and analysis programs wrote.

    Parameters
    ----------
    paths : path or sequence of path
        The sources of one session, for example a movie and the folder of suite2p. Planes of the same name are the same plane.
    output : path, optional
        The file to write; without it nothing is written.
    metadata : path of a YAML or JSON file, or mapping, optional
        What the sources do not say; see `photonwb.importers.metadata`.
    format : str, optional
        The name of the importer, where the source is not to be recognised by what it looks like.
    allow_placeholders : bool
        Whether what is required and nobody says is marked as unknown instead of refused.
    masks : {"pixel", "image"}
        How to store regions; as images they take far more room.
    **options
        Metadata by name (`indicator="GCaMP6f"`), and options of the importers, see `options_of`; each importer gets those that it
        knows.

    Returns
    -------
    NWBFile
        Large arrays are read from the sources when it is written, or when they are indexed.

    Raises
    ------
    InvalidValueError
        A source that no importer knows, an option that nobody knows, or something required is missing: the message lists all.

    Notes
    -----
    What was left out, or taken for something, is told to the logger `photonwb.importers`.
    """
    from photonwb.importers.assembly import assemble

    if masks not in ("pixel", "image"):
        raise InvalidValueError(f"masks: expected 'pixel' or 'image', got {masks!r}")
    sources = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    readers = [importer(format) if format else recognise(source) for source in sources]
    said = load_metadata(metadata) | {name: value for name, value in options.items() if name in KEYS}
    _check_options([name for name in options if name not in KEYS], readers)
    fragments = [
        each.read(source, **{name: options[name] for name in options_of(each) if name in options})
        for source, each in zip(sources, readers, strict=True)
    ]
    for fragment in fragments:
        for note in fragment.notes:
            logging.getLogger(__name__).warning(note)
    nwbfile = assemble(fragments, Metadata(said, allow_placeholders), masks)
    if output is not None:
        from photonwb.io import write

        link_from(nwbfile, output)
        write(nwbfile, output)
    return nwbfile


def link_from(nwbfile: NWBFile, output: typing.Path) -> None:
    """Let linked movies be found from where the file is going to be."""
    from photonwb.external import relative_links

    for series in nwbfile.acquisition.values():
        if getattr(series, "external_file", None) is not None:
            relative_links(cast("ImageSeries", series), os.path.dirname(os.path.abspath(output)))


def _check_options(names: list[str], readers: list[Importer]) -> None:
    known = {option for each in readers for option in options_of(each)}
    for name in names:
        if name not in known:
            formats = ", ".join(dict.fromkeys(each.name for each in readers))
            raise InvalidValueError(
                f"{name}: neither metadata nor an option of {formats}, which has {', '.join(sorted(known)) or 'none'}"
            )
