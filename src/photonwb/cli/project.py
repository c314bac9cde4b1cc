"""`photonwb project`: images that sum up a movie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_file, add_object, add_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray

__all__ = ["add_arguments", "run"]

_KINDS = {"mean": "mean", "max": "max", "std": "std", "corr": "correlation"}


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    add_object(parser, "--series", "the movie")
    for option, what in (
        ("mean", "mean over time"),
        ("max", "maximum over time"),
        ("std", "standard deviation over time"),
        ("corr", "mean correlation of each pixel with its neighbours"),
    ):
        parser.add_argument(f"--{option}", action="store_true", help=f"{what} (default: all four images)")
    add_output(parser, "file for the images, rows and columns: .npz, .npy (one image), .tiff, .png")
    parser.add_argument("--store", action="store_true", help="add the images to the file itself, in processing/ophys")


def run(options: Namespace) -> int:
    """Work out the images, save or store them, and say in numbers what they are."""
    import photonwb
    from photonwb.analysis.projections import project
    from photonwb.cli.objects import movie_of, path_of
    from photonwb.cli.output import Progress, UsageError, show, target_of
    from photonwb.cli.saving import form_of, save_images

    if not options.output and not options.store:
        raise UsageError("say where the images go: --output PATH, or --store to add them to the file")
    target = target_of(options, options.file) if options.output else None
    form = form_of(target, ("npz", "npy", "tiff", "png")) if target else ""
    kinds = [kind for option, kind in _KINDS.items() if getattr(options, option)] or list(_KINDS.values())
    with photonwb.open(options.file, "r+" if options.store else "r", trusted=options.trusted) as nwbfile:
        movie = movie_of(nwbfile, options.series)
        with Progress(options, "project") as progress:
            images = project(movie.frames, kinds, progress=progress)
        numbers = {kind: _facts(image) for kind, image in images.items()}
        facts = {"series": path_of(movie), "images": numbers}
        if target is not None:
            save_images(target, form, images)
        if options.store:
            _store(nwbfile, movie, images)
    show(options, facts, (f"{kind:<12} {_line(each)}" for kind, each in numbers.items()))
    return 0


def _facts(image: NDArray[Any]) -> dict[str, Any]:
    return {"shape": image.shape, "min": float(image.min()), "mean": float(image.mean()), "max": float(image.max())}


def _line(facts: dict[str, Any]) -> str:
    shape = " × ".join(map(str, facts["shape"]))
    return f"{shape}   min {facts['min']:.5g}   mean {facts['mean']:.5g}   max {facts['max']:.5g}"


def _store(nwbfile: Any, movie: Any, images: dict[str, NDArray[Any]]) -> None:
    from photonwb.base import Images
    from photonwb.cli.storing import add, unused_name
    from photonwb.image import GrayscaleImage

    pictures = [
        GrayscaleImage(kind, data=image.swapaxes(0, 1), description=f"{kind.capitalize()} of {movie.name} over time.")
        for kind, image in images.items()
    ]

    def made(module: Any) -> Any:
        name = unused_name(module.data_interfaces, "SummaryImages")
        return Images(name, images=pictures, description=f"Images that sum up {movie.name}.")

    add(nwbfile, made)
