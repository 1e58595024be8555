"""How long the API takes, as its clients see it: over HTTP, one connection, one request after another."""

from __future__ import annotations

import time
from typing import Any, Final

import httpx
import numpy as np

from benchmarks.fleet.people import FLEET
from benchmarks.fleet.server import Server
from edgeguard.fleet.clock import DAY_MS, HOUR_MS

_DEVICE: Final = "/devices/" + FLEET + "/wearable-{k:05d}"


def requests_at(now_ms: int) -> dict[str, str]:
    """What is asked: name -> path under /api/v1; ``{k}`` stands for a device, ``{page}`` for a page of 50."""

    def timeline(back_ms: int) -> str:
        return f"{_DEVICE}/timeline?from_ms={now_ms - back_ms}&to_ms={now_ms}"

    week = f"from_ms={now_ms - 7 * DAY_MS}&to_ms={now_ms}"
    return {
        "fleet: by attention": "/devices?limit=50&offset={page}",
        "fleet: by model": "/devices?sort=model&limit=50&offset={page}",
        "fleet: search": "/devices?search={k:04d}&limit=50",
        "fleet: attacked": "/devices?status=attacked&limit=50",
        "fleet: counts": "/devices/counts",
        "device": _DEVICE,
        "device: hour": timeline(HOUR_MS),
        "device: day": timeline(DAY_MS),
        "device: week": timeline(7 * DAY_MS),
        "device: month": timeline(30 * DAY_MS),
        "device: year": timeline(365 * DAY_MS),
        "alarms: open": "/alarms?status=open&limit=50",
        "alarms: all": "/alarms?limit=50&offset={page}",
        "models": "/models",
        "fairness: week": f"/fairness/report?attribute=skin%20tone&{week}",
        "fairness: month": f"/fairness/report?attribute=skin%20tone&from_ms={now_ms - 30 * DAY_MS}&to_ms={now_ms}",
        "fairness: two attributes": f"/fairness/report?attribute=sex&second=age&{week}",
    }


def ask(server: Server, devices: int, turns: int, now_ms: int) -> dict[str, dict[str, Any]]:
    """Milliseconds of each request: p50, p95, the longest, and bytes of the last answer."""
    rng = np.random.default_rng(0)
    found = {}
    with httpx.Client(base_url=f"{server.url}/api/v1", headers={"Authorization": f"Bearer {server.token}"}) as client:
        client.timeout = 120.0
        for name, path in requests_at(now_ms).items():
            count = max(5, turns // 20) if name.startswith("fairness") else turns  # a report takes seconds
            paths = [path.format(k=rng.integers(1, devices + 1), page=50 * rng.integers(0, 20)) for _ in range(count)]
            found[name] = _timed(client, paths)
    return found


def _timed(client: httpx.Client, paths: list[str]) -> dict[str, Any]:
    took, answer = [], None
    for path in [paths[0], *paths]:  # the first one warms up
        began = time.perf_counter()
        answer = client.get(path)
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            return {"refused": answer.status_code, "path": path}
    p50, p95 = np.percentile(took[1:], [50, 95])
    size = 0 if answer is None else len(answer.content)
    return {
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
        "most_ms": round(max(took[1:]), 1),
        "bytes": size,
    }
