"""Rows into a table as fast as it takes them: PostgreSQL's binary COPY, built by hand; INSERT on SQLite."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Double, LargeBinary, String, Table, insert

Packed = tuple[tuple[Any, ...], bytes]  # values, and the same as COPY's fields
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_BLOCK: Final = 20_000  # rows


def packed(table: Table, names: Sequence[str], values: Sequence[Any]) -> Packed:
    """Some of a row's columns, prepared for use in many rows."""
    fields = (_field(table.c[name].type, value) for name, value in zip(names, values, strict=True))
    return tuple(values), b"".join(fields)


def _field(kind: Any, value: Any) -> bytes:
    if value is None:
        return struct.pack("!i", -1)
    if isinstance(kind, (LargeBinary, String)):
        data = value.encode() if isinstance(value, str) else value
        return struct.pack("!i", len(data)) + data
    if isinstance(kind, Double):
        return struct.pack("!id", 8, value)
    if isinstance(kind, BigInteger):
        return struct.pack("!iq", 8, value)
    raise TypeError(f"no way to pack {kind!r}")


def copy(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Add rows: each is its leading BIGINT columns, and last what `packed` gave for the others. How many."""
    rows, count = iter(rows), 0
    if connection.dialect.name == "sqlite":
        while block := list(islice(rows, _BLOCK)):
            values = [dict(zip(names, (*row[:-1], *row[-1][0]), strict=True)) for row in block]
            connection.execute(insert(table), values)
            count += len(block)
        return count
    driver = connection.connection.driver_connection
    columns = ", ".join(f'"{name}"' for name in names)
    with driver.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN (FORMAT BINARY)") as stream:
        stream.write(_HEADER)
        while block := list(islice(rows, _BLOCK)):
            stream.write(b"".join(_rows(block, len(names))))
            count += len(block)
        stream.write(struct.pack("!h", -1))
    return count


def _rows(block: Sequence[tuple[Any, ...]], columns: int) -> Iterable[bytes]:
    leading = len(block[0]) - 1
    pack = struct.Struct("!h" + "iq" * leading).pack
    for row in block:
        numbers = [item for value in row[:-1] for item in (8, value)]
        yield pack(columns, *numbers) + row[-1][1]
