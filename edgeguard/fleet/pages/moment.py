"""Points in time on a page: how long ago, and exactly on hover."""

from __future__ import annotations

from nicegui import ui


class Moment(ui.element, component="moment.js"):
    """A ``<time>``, kept up to date by the browser.

    Args:
        at_ms: Unix milliseconds; None shows `none`.
        none: Stands where there is no time.
    """

    def __init__(self, at_ms: int | None, none: str = "never") -> None:
        super().__init__()
        self._props["at"] = at_ms
        self._props["none"] = none
