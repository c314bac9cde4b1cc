"""Put the results of suite2p into an NWB file.

    python examples/suite2p_to_nwb.py suite2p/ session.nwb --start 2024-05-06T14:00:00+02:00 --session "mouse on a wheel" \
        --device microscope --location VISp --indicator GCaMP6f --excitation 920 --channel green=510 --channel red=610

suite2p knows pixels, frames and traces. What it does not know (when, where, of what, with which light) is asked for. The work is
done by one call, which knows other programs as well; this is the way to call it from a program of your own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from photonwb.importers import import_session


def _channel(text: str) -> tuple[str, float]:
    name, _, wavelength = text.rpartition("=")
    return name, float(wavelength)


def main(arguments: list[str] | None = None) -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Put the results of suite2p into an NWB file.")
    parser.add_argument("folder", type=Path, help="the folder with plane0, plane1, ...")
    parser.add_argument("output", type=Path, help="the NWB file to write")
    parser.add_argument("--start", required=True, help="when the session began, with time zone")
    parser.add_argument("--session", required=True, help="what happened in the session")
    parser.add_argument("--device", required=True, help="name of the microscope")
    parser.add_argument("--location", required=True, help="where in the brain the planes lie")
    parser.add_argument("--indicator", required=True, help="what fluoresces")
    parser.add_argument("--excitation", type=float, required=True, help="wavelength of the laser in nm")
    parser.add_argument(
        "--channel",
        type=_channel,
        action="append",
        required=True,
        metavar="NAME=NM",
        help="wavelength of a channel, functional first",
    )
    parser.add_argument("--rate", type=float, help="frames per second of one plane, where there is no ops.npy")
    given = parser.parse_args(arguments)
    metadata = {
        "session_start_time": given.start,
        "session_description": given.session,
        "device": given.device,
        "location": given.location,
        "indicator": given.indicator,
        "excitation_lambda": given.excitation,
        "channels": dict(given.channel),
        "rate": given.rate,
    }
    import_session(given.folder, given.output, metadata, format="suite2p")


if __name__ == "__main__":
    main()
