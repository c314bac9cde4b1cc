"""What hdmf-zarr writes, reads and finds: a program for the Python that has it, since it asks for a newer one than photonwb does.

    python -m compat.zarr_exchange write PATH              everything, as hdmf-zarr stores it
    python -m compat.zarr_exchange convert SOURCE PATH     an HDF5 file, as hdmf-zarr exports it
    python -m compat.zarr_exchange compare PATH            differences between what photonwb and hdmf-zarr read
    python -m compat.zarr_exchange validate PATH           what the validator of pynwb finds

The last two print a list in JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    import pynwb

    import photonwb
    from compat.comparison import differences
    from compat.everything import everything, library

    NWBZarrIO: Any = import_module("hdmf_zarr.nwb").NWBZarrIO  # which the Python of the tests does not have

    def write(path: str) -> None:
        with NWBZarrIO(path, mode="w") as io:
            io.write(everything(library("pynwb"), Path(path).parent))

    def convert(source: str, path: str) -> None:
        with pynwb.NWBHDF5IO(source, "r") as io, NWBZarrIO(path, mode="w") as target:
            target.export(src_io=io, write_args={"link_data": False})

    def compare(path: str) -> list[str]:
        with photonwb.open(path) as ours, NWBZarrIO(path, mode="r") as io:
            return list(differences(ours, io.read()))

    def validate(path: str) -> list[str]:
        with NWBZarrIO(path, mode="r") as io:
            return [str(error) for error in pynwb.validate(io=io)]

    found: Any = {"write": write, "convert": convert, "compare": compare, "validate": validate}[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps(found) + "\n")
