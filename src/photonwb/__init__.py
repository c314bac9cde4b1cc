"""Optical physiology in NWB files, at the speed of the hardware.

>>> import photonwb
>>> with photonwb.open("session.nwb") as nwbfile:  # doctest: +SKIP
...     movie = nwbfile.acquisition["TwoPhotonSeries"].data[:100]

The names are those of pynwb. Importing this module costs next to nothing: each name brings its module with its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photonwb import ophys as ophys
    from photonwb.arrays import DataChunkIterator, H5DataIO, ZarrDataIO
    from photonwb.base import ProcessingModule, TimeSeries
    from photonwb.core import NWBContainer, NWBData
    from photonwb.drop_in import install_as_pynwb
    from photonwb.file import NWBFile
    from photonwb.image import ImageSeries
    from photonwb.io import NWBHDF5IO, NWBZarrIO, get_nwbfile_version, read_nwb, write
    from photonwb.io import open_file as _open_file
    from photonwb.io.exporting import export
    from photonwb.io.recording import record
    from photonwb.model.extensions import (
        available_namespaces,
        get_class,
        get_manager,
        get_type_map,
        load_namespaces,
    )
    from photonwb.model.registry import register_class
    from photonwb.recovery import recover
    from photonwb.validation import validate

    open = _open_file  # noqa: A001 - `photonwb.open`, never imported by its bare name

__version__ = "0.1.0"

# Where each public name lives; a name that is also a module is that module.
_HOMES = {
    "DataChunkIterator": "arrays",
    "H5DataIO": "arrays",
    "ImageSeries": "image",
    "NWBContainer": "core",
    "NWBData": "core",
    "NWBFile": "file",
    "NWBHDF5IO": "io",
    "NWBZarrIO": "io",
    "ProcessingModule": "base",
    "TimeSeries": "base",
    "ZarrDataIO": "arrays",
    "available_namespaces": "model.extensions",
    "export": "io.exporting",
    "get_class": "model.extensions",
    "get_manager": "model.extensions",
    "get_nwbfile_version": "io",
    "get_type_map": "model.extensions",
    "install_as_pynwb": "drop_in",
    "load_namespaces": "model.extensions",
    "open": "io:open_file",
    "read_nwb": "io",
    "record": "io.recording",
    "recover": "recovery",
    "register_class": "model.registry",
    "validate": "validation",
    "write": "io",
}
_MODULES = (
    "base", "behavior", "common", "core", "device", "ecephys", "epoch", "errors", "event", "exporters", "external",
    "file", "icephys", "image", "importers", "io", "layouts", "misc", "ogen", "ophys", "plots", "resources", "retinotopy",
    "testing",
)  # fmt: skip

# Without `open`: `from photonwb import *` leaves the builtin alone.
__all__ = [  # noqa: RUF022 - the two kinds of names apart
    "DataChunkIterator",
    "H5DataIO",
    "ImageSeries",
    "NWBContainer",
    "NWBData",
    "NWBFile",
    "NWBHDF5IO",
    "NWBZarrIO",
    "ProcessingModule",
    "TimeSeries",
    "ZarrDataIO",
    "available_namespaces",
    "export",
    "get_class",
    "get_manager",
    "get_nwbfile_version",
    "get_type_map",
    "install_as_pynwb",
    "load_namespaces",
    "ophys",
    "read_nwb",
    "record",
    "recover",
    "register_class",
    "validate",
    "write",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        module, _, attribute = _HOMES[name].partition(":")
        value = getattr(import_module(f"photonwb.{module}"), attribute or name)
    elif name in _MODULES:
        value = import_module(f"photonwb.{name}")
    else:
        raise AttributeError(f"module 'photonwb' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
