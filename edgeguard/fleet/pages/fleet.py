"""The fleet page: every device, those that need a look first."""

from __future__ import annotations

from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.parts import Parts


def add(parts: Parts) -> None:
    """The page at ``/``."""

    @page(parts, "/", "Fleet")
    async def fleet(visit: Visit) -> None:
        states.empty("No device has sent anything yet", "Start one, or try edgeguard fleet simulate.")
