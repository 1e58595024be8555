"""The rows that are few: devices, models, who wears what, alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Table, insert

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store.tables import (
    alarms,
    alerts,
    attributes,
    boots,
    bundles,
    deployments,
    devices,
    labels,
    presence,
    wearers,
    wearings,
)

FLEET: Final = "clinic"
MONTH_MS: Final = 30 * DAY_MS
_GROUPS: Final = {
    "sex": ("female", "male"),
    "age": ("18-39", "40-64", "65+"),
    "site": ("north", "south", "east", "west"),
}
_SKIN: Final = ("I-II", "III-IV", "V-VI")


def add_people(connection: Connection, lives: Sequence[str], now_ms: int, rng: np.random.Generator) -> list[int]:
    """Everything but figures: the devices' ids, 1 to n."""
    ids = list(range(1, len(lives) + 1))
    model = {"name": "mitbih-fcnet", "first_seen_ms": now_ms - MONTH_MS}
    _put(connection, bundles, [{"id": k, "sha256": f"{k:064x}", "version": f"{k}.0", **model} for k in (1, 2)])
    _put(connection, devices, [_device(k, now_ms, rng) for k in ids])
    _put(connection, boots, [
        {"id": k, "device_id": k, "boot": f"{k:016x}", "first_ms": now_ms - MONTH_MS, "last_ms": now_ms,
         "received": "0-1007", "messages": 1008, "missing": 0}
        for k in ids
    ])  # fmt: skip
    _put(connection, presence, [
        {"device_id": k, "at_ms": now_ms - day * DAY_MS, "status": "online", "boot": f"{k:016x}"}
        for k in ids for day in (30, 7)
    ])  # fmt: skip
    _put(connection, deployments, [row for k in ids for row in _deployments(k, now_ms)])
    _add_wearers(connection, lives, now_ms, rng)
    _add_alarms(connection, lives, now_ms, rng)
    return ids


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _device(k: int, now_ms: int, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "id": k, "fleet": FLEET, "device": f"wearable-{k:05d}", "first_seen_ms": now_ms - MONTH_MS,
        "last_seen_ms": now_ms - int(rng.integers(0, HOUR_MS)), "status_ms": now_ms - DAY_MS,
        "status": str(rng.choice(["online", "offline"], p=(0.95, 0.05))),
        "boot": f"{k:016x}", "software": "1.0", "bundle_id": 1 + (k % 2 == 0),
        "sources": ["ecg"], "battery": round(float(rng.uniform(0.1, 1)), 2), "missing": int(rng.poisson(0.05)),
    }  # fmt: skip


def _deployments(k: int, now_ms: int) -> list[dict[str, Any]]:
    changed = (now_ms // DAY_MS - 7) * DAY_MS if k % 2 == 0 else None
    first = {"device_id": k, "bundle_id": 1, "since_ms": now_ms - MONTH_MS, "until_ms": changed}
    return (
        [first] if changed is None else [first, {"device_id": k, "bundle_id": 2, "since_ms": changed, "until_ms": None}]
    )


def _add_wearers(connection: Connection, lives: Sequence[str], now_ms: int, rng: np.random.Generator) -> None:
    ids = range(1, len(lives) + 1)
    _put(connection, wearers, [{"id": k, "pseudonym": f"P{k:05d}", "created_ms": now_ms - MONTH_MS} for k in ids])
    groups = [
        {"wearer_id": k, "attribute": name, "value": str(rng.choice(values))}
        for k in ids
        for name, values in _GROUPS.items()
    ]
    skin = [
        {"wearer_id": k, "attribute": "skin tone", "value": _SKIN[2] if life == "unfair" else str(rng.choice(_SKIN))}
        for k, life in zip(ids, lives, strict=True)
    ]
    _put(connection, attributes, groups + skin)
    _put(connection, wearings, [
        {"wearer_id": k, "device_id": k, "source": "", "from_ms": now_ms - 31 * DAY_MS, "until_ms": None} for k in ids
    ])  # fmt: skip


def _add_alarms(connection: Connection, lives: Sequence[str], now_ms: int, rng: np.random.Generator) -> None:
    """Some of every device, ten times more of the attacked ones, the newest open; a fifth of the others is labelled."""
    rows, verdicts = [], []
    for k, life in enumerate(lives, start=1):
        for n in range(int(rng.poisson(20 if life == "attacked" else 2))):
            began = now_ms - int(rng.integers(0, MONTH_MS))
            recent = began > now_ms - DAY_MS
            row = {
                "device_id": k, "boot_id": k, "seq": 2 * n, "began_ms": began,
                "ended_ms": None if recent else began + 90_000,
                "windows": int(rng.integers(1, 60)), **_verdict(k, rng), "status": "open" if recent else "closed",
                "changed_ms": began,
            }  # fmt: skip
            rows.append(row)
    for number, row in enumerate(rows, start=1):
        row["id"] = number
        if row["status"] == "closed" and number % 5 == 0:
            verdicts.append(_label(number, row, rng))
    _put(connection, alarms, rows)
    _put(connection, alerts, [_alert(row) for row in rows])
    _put(connection, labels, verdicts)


def _verdict(k: int, rng: np.random.Generator) -> dict[str, Any]:
    confidence = round(float(rng.uniform(0.4, 0.9)), 3)
    rest = (1 - confidence) / 2
    return {
        "source": "ecg", "kind": "window", "bundle_id": 1 + (k % 2 == 0), "window_start": int(rng.integers(0, 10**9)),
        "score": "mutual_information", "value": round(float(rng.uniform(0.05, 0.4)), 4), "threshold": 0.05,
        "predicted": "normal", "confidence": confidence,
        "probabilities": {"normal": confidence, "supraventricular": rest, "ventricular": rest},
        "exit_probabilities": [0.4, 0.6, confidence],
    }  # fmt: skip


def _alert(row: dict[str, Any]) -> dict[str, Any]:
    left_out = {"id", "began_ms", "ended_ms", "status", "changed_ms"}
    kept = {name: value for name, value in row.items() if name not in left_out}
    return {**kept, "at_ms": row["began_ms"], "received_ms": row["began_ms"] + 500, "raised": True, "suppressed": 0}


def _label(number: int, row: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    right = rng.uniform() < 0.7
    kept = {
        name: row[name] for name in ("device_id", "source", "window_start", "bundle_id", "predicted", "probabilities")
    }
    return {
        **kept, "boot": f"{row['boot_id']:016x}", "at_ms": row["began_ms"],
        "label": "normal" if right else "ventricular", "origin": "alarm",
        "alarm_id": number, "labelled_ms": row["began_ms"] + HOUR_MS,
    }  # fmt: skip
