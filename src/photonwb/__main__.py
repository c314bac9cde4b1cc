"""`python -m photonwb` is the command `photonwb`."""

from __future__ import annotations

import sys

from photonwb.cli import main

if __name__ == "__main__":
    sys.exit(main())
