"""The command `photonwb`.

Each subcommand is a module with `add_arguments` and `run`. Only that of the command that was given is imported, and it imports
what it needs when it runs, so that `--help` answers at once. How options, output and progress work is the same for all: see
`options` and `output`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from photonwb import __version__
from photonwb.cli.options import add_common
from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "info": "say in a few lines what a file holds",
    "tree": "show all that a file holds, with shapes and units",
    "doctor": "explain a file: its parts, sizes, timing, costs of reading, and what to mend",
    "validate": "look for mistakes in files and folders, and say how to mend them",
    "recover": "save what can be saved of a broken file",
    "import": "make a session of what microscopes and analysis programs wrote",
    "convert": "write a file anew, in the current version of the standard",
    "repack": "copy a file as it is, with other chunks and compression",
    "export": "write a table, series or movie as CSV, NPY, TIFF or MP4, or all results for other programs",
    "project": "mean, maximum, deviation and correlation images of a movie",
    "traces": "mean of each region of interest over a movie",
    "dff": "relative changes of fluorescence (dF/F) of traces",
    "demo": "simulate a recording, write it, read it back and show it",
}

_CODES = """exit codes:
  0 done; 1 something was found; 2 wrong use; 3 cannot be read; 4 cannot be written; 130 interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows `photonwb` on the command line; default is `sys.argv`.

    Returns
    -------
    int
        0: done; 1: something was found; 2: wrong use; 3: something could not be read; 4: something could not be written;
        130: interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _ending_as_interrupted():
            options = _parser(given).parse_args(given)
            return _run(options)
    except KeyboardInterrupt:
        return 130


@contextmanager
def _ending_as_interrupted() -> Generator[None]:
    """Whoever is told to end (by `kill`, a scheduler, a terminal that goes away) cleans up as after Ctrl-C."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    usual = [number for number in map(signal.Signals.__getitem__, names) if signal.getsignal(number) == signal.SIG_DFL]
    with suppress(ValueError):  # signals are for the main thread
        for number in usual:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        with suppress(ValueError):
            for number in usual:
                signal.signal(number, signal.SIG_DFL)


def _parser(given: list[str]) -> argparse.ArgumentParser:
    """The parser of all commands, with the arguments of the one that was given."""
    chosen = next((argument for argument in given if not argument.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="photonwb",
        description="Optical physiology in NWB files.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"photonwb {__version__}")
    parser.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == chosen:
            _module_of(name).add_arguments(command)
            if name != "demo":  # which only talks
                add_common(command)
    return parser


def _module_of(name: str) -> Any:
    return import_module(f"photonwb.cli.{'importing' if name == 'import' else name}")  # a module cannot have that name


def _run(options: argparse.Namespace) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr] - a terminal that has no "×" shows "?"
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _tell_warning
            code = int(_module_of(options.command).run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`).
        _discard_output()
        return 0
    except (PhotonwbError, OSError, ImportError) as error:
        if options.debug:
            raise
        _discard_output()
        print(f"photonwb {options.command}: {_one_line(error)}", file=sys.stderr)
        return _code_of(error)
    return code


def _tell_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"photonwb: {_one_line(message)}", file=sys.stderr)


def _discard_output() -> None:
    """What is still buffered goes nowhere, so that it cannot fail once more when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: Warning | Exception | str) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _code_of(error: Exception) -> int:
    from photonwb.cli.output import OutputError, UsageError

    if isinstance(error, UsageError):
        return 2
    # What is no error of ours came from writing to the standard output: files are read and written through our own layers.
    is_output = isinstance(error, OutputError) or (isinstance(error, OSError) and not isinstance(error, PhotonwbError))
    return 4 if is_output else 3
