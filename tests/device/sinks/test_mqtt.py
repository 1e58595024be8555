from __future__ import annotations

import signal
from dataclasses import dataclass

import pytest

from edgeguard import __version__
from edgeguard.device.reports import Reports
from edgeguard.device.sinks.mqtt import MqttSink
from edgeguard.device.spool import Spool
from edgeguard.errors import BrokerError
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.messages import Alert, State, Summary, decode
from edgeguard.telemetry.topics import Address
from tests.brokers import eventually

SHA = "ab" * 32
QUICK = (0.02, 0.1)


@dataclass
class StreamCounts:
    gaps: int = 0
    missing_samples: int = 0
    repeated_samples: int = 0


class Device:
    """A sink with a clock that stands still until it is moved, and its spool."""

    def __init__(self, folder, manifest, name="d"):
        self.seconds = 0.0
        self.address = Address("f", name)
        self.stream = StreamCounts()
        self.spool = Spool(folder, 10**6)
        reports = Reports(manifest, SHA, self.spool.boot, lambda: 1_000_000 + round(1000 * self.seconds))
        self.sink = MqttSink(reports, self.address, self.spool, self.stream, 60.0, lambda: self.seconds)

    def waiting(self):
        entries, seq = [], 0
        while (entry := self.spool.first_after(seq)) is not None:
            entries.append(decode(entry.payload, Alert if entry.topic.endswith("alert") else Summary))
            seq = entry.seq
        return entries


@pytest.fixture
def device(tmp_path, manifest):
    devices = []

    def make(name="d"):
        devices.append(Device(tmp_path / name, manifest, name))
        return devices[-1]

    yield make
    for one in devices:
        one.sink.close()


def test_alarm_becomes_an_alert(device, verdict_at):
    one = device()
    one.seconds = 2.5
    one.sink.put(verdict_at(300, disagreement=0.5), 0.25)
    (alert,) = one.waiting()
    assert alert == Alert(
        boot=one.spool.boot,
        seq=1,
        time_ms=1_002_500,
        bundle_sha256=SHA,
        window_start=300,
        score="mutual_information",
        value=0.5,
        threshold=0.25,
        predicted="abnormal",
        confidence=0.625,
        exit_probabilities=(0.75, 0.5),
    )


def test_summary_comes_every_interval_and_counts_what_is_new(device, verdict_at):
    one = device()
    for second in range(1, 121):
        one.seconds = float(second)
        one.stream.gaps, one.stream.missing_samples = second // 60, second
        one.sink.put(verdict_at(second, rejected="flat" if second == 70 else None), 0.25)
    first, second = one.waiting()
    assert (first.from_ms, first.to_ms, first.tally.windows) == (1_000_000, 1_060_000, 60)
    assert (second.from_ms, second.to_ms, second.tally.rejected) == (1_060_000, 1_120_000, {"flat": 1})
    assert [(s.seq, s.tally.gaps, s.tally.missing_samples) for s in (first, second)] == [(1, 1, 60), (2, 1, 60)]


def test_clock_set_back_does_not_turn_an_interval_round(device, verdict_at, monkeypatch):
    one = device()
    one.seconds = 60.0
    object.__setattr__(one.sink._reports, "now_ms", lambda: 5)
    one.sink.put(verdict_at(0), 0.25)
    (summary,) = one.waiting()
    assert (summary.from_ms, summary.to_ms) == (1_000_000, 1_060_000)


def test_failing_disk_is_logged_once_and_reported_later(device, verdict_at, caplog):
    one = device()
    one.spool._database.execute("PRAGMA query_only = ON")
    for start in range(3):
        one.sink.put(verdict_at(start, disagreement=0.5), 0.25)
    assert caplog.text.count("messages are lost until then") == 1
    one.spool._database.execute("PRAGMA query_only = OFF")
    one.seconds = 60.0
    one.sink.put(verdict_at(3), 0.25)
    (summary,) = one.waiting()
    assert (summary.dropped, summary.seq, summary.tally.alarms) == (3, 4, 3)


