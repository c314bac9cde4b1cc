"""The command: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.running import ROOT, Figure, Options, all_workloads, run, warm_up


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="photonwb beside pynwb and plain h5py.")
    parser.add_argument("workloads", nargs="*", help="themes, or parts of names of workloads; all unless given")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the movies and traces (default: %(default)s)")
    parser.add_argument("--most-seconds", type=float, default=600, help="a step that takes longer is left out")
    parser.add_argument("--folder", type=Path, help="where the files go, which may take some GB (default: a temporary folder)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="where the figures go (default: %(default)s)")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    parser.add_argument("--list", action="store_true", help="show the workloads and do nothing")
    arguments = parser.parse_args()
    chosen = [
        (theme, workload)
        for theme, workloads in all_workloads().items()
        for workload in workloads
        if not arguments.workloads or any(wanted == theme or wanted in workload.name for wanted in arguments.workloads)
    ]
    if not chosen:
        parser.error("there is no such workload; --list shows them")
    if arguments.list:
        print("\n".join(f"{theme:14}{workload.name}" for theme, workload in chosen))
        return
    figures: list[Figure] = []
    skipped: list[str] = []
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="photonwb-benchmarks-") as folder:
        options = Options(arguments.rounds, arguments.scale, Path(folder), arguments.most_seconds)
        warm_up(options)
        for theme, workload in chosen:
            print(workload.name, flush=True)
            found, left_out = run(theme, workload, options)
            print("\n".join([*map(report.line, found), *(f"  skipped: {reason}" for reason in left_out)]), flush=True)
            figures += found
            skipped += left_out
            report.write_json(arguments.json, figures, skipped, options)
    if arguments.readme:
        report.write_table(ROOT / "README.md", report.table(figures, options))


if __name__ == "__main__":
    main()
