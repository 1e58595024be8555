from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import replace

import pytest
from msgspec import structs
from paho.mqtt import publish

from edgeguard import __version__
from edgeguard.device.commands import carry_out
from edgeguard.device.reports import Reports
from edgeguard.device.samples import Alarm, StreamCounts
from edgeguard.device.sinks.mqtt import MqttSink
from edgeguard.device.spool import Spool
from edgeguard.errors import BrokerError, EngineError
from edgeguard.telemetry import session
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.messages import Ack, Alert, State, Summary, decode
from edgeguard.telemetry.topics import Address
from tests.brokers import eventually

SHA = "ab" * 32
QUICK = (0.02, 0.1)
KINDS = {"alert": Alert, "telemetry": Summary, "ack": Ack}


class Device:
    """A sink with a clock that stands still until it is moved, its spool, and one source ``s``."""

    def __init__(self, folder, manifest, name="d"):
        self.seconds = 0.0
        self.address = Address("f", name)
        self.counts = StreamCounts()
        self.spool = Spool(folder, 10**6)
        reports = Reports(manifest, SHA, self.spool.boot, lambda: 1_000_000 + round(1000 * self.seconds))
        self.sink = MqttSink(reports, self.address, self.spool, 60.0, lambda: self.seconds)
        self.sink.add_source("s", self.counts)

    def waiting(self):
        entries, seq = [], 0
        while (entry := self.spool.first_after(seq)) is not None:
            entries.append(decode(entry.payload, KINDS[entry.kind]))
            seq = entry.seq
        return entries


