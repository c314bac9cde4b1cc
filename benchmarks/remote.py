"""Reading over a network: photonwb beside h5py and pynwb over file objects of fsspec, `python -m benchmarks.remote`.

A server on this machine waits 20 ms before each answer, and counts. Each task runs in a process of its own that begins with
nothing in memory; what is measured is from opening the file to the values. The table goes into docs/interop.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import photonwb
from benchmarks.limits import movie_session
from benchmarks.movies import photons
from benchmarks.report import write_table
from benchmarks.session import new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

LATENCY = 0.02
ROOT = Path(__file__).resolve().parents[1]
MOST_SECONDS = 120

# What is done with each file: the path of a dataset in it, and an index.
TASKS = {
    "open a file of 500 series, one value": ("many.nwb", "acquisition/series250/data", "7"),
    "compressed movie: one frame": ("compressed.nwb", "acquisition/movie/data", "300"),
    "compressed movie: 100 frames": ("compressed.nwb", "acquisition/movie/data", "slice(200, 300)"),
    "plain movie: 100 frames": ("plain.nwb", "acquisition/movie/data", "slice(200, 300)"),
    "plain movie: 20 random frames": ("plain.nwb", "acquisition/movie/data", "[15 * number for number in range(20)]"),
    "plain movie: a pixel over 100 frames": ("plain.nwb", "acquisition/movie/data", "(slice(200, 300), 100, 100)"),
}


def prepare(folder: Path) -> None:
    nwbfile = new_file(photonwb)
    for number in range(500):
        values = np.random.default_rng(number).random(50_000)
        nwbfile.add_acquisition(photonwb.TimeSeries(f"series{number:03}", values, "V", rate=1.0))
    photonwb.write(nwbfile, folder / "many.nwb")
    movie: Any = photons(320)
    photonwb.write(movie_session(movie), folder / "compressed.nwb")
    photonwb.write(movie_session(movie), folder / "plain.nwb", compression="none")


# ---- the server


async def serve(folder: Path) -> None:
    from aiohttp import web

    counts = {"requests": 0, "bytes": 0}

    @web.middleware
    async def late(request: web.Request, handler: Callable[..., Any]) -> Any:
        if request.path == "/counts":
            return await handler(request)
        counts["requests"] += 1
        await asyncio.sleep(LATENCY)
        response = await handler(request)
        start, stop = request.http_range.start, request.http_range.stop
        if request.method == "GET":
            size = (folder / request.path.strip("/")).stat().st_size
            counts["bytes"] += min(stop or size, size) - (start or 0)
        return response

    async def counted(_request: web.Request) -> web.Response:
        answer = web.json_response(counts)
        counts.update(requests=0, bytes=0)
        return answer

    application = web.Application(middlewares=[late])
    application.router.add_get("/counts", counted)
    application.router.add_static("/", folder)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


@contextmanager
def server(folder: Path) -> Generator[str]:
    command = [sys.executable, "-m", "benchmarks.remote", "--serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


# ---- those who read


def with_photonwb(address: str, path: str, index: Any) -> Any:
    with photonwb.open(address) as nwbfile:
        return nwbfile.acquisition[path.split("/")[1]].data[index]


def with_h5py(address: str, path: str, index: Any) -> Any:
    import fsspec
    import h5py

    with fsspec.open(address, "rb") as opened, h5py.File(opened) as file:
        dataset: Any = file[path]
        return dataset[index]


def with_pynwb(address: str, path: str, index: Any) -> Any:
    import fsspec
    import h5py
    import pynwb

    with fsspec.open(address, "rb") as opened, h5py.File(opened) as file, pynwb.NWBHDF5IO(file=file, mode="r") as io:
        nwbfile: Any = io.read()
        return nwbfile.acquisition[path.split("/")[1]].data[index]


IMPORTS = {
    "photonwb": ("photonwb.io", "photonwb.storage.hdf5", "photonwb.storage.remote_http", "photonwb.storage.remote_file"),
    "h5py": (),
    "pynwb": ("pynwb",),
}
READERS = {"photonwb": with_photonwb, "h5py": with_h5py, "pynwb": with_pynwb}


def child(reader: str, address: str, path: str, index: str) -> None:
    # Imports are not measured.
    for module in ("fsspec.implementations.http", "h5py", *IMPORTS[reader]):
        import_module(module)
    start = time.perf_counter()
    READERS[reader](address, path, eval(index))
    print(time.perf_counter() - start)


def measured(reader: str, base: str, task: tuple[str, str, str]) -> str:
    name, path, index = task
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.remote", "--child", reader, f"{base}/{name}", path, index]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=MOST_SECONDS, cwd=ROOT)
        seconds = f"{float(done.stdout):.2f} s"
    except subprocess.TimeoutExpired:
        seconds = f"> {MOST_SECONDS} s"
    with urllib.request.urlopen(f"{base}/counts") as answer:
        counts = json.load(answer)
    return f"{seconds}, {counts['requests']}, {counts['bytes'] / 1e6:.1f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/interop.md")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve(arguments.serve))
    elif arguments.child:
        child(*arguments.child)
    else:
        with tempfile.TemporaryDirectory(prefix="photonwb-remote-") as folder:
            prepare(Path(folder))
            rows = ["| time, requests, bytes | " + " | ".join(READERS) + " |", "|---|" + "--:|" * len(READERS)]
            with server(Path(folder)) as base:
                for name, task in TASKS.items():
                    rows.append(f"| {name} | " + " | ".join(measured(reader, base, task) for reader in READERS) + " |")
                    print(rows[-1], flush=True)
        if arguments.docs:
            write_table(ROOT / "docs" / "interop.md", "\n".join(rows), "remote")


if __name__ == "__main__":
    main()
