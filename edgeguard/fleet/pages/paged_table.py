"""A table of which the server holds more than it shows: sorted and paged there, a stack of cards on a phone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from nicegui import ui

Cell = Literal["text", "number", "time", "link", "badge"]
Row = dict[str, Any]
_FOLDER: Final = Path(__file__).parent
_CELL: Final = (_FOLDER / "paged_table_cell.html").read_text(encoding="utf-8")
_STYLE: Final = (_FOLDER / "paged_table.css").read_text(encoding="utf-8")


def column(name: str, label: str, cell: Cell = "text", *, sortable: bool = False, none: str = "—") -> Row:
    """A column of `PagedTable` that shows the row's `name`.

    A ``time`` is in Unix milliseconds; a ``link`` leads to the row's ``<name>_href``, a path of ours; a ``badge`` has
    the colour of ``<name>_tone``: good, warn, bad or empty. `none` stands for None.
    """
    made: Row = {"name": name, "field": name, "label": label, "sortable": sortable, "cell": cell, "none": none}
    made["align"] = "right" if cell == "number" else "left"
    if cell == "time":
        made |= {":shown": "edgeguard.relative", ":exact": "edgeguard.exact"}
    return made


class PagedTable:
    """Rows, and what is above and below them.

    Args:
        columns: Made by `column`.
        rows_per_page: Most rows shown at once.
        on_view: Called with (sort, descending, page from 1) where a person asks for other rows.
        selectable: Whether rows have a box to tick; see `selected`.
    """

    def __init__(
        self,
        columns: Sequence[Row],
        rows_per_page: int,
        on_view: Callable[[str, bool, int], Awaitable[None]],
        *,
        selectable: bool = False,
        on_select: Callable[[], None] = lambda: None,
    ) -> None:
        ui.add_head_html(f"<style>{_STYLE}</style>")
        self._rows_per_page = rows_per_page
        self._on_view = on_view
        self._table = ui.table(
            rows=[],
            columns=list(columns),
            selection="multiple" if selectable else None,
            pagination=rows_per_page,
            on_select=lambda _: on_select(),
        )
        self._table.classes("eg-table").props("flat binary-state-sort dense").add_slot("body-cell", _CELL)
        self._table.props(f":rows-per-page-options=[{rows_per_page}]")
        self._table.on("request", self._request, ["pagination"])

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._table.rows

    @property
    def selected(self) -> list[int]:
        """The ids of the rows that are ticked."""
        return [int(row["id"]) for row in self._table.selected]

    def show(self, rows: Sequence[Row], total: int, sort: str, page: int, *, descending: bool) -> None:
        """Show `rows`, each with an ``id``, of `total`; ticks stay on rows that are still there."""
        ticked = set(self.selected)
        self._table.rows = list(rows)
        self._table.selected = [row for row in rows if row["id"] in ticked]
        self._table.pagination = {
            "sortBy": sort,
            "descending": descending,
            "page": page,
            "rowsPerPage": self._rows_per_page,
            "rowsNumber": total,
        }

    def clear_selection(self) -> None:
        """Take all ticks off."""
        self._table.selected = []

    async def _request(self, event: Any) -> None:
        wanted: Mapping[str, Any] = event.args["pagination"]
        page = wanted.get("page")
        sort, descending = str(wanted.get("sortBy") or ""), bool(wanted.get("descending"))
        await self._on_view(sort, descending, page if isinstance(page, int) and page > 0 else 1)
