"""`photonwb validate`: mistakes in many files at once, for people and for programs.

The fields of the JSON are those of nwbinspector and, for `id` and `severity`, of dandi, so that what reads their reports reads
ours.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_output, add_trusted, count

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from photonwb.validation import Finding, Findings

__all__ = ["add_arguments", "message_of", "run"]

_LIMITS = ("error", "critical", "warning", "violation", "suggestion", "never")
_SEVERITIES = {"violation": "BEST_PRACTICE_VIOLATION", "suggestion": "BEST_PRACTICE_SUGGESTION"}
# What nwbinspector and dandi call our degrees of severity.
_IMPORTANCES = {"ERROR": "PYNWB_VALIDATION", "WARNING": "BEST_PRACTICE_VIOLATION"}
_DANDI = {
    "ERROR": "ERROR",
    "CRITICAL": "ERROR",
    "WARNING": "WARNING",
    "BEST_PRACTICE_VIOLATION": "WARNING",
    "BEST_PRACTICE_SUGGESTION": "HINT",
}
# What the archive refuses, though elsewhere it is bad practice only.
_REFUSED = {
    "check_session_id_no_slashes",
    "check_subject_id_no_slashes",
    "check_subject_proper_age_range",
    "check_subject_species_exists",
    "check_subject_species_form",
}
_COLOURS = {"ERROR": "red", "CRITICAL": "red", "WARNING": "yellow", "BEST_PRACTICE_VIOLATION": "yellow"}


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, and folders, of which all files *.nwb are meant")
    parser.add_argument(
        "--fail-on",
        choices=_LIMITS,
        default="critical",
        help="exit with 1 for findings of this severity or a higher one (default: %(default)s)",
    )
    parser.add_argument("--min-severity", choices=_LIMITS[:-1], default="suggestion", help="leave out less severe findings")
    parser.add_argument("--layer", action="append", choices=("schema", "ophys", "practice"), help="run these rules only")
    parser.add_argument("--ignore", action="append", default=[], metavar="CODE", help="leave out the findings of a rule")
    parser.add_argument("--config", choices=("dandi",), help="be as strict as an archive")
    parser.add_argument("--format", "-f", choices=("text", "json", "jsonl"), help="form of the report")
    parser.add_argument("--jobs", "-j", type=count, help="how many processes work (default: one for each processor)")
    add_trusted(parser)
    add_output(parser, "file for the report, in place of the standard output")


def run(options: Namespace) -> int:
    """Validate, and print what was found."""
    from photonwb.cli.output import target_of, written
    from photonwb.validation import Severity

    files = _files(options.paths)
    severity = Severity[_name_of(options.min_severity)]
    target = target_of(options) if options.output else None
    reports: list[Findings] = []
    form = options.format or ("json" if options.json else "text")
    lines = _lines(form, _validated(files, options, reports, severity), several=len(files) > 1)
    if target is None:
        for line in lines:
            print(line, flush=True)
    else:
        with written(target) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    _sum_up(options, reports)
    return _code(reports, options.fail_on)


def _name_of(limit: str) -> str:
    return _SEVERITIES.get(limit, limit.upper())


def _code(reports: list[Findings], limit: str) -> int:
    from photonwb.validation import Severity

    if any(finding.code == "unreadable" and finding.path == "/" for report in reports for finding in report):
        return 3
    return int(limit != "never" and any(report.at_least(Severity[_name_of(limit)]) for report in reports))


def _files(paths: list[str]) -> list[str]:
    from photonwb.errors import MissingFileError
    from photonwb.storage.zarr_files import is_store

    files: list[str] = []
    for path in paths:
        if Path(path).is_dir() and not is_store(path):
            found = sorted(map(str, (*Path(path).rglob("*.nwb"), *Path(path).rglob("*.nwb.zarr"))))
            if not found:
                raise MissingFileError(f"there is no file *.nwb and no store *.nwb.zarr in the folder {path}")
            files += found
        elif "://" in path or Path(path).exists():
            files.append(path)
        else:
            raise MissingFileError(f"there is no file or folder {path}")
    return list(dict.fromkeys(files))


def _validated(files: list[str], options: Namespace, reports: list[Findings], severity: Any) -> Iterator[tuple[str, Findings]]:
    """The findings of each file, in the order of the files, as they come."""
    from photonwb.cli.output import Progress
    from photonwb.validation.practice_file_rules import shared_identifier

    identifiers: dict[str, str] = {}
    with Progress(options, "validate", "files") as progress:
        progress(0, len(files))
        for done, (file, (findings, identifier)) in enumerate(zip(files, _all_findings(files, options), strict=True), 1):
            if identifiers.setdefault(identifier or file, file) != file:
                findings.append(shared_identifier(identifier, file, identifiers[identifier]))
            kept = _judged(findings, options.config).without(options.ignore).at_least(severity)
            reports.append(kept)
            yield file, kept
            progress(done, len(files))


def _judged(findings: Findings, config: str | None) -> Findings:
    """The findings with the severity that an archive gives them."""
    from photonwb.validation import Findings, Severity

    if config != "dandi":
        return findings
    return Findings(finding._replace(severity=Severity.CRITICAL) if finding.code in _REFUSED else finding for finding in findings)


def _all_findings(files: list[str], options: Namespace) -> Iterator[tuple[Findings, str]]:
    one = partial(_findings_and_identifier, layers=options.layer, trusted=options.trusted)
    jobs = min(options.jobs or os.cpu_count() or 1, len(files))
    if jobs == 1:
        yield from map(one, files)
        return
    from concurrent.futures import ProcessPoolExecutor

    executor = ProcessPoolExecutor(jobs, initializer=_end_quietly)
    try:
        yield from executor.map(one, files)
    finally:
        executor.shutdown(cancel_futures=True)


def _end_quietly() -> None:
    """An interruption is told once, by the process that was started first."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _findings_and_identifier(file: str, *, layers: list[str] | None, trusted: bool) -> tuple[Findings, str]:
    """What is wrong with a file, and its identifier if that is to be compared with those of others."""
    import photonwb
    from photonwb.errors import PhotonwbError

    findings = photonwb.validate(file, layers=layers, trusted=trusted)
    if layers and "practice" not in layers:
        return findings, ""
    try:
        with photonwb.open(file, trusted=trusted) as nwbfile:
            return findings, str(nwbfile.identifier or "")
    except PhotonwbError:
        return findings, ""  # which the findings tell


