"""${message}."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: Final = ${repr(up_revision)}
down_revision: Final = ${repr(down_revision)}

# As they were when this was written: a version does not change with the tables.
Id: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json: Final = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the database to this version."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Bring it back to the one before."""
    ${downgrades if downgrades else "pass"}
