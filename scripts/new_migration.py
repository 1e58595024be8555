"""Write the next version of the fleet's schema from what the tables say now: python scripts/new_migration.py WHAT.

Read what it has written before it is kept: Alembic sees neither renamed columns nor PostgreSQL's partitions.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory

from edgeguard.fleet.store import schema_version
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.tables.metadata import Id, Json


def _type(kind: str, thing: Any, _context: object) -> Any:
    """The types of `tables.metadata` by their names."""
    if kind != "type":
        return False
    return {id(Id): "Id", id(Json): "Json"}.get(id(thing), False)


def main(message: str) -> None:
    """Compare the tables with a database of the newest version, and write down what differs."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/newest.db")
        schema_version.migrate(database)
        with database.writing() as connection:
            config = schema_version.config_for(connection)
            count = sum(1 for _ in ScriptDirectory.from_config(config).walk_revisions())
            # SQLite changes a column by copying its table; the first version changes none
            config.attributes["options"] = {"render_item": _type, "render_as_batch": count > 0}
            made = command.revision(config, message, autogenerate=True, rev_id=f"{count + 1:04d}")
        database.close()
    subprocess.run(["ruff", "format", Path(made.path)], check=True)
    print(made.path)


if __name__ == "__main__":
    main(sys.argv[1])
