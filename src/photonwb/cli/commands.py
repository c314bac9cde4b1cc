"""What each subcommand does: results on standard output, everything else on standard error."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

__all__ = ["demo", "tree", "validate"]


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Say how long a step took."""
    begin = time.perf_counter()
    yield
    print(f"{name:<42} {1000 * (time.perf_counter() - begin):9.1f} ms")


def demo(options: Namespace) -> int:
    """Simulate a recording, write it, read it back, and show what the file holds."""
    with _step("import photonwb and what it needs"):
        import photonwb
        from photonwb.simulation import described, simulate
        from photonwb.tree import tree_lines
    path = Path(options.output)
    with _step("simulate a two-photon recording"):
        recording = simulate(frames=options.frames, seed=options.seed)
    with _step("describe it with the classes of NWB"):
        nwbfile = described(recording)
    with _step(f"write {path}"):
        photonwb.write(nwbfile, path)
    with _step("open it again"):
        stored = photonwb.open(path)
    with stored:
        with _step("read one frame"):
            frame = stored.acquisition["TwoPhotonSeries"].data[options.frames // 2]
        with _step("read the whole movie"):
            movie = stored.acquisition["TwoPhotonSeries"].data[:]
        same = (movie == recording.raw).all() and (frame == recording.raw[options.frames // 2]).all()
        print(f"\n{path}: {path.stat().st_size / 1e6:.1f} MB, {'read back as written' if same else 'NOT AS WRITTEN'}\n")
        for line in tree_lines(stored):
            print(line)
        _save_picture(stored, path.with_suffix(".png"))
    return 0 if same else 1


def _save_picture(nwbfile: object, path: Path) -> None:
    try:
        import matplotlib as mpl
    except ImportError:
        print("\nInstall matplotlib to get a picture of it: pip install 'photonwb[plots]'")
        return
    mpl.use("Agg")
    from photonwb.plots import plot_overview

    figure = plot_overview(nwbfile)
    figure.savefig(path, dpi=120)
    print(f"\nMean image, regions and traces: {path}")


def tree(options: Namespace) -> int:
    """Show what a file holds."""
    import photonwb
    from photonwb.tree import tree_lines

    with photonwb.open(options.path) as nwbfile:
        for line in tree_lines(nwbfile):
            print(line)
    return 0


def validate(options: Namespace) -> int:
    """Look for mistakes in files."""
    import photonwb

    wrong = 0
    for path in options.paths:
        findings = photonwb.validate(path)
        for finding in findings:
            print(finding)
        wrong += bool(findings.errors)
    return 1 if wrong else 0
