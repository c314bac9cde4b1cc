"""The function `validate`: from a file, or an object, to the list of what is wrong with it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError, InvalidValueError, MissingFileError, PhotonwbError
from photonwb.io.facade import NWBHDF5IO, NWBFileIO, io_for
from photonwb.io.reading import Reader
from photonwb.io.specifications import cached_sources
from photonwb.model.extensions import loaded_catalog
from photonwb.schema import Catalog
from photonwb.validation.findings import Finding, Findings, Severity
from photonwb.validation.model import model_findings, plan_findings
from photonwb.validation.rule_table import LAYERS, run, unreadable
from photonwb.validation.stored import StoredFile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.storage.contract import Store

__all__ = ["validate"]


def validate(
    io: Any = None,
    namespace: str | None = None,
    path: typing.Path | None = None,
    use_cached_namespaces: bool = True,
    verbose: bool = False,
    driver: str | None = None,
    aws_region: str | None = None,
    *,
    layers: Iterable[str] | None = None,
    trusted: bool = False,
    paths: Iterable[typing.Path] | None = None,
) -> Findings:
    """Tell what is wrong with a file.

    There are three layers of rules: "schema" compares what is stored with the specification, and finds what other programs could
    not read; "ophys" compares objects of optical physiology with each other (masks with images, traces with regions, ...);
    "practice" are recommendations, most of which archives enforce.

    Called as pynwb's function is, with an open file (an `NWBHDF5IO`) or with `path=`, it gives what that gives, a list
    that is empty when nothing is against the standard: findings of severity ERROR of the layer "schema". Called with a path or an
    object in front, or with `layers`, it gives all findings of all layers, or of those layers.

    Parameters
    ----------
    io : path, NWBFile, NWBHDF5IO or Store
        What to look at. A file in memory is checked as it would be written.
    namespace : str, optional
        A namespace that must be among those of the file.
    path, paths
        One or several files in place of `io`.
    use_cached_namespaces : bool
        Whether to go by the specifications that the file carries; otherwise by those of this package.
    verbose : bool
        Whether to print by which specifications each file is judged.
    driver, aws_region : str, optional
        How HDF5 opens the file; see `NWBHDF5IO`.
    layers : sequence of {"schema", "ophys", "practice"}, optional
        The layers to run, if not the usual ones.
    trusted : bool
        Whether to follow links out of the folder of the file; see `photonwb.open`.

    Returns
    -------
    Findings
        A list, empty when nothing is wrong; the most severe findings come first for each file.

    Raises
    ------
    MissingFileError
        There is no such file. One that is damaged or no NWB file gives a finding instead.
    InvalidValueError
        The namespace is not there, or a layer is unknown.

    Examples
    --------
    >>> for finding in photonwb.validate("session.nwb"):  # doctest: +SKIP
    ...     print(finding)
    """
    sources = [item for item in (io, path) if item is not None] + list(paths or ())
    if not sources or (paths is None and len(sources) > 1):
        raise InvalidTypeError("validate: give one file: a path, an NWBFile, or what a file was opened with")
    is_drop_in = layers is None and (io is None or hasattr(io, "read"))
    chosen = tuple(layers or (("schema",) if is_drop_in else LAYERS))
    if unknown := [layer for layer in chosen if layer not in LAYERS]:
        raise InvalidValueError(f"validate: expected layers out of {', '.join(LAYERS)}, got {', '.join(unknown)}")
    findings = Findings()
    for item in sources:
        with _opened(item, driver, aws_region, trusted) as opened:
            found = _distinct(_found(*opened, chosen, namespace, use_cached_namespaces, verbose))
        findings.extend(sorted(found, key=lambda finding: -finding.severity))
    return findings.errors if is_drop_in else findings


@contextmanager
def _opened(
    source: Any, driver: str | None, aws_region: str | None, trusted: bool
) -> Generator[tuple[Store | None, NWBFile | None, Finding | None]]:
    """The store and the object of a file, or what keeps it from being opened."""
    if hasattr(source, "neurodata_type"):
        stored = source._stored
        yield (None if stored is None else stored.node.store), source, None
    elif hasattr(source, "root") and not hasattr(source, "__fspath__"):  # a Path has a root as well
        yield source, None, None
    elif isinstance(source, NWBFileIO):
        yield source._open_store(), None, None
    elif isinstance(source, str) or hasattr(source, "__fspath__") or hasattr(source, "source"):
        address = str(getattr(source, "source", None) or os.fspath(source))
        try:
            if driver is None and aws_region is None:
                opened = io_for(address)(address, "r", trusted=trusted)
            else:
                opened = NWBHDF5IO(address, "r", driver=driver, aws_region=aws_region, trusted=trusted)
        except MissingFileError:
            raise
        except PhotonwbError as error:
            yield None, None, unreadable(error, "/", "NWBFile", address)
            return
        with opened:
            yield opened._open_store(), None, None
    else:
        raise InvalidTypeError(f"validate: expected a path, an NWBFile or an NWBHDF5IO, got {type(source).__name__}")


def _found(
    store: Store | None,
    nwbfile: NWBFile | None,
    failure: Finding | None,
    layers: tuple[str, ...],
    namespace: str | None,
    use_cached_namespaces: bool,
    verbose: bool,
) -> Iterator[Finding]:
    if failure is not None:
        yield failure
        return
    if "schema" in layers:
        if store is not None:
            catalog = _catalog_of(store, namespace, use_cached_namespaces)
            if verbose:
                print(f"{store.location}: compared with {', '.join(catalog.namespaces)}")  # noqa: T201 - what verbose asks for
            yield from _schema_findings(store, catalog)
        if nwbfile is not None and (store is None or nwbfile.modified):
            yield from plan_findings(nwbfile, store)
    model_layers = tuple(layer for layer in layers if layer != "schema")
    if model_layers:
        if nwbfile is None and store is not None:
            try:
                nwbfile = Reader(store, None).root()
            except PhotonwbError as error:
                yield unreadable(error, "/", "NWBFile", store.location)
        if nwbfile is not None:
            yield from model_findings(nwbfile, model_layers)


def _schema_findings(store: Store, catalog: Catalog) -> Iterator[Finding]:
    file = StoredFile(store, catalog)
    for item in file.items():
        is_experimental = item.type and file.facts(item.type, item.namespace).home == "hdmf-experimental"
        for finding in run("schema", item, item.types, item.path, item.node.store.location):
            # What is not settled yet, no program is strict about.
            yield finding._replace(severity=Severity.WARNING) if is_experimental else finding


def _catalog_of(store: Store, namespace: str | None, use_cached_namespaces: bool) -> Catalog:
    try:
        sources = cached_sources(store) if use_cached_namespaces else {}
    except PhotonwbError:
        sources = {}  # a rule looks at them, and tells
    texts = frozenset(
        (name, version, source, text)
        for name, versions in sources.items()
        for version, texts in versions.items()
        for source, text in texts.items()
    )
    catalog = _catalog(texts, loaded_catalog())
    if namespace is not None and namespace not in catalog.namespaces:
        raise InvalidValueError(
            f"validate: {store.location} has no namespace {namespace!r}; it has {', '.join(catalog.namespaces)}"
        )
    return catalog


# Files of one lab carry the same specifications, which take longer to parse than to compare.
@lru_cache(maxsize=8)
def _catalog(texts: frozenset[tuple[str, str, str, str]], fall_back: Catalog) -> Catalog:
    sources: dict[str, dict[str, dict[str, str]]] = {}
    for name, version, source, text in sorted(texts):
        sources.setdefault(name, {}).setdefault(version, {})[source] = text
    return Catalog.from_sources(sources, fall_back) if sources else fall_back


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, each once: what two specifications say of one place, and what many rules could not read."""
    seen: dict[tuple[str, ...], Finding] = {}
    for finding in findings:
        what = "" if finding.code in ("unreadable", "untrusted_link") else finding.message
        seen.setdefault((finding.code, finding.path, what), finding)
    return list(seen.values())
