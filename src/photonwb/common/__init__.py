"""Tables and their columns."""

from __future__ import annotations

from photonwb.common.predefined import Column, column

__all__ = ["Column", "column"]
