"""One process of the benchmark: `python -m benchmarks.child`, with a request as JSON on standard input.

Nothing is imported here that a contender might import, so that what is measured of a start is what a user sees.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

from benchmarks.workload import SkippedError, Task


def main() -> None:
    request = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    theme = import_module(f"benchmarks.{request['theme']}")
    workload = next(each for each in theme.WORKLOADS if each.name == request["workload"])
    parameters = {**workload.parameters, "scale": request["scale"]}
    task = Task(request["contender"], Path(request["folder"]), Path(request["inputs"]), parameters)
    if task.is_raw and request["theme"] != "importing":
        assert task.h5py  # imported before any clock is started, as the libraries are
    answer: dict[str, object] = {}
    try:
        if request["step"] is None:
            workload.prepare(task)
        else:
            step = next(each for each in workload.steps if each.name == request["step"])
            (step.raw if task.is_raw else step.nwb)(task)
            task.record_memory()
    except SkippedError as error:
        answer["skipped"] = str(error)
    answer["figures"] = task.figures
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
