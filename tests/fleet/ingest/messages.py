"""Messages of devices as a broker hands them over, made up."""

from __future__ import annotations

import msgspec
import numpy as np

from edgeguard.telemetry.messages import Ack, Alert, BundleFact, State, Summary, encode
from edgeguard.telemetry.subscriber import Delivery
from edgeguard.telemetry.topics import Address
from tests.fleet import rows

BOOT, NEXT_BOOT = "a" * 16, "b" * 16
SHA, NEXT_SHA = "a" * 64, "b" * 64
NOW = 1_760_000_000_000
KINDS = {Summary: "telemetry", Alert: "alert", Ack: "ack", State: "state"}
TALLY = rows.tally(np.random.default_rng(4))


def delivery(message, device="d1", received_ms=NOW, retained=False, fleet="f"):
    topic = Address(fleet, device).topic(KINDS[type(message)])
    return Delivery(topic, encode(message), received_ms, retained)


def summary(seq=1, at_ms=NOW, tally=TALLY, **fields):
    given = {"boot": BOOT, "source": "ecg", "from_ms": max(at_ms - 60_000, 0), "bundle_sha256": SHA, "dropped": {}}
    return Summary(**given | fields, seq=seq, to_ms=at_ms, waiting=0, tally=tally)


def alert(seq, raised=True, at_ms=NOW, windows=1, **fields):
    given = {"boot": BOOT, "bundle_sha256": SHA, "source": "ecg", "kind": "window", "suppressed": 0,
             "window_start": 140, "score": "mutual_information", "value": 0.5, "threshold": 0.25, "predicted": "other",
             "confidence": 0.75, "probabilities": {"other": 0.75, "normal": 0.25},
             "exit_probabilities": (0.5, 1.0)}  # fmt: skip
    return Alert(**given | fields, seq=seq, raised=raised, time_ms=at_ms, windows=windows)


def state(status="online", at_ms=NOW, boot=BOOT, sha256=SHA, sources=("ecg",)):
    bundle = BundleFact(name="m", version="1", sha256=sha256)
    there = sources if status == "online" else ()
    return State(status=status, time_ms=at_ms, boot=boot, software="1.0", bundle=bundle, sources=there)


def ack(seq, command="c1", done=True, at_ms=NOW):
    reason = "" if done else "no"
    return Ack(id=command, boot=BOOT, seq=seq, time_ms=at_ms, done=done, reason=reason)


def altered(message, /, **fields):
    """The bytes of a message with fields that its type would refuse."""
    return msgspec.json.encode(msgspec.json.decode(encode(message)) | fields)
