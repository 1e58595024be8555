"""A table of rows that the server sorts and divides into parts; on a phone each row is a card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nicegui import ui

Tone = Literal["", "bad", "warn", "good"]
Cell = dict[str, Any] | str | int | None
OnPhone = Literal["title", "line", "plain", "hidden"]


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: Of its cells in a row; what `on_sort` is told.
        label: Its heading.
        tip: What it means, shown on hover.
        sortable: Whether its heading is a button.
        falls: Whether the first press puts the largest first.
        numeric: Whether it is set flush right.
        phone: In a card: the heading, a line with the label before it, one without it, or nothing.
    """

    name: str
    label: str
    tip: str = ""
    sortable: bool = True
    falls: bool = False
    numeric: bool = False
    phone: OnPhone = "line"


@dataclass(frozen=True)
class TableRow:
    """A row: what keeps its identity while it is redrawn, its cells by column, and where it leads."""

    id: int | str
    cells: dict[str, Cell]
    href: str = ""
    tone: Tone = ""


def words(text: str, *, title: str = "", tone: Tone = "", below: str = "", href: str = "") -> Cell:
    """Text, with more on hover, in a tone, with a smaller line below, or as a link."""
    return _cell(text=text, title=title, tone=tone, below=below, href=href)


def badge(text: str, tone: Tone = "", sign: str = "", title: str = "") -> dict[str, str]:
    """A short word with a sign before it, for `badges`."""
    return {"text": text, "tone": tone, "sign": sign, "title": title}


def badges(*several: dict[str, str], at_ms: int | None = None) -> Cell:
    """Short words, and the time since when."""
    return _cell(badges=list(several), at=at_ms)


def moment(at_ms: int | None, none: str = "never") -> Cell:
    """How long ago; exactly on hover."""
    return {"at": at_ms} if at_ms is not None else none


def bar(share: float | None, text: str, tone: Tone = "", title: str = "") -> Cell:
    """A bar filled by `share` in [0, 1], and the figure beside it; None leaves the bar out."""
    return {**_cell(text=text, tone=tone, title=title), **({} if share is None else {"share": share})}


def _cell(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if name == "text" or value not in ("", None)}


class Table(ui.element, component="table.js"):
    """The element.

    Args:
        columns: From left to right.
        caption: For those who hear the page.
        on_sort: Called with a column's name and whether the largest is to come first.
        on_turn: Called with the offset of the part to show.
        on_hold: Called with whether somebody points at a row or has one in focus: leave the rows where they are.
        on_tick: Gives each row a box to tick, and is called when one was; see `ticked`.

    Attributes:
        ticked: Ids of the rows that are ticked.
        at: Id of the row that the keyboard is at.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        caption: str,
        *,
        on_sort: Callable[[str, bool], Any] | None = None,
        on_turn: Callable[[int], Any] | None = None,
        on_hold: Callable[[bool], Any] | None = None,
        on_tick: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__()
        self._props["columns"] = [asdict(column) for column in columns]
        self._props["caption"] = caption
        self._props["ticks"] = on_tick is not None
        self._props["ticked"] = []
        self._props["at"] = None
        self.fill([])
        if on_sort is not None:
            self.on("sort", lambda event: on_sort(str(event.args["name"]), bool(event.args["descending"])))
        if on_turn is not None:
            self.on("turn", lambda event: on_turn(int(event.args)))
        if on_hold is not None:
            self.on("hold", lambda event: on_hold(bool(event.args)))
        if on_tick is not None:
            self.on("tick", lambda event: self._take_ticks(event.args, on_tick))

    @property
    def ids(self) -> list[int | str]:
        """Of the rows, from the top."""
        return [row["id"] for row in self._props["rows"]]

    @property
    def ticked(self) -> list[int | str]:
        """Ids of the rows that are ticked."""
        return list(self._props["ticked"])

    @property
    def at(self) -> int | str | None:
        """Id of the row that the keyboard is at."""
        return self._props["at"]  # type: ignore[no-any-return]  # NiceGUI's props are of any type

    def go_to(self, row_id: int | str | None) -> None:
        """Mark the row that the keyboard is at, and bring it into sight."""
        self._props["at"] = row_id
        self.update()

    def untick(self) -> None:
        """Take all ticks off."""
        self._props["ticked"] = []
        self.update()

    def _take_ticks(self, ids: Sequence[Any], on_tick: Callable[[], Any]) -> Any:
        self._props["ticked"] = [row_id for row_id in self.ids if row_id in ids]
        return on_tick()

    def fill(
        self,
        rows: Sequence[TableRow],
        *,
        total: int | None = None,
        offset: int = 0,
        limit: int = 50,
        sort: str = "",
        descending: bool = False,
    ) -> None:
        """Show `rows`, which are `offset` and following of `total`, in the order of the column `sort`."""
        self._props["rows"] = [asdict(row) for row in rows]
        self._props["ticked"] = [row_id for row_id in self.ids if row_id in self._props["ticked"]]
        self._props.update(total=len(rows) if total is None else total, offset=offset, limit=limit)
        self._props.update(sort=sort, descending=descending)
        self.update()
