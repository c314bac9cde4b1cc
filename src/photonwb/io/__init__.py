"""Reading and writing files: the only place where the model, the standard and the stores meet."""

from photonwb.io.facade import NWBHDF5IO, NWBZarrIO
from photonwb.io.opening import get_nwbfile_version, open_file, read_nwb
from photonwb.io.writing import write_file as write

__all__ = ["NWBHDF5IO", "NWBZarrIO", "get_nwbfile_version", "open_file", "read_nwb", "write"]
