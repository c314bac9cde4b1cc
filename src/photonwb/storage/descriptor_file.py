"""File objects over a descriptor of their own."""

from __future__ import annotations

import io
import os

__all__ = ["DescriptorFile"]


class DescriptorFile(io.RawIOBase):
    """A file whose descriptor is closed once, even if opening it fails half-way.

    Python closes what was not closed when the object goes. A descriptor that was closed already may be another file by then.
    """

    _descriptor = -1  # until it is open

    def close(self) -> None:
        if not self.closed:
            super().close()
            if self._descriptor >= 0:
                os.close(self._descriptor)