def test_through_a_broker_with_birth_last_summary_and_farewell(device, verdict_at, mosquitto, listen):
    one = device("through")
    ears = listen(mosquitto.port, "edgeguard/v1/f/through/#")
    one.sink.connect(broker_from(mosquitto.url), QUICK)
    one.sink.put(verdict_at(0, disagreement=0.5), 0.25)
    one.sink.put(verdict_at(100), 0.25)
    one.sink.close()
    assert (one.sink.delivered, one.sink.waiting) == (2, 0)
    eventually(lambda: len(ears.heard) == 4)
    states = [decode(payload, State) for payload in ears.payloads("state")]
    assert [state.status for state in states] == ["online", "stopped"]
    assert (states[0].software, states[0].bundle.name, states[0].bundle.sha256) == (__version__, "tiny", SHA)
    (summary,) = ears.payloads("telemetry")
    assert (decode(summary, Summary).tally.windows, decode(summary, Summary).seq) == (2, 2)


def numbers(ears):
    """(boot, seq) of all alerts and summaries heard."""
    kinds = {"alert": Alert, "telemetry": Summary}
    heard = [decode(payload, kinds[topic.rsplit("/")[-1]]) for topic, payload, _ in ears.heard if "state" not in topic]
    return [(message.boot, message.seq) for message in heard]


def test_broker_that_comes_late_gets_everything_once(device, verdict_at, mosquitto, gate_to, listen):
    one, gate = device("late"), gate_to(mosquitto.port)
    ears = listen(mosquitto.port, "edgeguard/v1/f/late/#")
    one.sink.connect(broker_from(gate.url), QUICK)
    for start in range(40):
        one.sink.put(verdict_at(start, disagreement=0.5), 0.25)
    assert (one.sink.delivered, one.sink.waiting) == (0, 40)
    gate.open()
    eventually(lambda: one.sink.waiting == 0)
    one.sink.close()
    eventually(lambda: len(numbers(ears)) >= 41)
    assert numbers(ears) == [(one.spool.boot, seq) for seq in range(1, 42)]


def test_broker_killed_in_between_loses_nothing(device, verdict_at, mosquitto_for, gate_to, listen):
    broker, one = mosquitto_for().start(), device()
    gate, before = gate_to(broker.port), listen(broker.port, "edgeguard/#")
    gate.open()
    one.sink.connect(broker_from(gate.url), QUICK)
    for start in range(60):
        if start == 30:
            eventually(lambda: len(numbers(before)) == one.sink.delivered == 30)
            broker.process.send_signal(signal.SIGSTOP)  # so that what follows is in flight when it dies
        one.sink.put(verdict_at(start, disagreement=0.5), 0.25)
    gate.shut()
    broker.kill()
    after = listen(broker.start().port, "edgeguard/#")
    gate.open()
    eventually(lambda: one.sink.waiting == 0)
    one.sink.close()
    eventually(lambda: len(numbers(after)) >= 31)
    assert [seq for _, seq in numbers(before) + numbers(after)] == list(range(1, 62))
    assert one.sink.delivered == 61


def test_link_cut_at_random_moments_loses_nothing(device, verdict_at, mosquitto, gate_to, listen):
    one, gate = device("cut"), gate_to(mosquitto.port)
    ears = listen(mosquitto.port, "edgeguard/v1/f/cut/#")
    gate.open()
    one.sink.connect(broker_from(gate.url), QUICK)
    for start in range(100):
        one.sink.put(verdict_at(start, disagreement=0.5), 0.25)
        if start % 9 == 0:
            gate.shut()
            gate.open()
    eventually(lambda: one.sink.waiting == 0)
    one.sink.close()
    eventually(lambda: {seq for _, seq in numbers(ears)} == set(range(1, 102)))


def test_messages_of_an_earlier_start_are_delivered_with_its_boot(device, verdict_at, mosquitto, listen):
    earlier = device("again")
    earlier.sink.put(verdict_at(0, disagreement=0.5), 0.25)
    earlier.sink.close()
    later = device("again")
    ears = listen(mosquitto.port, "edgeguard/v1/f/again/#")
    later.sink.connect(broker_from(mosquitto.url), QUICK)
    later.sink.close()
    eventually(lambda: len(numbers(ears)) == 3)
    assert numbers(ears) == [(earlier.spool.boot, 1), (earlier.spool.boot, 2), (later.spool.boot, 3)]


def test_refused_login_is_told_at_the_start(device, mosquitto_for):
    one = device()
    with pytest.raises(BrokerError, match="not authorized"):
        one.sink.connect(broker_from(mosquitto_for("allow_anonymous false").start().url))
