"""A page that follows what changes in the database, for as long as it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import background_tasks

from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.store.changes import Changes


def follow(visit: Visit, on_changes: Callable[[Changes], Awaitable[None]]) -> None:
    """Call `on_changes` with each batch of changes until the page is closed."""

    async def run() -> None:
        with visit.parts.live.subscribe() as listener:
            async for changes in listener:
                await on_changes(changes)

    task = background_tasks.create(run(), name="a page follows", context=visit.client)
    visit.client.on_delete(lambda: task.cancel() and None)
