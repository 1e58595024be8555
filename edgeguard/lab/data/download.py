"""One file over HTTP, resumed where it broke off."""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edgeguard import files
from edgeguard.errors import ConfigError, DataError

Progress = Callable[[int, "int | None"], None]

_ATTEMPTS: Final = 5
_TIMEOUT_S: Final = 30.0
_FIRST_PAUSE_S: Final = 0.5
_BLOCK: Final = 1 << 16
_GONE_WRONG: Final = (OSError, http.client.HTTPException)  # URLError and timeouts are OSError


class _Incomplete(OSError):
    pass


def download(url: str, target: Path, progress: Progress, *, first_pause_s: float = _FIRST_PAUSE_S) -> None:
    """Bring `url` to `target`, whole or not at all; what came so far waits in ``<target>.part`` for the next call.

    Each of five attempts asks for the missing bytes alone (HTTP Range), with a pause that doubles in between.

    Raises:
        ConfigError: `url` is not http or https.
        DataError: the server refuses, or the last attempt broke off too.
        StorageError: the disk is full or not writable.
    """
    if not re.match(r"https?://", url):
        raise ConfigError(f"{url!r} is no http or https address: check it")
    with files.storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    for attempt in range(_ATTEMPTS):
        try:
            _continue(url, part, progress)
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise DataError(f"{url} answers {error.code} {error.reason}: check the address") from error
            reason = f"{error.code} {error.reason}"
        except _GONE_WRONG as error:
            reason = str(getattr(error, "reason", error))
        else:
            part.replace(target)
            return
        if attempt < _ATTEMPTS - 1:
            time.sleep(first_pause_s * 2**attempt)
    raise DataError(f"{url} broke off {_ATTEMPTS} times ({reason}): run it again, it goes on from there")


def _continue(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 # scheme checked above
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310 # scheme checked above
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
            raise _Incomplete("the part on disk does not belong to this file") from error
        raise
    with answer:
        resumed = answer.status == http.client.PARTIAL_CONTENT
        have = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with files.storage_errors(part), part.open("ab" if resumed else "wb") as stream:
            while block := answer.read(_BLOCK):
                stream.write(block)
                have += len(block)
                progress(have, total)
    if total is not None and have < total:
        raise _Incomplete(f"{have} of {total} bytes came")
