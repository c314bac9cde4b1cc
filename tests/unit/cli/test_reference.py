"""The page on the command line is complete."""

from __future__ import annotations

import re

from helpers import CHECKOUT
from photonwb.cli import COMMANDS


def test_every_command_is_on_the_page():
    page = (CHECKOUT / "docs" / "cli.md").read_text("utf-8")
    assert re.findall(r"^\| `photonwb (\w+)", page, re.MULTILINE) == [*COMMANDS]
