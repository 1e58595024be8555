"""Which detectors tell attacked windows from clean ones, how surely, and how soon in a stream."""
