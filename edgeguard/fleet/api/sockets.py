"""Open websockets end with the session that opened them: no live data for who has logged out or is disabled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Send

from edgeguard.fleet.clock import Now

CHECK_MS: Final = 15_000
_POLICY_VIOLATION: Final = 1008
StillThere = Callable[[HTTPConnection], Awaitable[bool]]


def watched(
    connection: HTTPConnection, receive: Receive, send: Send, now_ms: Now, still_there: StillThere
) -> tuple[Receive, Send]:
    """`receive` and `send` that ask every `CHECK_MS` whether who opened the socket is still there, and else close it.

    They ask when something comes in: browsers answer NiceGUI's pings every few seconds.
    """
    checked_ms = now_ms()
    is_over = False

    async def read() -> Message:
        nonlocal checked_ms, is_over
        message = await receive()
        if message["type"] == "websocket.receive" and now_ms() - checked_ms > CHECK_MS:
            checked_ms = now_ms()
            if not await still_there(connection):
                is_over = True
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION} if is_over else message

    async def write(message: Message) -> None:
        if not is_over:
            await send(message)

    return read, write