@pytest.fixture
def device(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr(session, "_ANSWER_S", (10.0, 32.0))  # else a busy machine looks like a broker without MQTT 5
    devices = []

    def make(name="d"):
        devices.append(Device(tmp_path / name, manifest, name))
        return devices[-1]

    yield make
    for one in devices:
        one.sink.close()


@pytest.fixture
def put(verdict_at):
    """Gives a sink the verdict on the window at a sample; where it is an alarm, with one that begins."""

    def put(one, start, source="s", **what):
        verdict = replace(verdict_at(start, **what), source=source)
        alarm = Alarm("window", True, verdict, verdict.disagreement, 0.25, windows=1, suppressed=0)
        one.sink.put(verdict, [alarm] if verdict.alarm else [], 0.25)

    return put


def test_alarm_that_begins_becomes_an_alert(device, put):
    one = device()
    one.seconds = 2.5
    put(one, 300, disagreement=0.5)
    (alert,) = one.waiting()
    assert alert == Alert(
        boot=one.spool.boot,
        seq=1,
        time_ms=1_002_500,
        bundle_sha256=SHA,
        source="s",
        kind="window",
        raised=True,
        windows=1,
        suppressed=0,
        window_start=300,
        score="mutual_information",
        value=0.5,
        threshold=0.25,
        predicted="abnormal",
        confidence=0.625,
        probabilities=pytest.approx({"normal": 0.375, "abnormal": 0.625}),
        exit_probabilities=(0.75, 0.5),
    )


def test_several_alarms_of_one_window_become_several_alerts(device, verdict_at):
    one = device()
    verdict = replace(verdict_at(300), source="s")
    over = Alarm("window", False, verdict, 0.125, 0.25, windows=7, suppressed=2)
    slow = Alarm("slowdown", True, verdict, 9.5, 9.0, windows=0, suppressed=0)
    one.sink.put(verdict, [over, slow], 0.25)
    first, second = one.waiting()
    assert (first.kind, first.raised, first.windows, first.suppressed) == ("window", False, 7, 2)
    assert (second.kind, second.score, second.value, second.threshold) == ("slowdown", "stages", 9.5, 9.0)


def test_summary_comes_every_interval_and_counts_what_is_new(device, put):
    one = device()
    for second in range(1, 121):
        one.seconds = float(second)
        one.counts.gaps, one.counts.missing_samples = second // 60, second
        one.counts.faults["link lost"] = second // 20
        one.counts.suppressed = 2 * second
        put(one, second, rejected="flat" if second == 70 else None)
        one.sink.tick()
    first, second = one.waiting()
    assert (first.source, first.from_ms, first.to_ms, first.tally.windows) == ("s", 1_000_000, 1_060_000, 60)
    assert (second.from_ms, second.to_ms, second.tally.rejected) == (1_060_000, 1_120_000, {"flat": 1})
    for number, summary in enumerate((first, second), 1):
        tally = summary.tally
        assert (summary.seq, tally.gaps, tally.missing_samples, tally.suppressed) == (number, 1, 60, 120)
        assert tally.faults == {"link lost": 3}


def test_summary_bears_the_lowest_charge_of_its_interval(device):
    one = device()
    for second, charge in [(1, 0.75), (2, 0.5), (3, None), (60, 0.625), (90, None), (120, None)]:
        one.seconds, one.counts.battery = float(second), charge
        one.sink.tick()
    assert [summary.battery for summary in one.waiting()] == [0.5, None]


def test_source_without_windows_is_summarized_beside_another(device, put):
    one = device()
    stalled = StreamCounts()
    one.sink.add_source("stalled", stalled)
    put(one, 0)
    stalled.faults["silent"] += 1
    one.seconds = 60.0
    one.sink.tick()
    summaries = {summary.source: summary.tally for summary in one.waiting()}
    assert {name: tally.windows for name, tally in summaries.items()} == {"s": 1, "stalled": 0}
    assert summaries["stalled"].faults == {"silent": 1}


def test_summaries_of_many_sources_are_spread_and_none_is_left_out(device):
    one = device()
    for number in range(511):
        one.sink.add_source(str(number), StreamCounts())
    for second in range(1, 120):
        one.seconds = float(second)
        before = one.sink.waiting
        one.sink.tick()
        assert one.sink.waiting - before <= 64
    sources = [summary.source for summary in one.waiting()]
    assert len(sources) == 512
    assert len(set(sources)) == 512


def test_another_interval_counts_from_the_last_summary(device):
    one = device()
    one.seconds = 5.0
    one.sink.set_interval(10.0)
    one.sink.tick()
    one.seconds = 10.0
    one.sink.tick()
    assert [summary.to_ms for summary in one.waiting()] == [1_010_000]


def test_what_the_old_bundle_judged_is_summed_up_before_the_new_one_is_served(device, put, manifest):
    one = device()
    put(one, 0)
    one.counts.gaps = 1
    one.sink.serve(structs.replace(manifest, classes=("N", "A")), "cd" * 32)
    put(one, 100)
    one.sink.close()
    spool = Spool(one.spool._path.parent, 10**6)
    one.spool = spool
    old, new = one.waiting()
    spool.close()
    assert (old.bundle_sha256, old.tally.predictions, old.tally.gaps) == (SHA, {"abnormal": 1}, 1)
    assert (new.bundle_sha256, new.tally.predictions, new.tally.gaps) == ("cd" * 32, {"A": 1}, 0)


def test_clock_set_back_does_not_turn_an_interval_round(device):
    one = device()
    one.seconds = 60.0
    object.__setattr__(one.sink._reports, "now_ms", lambda: 5)
    one.sink.tick()
    (summary,) = one.waiting()
    assert (summary.from_ms, summary.to_ms) == (1_000_000, 1_060_000)


def test_alerts_come_through_while_the_disk_takes_nothing(device, put, mosquitto, listen):
    one = device("diskless")
    ears = listen(mosquitto.port, one.address.topic("alert"))
    one.spool._database.execute("PRAGMA query_only = ON")
    one.sink.connect(broker_from(mosquitto.url), retry_s=QUICK)
    for start in range(40):
        put(one, start, disagreement=0.5)
    eventually(lambda: one.sink.waiting == 0)
    assert [seq for _, seq in numbers(ears)] == list(range(1, 41))


def test_summary_says_what_was_dropped_and_what_waits(device, put):
    one = device()
    one.spool._max_bytes = 2500
    for start in range(6):
        put(one, start, disagreement=0.5)
    one.spool._max_bytes = 10**6
    one.seconds = 60.0
    one.sink.tick()
    *alerts, summary = one.waiting()
    assert (summary.dropped, summary.waiting) == ({"alert": 6 - len(alerts)}, len(alerts))
    assert one.sink.dropped["alert"] > 0


def test_through_a_broker_with_birth_last_summary_and_farewell(device, put, mosquitto, listen):
    one = device("through")
    ears = listen(mosquitto.port, "edgeguard/v1/f/through/#")
    one.sink.connect(broker_from(mosquitto.url), retry_s=QUICK)
    assert one.sink.connected
    put(one, 0, disagreement=0.5)
    put(one, 100)
    one.sink.close()
    assert (one.sink.delivered, one.sink.waiting, one.sink.connected) == (2, 0, False)
    eventually(lambda: len(ears.heard) == 4)
    states = [decode(payload, State) for payload in ears.payloads("state")]
    assert [state.status for state in states] == ["online", "stopped"]
    assert (states[0].software, states[0].bundle.name, states[0].bundle.sha256) == (__version__, "tiny", SHA)
    assert [state.sources for state in states] == [("s",), ()]
    (summary,) = ears.payloads("telemetry")
    assert (decode(summary, Summary).tally.windows, decode(summary, Summary).seq) == (2, 2)


def test_state_is_told_anew_with_another_bundle_and_other_sources(device, manifest, mosquitto, listen):
    one = device("anew")
    ears = listen(mosquitto.port, "edgeguard/v1/f/anew/state")
    one.sink.connect(broker_from(mosquitto.url), retry_s=QUICK)
    one.sink.serve(manifest, "cd" * 32)
    one.sink.add_source("t", StreamCounts())
    one.sink.tick()
    eventually(lambda: len(ears.heard) >= 2)
    one.sink.tick()
    states = [decode(payload, State) for payload in ears.payloads("state")]
    assert [(state.status, state.bundle.sha256[:2], state.sources) for state in states] == [
        ("online", "ab", ("s",)),
        ("online", "cd", ("s", "t")),
    ]


def numbers(ears):
    """(boot, seq) of all alerts, summaries and acks heard."""
    heard = [decode(payload, KINDS[topic.rsplit("/")[-1]]) for topic, payload, _ in ears.heard if "state" not in topic]
    return [(message.boot, message.seq) for message in heard]


def test_broker_that_comes_late_gets_everything_once(device, put, mosquitto, gate_to, listen):
    one, gate = device("late"), gate_to(mosquitto.port)
    ears = listen(mosquitto.port, "edgeguard/v1/f/late/#")
    one.sink.connect(broker_from(gate.url), retry_s=QUICK)
    for start in range(40):
        put(one, start, disagreement=0.5)
    assert (one.sink.delivered, one.sink.waiting) == (0, 40)
    gate.open()
    eventually(lambda: one.sink.waiting == 0)
    one.sink.close()
    eventually(lambda: len(numbers(ears)) >= 41)
    assert numbers(ears) == [(one.spool.boot, seq) for seq in range(1, 42)]


def test_broker_killed_in_between_loses_nothing(device, put, mosquitto_for, gate_to, listen):
    broker, one = mosquitto_for().start(), device()
    gate, before = gate_to(broker.port), listen(broker.port, "edgeguard/#")
    gate.open()
    one.sink.connect(broker_from(gate.url), retry_s=QUICK)
    for start in range(60):
        if start == 30:
            eventually(lambda: len(numbers(before)) == one.sink.delivered == 30)
            broker.process.send_signal(signal.SIGSTOP)  # so that what follows is in flight when it dies
        put(one, start, disagreement=0.5)
    gate.shut()
    broker.kill()
    after = listen(broker.start().port, "edgeguard/#")
    gate.open()
    eventually(lambda: one.sink.waiting == 0)
    one.sink.close()
    eventually(lambda: len(numbers(after)) >= 31)
    assert [seq for _, seq in numbers(before) + numbers(after)] == list(range(1, 62))
    assert one.sink.delivered == 61


def test_link_cut_at_random_moments_loses_nothing(device, put, mosquitto, gate_to, listen):
    one, gate = device("cut"), gate_to(mosquitto.port)
    ears = listen(mosquitto.port, "edgeguard/v1/f/cut/#")
    gate.open()
    one.sink.connect(broker_from(gate.url), retry_s=QUICK)
    for start in range(100):
        put(one, start, disagreement=0.5)
        if start % 9 == 0:
            gate.shut()
            gate.open()
    eventually(lambda: one.sink.waiting == 0)
    one.sink.close()
    eventually(lambda: {seq for _, seq in numbers(ears)} == set(range(1, 102)))


def test_messages_of_an_earlier_start_are_delivered_with_its_boot(device, put, mosquitto, listen):
    earlier = device("again")
    put(earlier, 0, disagreement=0.5)
    earlier.sink.close()
    later = device("again")
    ears = listen(mosquitto.port, "edgeguard/v1/f/again/#")
    later.sink.connect(broker_from(mosquitto.url), retry_s=QUICK)
    later.sink.close()
    eventually(lambda: len(numbers(ears)) == 3)
    assert numbers(ears) == [(earlier.spool.boot, 1), (earlier.spool.boot, 2), (later.spool.boot, 3)]


def test_refused_login_is_told_at_the_start(device, mosquitto_for):
    one = device()
    with pytest.raises(BrokerError, match="not authorized"):
        one.sink.connect(broker_from(mosquitto_for("allow_anonymous false").start().url))


class Actions:
    """Does what it is told, and says so."""

    def __init__(self, sink):
        self.sink = sink
        self.done = []

    async def set_interval(self, interval_s):
        self.sink.set_interval(interval_s)

    async def self_test(self):
        raise EngineError("the golden logits differ by 0.3")

    async def reload_bundle(self):
        self.done.append("reload")


@pytest.fixture
def commanded(device, mosquitto, listen):
    """A device whose commands are carried out in the session's thread, what it does, and an ear for its acks."""

    def make(name):
        one = device(name)
        actions = Actions(one.sink)
        ears, births = (listen(mosquitto.port, one.address.topic(end)) for end in ("ack", "state"))

        def on_command(command):
            one.sink.answer(command, asyncio.run(carry_out(command, actions)))

        one.sink.connect(broker_from(mosquitto.url), on_command, QUICK)
        eventually(lambda: births.heard)  # by then it hears commands
        return one, actions, ears

    return make


def command(mosquitto, one, *, kept=False, **fields):
    """Send a command as docs/run.md shows it."""
    text = json.dumps({"schema": 1, "id": "c", "time_ms": 0, "action": "ping"} | fields)
    publish.single(one.address.topic("cmd"), text, qos=1, retain=kept, hostname="127.0.0.1", port=mosquitto.port)


def acks(ears):
    return [decode(payload, Ack) for payload in ears.payloads("ack")]


def test_commands_are_carried_out_and_answered(commanded, mosquitto):
    one, actions, ears = commanded("obeys")
    command(mosquitto, one, id="1")
    command(mosquitto, one, id="2", action="set_interval", interval_s=7)
    command(mosquitto, one, id="3", action="self_test")
    command(mosquitto, one, id="4", action="reload_bundle")
    command(mosquitto, one, id="5", action="explode")
    eventually(lambda: len(ears.heard) == 5)
    assert [(ack.id, ack.seq, ack.done) for ack in acks(ears)] == [
        ("1", 1, True),
        ("2", 2, True),
        ("3", 3, False),
        ("4", 4, True),
        ("5", 5, False),
    ]
    assert acks(ears)[2].reason == "the golden logits differ by 0.3"
    assert "Invalid enum value" in acks(ears)[4].reason
    assert (one.sink._interval_s, actions.done) == (7, ["reload"])


def test_command_sent_twice_is_carried_out_once_and_answered_twice(commanded, mosquitto):
    one, actions, ears = commanded("twice")
    for _ in range(2):
        command(mosquitto, one, action="reload_bundle")
    eventually(lambda: len(ears.heard) == 2)
    assert actions.done == ["reload"]
    assert [(ack.id, ack.seq, ack.done) for ack in acks(ears)] == [("c", 1, True), ("c", 2, True)]


def test_command_that_the_broker_kept_is_not_carried_out_at_every_connect(commanded, mosquitto):
    one, actions, ears = commanded("kept")
    command(mosquitto, one, kept=True, id="first", action="reload_bundle")
    eventually(lambda: len(ears.heard) == 1)  # while we are there it is not marked as retained
    eventually(lambda: one.sink.waiting == 0)  # else the first ack is sent again, too
    one.sink._delivery.renew()
    eventually(lambda: len(ears.heard) == 2)
    assert [(ack.id, ack.done) for ack in acks(ears)] == [("first", True), ("first", True)]
    assert actions.done == ["reload"]


def test_ack_that_finds_no_broker_comes_later(mosquitto, gate_to, device, listen):
    one, gate, taken = device("patient"), gate_to(mosquitto.port), []
    ears, births = (listen(mosquitto.port, one.address.topic(end)) for end in ("ack", "state"))
    gate.open()
    one.sink.connect(broker_from(gate.url), taken.append, QUICK)
    eventually(lambda: births.heard)
    command(mosquitto, one)
    eventually(lambda: taken)
    gate.shut()
    eventually(lambda: not one.sink.connected)
    one.sink.answer(taken[0])
    assert not ears.heard
    gate.open()
    eventually(lambda: acks(ears))
    assert (acks(ears)[0].id, acks(ears)[0].done) == ("c", True)
