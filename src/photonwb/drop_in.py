"""Standing in for pynwb and hdmf in one process, for libraries that were written for them.

After `install_as_pynwb()`, `import pynwb` and the modules of hdmf that users of NWB import lead here. Only names that photonwb
has are found; anything else raises the ImportError or AttributeError that says so.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from photonwb.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["install_as_pynwb"]

# The modules of ours in which the names of a stand-in are looked up, in this order.
_EVERYWHERE = ("photonwb.core", "photonwb.common", "photonwb.base", "photonwb.arrays")
_ALIASES: dict[str, tuple[str, ...]] = {
    "pynwb": ("photonwb", "photonwb.model.extensions", "photonwb.core"),
    **{
        f"pynwb.{name}": (f"photonwb.{name}", *_EVERYWHERE)
        for name in (
            "base", "behavior", "core", "device", "ecephys", "epoch", "event", "file", "icephys", "image", "misc", "ogen",
            "ophys", "resources", "retinotopy",
        )
    },
    "pynwb.validation": ("photonwb.validation",),
    "pynwb.testing": ("photonwb.testing",),
    "pynwb.testing.mock": ("photonwb.testing.mock",),
    **{
        f"pynwb.testing.mock.{name}": (f"photonwb.testing.mock.{name}",)
        for name in ("base", "device", "file", "image", "ophys", "utils")
    },
    "hdmf": ("photonwb.model.container", "photonwb.common"),
    "hdmf.container": ("photonwb.model.container", "photonwb.core", "photonwb.model.labelled"),
    "hdmf.common": ("photonwb.common", "photonwb.model.extensions"),
    "hdmf.common.table": ("photonwb.common",),
    "hdmf.common.alignedtable": ("photonwb.common",),
    "hdmf.common.resources": ("photonwb.resources",),
    "hdmf.backends": (),
    "hdmf.backends.io": ("photonwb.io",),
    "hdmf.backends.hdf5": ("photonwb.arrays", "photonwb.io"),
    "hdmf.backends.hdf5.h5_utils": ("photonwb.arrays", "photonwb.io", "photonwb.io.values"),
    "hdmf.backends.hdf5.h5tools": ("photonwb.io",),
    "hdmf.data_utils": ("photonwb.arrays",),
    "hdmf.utils": ("photonwb.model.labelled", "photonwb.arrays.shapes"),
}  # fmt: skip

# Names are also reached through modules that merely import them, pynwb.ecephys.Device for one. That is where they are then.
_IMPORTED = (
    *_EVERYWHERE,
    *(
        f"photonwb.{name}"
        for name in (
            "model.container", "device", "file", "image", "ecephys", "behavior", "epoch", "event", "icephys", "misc", "ogen",
            "ophys", "resources", "model.extensions", "model.registry", "io", "testing.mock.utils",
        )
    ),
)  # fmt: skip

# Names that differ on the two sides.
_RENAMED = {
    "HDF5IO": "NWBHDF5IO",
    "HDMFIO": "NWBHDF5IO",
    "H5Dataset": "ResolvingArray",
    "HDMFDataset": "ResolvingArray",
    "StrDataset": "LazyArray",
    "get_data_shape": "shape_of",
}
_VERSIONS = {"pynwb": "4.2.0", "hdmf": "6.2.0"}  # the ones that photonwb goes by


class _StandIn(ModuleType):
    """A module whose names are those of modules of ours."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # for `from pynwb import *`
            return dir(self)
        if not name.startswith("__"):
            for module in (*self._modules(), *map(import_module, _IMPORTED)):
                try:
                    return getattr(module, _RENAMED.get(name, name))
                except AttributeError:
                    continue
        raise AttributeError(f"photonwb, which stands in for {self.__name__!r} in this process, has no {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({name for module in self._modules() for name in getattr(module, "__all__", ())})

    def _modules(self) -> Iterator[ModuleType]:
        return map(import_module, _ALIASES[self.__name__])


class _Finder(MetaPathFinder, Loader):
    """Finds the stand-ins before the installed packages."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        # A package without a path: what is not here is not looked for elsewhere.
        return ModuleSpec(fullname, self, is_package=True) if fullname in _ALIASES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name, f"photonwb in the place of {spec.name}.")

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = __file__
        module.__dict__["__version__"] = _VERSIONS[module.__name__.partition(".")[0]]


def install_as_pynwb() -> None:
    """Let `import pynwb` and `import hdmf` in this process give photonwb.

    Call it before anything imports them. Arrays in files then pass for `h5py.Dataset` too, on which some libraries insist.

    Raises
    ------
    StorageError
        The real pynwb or hdmf was imported already.

    Examples
    --------
    >>> import photonwb
    >>> photonwb.install_as_pynwb()  # doctest: +SKIP
    >>> import pynapple  # doctest: +SKIP
    >>> session = pynapple.load_file("session.nwb")  # doctest: +SKIP
    """
    for name in _VERSIONS:
        if name in sys.modules and not isinstance(sys.modules[name], _StandIn):
            raise StorageError(f"{name} was imported already: call photonwb.install_as_pynwb() before anything imports it")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for name in _ALIASES:
        # The submodules that users reach as attributes, without importing them.
        parent, _, child = name.rpartition(".")
        module = import_module(name)
        if parent:
            setattr(import_module(parent), child, module)
    import h5py

    from photonwb.arrays import LazyArray

    LazyArray.taken_for = h5py.Dataset
