"""One file a subject, each with its `router` (under /api/v1) or `root_router` (under the root)."""
