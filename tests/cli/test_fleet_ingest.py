from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from paho.mqtt import publish

from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from edgeguard.fleet.store.tables import summaries
from tests.brokers import eventually
from tests.fleet.ingest.messages import delivery, summary


@pytest.fixture
def url(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'fleet.db'}")
    migrate(database)
    database.close()
    return f"sqlite:///{tmp_path / 'fleet.db'}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_messages_in_until_it_is_told_to_stop(url, mosquitto_for, number):
    mosquitto = mosquitto_for().start()
    name = f"cli-{number.name}"
    words = ["fleet", "ingest", "--database", url, "--broker", mosquitto.url, "--name", name]
    command = [sys.executable, "-m", "edgeguard", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == f"{name}: from {mosquitto.url} into {url}\n"
        message = delivery(summary(1))
        publish.single(message.topic, message.payload, qos=1, port=mosquitto.port)
        database = Database(url)

        def rows():
            with database.reading() as connection:
                return connection.execute(summaries.select()).all()

        eventually(rows)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    database.close()
    assert (process.returncode, out) == (0, "stopped; 1 summaries\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "no broker is given: name it with --broker, or as broker.url in the config file"),
        (("--broker", "http://x"), "'http://x' is not the address of a broker"),
        (("--broker", "mqtt://127.0.0.1:9"), "has no tables yet: run edgeguard fleet migrate"),
        (("--config", "none.toml"), "none.toml"),
    ],
)
def test_bad_input_is_one_line(edgeguard, words, line):
    code, _, error = edgeguard("fleet", "ingest", *words)
    assert (code, error.count("\n"), line in error) == (1, 1, True)


def test_a_bad_name_is_one_line(edgeguard, url):
    code, _, error = edgeguard("fleet", "ingest", "--database", url, "--broker", "mqtt://127.0.0.1:9", "--name", "a/b")
    assert (code, error.count("\n")) == (1, 1)
    assert "ingest.name 'a/b' cannot be used" in error
