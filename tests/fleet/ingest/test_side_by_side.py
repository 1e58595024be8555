"""Several intakes at once on one database, each with a shuffled copy of the same messages."""

from __future__ import annotations

import random
import threading

from edgeguard.fleet.store.tables import alarms, alerts, boots, bundles, deployments, devices, presence, summaries
from tests.fleet.ingest.messages import NEXT_BOOT, NEXT_SHA, NOW, alert, delivery, state, summary

DEVICES = 12


def messages():
    for k in range(DEVICES):
        device = f"d{k}"
        yield delivery(state(at_ms=NOW - 1000), device)
        for seq in range(1, 9):
            yield delivery(summary(seq, NOW - 1000 + seq), device)
            yield delivery(alert(seq + 8, seq % 2 == 1, NOW - 1000 + seq), device)
        yield delivery(state(at_ms=NOW - 500, boot=NEXT_BOOT, sha256=NEXT_SHA), device)
        yield delivery(summary(1, NOW - 400, boot=NEXT_BOOT, bundle_sha256=NEXT_SHA), device)


def work(intake, seed):
    mine = list(messages())
    random.Random(seed).shuffle(mine)
    for start in range(0, len(mine), 25):
        intake.write(mine[start : start + 25])


def test_every_row_is_there_once_and_nobody_waits_in_a_ring(intake_of, all_rows):
    intakes = [intake_of() for _ in range(3)]
    threads = [threading.Thread(target=work, args=(one, seed)) for seed, one in enumerate(intakes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.counts["summaries"] + one.counts["alerts"] for one in intakes) == DEVICES * 17
    counts = {table.name: len(all_rows(table)) for table in (devices, bundles, boots, summaries, alerts, alarms)}
    per_device = {"boots": 2, "summaries": 9, "alerts": 8, "alarms": 4, "devices": 1}
    assert counts == {name: DEVICES * number for name, number in per_device.items()} | {"bundles": 2}
    assert {row.ended_ms - row.began_ms for row in all_rows(alarms)} == {1}
    assert {(row.missing, row.boot, row.status_ms) for row in all_rows(devices)} == {(0, NEXT_BOOT, NOW - 500)}
    assert 1 <= len(all_rows(presence)) / DEVICES <= 2
    assert 1 <= len(all_rows(deployments)) / DEVICES <= 2
