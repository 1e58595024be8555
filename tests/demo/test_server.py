from __future__ import annotations

import signal
import sys
import urllib.request

import pytest

from edgeguard.demo import line, server
from edgeguard.demo.company import simulated_company
from edgeguard.demo.line import LineBroken, run_line
from edgeguard.demo.server import FleetServer, fleet_server, running
from edgeguard.fleet.serving import ready_database
from edgeguard.fleet.store import devices, wearers
from edgeguard.fleet.store.database import Database
from tests.brokers import eventually


def test_the_attacked_device_is_in_the_servers_queue(prepared, mosquitto_for, tmp_path, monkeypatch):
    monkeypatch.setattr(line, "WINDOWS_PER_SECOND", 1000.0)
    broker = mosquitto_for().start()
    with fleet_server(tmp_path, broker.url) as served:
        with urllib.request.urlopen(served.setup_link) as page:
            assert page.status == 200
        run_line(prepared, broker.url, tmp_path, lambda *_: None)
        newest = served.alarms_of_the_device()[0]
    assert (newest.fleet, newest.device, newest.status) == ("demo", "wearable-1", "open")
    assert newest.value > newest.threshold


def test_a_device_that_never_alarms_breaks_the_line(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "_LATE_S", 0.3)
    ready_database(f"sqlite:///{tmp_path}/empty.db").close()
    with pytest.raises(LineBroken, match="no alarm of wearable-1 came into the server's alarm queue"):
        FleetServer("", f"sqlite:///{tmp_path}/empty.db").alarms_of_the_device()


def test_a_server_that_cannot_start_breaks_the_line(tmp_path):
    with (
        pytest.raises(LineBroken, match=r"the fleet server did not start: see .*fleet\.log"),
        fleet_server(tmp_path, "nowhere"),
    ):
        pass


def test_a_simulated_fleet_keeps_it_company(mosquitto_for, tmp_path):
    broker = mosquitto_for().start()
    with fleet_server(tmp_path, broker.url) as served, simulated_company(tmp_path, broker.url, served):
        database = Database(served.database_url)
        with database.reading() as connection:
            assert wearers.wearers(connection).total == 60

        def arrived():
            with database.reading() as connection:
                return devices.devices(connection, status="online").total > 30

        eventually(arrived)
        database.close()


def test_a_process_that_will_not_end_is_gone_with_its_block(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "_END_S", 0.2)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    with (tmp_path / "log").open("wb") as errors, running([sys.executable, "-c", deaf], errors) as process:
        process.stdout.readline()
    assert process.returncode == -signal.SIGKILL
