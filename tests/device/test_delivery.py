from __future__ import annotations

import pytest

from edgeguard.device import delivery as delivery_module
from edgeguard.device.delivery import Delivery
from edgeguard.device.spool import Spool


class FakeSession:
    """Takes messages and acknowledges them when it is told to."""

    def __init__(self, changed):
        self.changed = changed
        self.taken = []
        self.renewed = 0

    def start(self):
        self.changed(True)

    def publish(self, message, on_ack):
        self.taken.append((message.payload, on_ack))

    def renew(self):
        self.renewed += 1

    def stop(self):
        self.changed(False)

    def payloads(self):
        return [payload for payload, _ in self.taken]


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path, 10**6)
    yield spool
    spool.close()


@pytest.fixture
def connected(spool):
    delivery = Delivery(spool)
    sessions = []
    delivery.connect(lambda changed: sessions.append(FakeSession(changed)) or sessions[0])
    return delivery, sessions[0]


def send(delivery, *payloads, kind="telemetry"):
    for payload in payloads:
        delivery.send("t", kind, [lambda _seq, payload=payload: payload])


def test_message_leaves_the_spool_on_its_acknowledgement_only(connected, spool):
    delivery, session = connected
    send(delivery, b"a", b"b")
    assert (session.payloads(), len(spool), delivery.delivered) == ([b"a", b"b"], 2, 0)
    session.taken[0][1](True)
    assert (len(spool), delivery.delivered) == (1, 1)


def test_sixteen_messages_at_most_are_in_flight(connected):
    delivery, session = connected
    send(delivery, *[b"%d" % n for n in range(20)])
    assert len(session.taken) == 16
    session.taken[3][1](True)
    assert session.payloads() == [b"%d" % n for n in range(17)]


def test_what_was_not_acknowledged_is_sent_again_after_a_reconnect(connected):
    delivery, session = connected
    send(delivery, b"a", b"b", b"c")
    session.taken[1][1](True)
    session.changed(False)
    send(delivery, b"d")
    assert session.payloads() == [b"a", b"b", b"c"]
    session.changed(True)
    assert session.payloads()[3:] == [b"a", b"c", b"d"]


def test_message_that_the_broker_threw_away_stays_and_is_tried_after_a_rest(connected, spool, monkeypatch, caplog):
    delivery, session = connected
    now = [100.0]
    monkeypatch.setattr(delivery_module.time, "monotonic", lambda: now[0])
    send(delivery, b"a")
    session.taken[0][1](False)
    send(delivery, b"b")
    assert (session.payloads(), len(spool)) == ([b"a"], 2)
    now[0] += 31
    send(delivery, b"c")
    assert session.payloads() == [b"a", b"a", b"b", b"c"]
    for _, on_ack in session.taken[1:]:
        on_ack(False)
    assert caplog.text.count("the broker throws away our telemetry") == 1


def test_kinds_that_the_broker_takes_go_on_while_another_rests(connected, spool):
    delivery, session = connected
    send(delivery, b"a", b"b")
    session.taken[0][1](False)
    session.taken[1][1](True)
    send(delivery, b"C", kind="alert")
    send(delivery, b"d")
    assert session.payloads() == [b"a", b"b", b"C"]
    session.taken[2][1](True)
    assert (len(spool), delivery.delivered) == (2, 2)


def test_after_a_rest_nothing_is_sent_that_is_still_in_flight(connected, monkeypatch):
    delivery, session = connected
    now = [100.0]
    monkeypatch.setattr(delivery_module.time, "monotonic", lambda: now[0])
    send(delivery, b"a")
    send(delivery, b"B", kind="alert")
    session.taken[0][1](False)
    now[0] += 31
    delivery.pump()
    assert session.payloads() == [b"a", b"B", b"a"]


def test_broker_that_acknowledges_nothing_is_connected_to_anew(connected, monkeypatch, caplog):
    delivery, session = connected
    now = [100.0]
    monkeypatch.setattr(delivery_module.time, "monotonic", lambda: now[0])
    send(delivery, b"a")
    for seconds in (50, 9):
        now[0] += seconds
        delivery.pump()
    assert session.renewed == 0
    now[0] += 2
    delivery.pump()
    delivery.pump()
    assert session.renewed == 1
    assert "acknowledges nothing" in caplog.text


def test_message_acknowledged_twice_counts_once(connected):
    delivery, session = connected
    send(delivery, b"a")
    session.changed(False)
    session.changed(True)
    for _, on_ack in session.taken:
        on_ack(True)
    assert delivery.delivered == 1


def test_failing_disk_on_acknowledgement_does_not_stop_delivery(connected, spool, monkeypatch, caplog):
    delivery, session = connected
    send(delivery, b"a")
    spool._database.execute("PRAGMA query_only = ON")
    session.taken[0][1](True)
    assert "readonly" in caplog.text
    assert delivery.delivered == 0
    session.changed(False)
    session.changed(True)
    spool._database.execute("PRAGMA query_only = OFF")
    delivery.pump()
    assert (delivery.delivered, len(spool), session.payloads()) == (1, 0, [b"a"])
