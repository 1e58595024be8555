"""What all tables share: their registry and the types of their columns."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, MetaData
from sqlalchemy.dialects.postgresql import JSONB

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself in INTEGER columns alone
Ms: Final = BigInteger()  # milliseconds since 1970, UTC
Json: Final = JSON().with_variant(JSONB(), "postgresql")


def key() -> Column[int]:
    """The ``id`` of a table that numbers its own rows."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def reference(
    name: str,
    target: str,
    *,
    nullable: bool = False,
    ondelete: str = "CASCADE",
    primary_key: bool = False,
    index: bool = False,
) -> Column[int]:
    """A column that points to the ``id`` of the table `target`; the row goes with what it points to."""
    return Column(
        name,
        Id,
        ForeignKey(f"{target}.id", ondelete=ondelete),
        nullable=nullable,
        primary_key=primary_key,
        index=index or None,
    )
