"""What Alembic runs to go from one version to another, on the connection and in the transaction that it is given."""

from __future__ import annotations

from alembic import context

from edgeguard.fleet.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite too: its transactions are begun by us, see `database`
    **context.config.attributes.get("options", {}),
)
with context.begin_transaction():
    context.run_migrations()
