"""`photonwb dff`: relative changes of fluorescence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_file, add_object, add_output, number_between

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    add_object(parser, "--series", "the traces (RoiResponseSeries)")
    parser.add_argument(
        "--method",
        choices=("percentile", "mean", "median"),
        default="percentile",
        help="what is taken for F0 (default: %(default)s)",
    )
    parser.add_argument(
        "--percentile",
        type=number_between(0, 100),
        default=8.0,
        metavar="P",
        help="of the method percentile (default: %(default)g)",
    )
    parser.add_argument(
        "--window", type=number_between(0, 1e9), metavar="SECONDS", help="time around each sample that F0 is of (default: all)"
    )
    add_object(parser, "--neuropil", "traces of the neuropil, which is taken from F first")
    parser.add_argument("--neuropil-factor", type=number_between(0, 10), default=0.7, metavar="R", help="times R (default: 0.7)")
    add_output(parser, "file for the traces: .csv or .npy (default: CSV on the standard output)")
    parser.add_argument("--store", action="store_true", help="add the traces to the file itself, in processing/ophys")


def run(options: Namespace) -> int:
    """Work out the changes, and print, save or store them."""
    import photonwb
    from photonwb.analysis.extraction import delta_f_over_f
    from photonwb.cli.objects import traces_of
    from photonwb.cli.output import Progress
    from photonwb.cli.traces import deliver, target_and_form

    target = target_and_form(options)
    with photonwb.open(options.file, "r+" if options.store else "r", trusted=options.trusted) as nwbfile:
        series = traces_of(nwbfile, options.series)
        neuropil = traces_of(nwbfile, options.neuropil).data if options.neuropil else None
        with Progress(options, "dff", "regions") as progress:
            data = delta_f_over_f(
                series.data,
                method=options.method,
                percentile=options.percentile,
                window=None if options.window is None else max(1, round(options.window * _rate_of(series))),
                neuropil=neuropil,
                neuropil_factor=options.neuropil_factor,
                progress=progress,
            )
        if options.store:
            _store(nwbfile, series, data, options)
        deliver(options, target, series, data, list(series.rois.data[:]))
    return 0


def _rate_of(series: Any) -> float:
    from photonwb.cli.output import UsageError
    from photonwb.cli.overview import timing_of

    rate = series.fields.get("rate") or timing_of(series).get("rate")
    if not rate:
        raise UsageError(f"{series.name} tells no rate that a window in seconds could be counted in: leave out --window")
    return float(rate)


def _store(nwbfile: Any, series: Any, data: NDArray[Any], options: Namespace) -> None:
    from photonwb.cli.storing import add_traces
    from photonwb.cli.traces import timing
    from photonwb.ophys import DfOverF

    rest = f"percentile {options.percentile:g}" if options.method == "percentile" else options.method
    around = "" if options.window is None else f" over {options.window:g} s"
    add_traces(
        nwbfile,
        DfOverF,
        "DfOverF",
        data=data,
        unit="n.a.",
        rois=series.rois.table.create_roi_table_region(series.rois.description, region=list(series.rois.data[:])),
        description=f"(F - F0) / F0 of {series.name}; F0 is the {rest}{around}.",
        **timing(series),
    )
