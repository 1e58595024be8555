"""Many rows in one statement, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, FromClause, Table, Text, bindparam, cast, column, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

# PostgreSQL's names for the types of columns; COPY in its binary form must be told them.
_TYPES: Final = {"BIGINT": "int8", "DOUBLE PRECISION": "float8", "BYTEA": "bytea", "VARCHAR(64)": "varchar"}


def given(dialect: str, name: str, **columns: TypeEngine[Any]) -> FromClause:
    """A table within a statement; its rows are the parameter `name`, which `rows` makes."""
    if dialect == "postgresql":
        source = func.json_to_recordset(cast(bindparam(name, type_=Text), postgresql.JSON))
        typed = source.table_valued(*(column(key, kind) for key, kind in columns.items()), name=name)
        return typed.render_derived(with_types=True)
    row = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    values = (func.json_extract(row.c.value, f"$.{key}", type_=kind).label(key) for key, kind in columns.items())
    return select(*values).select_from(row).subquery(name)


def rows(values: Iterable[Mapping[str, object]]) -> str:
    """The parameter of a table that is `given`: what JSON can tell."""
    return msgspec.json.encode(list(values)).decode()


def append(connection: Connection, table: Table, values: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that all have the same columns; on PostgreSQL by COPY."""
    if not values:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), values)
        return
    names = list(values[0])
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    dbapi: Any = connection.dialect.loaded_dbapi
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_TYPES[table.c[name].type.compile(connection.dialect)] for name in names])
            for row in values:
                copy.write_row([row[name] for name in names])
    except dbapi.Error as error:  # past SQLAlchemy, so in its clothes
        raise DBAPIError.instance(statement, None, error, dbapi.Error, dialect=connection.dialect) from error
