"""Files at addresses: which of them are read by fsspec, and what they are asked for there.

A connection knows one file on a server: how long it is, in which state, and how to get a stretch of its bytes. Whatever fails is
tried again, and told with the address and a way out.
"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from photonwb.errors import InvalidValueError, MissingFileError, MissingLibraryError, PhotonwbError, StorageError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

__all__ = ["BrokenError", "Connection", "address_of", "changed", "connect", "is_address", "retried", "shown"]

# How long to wait before a request is repeated that failed for a reason that may pass, in seconds.
PAUSES = (0.1, 0.5, 2.0)
# A file system that does not tell the state of a file with its bytes is asked for it no more often than this, in seconds.
CHECKED_EVERY = 1.0

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::|://)")  # a single letter is a drive


class BrokenError(Exception):
    """A request failed for a reason that may pass."""


class Connection(Protocol):
    """A file on a server.

    Attributes
    ----------
    address : str
        As people may see it.
    state : hashable
        Differs after the file was changed.
    size : int
        Bytes in the file.
    first : bytes
        Those at its start that have come already; nobody needs them twice.
    """

    address: str
    state: Hashable
    size: int
    first: bytes

    def fetch(self, start: int, stop: int) -> bytes:
        """The bytes from one place to another, neither of them behind the end.

        Raises
        ------
        BrokenError
            It may succeed if it is tried again.
        StorageError
            It will not.
        """
        ...


def address_of(file: Any, options: Mapping[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
    """A file as an address and the options of its file system.

    Parameters
    ----------
    file : str, path, or file object
        File objects of fsspec, open or not, are files at addresses, too.
    options : mapping, optional
        Go to fsspec.

    Returns
    -------
    object
        The address; the path of a local file; or the object itself where it is neither.
    dict
        The options.
    """
    given = dict(options or {})
    system: Any = getattr(file, "fs", None)
    if hasattr(system, "unstrip_protocol"):
        file, given = system.unstrip_protocol(file.path), {**system.storage_options, **given}
    if isinstance(file, str) and file.startswith(("file://", "local://")):
        from urllib.parse import unquote

        file = unquote(file.partition("://")[2])
    return file, given


def is_address(file: Any) -> bool:
    """Whether a text is the address of a file that is not simply on this machine."""
    return isinstance(file, str) and _ADDRESS.match(file) is not None


def shown(address: str) -> str:
    """A path, or an address as it may stand in messages: what is behind a question mark or before an at sign may be a secret."""
    if not is_address(address):
        return address
    return re.sub(r"(?<=://)[^/@]*@", "", re.sub(r"\?[^:]*", "?…", address))


def connect(address: str, options: Mapping[str, Any]) -> Connection:
    """Find a file on its server.

    Parameters
    ----------
    address : str
    options : mapping
        Go to fsspec.

    Raises
    ------
    MissingLibraryError
        What reads addresses of that kind is not installed.
    MissingFileError, StorageError
        There is no such file, or it may not be read.
    InvalidValueError
        Nobody reads addresses of that kind, or an option is not known.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingLibraryError(f"{shown(address)}: files at addresses are read by fsspec: {_INSTALL}") from error
    try:
        system, path = url_to_fs(address, **options)
    except ImportError as error:
        driver = getattr(error.__cause__, "name", None) or "the library that it names"
        raise MissingLibraryError(f"{shown(address)}: {error}: {_INSTALL}, pip install {driver}") from error
    except (ValueError, TypeError) as error:
        raise InvalidValueError(f"{shown(address)}: {error}; look at the address, and at storage_options") from error
    if system.protocol == ("http", "https"):
        from .remote_http import HttpConnection

        return HttpConnection(system, path)
    return FileSystemConnection(system, path, address, options)


_INSTALL = "pip install 'photonwb[remote]'"


def retried(connection: Connection, start: int, stop: int) -> bytes:
    """What `fetch` gives, at the first, second or a later attempt."""
    for pause in (*PAUSES, None):
        try:
            return connection.fetch(start, stop)
        except BrokenError as error:
            if pause is None:
                raise StorageError(
                    f"{connection.address}: bytes {start} to {stop} cannot be read, after {len(PAUSES) + 1} attempts: {error}; "
                    "look at the network, and try again"
                ) from error
            time.sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def changed(address: str) -> StorageError:
    """The error for a file that is another one than when it was opened."""
    return StorageError(f"{address}: the file on the server was changed after it was opened here; open it again")


class FileSystemConnection:
    """A file of any file system of fsspec.

    Parameters
    ----------
    system : fsspec.AbstractFileSystem
    path : str
    address : str
    options : mapping
        What the file system was made with.
    """

    first = b""

    def __init__(self, system: Any, path: str, address: str, options: Mapping[str, Any]) -> None:
        self.address = shown(address)
        self._system, self._path, self._full, self._options = system, path, address, options
        self._process = os.getpid()
        # Files of such a system may have one position for all who read them.
        self._lock = None if system.async_impl else threading.Lock()
        self.state = self._state()
        self._was_checked = time.monotonic()

    def _state(self) -> Hashable:
        try:
            facts = self._system.info(self._path)
        except Exception as error:
            raise self._explained(error) from error
        if facts.get("type") == "directory" or facts.get("size") is None:
            raise StorageError(f"{self.address}: not a file with a known size; download it, and open the copy")
        self.size = int(facts["size"])
        return self._full, str(sorted(facts.items(), key=str))

    def fetch(self, start: int, stop: int) -> bytes:
        system = self._connected()
        try:
            if self._lock is None:
                data = system.cat_file(self._path, start=start, end=stop)
            else:
                with self._lock:
                    data = system.cat_file(self._path, start=start, end=stop)
        except Exception as error:
            raise self._explained(error) from error
        if len(data) != stop - start or time.monotonic() - self._was_checked > CHECKED_EVERY:
            self._check()
        if len(data) != stop - start:
            raise BrokenError(f"{len(data)} bytes came")
        return data

    def _check(self) -> None:
        before = self.size, self.state
        self._was_checked = time.monotonic()
        self._system.invalidate_cache()
        if (self._state(), self.size) != before[::-1]:
            self.size, self.state = before
            raise changed(self.address)

    def _connected(self) -> Any:
        if self._process != os.getpid():  # connections do not survive a fork
            from fsspec.core import url_to_fs

            self._system, self._path = url_to_fs(self._full, **self._options)
            self._process = os.getpid()
        return self._system

    def _explained(self, error: Exception) -> Exception:
        if isinstance(error, PhotonwbError):
            return error
        if isinstance(error, FileNotFoundError):
            return MissingFileError(f"{self.address}: no such file; check the address")
        text = str(error) or type(error).__name__
        if isinstance(error, PermissionError) or "credentials" in text.lower():
            return StorageError(
                f"{self.address}: may not be read ({text}); give your keys by storage_options=, or {{'anon': True}} for what is "
                "public"
            )
        return BrokenError(text) if hasattr(self, "_was_checked") else StorageError(f"{self.address}: cannot be read: {text}")
