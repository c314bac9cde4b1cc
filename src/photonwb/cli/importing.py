"""`photonwb import`: a session made of what microscopes and analysis programs wrote.

The options of each format are those of its importer: the signature of `read` and its docstring say all that is to be said.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_output

if TYPE_CHECKING:
    from collections.abc import Mapping
    from inspect import Parameter
    from pathlib import Path

    from photonwb.importers import Importer

__all__ = ["add_arguments", "run"]

_EXAMPLE = """for example:
  photonwb import suite2p recording.tif -o session.nwb --metadata session.yaml --set indicator=GCaMP6f"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    from photonwb.importers import importers

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLE
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="files and folders of one session")
    parser.add_argument("--format", choices=list(importers()), help="what the sources are (default: recognised)")
    parser.add_argument("--metadata", metavar="PATH", help="YAML or JSON file with what the sources do not say")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="the same for one name")
    parser.add_argument("--allow-placeholders", action="store_true", help="mark what nobody says as unknown")
    parser.add_argument("--masks", choices=("pixel", "image"), default="pixel", help="form of regions (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="show the tree of the session, and write nothing")
    add_output(parser, "the file to write")
    for name, (parameter, description, formats) in _options(importers()).items():
        _add_option(parser.add_argument_group(f"options of {', '.join(formats)}"), name, parameter, description)


def _options(formats: Mapping[str, Importer]) -> dict[str, tuple[Parameter, str, list[str]]]:
    """Options of all importers: the parameter, what its docstring says, and which formats have it."""
    from photonwb.importers import options_of

    found: dict[str, tuple[Parameter, str, list[str]]] = {}
    for name, each in formats.items():
        for option, parameter in options_of(each).items():
            entry = found.setdefault(option, (parameter, _described(each.read.__doc__ or "", option), []))
            entry[2].append(name)
    return dict(sorted(found.items(), key=lambda item: item[1][2]))


def _described(docstring: str, parameter: str) -> str:
    """What a numpydoc docstring says of a parameter."""
    lines = docstring.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip().startswith(f"{parameter} :")), None)
    if start is None:
        return ""
    margin = len(lines[start]) - len(lines[start].lstrip())
    said: list[str] = []
    for line in lines[start + 1 :]:
        if not line.strip() or len(line) - len(line.lstrip()) <= margin:
            break
        said.append(line.strip())
    return " ".join(said).replace("%", "%%")


def _add_option(group: Any, name: str, parameter: Parameter, description: str) -> None:
    from photonwb.cli.options import count

    kind = str(parameter.annotation)
    option = f"--{name.replace('_', '-')}"
    if kind == "bool":
        group.add_argument(option, dest=name, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=description)
        return
    choices = kind[len("Literal[") : -1].replace("'", "").split(", ") if kind.startswith("Literal[") else None
    number = {"int": count, "float": float}.get(kind.removesuffix(" | None"), str)
    group.add_argument(option, dest=name, type=number, choices=choices, default=argparse.SUPPRESS, help=description)


def run(options: argparse.Namespace) -> int:
    """Read the sources, and write the session."""
    from photonwb.cli.output import UsageError, bytes_of, show, target_of
    from photonwb.errors import InvalidValueError
    from photonwb.importers import import_session, importers, recognise

    if not options.output and not options.dry_run:
        raise UsageError("say where the session goes: --output PATH, or --dry-run to see what it would be")
    target = target_of(options) if options.output and not options.dry_run else None
    given = {name: getattr(options, name) for name in _options(importers()) if hasattr(options, name)}
    for source in options.sources if options.format is None else ():
        recognise(source)  # or tell that it cannot be read, which is something else than that something is missing
    try:
        nwbfile = import_session(
            options.sources,
            metadata=options.metadata,
            format=options.format,
            allow_placeholders=options.allow_placeholders,
            masks=options.masks,
            **_settings(options.set),
            **given,
        )
    except InvalidValueError as error:
        raise UsageError(f"{error} (here: --set NAME=VALUE, --metadata PATH, --allow-placeholders)") from error
    if target is not None:
        _write(nwbfile, target, options)
    facts = {"file": str(target) if target else None, "bytes": bytes_of(target) if target else None}
    show(options, facts, _lines(nwbfile, options))
    return 0


def _write(nwbfile: Any, target: Path, options: argparse.Namespace) -> None:
    from photonwb.cli.output import Progress
    from photonwb.cli.resuming import resuming
    from photonwb.importers.session import link_from
    from photonwb.io.resuming import write_resumably

    link_from(nwbfile, target)
    sources = [*options.sources, *([options.metadata] if options.metadata else [])]
    with Progress(options, "import", "bytes") as progress, resuming(options, target, sources) as part:
        write_resumably(nwbfile, target, part, progress)


def _settings(pairs: list[str]) -> dict[str, Any]:
    """NAME=VALUE as a mapping; numbers, lists and the like as in JSON, all else is text."""
    import json

    from photonwb.cli.output import UsageError

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {pair}: expected NAME=VALUE")
        try:
            found[name] = json.loads(text)
        except json.JSONDecodeError:
            found[name] = text
    return found


def _lines(nwbfile: Any, options: argparse.Namespace) -> list[str]:
    from photonwb.tree import tree_lines

    return [] if options.quiet else tree_lines(nwbfile)
