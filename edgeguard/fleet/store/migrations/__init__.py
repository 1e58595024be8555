"""The schema's versions, oldest first in `versions`; `edgeguard.fleet.store.schema_version` runs them.

``python scripts/new_migration.py "What it does"`` writes the next one from what `tables` says; read it before it is
kept. A version that has been released is never edited.
"""
