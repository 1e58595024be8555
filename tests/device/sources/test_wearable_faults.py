from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

from edgeguard.device import supervision
from edgeguard.device.sources import wearable, wearable_faults
from edgeguard.device.sources.wearable_faults import WireFaults
from firmware_bridge.decoder import DecoderCounts
from firmware_bridge.session import SessionCounts

PAGE = Path(__file__).resolve().parents[3] / "docs" / "sources.md"


def test_only_what_is_new_is_added():
    dropped, wrong, faults = DecoderCounts(crc=3), SessionCounts(), Counter()
    wire = WireFaults(dropped, wrong, faults)
    wire.count()
    dropped.crc, wrong.late = 5, 1
    wire.count()
    assert faults == {"CRC error": 5, "late frame": 1}
    faults.clear()
    wire.count()
    assert not faults


def test_every_kind_of_drop_is_a_fault_and_what_came_well_is_none():
    dropped = DecoderCounts(**{one.name: 1 for one in fields(DecoderCounts)})
    wrong = SessionCounts(**{one.name: 1 for one in fields(SessionCounts)})
    faults = Counter()
    WireFaults(dropped, wrong, faults).count()
    in_the_index = {"samples", "gaps", "missing"}
    assert faults.total() == dropped.rejected + len(fields(SessionCounts)) - len(in_the_index)


def test_every_fault_is_in_the_document():
    ours = {*wearable_faults._DROPPED.values(), *wearable_faults._WRONG.values(), wearable.LEAD_OFF}
    kinds = (supervision.LINK_LOST, supervision.FAILED, supervision.MALFORMED, supervision.MALFORMED_CHARGE)
    kinds += (supervision.WRONG_RATE, supervision.SILENT, supervision.RESTARTED, supervision.OVERRUN)
    page = PAGE.read_text()
    assert [kind for kind in (*ours, *kinds) if f"`{kind}`" not in page] == []
