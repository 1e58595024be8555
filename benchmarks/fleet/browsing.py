"""How long a page takes in Chromium until it shows its figures and answers to clicks."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.fleet.people import FLEET
from benchmarks.fleet.server import NAME, PASSWORD, Server

# path and what must be seen on it; interactive: and its connection to the server stands
PAGES: Final = {
    "fleet page": ("/", "text=/wearable-\\d+/ >> nth=0"),
    "device page": (f"/devices/{FLEET}/wearable-00017", "canvas >> nth=0"),
    "alarm queue": ("/alarms", "text=/wearable-\\d+/ >> nth=0"),
}
_CONNECTED: Final = "window.did_handshake === true"


def browse(server: Server, turns: int) -> dict[str, dict[str, Any]]:
    """Milliseconds until each page is interactive: of the first visit, and of those after it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        _log_in(page, server)
        return {name: _visited(page, server.url + path, sign, turns) for name, (path, sign) in PAGES.items()}


def _log_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/login")
    page.fill("input[name=name]", NAME)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{server.url}/")


def _visited(page: Page, url: str, sign: str, turns: int) -> dict[str, Any]:
    took = []
    for _ in range(turns + 1):
        page.goto("about:blank")
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector(sign, timeout=60_000)
        page.wait_for_function(_CONNECTED)
        took.append(1000 * (time.perf_counter() - began))
    p50, p95 = np.percentile(took[1:], [50, 95])
    return {"first_ms": round(took[0]), "p50_ms": round(p50), "p95_ms": round(p95)}
