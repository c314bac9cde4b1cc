"""Files behind http and https, by the sessions of fsspec.

Each answer says of which state of the file its bytes are, which fsspec has no place for; so the requests are made here.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import aiohttp
from fsspec.asyn import sync
from fsspec.core import url_to_fs

from photonwb.errors import DamagedFileError, MissingFileError, StorageError

from .remote import BrokenError, changed, retried, shown

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["HttpConnection"]

# What is fetched to see whether there is a file: all of the structure of many.
FIRST = 2 << 20
# A file of which no part can be had is taken as a whole if it is no larger than this.
WHOLE = 64 << 20
# Answers that may be others a moment later.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
# Those of a place to which another server sent us for some time only: it has to be asked again.
EXPIRED = frozenset({400, 401, 403, 404, 410})
# So long to find the server, and so long without a byte from it, are taken for a broken connection, in seconds.
PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)


class HttpConnection:
    """A file on a web server.

    Parameters
    ----------
    system : fsspec.implementations.http.HTTPFileSystem
    address : str
    """

    def __init__(self, system: Any, address: str) -> None:
        self.address = shown(address)
        self._system, self._full = system, address
        self._process = os.getpid()
        self._target: Any = None  # where the server sends us for the bytes
        self._whole: bytes | None = None
        self.state: Hashable = None
        self.size = FIRST  # until the server has told
        self.first = retried(self, 0, FIRST)

    def fetch(self, start: int, stop: int) -> bytes:
        if self._whole is None:
            data = sync(self._connected().loop, self._get, start, stop)
            if data is not None:
                return data
            assert self._whole is not None
        return self._whole[start:stop]

    async def _get(self, start: int, stop: int) -> bytes | None:
        """The bytes; None if all there are came instead."""
        try:
            return await self._answer(start, stop)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if isinstance(error, StorageError):
                raise
            if isinstance(error, (aiohttp.InvalidURL, aiohttp.ClientConnectorDNSError)):
                raise StorageError(f"{self.address}: there is no such server ({error}); check the address") from error
            raise BrokenError(str(error) or type(error).__name__) from error

    async def _answer(self, start: int, stop: int) -> bytes | None:
        system = self._system
        session = await system.set_session()
        options: dict[str, Any] = {"timeout": PATIENCE, **system.kwargs}
        options["headers"] = {
            **options.get("headers", {}),
            "Range": f"bytes={start}-{stop - 1}",
            "Accept-Encoding": "identity",
        }
        target = self._target
        async with session.get(target or system.encode_url(self._full), **options) as response:
            if response.status == 206:
                return await self._part(response, start, stop)
            if response.status == 200:
                await self._take_whole(response)
                return None
            if target is not None and response.status in EXPIRED:
                self._target = None
                raise BrokenError(f"the server says {response.status}, where the bytes were a moment ago")
            raise self._refusal(response)

    async def _part(self, response: Any, start: int, stop: int) -> bytes:
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
        if told is None or int(told[1]) != start:
            raise StorageError(f"{self.address}: the server sends something else than it is asked for; {_DOWNLOAD}")
        self._check(response, int(told[3]))
        data = await response.read()
        if len(data) != min(stop, self.size) - start:
            raise BrokenError(f"{len(data)} bytes came")
        # What lets somebody in here is shown to nobody else.
        if response.history and not self._system.kwargs and not self._system.client_kwargs and "@" not in self._full:
            self._target = response.url
        return data

    async def _take_whole(self, response: Any) -> None:
        """Keep all of a file whose server does not send parts."""
        data = bytearray()
        expected = response.content_length
        while expected is None or expected <= WHOLE:
            some = await response.content.readany()
            data += some
            if not some or len(data) > WHOLE:
                break
        if (expected or len(data)) > WHOLE:
            raise StorageError(
                f"{self.address}: the server does not send parts of files, and this one is larger than {WHOLE >> 20} MiB; "
                f"{_DOWNLOAD}"
            )
        self._check(response, len(data))
        self._whole = bytes(data)

    def _check(self, response: Any, size: int) -> None:
        """Take the state of the file from the first answer; all others must be of the same."""
        state = self._full, size, response.headers.get("ETag"), response.headers.get("Last-Modified")
        if self.state is None:
            self.state, self.size = state, size
        elif state != self.state:
            raise changed(self.address)

    def _refusal(self, response: Any) -> Exception:
        status = f"{response.status} {response.reason}"
        if response.status in PASSING:
            return BrokenError(f"the server says {status}")
        if response.status in (404, 410):
            return MissingFileError(f"{self.address}: no such file ({status}); check the address")
        if response.status in (401, 403):
            return StorageError(
                f"{self.address}: may not be read ({status}); the link may have expired, or give what lets you in: "
                "storage_options={'headers': {'Authorization': ...}}"
            )
        if response.status == 416:
            return DamagedFileError(f"{self.address}: an empty file") if self.state is None else changed(self.address)
        return StorageError(f"{self.address}: cannot be read: the server says {status}; check the address")

    def _connected(self) -> Any:
        if self._process != os.getpid():  # connections do not survive a fork
            self._system, _ = url_to_fs(self._full, **self._system.storage_options)
            self._process = os.getpid()
        return self._system


_DOWNLOAD = "download it, and open the copy (the address with 'simplecache::' before it does both)"
