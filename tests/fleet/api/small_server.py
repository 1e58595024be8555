"""A real server on a small fleet, on SQLite, without pages."""

from __future__ import annotations

import threading

import httpx
import uvicorn

from edgeguard.fleet.api.app import create_app
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store.database import Database
from tests.brokers import eventually, free_port
from tests.fleet.small_fleet import NOW_MS, fill, person


class SmallServer:
    """Listens within ``with``; `client` asks as nobody, `admin`, `clinician` and `viewer` have headers."""

    def __init__(self, url, **parts):
        self.database = Database(url)
        fill(self.database)
        self.now_ms = NOW_MS
        self.viewer, self.clinician, self.admin = (
            person(self.database, role) for role in ("viewer", "clinician", "admin")
        )
        self.parts = Parts(self.database, FleetConfig(), now_ms=lambda: self.now_ms, **parts)
        self.app = create_app(self.parts, pages=False)
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        config = uvicorn.Config(self.app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.client = httpx.Client(base_url=self.url)

    def __enter__(self):
        self.thread.start()
        eventually(lambda: self.server.started)
        return self

    def __exit__(self, *_error):
        self.client.close()
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)
        self.database.close()

    def get(self, path, who=None, **asked):
        """What the viewer, or who is given, gets."""
        return self.client.get(path, headers=(who or self.viewer).session, params=asked)

    def post(self, path, content, who=None):
        """What the admin, or who is given, gets for this JSON."""
        return self.client.post(path, headers=(who or self.admin).session, json=content)
