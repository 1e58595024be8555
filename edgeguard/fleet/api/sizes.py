"""How large a request may be: read no more of it than that."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

_MIB: Final = 1 << 20
_STRANGERS: Final = 64 << 10
_JSON: Final = _MIB
_FILES: Final = 32 * _MIB
_FILE_TYPES: Final = ("text/csv", "multipart/form-data", "application/octet-stream")


def limit_of(headers: Headers) -> int:
    """Bytes: little from those who show neither cookie nor token, more for files than for JSON."""
    if "cookie" not in headers and "authorization" not in headers:
        return _STRANGERS
    return _FILES if headers.get("content-type", "").startswith(_FILE_TYPES) else _JSON


def too_large(headers: Headers) -> bool:
    """Whether the request says itself that it is too large."""
    length = headers.get("content-length", "0")
    return not length.isdecimal() or int(length) > limit_of(headers)


def limited(receive: Receive, headers: Headers) -> Receive:
    """`receive`, which stops (413) where more comes than may."""
    left = limit_of(headers)

    async def read() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, "the request is too large: send it in parts")
        return message

    return read
