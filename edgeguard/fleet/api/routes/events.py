"""What changes, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from edgeguard.errors import EdgeGuardError, StoreUnavailable
from edgeguard.fleet.api.access import gate_of, session_of
from edgeguard.fleet.api.asked import Reader, Served
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.live import Live
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store.changes import Changes

HEARTBEAT_S: Final = 15.0
MOST_STREAMS: Final = 500  # of one process
_BEGIN: Final = "retry: 3000\n\n"
_ANSWER: Final[dict[str, Any]] = {
    "response_class": StreamingResponse,
    "responses": {200: {"description": "Events, until the login ends.", "content": {"text/event-stream": {}}}},
}
router = APIRouter(tags=["events"])


@router.get("/events", **_ANSWER)
async def follow(
    request: Request,
    parts: Served,
    _actor: Reader,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53 - 1)] = None,
) -> StreamingResponse:
    """Follow what changes: an event ``changes`` within about a second, with the devices and alarms as they are now.

    Its id is the server's time in ms. Who comes back with the last one as ``Last-Event-ID``, as browsers do, is told
    what has changed since, an hour back at most. Where ``complete`` is false some changes were left out: load anew.
    """
    if parts.live.listeners >= MOST_STREAMS:
        raise StoreUnavailable(f"{MOST_STREAMS} others follow already: try again later")
    stream = _events(parts, last_event_id, _still_allowed(request))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(parts: Parts, since_ms: int | None, still_allowed: Callable[[], bool]) -> AsyncIterator[str]:
    with parts.live.subscribe() as listener:
        yield _BEGIN
        if since_ms is not None:
            yield _event(await run_in_threadpool(_missed, parts.live, since_ms, parts.now_ms()))
        checked_ms = parts.now_ms()
        while True:
            changes = await listener.next(HEARTBEAT_S)
            if parts.now_ms() - checked_ms >= 1000 * HEARTBEAT_S or changes is None:
                if not await run_in_threadpool(still_allowed):
                    return
                checked_ms = parts.now_ms()
            yield ":\n\n" if changes is None else _event(changes)


def _missed(live: Live, since_ms: int, now_ms: int) -> Changes:
    if now_ms - since_ms > HOUR_MS:
        return Changes(now_ms, [], [], complete=False)
    return live.look(since_ms)


def _event(changes: Changes) -> str:
    return f"id: {changes.at_ms}\nevent: changes\ndata: {msgspec.json.encode(changes).decode()}\n\n"


def _still_allowed(request: Request) -> Callable[[], bool]:
    """Asks again whether the request's token or session holds and may read; that keeps no session alive."""

    def check() -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() == "bearer":
                actor = gate_of(request).bearer(token)
                return actor is not None and "read" in actor.may
            return session_of(request, used=False) is not None
        except EdgeGuardError:  # the database is away: the client comes back and is asked anew
            return False

    return check
