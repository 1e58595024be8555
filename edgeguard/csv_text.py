"""CSV as people exchange it: UTF-8, comma or semicolon, and no cell that a spreadsheet would run as a formula.

A cell that begins with ``= + - @`` (also in their full-width forms), a tab or a line break is written with an
apostrophe before it, and so is one that has apostrophes before such a letter; reading takes one apostrophe off again,
so that what is written is what is read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard.errors import ConfigError, DataError

MAX_BYTES: Final = 32 << 20
MAX_ROWS: Final = 500_000
MAX_LETTERS: Final = 64
_SHOWN: Final = 20  # problems that an error names
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")


class FileRefused(DataError):
    """A file of which nothing was taken; `problems` are its first ones, each one line that begins with its place."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        self.problems = list(problems[:_SHOWN])
        super().__init__(
            f"nothing was imported: {'; '.join(self.problems)}{more}: correct the file and import it again"
        )


@dataclass(frozen=True)
class Row:
    """One line: where it ends, and its cells by column; all are stripped of blanks around them."""

    line: int
    cells: dict[str, str]


def checked_text(text: str, what: str) -> str:
    """`text` if it can be a pseudonym, an attribute, a value or a source; ConfigError otherwise."""
    if text and len(text) <= MAX_LETTERS and text.isprintable() and text == text.strip():
        return text
    raise ConfigError(
        f"{what} {text[:MAX_LETTERS]!r}: write 1 to {MAX_LETTERS} printable letters, no blank around them"
    )


def defused(cell: str) -> str:
    """`cell` as no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def restored(cell: str) -> str:
    """What `defused` was given."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def written(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as CSV, every cell defused."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([defused(name) for name in header])
    writer.writerows([[defused(cell) for cell in row] for row in rows])
    return text.getvalue()


def content_of(file: Path) -> bytes:
    """The bytes of a file of the right size; DataError where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error


def read(content: bytes, required: Sequence[str]) -> tuple[list[str], list[Row]]:
    """Header and rows; blank lines are left out.

    FileRefused where it is too large, not UTF-8, has no such columns, one twice, or a row of another length.
    """
    lines = csv.reader(io.StringIO(_text(content), newline=""), delimiter=_delimiter(content), strict=True)
    try:
        header = [restored(name.strip()) for name in next(lines, [])]
        _check_header(header, required)
        rows, problems = _rows(((lines.line_num, cells) for cells in lines), header)
    except csv.Error as error:
        raise FileRefused([f"line {lines.line_num}: {error}"]) from error
    if problems:
        raise FileRefused(problems)
    return header, rows


def take_all(rows: Iterable[Row], take: Callable[[Row], None]) -> None:
    """Call `take` with every row; FileRefused names all lines that it refuses with ConfigError or ValueError."""
    if problems := [problem for row in rows if (problem := _refusal(row, take))]:
        raise FileRefused(problems)


def _refusal(row: Row, take: Callable[[Row], None]) -> str:
    try:
        take(row)
    except (ConfigError, ValueError) as error:
        return f"line {row.line}: {error}"
    return ""


def _rows(lines: Iterator[tuple[int, list[str]]], header: Sequence[str]) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    problems: list[str] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MAX_ROWS:
            raise FileRefused([f"line {number}: more than {MAX_ROWS} rows"])
        if len(cells) != len(header):
            problems.append(f"line {number}: {len(cells)} cells, the header has {len(header)}")
        rows.append(Row(number, {name: restored(cell.strip()) for name, cell in zip(header, cells, strict=False)}))
    return rows, problems


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise FileRefused([f"the file has more than {MAX_BYTES} bytes"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileRefused([f"line {line}: not UTF-8 text"]) from error


def _delimiter(content: bytes) -> str:
    """Spreadsheets write a semicolon where the comma is the decimal sign."""
    header = content.partition(b"\n")[0]
    return ";" if header.count(b";") > header.count(b",") else ","


def _check_header(header: Sequence[str], required: Sequence[str]) -> None:
    if missing := [name for name in required if name not in header]:
        raise FileRefused([f"line 1: no column {', '.join(missing)}"])
    if doubled := sorted({name for name in header if header.count(name) > 1}):
        raise FileRefused([f"line 1: the column {doubled[0]!r} stands there twice"])
