"""Everything that runs on the server: ingest, store, wearers, fairness, accounts, API and pages."""
