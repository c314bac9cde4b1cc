"""Pieces of pages in notebooks, and the page of an array: what it is and how it is stored, without reading it.

All text is escaped here, as names and values come from files.
"""

from __future__ import annotations

from html import escape
from typing import Any

from photonwb.errors import PhotonwbError

__all__ = ["array_html", "details", "heading", "page", "row", "text"]

_STYLE = (
    "<style>.photonwb{font:13px/1.5 system-ui,sans-serif}.photonwb details,.photonwb .pw-row{margin-left:1.2em}"
    ".photonwb>details{margin-left:1.2em}.photonwb summary{cursor:pointer;margin-left:-1.2em}.photonwb .pw-type{opacity:.6;"
    "margin-left:.5em}.photonwb .pw-name{font-weight:600}.photonwb code{font-size:12px}.photonwb td,.photonwb th{text-align:left;"
    "vertical-align:top;padding:1px 8px 1px 0}.photonwb td code{overflow-wrap:anywhere}</style>"
)
_TEXT = 300  # letters


def array_html(array: Any) -> str:
    """An array in a file: its shape, its type and how it is stored."""
    try:
        rows = {
            "shape": " × ".join(map(str, array.shape)) or "a single value",
            "type": array.dtype,
            "size": _size(array.nbytes),
            "chunks": " × ".join(map(str, array.chunks)) if array.chunks else "in one piece",
            "compression": array.compression or "none",
            "in": array.source.description,
        }
    except PhotonwbError as error:
        rows = {"cannot be read": error}
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{text(value)}</td></tr>" for name, value in rows.items())
    return page(f"<details open><summary>{heading(type(array).__name__)}</summary><table>{cells}</table></details>")


def page(body: str) -> str:
    """A whole page."""
    return f'{_STYLE}<div class="photonwb">{body}</div>'


def details(head: str, body: str, is_open: bool) -> str:
    """Something that opens where its head is clicked."""
    return f"<details{' open' if is_open else ''}><summary>{head}</summary>{body}</details>"


def row(content: str) -> str:
    """One line."""
    return f'<div class="pw-row">{content}</div>'


def heading(name: str, kind: str = "") -> str:
    """A name, and what it is the name of."""
    return f'<span class="pw-name">{text(name)}</span>' + (f'<span class="pw-type">{text(kind)}</span>' if kind else "")


def text(value: object) -> str:
    """The text of a value, not too long and harmless."""
    full = str(value)
    return escape(full if len(full) <= _TEXT else f"{full[: _TEXT - 1]}…")


def _size(nbytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if nbytes < 1000:
            return f"{nbytes:.3g} {unit}"
        nbytes /= 1000
    return f"{nbytes:.3g} TB"
