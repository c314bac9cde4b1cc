"""What each way to store an array costs and gains: `python -m benchmarks.defaults` prints the table of docs/speed.md.

Each array is written with each of the presets in turn, several times, and read whole and in part in a fresh process each, lest a
read find what another one left in memory. The figures are medians.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import shown_value

ROUNDS = 3
PRESETS = ("none", "fast", "small")
# For each array what is read of it in part.
PARTS: dict[str, dict[str, Any]] = {
    "movie, 400 frames of 512 × 512": {"a frame": 123, "a pixel over time": (slice(None), 100, 200)},
    "traces, 5,000 × 2,000": {"a ROI": (slice(None), 77), "200 samples": slice(1000, 1200)},
    "masks as pixels, 50,000 ROIs": {"a mask": 12_345},
    "masks as images, 1,000 of 512 × 512": {"a mask": 500},
}


def session(kind: str) -> Any:
    """A file with one such array."""
    from benchmarks.movies import photons
    from benchmarks.session import new_file, new_plane, new_segmentation

    library = __import__("photonwb")
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    generator = np.random.default_rng(1)
    if kind.startswith("movie"):
        nwbfile.add_acquisition(
            library.ophys.TwoPhotonSeries(name="data", imaging_plane=plane, data=photons(400), unit="n.a.", rate=30.0)
        )
    elif kind.startswith("traces"):
        traces = generator.gamma(2, 40, 2000) + generator.normal(0, 8, (5000, 2000))
        nwbfile.add_acquisition(library.TimeSeries(name="data", data=traces.astype(np.float32), unit="n.a.", rate=30.0))
    else:
        table = new_segmentation(library, nwbfile, plane)
        if "pixels" in kind:
            corners = generator.integers(0, 500, (50_000, 2))
            box = np.stack(np.meshgrid(np.arange(11), np.arange(11)), axis=-1).reshape(-1, 2)
            pixels = (corners[:, np.newaxis] + box).reshape(-1, 2)
            rows = np.column_stack([pixels, generator.random(len(pixels))])
            table.add_rois(pixel_mask=rows, ends=np.arange(1, 50_001) * 121)
        else:
            for x, y in generator.integers(0, 500, (1000, 2)):
                image = np.zeros((512, 512), np.float32)
                image[x : x + 11, y : y + 11] = generator.random((11, 11))
                table.add_roi(image_mask=image)
    return nwbfile


def column(nwbfile: Any) -> Any:
    """What is read: the array, or the column of masks."""
    if nwbfile.acquisition:
        return nwbfile.acquisition["data"].data
    from benchmarks.session import segmentation_of

    table = segmentation_of(nwbfile)
    return table[table.colnames[0]]


def timed(action: Any) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def read(path: str, kind: str, part: str | None) -> float:
    """Seconds for one read, the file being open."""
    import photonwb

    with photonwb.open(path) as nwbfile:
        values = column(nwbfile)
        key = slice(None) if part is None else PARTS[kind][part]
        _ = values[0]  # what is looked up once is looked up
        return timed(lambda: values[key])


def read_in_a_process(path: Path, kind: str, part: str | None) -> float:
    command = [sys.executable, "-m", "benchmarks.defaults", json.dumps([str(path), kind, part])]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    import photonwb

    print("| array | `compression` | file | write | read all | a part |\n|---|---|--:|--:|--:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind, parts in PARTS.items():
            nwbfile = session(kind)
            for preset in PRESETS:
                path = Path(folder) / "a.nwb"
                written = [timed(lambda: photonwb.write(nwbfile, path, compression=preset)) for _ in range(ROUNDS)]  # noqa: B023 - called at once
                size = path.stat().st_size
                reads = [statistics.median(read_in_a_process(path, kind, part) for _ in range(ROUNDS)) for part in (None, *parts)]
                whole, *some = (shown_value(seconds, "s") for seconds in reads)
                described = ", ".join(f"{part}: {took}" for part, took in zip(parts, some, strict=True))
                took = shown_value(statistics.median(written), "s")
                print(f"| {kind} | {preset} | {shown_value(size, 'B')} | {took} | {whole} | {described} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(read(*json.loads(sys.argv[1])))
    else:
        main()
