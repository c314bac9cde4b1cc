"""Plain functions that several tests use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "src" / "photonwb"


def run_fresh(code: str) -> str:
    """What `code` prints in a new interpreter; a failure there is a failure here, with its traceback."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise AssertionError(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def modules_loaded_by(code: str) -> set[str]:
    """Names of the modules that `code` adds to those of a bare interpreter."""
    printed = run_fresh(f"import sys; before = set(sys.modules)\n{code}\nprint('|'.join(set(sys.modules) - before))")
    return set(printed.splitlines()[-1].split("|"))