def _lines(form: str, validated: Iterable[tuple[str, Findings]], *, several: bool) -> Iterator[str]:
    from photonwb.cli.output import as_json

    if form == "json":
        messages = [message_of(finding, file) for file, findings in validated for finding in findings]
        yield as_json({"header": _header(), "messages": messages}, indent=2)
        return
    for file, findings in validated:
        for finding in findings:
            yield as_json(message_of(finding, file)) if form == "jsonl" else _line(finding, file if several else "")


def _line(finding: Finding, file: str) -> str:
    from photonwb.cli.output import paint

    severity, _, rest = str(finding).partition(" ")
    line = f"{paint(severity, _COLOURS.get(severity, 'blue'))} {rest}"
    return f"{file}: {line}" if file else line


def _header() -> dict[str, str]:
    import platform
    from datetime import datetime

    from photonwb import __version__

    return {
        "Timestamp": str(datetime.now().astimezone()),
        "Platform": platform.platform(),
        "photonwb_version": __version__,
    }


def message_of(finding: Finding, file: str) -> dict[str, Any]:
    """A finding in the words of nwbinspector and dandi, with what ours says beyond."""
    name = finding.severity.name
    return {
        "message": finding.reason,
        "importance": _IMPORTANCES.get(name, name),
        "severity": _DANDI[name],
        "id": f"photonwb.{finding.code}",
        "check_function_name": finding.code,
        "object_type": finding.object_type or None,
        "object_name": finding.path.partition("@")[0].rstrip("/").rpartition("/")[2] or "root",
        "location": finding.path,
        "file_path": file,
        "expected": finding.expected or None,
        "found": finding.found or None,
        "fix": finding.fix or None,
    }


def _sum_up(options: Namespace, reports: list[Findings]) -> None:
    if options.quiet:
        return
    from collections import Counter

    counts = Counter(finding.severity for report in reports for finding in report)
    told = ", ".join(f"{counts[severity]} {severity.name}" for severity in sorted(counts, reverse=True)) or "nothing found"
    print(f"{len(reports)} file{'' if len(reports) == 1 else 's'}: {told}", file=sys.stderr)
