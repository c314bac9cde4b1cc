"""Options that several commands share, each declared once."""

from __future__ import annotations

import argparse

__all__ = ["add_common", "add_file", "add_object", "add_output", "add_trusted", "count", "number_between"]


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options of all commands."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument(
        "--progress",
        choices=("auto", "bar", "json", "none"),
        default="auto",
        help="how progress is told on standard error (default: a bar, on a terminal only)",
    )
    group.add_argument("--quiet", "-q", action="store_true", help="tell nothing but results and errors")
    group.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show where an error arose")


def add_file(parser: argparse.ArgumentParser) -> None:
    """The NWB file that is read."""
    parser.add_argument("file")
    add_trusted(parser)


def add_trusted(parser: argparse.ArgumentParser) -> None:
    """Whether it is known who made the files."""
    parser.add_argument(
        "--trusted", action="store_true", help="follow links to files outside of the folder of the file, and read those"
    )


def add_output(parser: argparse.ArgumentParser, what: str, *, required: bool = False) -> None:
    """Where the result goes."""
    parser.add_argument("--output", "-o", metavar="PATH", required=required, help=what)
    add_overwrite(parser)


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Whether what is there may be replaced."""
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")


def add_object(parser: argparse.ArgumentParser, option: str, what: str) -> None:
    """Which object of a file is meant."""
    parser.add_argument(
        option, metavar="OBJECT", help=f"{what}: its path in the file, or its name where there is one of that name"
    )


def count(text: str) -> int:
    """A number of things, for `type=`."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got {number}")
    return number


def number_between(low: float, high: float) -> type[float]:
    """A number within bounds, for `type=`."""

    def parse(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected a number from {low:g} to {high:g}, got {text}")
        return value

    parse.__name__ = "number"
    return parse  # type: ignore[return-value] - argparse takes any function
