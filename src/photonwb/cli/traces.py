"""`photonwb traces`: the mean of each region of interest over a movie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_file, add_object, add_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["add_arguments", "deliver", "run", "target_and_form", "timing"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    add_object(parser, "--series", "the movie")
    add_object(parser, "--rois", "the table of regions (PlaneSegmentation)")
    parser.add_argument("--unweighted", action="store_true", help="count all pixels of a region the same")
    add_output(parser, "file for the traces: .csv or .npy (default: CSV on the standard output)")
    parser.add_argument("--store", action="store_true", help="add the traces to the file itself, in processing/ophys")


def run(options: Namespace) -> int:
    """Work out the traces, and print, save or store them."""
    import photonwb
    from photonwb.analysis.extraction import extract_traces
    from photonwb.cli.objects import find, movie_of, objects_of, the_only
    from photonwb.cli.output import Progress
    from photonwb.layouts.axis_order import data_of

    target = target_and_form(options)
    with photonwb.open(options.file, "r+" if options.store else "r", trusted=options.trusted) as nwbfile:
        movie = movie_of(nwbfile, options.series)
        tables = [find(nwbfile, options.rois)] if options.rois else objects_of(nwbfile, "PlaneSegmentation")
        table = the_only(tables, "tables of regions (PlaneSegmentation)", "--rois")
        with Progress(options, "traces") as progress:
            rois = table.rois if table.axis_order.is_standard else table.masks.rois
            data = extract_traces(data_of(movie), rois, weighted=not options.unweighted, progress=progress)
        if options.store:
            _store(nwbfile, movie, table, data)
        deliver(options, target, movie, data, list(table.id[:]))
    return 0


def _store(nwbfile: Any, movie: Any, table: Any, data: NDArray[Any]) -> None:
    from photonwb.cli.storing import add_traces
    from photonwb.ophys import Fluorescence

    add_traces(
        nwbfile,
        Fluorescence,
        "RoiResponseSeries",
        data=data,
        unit=movie.unit,
        rois=table.create_roi_table_region("All regions."),
        description=f"Mean of {movie.name} over each region.",
        **timing(movie),
    )


def timing(series: Any) -> dict[str, Any]:
    """The times of a series, for another one of the same samples."""
    if series.fields.get("timestamps") is not None:
        return {"timestamps": series}
    return {"rate": series.rate, "starting_time": series.starting_time}


def target_and_form(options: Namespace) -> tuple[Path, str] | None:
    """Where traces are saved, and as what; None where they are printed."""
    from photonwb.cli.output import target_of
    from photonwb.cli.saving import form_of

    if not options.output:
        return None
    target = target_of(options, options.file)
    return target, form_of(target, ("csv", "npy"))


def deliver(options: Namespace, target: tuple[Path, str] | None, series: Any, data: NDArray[Any], names: list[Any]) -> None:
    """Save traces, or print them as CSV or JSON; nothing of it when they were stored only."""
    from photonwb.cli.output import show
    from photonwb.cli.saving import save_array, save_lines, trace_lines

    times = series.get_timestamps()[:]
    if target is None:
        if not options.store:
            facts = {"times": times, "rois": names, "traces": data.T} if options.json else None
            show(options, facts, trace_lines(times, data, [f"roi_{name}" for name in names]))
    elif target[1] == "csv":
        save_lines(target[0], trace_lines(times, data, [f"roi_{name}" for name in names]))
    else:
        save_array(target[0], data)
