"""`photonwb demo`: a recording is made up, written, read back, checked, shown."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from photonwb import __version__
from photonwb.cli.options import count
from photonwb.cli.output import OutputError, bytes_of, told, written
from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Generator

    from photonwb.file import NWBFile

__all__ = ["add_arguments", "run"]

_PYTHON = """
Go on in Python:

    import photonwb
    nwbfile = photonwb.open({path})
    frame = nwbfile.acquisition["TwoPhotonSeries"].frames[0]        # rows and columns, ready for imshow
    cells = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"].rois
    signals = nwbfile.processing["ophys"]["DfOverF"]["DfOverF"].data[:, 0]"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--output", "-o", default="demo.nwb", help="file to write; its picture goes beside it (default: %(default)s)"
    )
    parser.add_argument("--frames", type=count, default=300, help="length of the movie (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the simulation (default: %(default)s)")


def run(options: Namespace) -> int:
    """Do the demonstration."""
    path = Path(options.output)
    picture = _picture_of(path)
    print(f"photonwb {__version__} makes up a two-photon recording, stores it as NWB and reads it back.\n", flush=True)
    with _step("import what it takes"):
        import photonwb
        from photonwb.simulation import as_nwbfile, simulate
        from photonwb.tree import tree_lines
    with _step("simulate a recording") as notes:
        recording = simulate(frames=options.frames, seed=options.seed)
        frames, width, height = recording.raw.shape
        notes.append(f"{frames} frames of {width} × {height} pixels, {len(recording.masks)} cells")
    with _step("describe it in the words of NWB"):
        nwbfile = as_nwbfile(recording)
    with _step(f"write {path}") as notes, told(path):
        photonwb.write(nwbfile, path)
        raw = recording.raw.nbytes + recording.corrected.nbytes
        notes.append(f"two movies of {raw / 2e6:.1f} MB, {bytes_of(path) / 1e6:.1f} MB in the file")
    with _step("open it"):
        stored = photonwb.open(path)
    with stored:
        movie = stored.acquisition["TwoPhotonSeries"]
        with _step(f"read frame {frames // 2}"):
            frame = movie.data[frames // 2]
        with _step("read the whole movie") as notes:
            data = movie.data[:]
            same = bool((data == recording.raw).all() and (frame == recording.raw[frames // 2]).all())
            notes.append("as written" if same else "NOT AS WRITTEN")
        with _step("validate it") as notes:
            findings = photonwb.validate(path)
            notes.append(f"{len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}")
        with _step(f"draw {picture}") as notes:
            notes.append(_draw(stored, picture))
        print("", *tree_lines(stored), sep="\n")
    for finding in findings:
        print(finding)
    print(_PYTHON.format(path=json.dumps(str(path))))
    return 0 if same and findings.ok else 1


def _picture_of(path: Path) -> Path:
    """Where the picture goes, beside the file.

    Raises
    ------
    OutputError
        The file cannot be written there, or something would be lost that is not ours.
    """
    if not path.parent.is_dir():
        raise OutputError(f"there is no folder {path.parent} for {path.name}: make it, or choose another path")
    if path.is_dir():
        raise OutputError(f"{path} is a folder: give the path of a file in it, {path / 'demo.nwb'}")
    picture = path.with_suffix(".png")
    if picture == path:
        raise OutputError(f"{path} is where the picture goes: give the file another name, {path.with_suffix('.nwb')}")
    for each in (path, picture):
        if each.exists() and not _is_demonstration(path):
            raise OutputError(f"{each} exists already, and is not of an earlier demonstration: choose another path")
    return picture


def _is_demonstration(path: Path) -> bool:
    """Whether the file is one that this command made, which may be replaced."""
    import photonwb
    from photonwb.simulation import IDENTIFIER

    try:
        with photonwb.open(path) as nwbfile:
            return nwbfile.identifier == IDENTIFIER
    except PhotonwbError:
        return False


@contextmanager
def _step(name: str) -> Generator[list[str]]:
    """Say how long a step took, and what is noted of it."""
    notes: list[str] = []
    begin = time.perf_counter()
    yield notes
    duration = 1000 * (time.perf_counter() - begin)
    print(f"  {name:<34}{duration:>8.{0 if duration >= 10 else 1}f} ms   {', '.join(notes)}".rstrip(), flush=True)


def _draw(nwbfile: NWBFile, path: Path) -> str:
    """Draw the picture; what came of it."""
    from photonwb.plots import plot_overview

    try:
        figure = plot_overview(nwbfile)
    except ImportError:
        return "not drawn, there is no matplotlib: pip install 'photonwb[plots]'"
    with written(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    return "mean image, regions and traces"
