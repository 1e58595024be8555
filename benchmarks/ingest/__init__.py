"""Parts of `benchmarks.fleet_ingest`."""
