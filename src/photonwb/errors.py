"""Every error that photonwb raises on purpose.

    PhotonwbError
    ├── InvalidValueError (ValueError)       a value that the field cannot hold
    │   └── OutOfRangeError (IndexError)     a row or position that does not exist
    ├── InvalidTypeError (TypeError)         a value of the wrong kind
    │   └── InvalidKeyError (KeyError)       what stands in [] means neither rows nor a name
    ├── NotFoundError (KeyError)             no object of that name
    ├── SchemaError (ValueError)             a specification that makes no sense
    ├── MissingLibraryError (ImportError)    an optional library that is not installed
    ├── StorageError (OSError)               the file cannot be opened, read or written
    │   ├── MissingFileError (FileNotFoundError)   no such file
    │   ├── ExistingFileError (FileExistsError)    a file that may not be replaced
    │   ├── ClosedFileError                  the file behind a lazy object was closed
    │   ├── RecordingBehindError             more data than the disk takes
    │   └── DamagedFileError                 what the file holds cannot be what was written
    ├── BrokenLinkError (KeyError)           a link or reference that leads nowhere
    │   └── UntrustedLinkError               a file that only a trusted file may lead to
    └── UnreadableObjectError (ValueError)   one object of a file does not make sense

Each inherits the builtin that a caller would catch anyway, so that code written for other libraries keeps working.
"""

from __future__ import annotations

__all__ = [
    "BrokenLinkError",
    "ClosedFileError",
    "DamagedFileError",
    "ExistingFileError",
    "InvalidKeyError",
    "InvalidTypeError",
    "InvalidValueError",
    "MissingFileError",
    "MissingLibraryError",
    "NotFoundError",
    "OutOfRangeError",
    "PhotonwbError",
    "RecordingBehindError",
    "SchemaError",
    "StorageError",
    "UnreadableObjectError",
    "UntrustedLinkError",
]


class PhotonwbError(Exception):
    """Base of all errors of this package."""


class InvalidValueError(PhotonwbError, ValueError):
    """A value that its field cannot hold: wrong shape, out of range, contradicting another one."""


class OutOfRangeError(InvalidValueError, IndexError):
    """A row, or another position, that does not exist."""


class InvalidTypeError(PhotonwbError, TypeError):
    """A value of a kind that its field does not take."""


class NotFoundError(PhotonwbError, KeyError):
    """No object of the name that was asked for."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which would escape the message.
        return str(self.args[0]) if self.args else ""


class InvalidKeyError(InvalidTypeError, KeyError):
    """A key of a kind that means neither rows nor a name."""

    __str__ = NotFoundError.__str__


class SchemaError(PhotonwbError, ValueError):
    """A specification that is cyclic, incomplete or not a specification."""


class MissingLibraryError(PhotonwbError, ImportError):
    """An optional library that is needed for what was asked for, and is not installed."""


class StorageError(PhotonwbError, OSError):
    """A file or store that cannot be opened, read or written."""


class MissingFileError(StorageError, FileNotFoundError):
    """A file or folder that does not exist."""


class ExistingFileError(StorageError, FileExistsError):
    """A file that exists already and may not be replaced."""


class ClosedFileError(StorageError, ValueError):
    """The file behind a lazily read object was closed."""


class RecordingBehindError(StorageError, BufferError):
    """More data are appended to a recording than can be written, and it was told not to wait."""


class DamagedFileError(StorageError):
    """A file whose bytes cannot be what its writer meant: truncated, overwritten, inconsistent."""


class BrokenLinkError(NotFoundError):
    """A link or an object reference whose target does not exist or may not be followed."""


class UntrustedLinkError(BrokenLinkError):
    """A file outside of the folder of the one that leads there, which is not opened unless that one is trusted."""


class UnreadableObjectError(PhotonwbError, ValueError):
    """One object of a file that cannot be understood. The rest of the file stays readable."""
