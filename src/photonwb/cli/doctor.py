"""`photonwb doctor`: a file explained, and mended where that takes no knowledge that is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_file, add_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from photonwb.file import NWBFile
    from photonwb.validation import Findings

__all__ = ["add_arguments", "run"]


# Reading less than this is nothing to think about.
_WORTH_TELLING = 100_000


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    parser.add_argument("--fix", action="store_true", help="write a copy in which all is mended that can be")
    add_output(parser, "path of that copy")


def run(options: Namespace) -> int:
    """Explain the file, and mend a copy of it."""
    import photonwb
    from photonwb.cli.output import UsageError, show, target_of

    if options.fix != bool(options.output):
        raise UsageError("--fix and --output PATH go together: the file itself stays as it is")
    target = target_of(options, options.file) if options.fix else None
    with photonwb.open(options.file, trusted=options.trusted) as nwbfile:
        findings = _findings(nwbfile, photonwb.validate(options.file, trusted=options.trusted))
        facts = _facts(nwbfile, findings, options.file)
        if target is not None:
            facts["mended"] = _mended(nwbfile, findings, target)
    show(options, facts, _lines(facts))
    left = facts["mended"]["left"] if target is not None else facts["findings"]
    return int(any(finding["importance"] in ("PYNWB_VALIDATION", "CRITICAL") for finding in left))


def _findings(nwbfile: NWBFile, findings: Findings) -> Findings:
    """What a validation found, and axes that are not in the order of the standard."""
    from photonwb.cli.axes import axis_findings

    told = [finding.path for finding in findings if finding.code == "swapped_axes"]
    return type(findings)([*findings, *axis_findings(nwbfile, told)])


def _facts(nwbfile: NWBFile, findings: Findings, file: str) -> dict[str, Any]:
    from photonwb.cli.axes import axis_facts
    from photonwb.cli.objects import find
    from photonwb.cli.overview import array_facts, overview, timing_of
    from photonwb.errors import PhotonwbError

    facts = overview(nwbfile)
    for entry in (*facts["movies"], *facts["segmentations"]):
        try:
            entry["axis_order"] = axis_facts(find(nwbfile, entry["path"]))
        except PhotonwbError as error:
            facts["unreadable"].append({"name": entry["path"], "error": str(error)})
    for kind, entries in (("movie", facts["movies"]), ("trace", facts["traces"])):
        for entry in entries:
            try:
                series = find(nwbfile, entry["path"])
                entry["timing"] = timing_of(series)
                if hasattr(series.data, "source") and 0 not in series.data.shape:
                    entry["storage"] = array_facts(series.data, kind)
            except PhotonwbError as error:
                facts["unreadable"].append({"name": entry["path"], "error": str(error)})
    facts["findings"] = _told(findings, file)
    return facts


def _told(findings: Findings, file: str) -> list[dict[str, Any]]:
    from photonwb.cli.mending import command_for
    from photonwb.cli.validate import message_of

    return [message_of(finding, file) | {"command": command_for(finding, file) or None} for finding in findings]


def _mended(nwbfile: NWBFile, findings: Findings, target: Any) -> dict[str, Any]:
    """Write a mended copy; what of the findings is gone in it, and what is left."""
    import photonwb
    from photonwb.cli.mending import mend
    from photonwb.cli.output import told

    failed = mend(nwbfile, findings)
    nwbfile.nwb_version = type(nwbfile).__fields__["nwb_version"].fixed
    with told(target):
        photonwb.write(nwbfile, target)
    with photonwb.open(target) as written:
        left = _findings(written, photonwb.validate(target))
    places = {(finding.code, finding.path) for finding in left}
    gone = [finding for finding in findings if (finding.code, finding.path) not in places]
    return {
        "file": str(target),
        "gone": _told(type(findings)(gone), str(target)),
        "left": _told(left, str(target)),
        "failed": [
            {"check_function_name": finding.code, "location": finding.path, "error": str(error)} for finding, error in failed
        ],
    }


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    from photonwb.cli.info import lines_of
    from photonwb.tree import plain

    yield from lines_of(facts)
    for title, entries in (("movies", facts["movies"]), ("traces", facts["traces"])):
        told = [(entry["path"], [*_storage_lines(entry), *_timing_lines(entry)]) for entry in entries]
        if any(lines for _, lines in told):
            yield f"\n{title}: how they are stored, and what reading costs"
        for path, lines in told:
            if lines:
                yield plain(f"  {path}")
                yield from (f"    {line}" for line in lines)
    yield from _axis_lines([*facts["movies"], *facts["segmentations"]])
    yield from _finding_lines("findings", facts["findings"])
    if "mended" in facts:
        mended = facts["mended"]
        yield f"\n{mended['file']}: {len(mended['gone'])} findings are mended, {len(mended['left'])} are left"
        yield from (plain(f"  mended  {each['check_function_name']} {each['location']}") for each in mended["gone"])
        yield from (plain(f"  not mended  {each['check_function_name']}: {each['error']}") for each in mended["failed"])


def _storage_lines(entry: dict[str, Any]) -> Iterator[str]:
    from photonwb.cli.overview import size

    storage = entry.get("storage")
    if not storage:
        return
    how = f"chunks {' × '.join(map(str, storage['chunks']))}" if storage["chunks"] else "in one piece"
    packed = f", {storage['compression']}" if storage["compression"] else ""
    stored = storage["stored_bytes"]
    ratio = f", stored as {size(stored)} ({storage['bytes'] / stored:.1f}:1)" if stored else ""
    yield f"{how}{packed}; {size(storage['bytes'])}{ratio}"
    for what in ("frame", "trace"):
        cost = storage.get(f"{what}_bytes")
        if cost and cost >= _WORTH_TELLING:
            factor = cost / max(1, storage["useful"])
            hint = "; `photonwb repack` stores whole frames together" if what == "frame" and factor > 64 else ""
            yield f"one {what} of {size(storage['useful'])} takes reading {size(cost)} ({factor:.0f} times as much){hint}"


def _timing_lines(entry: dict[str, Any]) -> Iterator[str]:
    timing = entry.get("timing")
    if not timing:
        return
    yield f"a sample each {timing['interval']:.6g} s (± {timing['jitter']:.2g} s)"
    for gap in timing["gaps"][:3]:
        yield f"gap of {gap['seconds']:.4g} s after sample {gap['after_sample']}"
    if timing["gap_count"] > 3:
        yield f"and {timing['gap_count'] - 3} more gaps"
    if timing["backwards"]:
        yield f"time goes back, or stands still, {timing['backwards']} times"


def _axis_lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    from photonwb.tree import plain

    known = [(entry["path"], entry["axis_order"]) for entry in entries if "axis_order" in entry]
    if known:
        yield "\naxes of movies and masks, and how that is known"
    for path, axes in known:
        yield plain(f"  {path}: {axes['what']} ({axes['how']}: {axes['reason']})")
        for other in axes.get("evidence", ())[1:]:
            agrees = "so says" if other["order"] == axes["order"] else "AGAINST it speaks"
            yield plain(f"    {agrees} {other['how']}: {other['reason']}")


def _finding_lines(title: str, findings: list[dict[str, Any]]) -> Iterator[str]:
    from photonwb.cli.output import paint
    from photonwb.tree import plain

    yield f"\n{title}: {len(findings) or 'none'}"
    for each in findings:
        colour = "red" if each["severity"] == "ERROR" else "yellow" if each["severity"] == "WARNING" else "blue"
        head = plain(f"{each['check_function_name']} {each['location']}: {each['message']}")
        yield f"  {paint(each['importance'], colour)}  {head}"
        if each["command"] or each["fix"]:
            yield plain(f"    -> {'can be mended, see below' if each['command'] else each['fix']}")
    commands = dict.fromkeys(each["command"] for each in findings if each["command"])
    if commands:
        yield "\nto mend what can be mended without further knowledge:"
        yield from (plain(f"  {command}") for command in commands)
