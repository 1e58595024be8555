"""Real brokers."""

from __future__ import annotations

import msgspec
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.worker import Worker
from edgeguard.fleet.store.tables import devices, quarantine, summaries
from edgeguard.telemetry.broker import broker_from
from tests.brokers import eventually
from tests.fleet.ingest.messages import delivery, state, summary

LINES = "max_inflight_messages 0\nmax_queued_messages 0\n"


@pytest.fixture
def broker(mosquitto_for):
    return mosquitto_for(LINES).start()


@pytest.fixture
def publish():
    """Publishes deliveries to the broker on a port and waits until it has them."""

    def send(port, deliveries, retain=False):
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.max_inflight_messages_set(100)
        client.connect("127.0.0.1", port)
        client.loop_start()
        sent = [client.publish(one.topic, one.payload, qos=1, retain=retain) for one in deliveries]
        for one in sent:
            one.wait_for_publish(20)
        client.disconnect()
        client.loop_stop()

    return send


@pytest.fixture
def worker_on(database):
    """Starts workers on the database; all are stopped at the end."""
    workers = []

    def make(url, **config):
        workers.append(Worker(database, broker_from(url), msgspec.structs.replace(Ingest(), **config)))
        workers[-1].start()
        return workers[-1]

    yield make
    for worker in workers:
        worker.stop()


def test_messages_become_rows_and_are_acknowledged(broker, worker_on, publish, all_rows):
    worker = worker_on(broker.url)
    publish(broker.port, [delivery(summary(seq)) for seq in range(1, 301)])
    eventually(lambda: worker.intake.counts["summaries"] == 300)
    worker.stop()
    again = worker_on(broker.url)
    publish(broker.port, [delivery(summary(301))])
    eventually(lambda: again.intake.counts["summaries"] == 1)
    assert again.intake.counts["duplicates"] == 0
    assert [row.seq for row in all_rows(summaries, "seq")] == list(range(1, 302))


def test_what_comes_while_no_worker_is_there_waits_for_it(broker, worker_on, publish, all_rows):
    worker_on(broker.url).stop()
    publish(broker.port, [delivery(summary(seq)) for seq in range(1, 51)])
    worker = worker_on(broker.url)
    eventually(lambda: worker.intake.counts["summaries"] == 50)


def test_two_workers_share_the_messages(broker, worker_on, publish, all_rows):
    workers = [worker_on(broker.url, name=name, batch=20) for name in ("one", "two")]
    publish(broker.port, [delivery(summary(seq), f"d{seq % 7}") for seq in range(1, 401)])
    eventually(lambda: sum(worker.intake.counts["summaries"] for worker in workers) == 400)
    assert len(all_rows(summaries)) == 400
    assert min(worker.intake.counts["summaries"] for worker in workers) > 50
    assert sum(worker.intake.counts["duplicates"] for worker in workers) == 0


def test_retained_states_are_there_at_the_start_for_every_worker(broker, worker_on, publish, all_rows):
    publish(broker.port, [delivery(state(), f"d{k}") for k in range(20)], retain=True)
    workers = [worker_on(broker.url, name=name) for name in ("one", "two")]
    eventually(lambda: sum(worker.intake.counts["states"] for worker in workers) == 20)
    assert {row.status for row in all_rows(devices)} == {"online"}


def test_malformed_messages_are_set_aside_and_hold_up_nothing(broker, worker_on, publish, all_rows):
    bad = [delivery(summary(1))._replace(payload=payload) for payload in (b"", b"{", b"\xff\xfe", b"[" * 5000)]
    worker = worker_on(broker.url)
    publish(broker.port, [*bad, delivery(summary(2))])
    eventually(lambda: worker.intake.counts["summaries"] == 1)
    eventually(lambda: len(all_rows(quarantine)) == 4)
