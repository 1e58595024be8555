"""Any table view as a file, CSV or Parquet: the one way out for rows.

The file is written in full before its first byte is sent, so that a failure is an answer of its own and a slow reader
holds up no transaction; what exceeds a few megabytes lies on disk meanwhile.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, Literal, get_type_hints

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from edgeguard.csv_text import defused
from edgeguard.errors import MissingExtra

Format = Literal["csv", "parquet"]
Row = Any  # a frozen dataclass

MEDIA_TYPES: Final[dict[Format, str]] = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_IN_MEMORY: Final = 8 << 20
_BLOCK: Final = 1 << 16
_AT_ONCE: Final = 10_000  # rows of one group in a Parquet file


def file_of(kind: type[Row], rows: Iterable[Row], form: Format) -> IO[bytes]:
    """Rows of one dataclass as a file that is open at its beginning; lists and mappings in cells are JSON."""
    file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - handed on open
    try:
        (_write_csv if form == "csv" else _write_parquet)(file, kind, rows)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


class FileAnswer(StreamingResponse):
    """Sends an open file and closes it, also where nobody waits for its end."""

    def __init__(self, file: IO[bytes], form: Format, name: str) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
        super().__init__(iter(partial(file.read, _BLOCK), b""), media_type=MEDIA_TYPES[form], headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _write_csv(file: IO[bytes], kind: type[Row], rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    names = [field.name for field in fields(kind)]
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_csv_cell(getattr(row, name)) for name in names] for row in rows)
    text.detach()


def _csv_cell(value: Any) -> str | float | None:
    return defused(value) if isinstance(value := _flat(value), str) else value


def _flat(value: Any) -> Any:
    if isinstance(value, (dict, list, tuple, frozenset)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return value


def _plain(value: Any) -> Any:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _write_parquet(file: IO[bytes], kind: type[Row], rows: Iterable[Row]) -> None:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # it has no types  # noqa: PLC0415 - large, and only exports need it
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingExtra("pyarrow") from error
    types = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types.get(column, pa.string())) for name, column in _columns(kind).items()])
    remaining = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while some := list(islice(remaining, _AT_ONCE)):
            columns = {name: [_flat(getattr(row, name)) for row in some] for name in schema.names}
            writer.write_table(pa.table(columns, schema=schema))


def _columns(kind: type[Row]) -> dict[str, Any]:
    """Each field's type without its None."""
    hints = get_type_hints(kind)
    return {
        field.name: next(iter(getattr(hints[field.name], "__args__", ())), hints[field.name]) for field in fields(kind)
    }
