"""Sessions in the formats of other programs."""

from __future__ import annotations

from photonwb.exporters.suite2p import export_suite2p
from photonwb.exporters.traces import export_traces

__all__ = ["export_suite2p", "export_traces"]
