"""Real brokers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import msgspec
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.worker import Worker
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from edgeguard.fleet.store.tables import commands, devices, quarantine, summaries
from edgeguard.telemetry.broker import broker_from
from tests.brokers import eventually
from tests.fleet.ingest.messages import NOW, ack, delivery, state, summary

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


def test_answers_to_commands_are_noted(database, broker, worker_on, publish, all_rows):
    worker = worker_on(broker.url)
    publish(broker.port, [delivery(state())], retain=True)
    (device,) = eventually(lambda: all_rows(devices))
    with database.writing() as connection:
        row = {"id": "c1", "device_id": device.id, "sent_ms": NOW, "action": "ping"}
        connection.execute(commands.insert().values(row))
    publish(broker.port, [delivery(ack(1))])
    eventually(lambda: worker.intake.counts["answers"] == 1)
    assert all_rows(commands)[0].done


def test_a_broker_that_starts_anew_is_found_again(broker, worker_on, publish, all_rows):
    worker = worker_on(broker.url)
    publish(broker.port, [delivery(summary(1))])
    eventually(lambda: worker.intake.counts["summaries"] == 1)
    broker.kill()
    eventually(lambda: not worker.connected)
    broker.start()
    eventually(lambda: worker.connected)

    def sent_until_it_is_heard():  # a killed broker has forgotten who subscribes
        publish(broker.port, [delivery(summary(2))])
        return worker.intake.counts["summaries"] == 2

    eventually(sent_until_it_is_heard)


DYING = """
import os, signal, sys
from edgeguard.fleet.config import Ingest
from edgeguard.fleet.ingest.worker import Worker
from edgeguard.fleet.store.database import Database
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.subscriber import Subscriber

Subscriber.acknowledge = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
worker = Worker(Database(sys.argv[1]), broker_from(sys.argv[2]), Ingest(batch=20))
worker.start()
print("ready", flush=True)
signal.pause()
"""


def test_a_worker_killed_between_commit_and_acknowledgment_leaves_every_row_once(
    database, broker, worker_on, publish, all_rows
):
    url = database.engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-c", DYING, url.replace("+psycopg", ""), broker.url]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as dying:
        assert dying.stdout.readline() == b"ready\n"
        publish(broker.port, [delivery(summary(seq)) for seq in range(1, 101)])
        assert dying.wait(60) == -signal.SIGKILL
    committed = len(all_rows(summaries))
    worker = worker_on(broker.url)
    eventually(lambda: worker.intake.counts["summaries"] == 100 - committed)
    eventually(lambda: worker.intake.counts["duplicates"] == committed)
    assert (committed > 0, [row.seq for row in all_rows(summaries, "seq")]) == (True, list(range(1, 101)))


def test_what_comes_while_the_database_is_away_is_there_when_it_is_back(postgres_for, broker, publish):
    server = postgres_for().start()
    database = Database(server.new_database())
    migrate(database)
    worker = Worker(database, broker_from(broker.url), Ingest(batch=5))
    worker.start()
    publish(broker.port, [delivery(summary(seq)) for seq in range(1, 11)])
    eventually(lambda: worker.intake.counts["summaries"] == 10)
    server.stop()
    publish(broker.port, [delivery(summary(seq)) for seq in range(11, 101)])
    time.sleep(0.2)
    server.start()
    eventually(lambda: worker.intake.counts["summaries"] == 100)
    worker.stop()
    again = Worker(database, broker_from(broker.url), Ingest())
    again.start()
    again.stop()
    assert (again.intake.counts.total(), worker.intake.counts["duplicates"]) == (0, 0)
    database.close()
