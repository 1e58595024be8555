"""The whole way through a real broker, server and browser: attack, alarm in the queue, label, CAU."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from edgeguard.fleet.actions import labels, wearers
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.clock import unix_ms
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.store import alarms, devices
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.upkeep import run_once
from tests.brokers import eventually

CONFIG = """
[fairness]
min_wearers = 2
"""
DEVICES = 8
PASSWORD = "a long enough password"


@pytest.fixture
def served(tmp_path, mosquitto):
    """The server as a command of its own: its database, and the link under which the first admin is made."""
    (tmp_path / "fleet.toml").write_text(CONFIG)
    where = ["--database", f"sqlite:///{tmp_path / 'fleet.db'}", "--broker", mosquitto.url, "--port", "0"]
    command = [sys.executable, "-u", "-m", "edgeguard", "fleet", "serve", "--config", str(tmp_path / "fleet.toml")]
    process = subprocess.Popen([*command, *where], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    link = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+/setup#\S+", line)))
    database = Database(f"sqlite:///{tmp_path / 'fleet.db'}")
    yield database, link
    database.close()
    process.terminate()
    process.wait(60)
    process.stdout.close()


def simulate(folder, broker):
    """A day of eight devices, all of which are attacked in its last third."""
    what = ["--devices", str(DEVICES), "--history", "6h", "--hours", "0.001", "--attack", "1", "--seed", "1"]
    where = ["--broker", broker.url, "--wearers", str(folder / "wearers.csv")]
    command = [sys.executable, "-m", "edgeguard", "fleet", "simulate", *what, *where]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def test_an_attack_becomes_an_alarm_whose_label_changes_cau(tmp_path, mosquitto, served, chromium):
    database, link = served
    simulate(tmp_path, mosquitto)
    eventually(lambda: _all_stopped(database), 30)
    wearers.import_wearers(database, SYSTEM, (tmp_path / "wearers.csv").read_bytes(), unix_ms())
    assert run_once(database, FleetConfig(), unix_ms()) == []  # the server does it once a minute
    last, other = _confirm_all_but_one(database)

    page = chromium.new_page()
    page.set_default_timeout(30_000)
    page.goto(link)
    page.get_by_label("Your name").fill("ada")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Make the first admin").click()
    url = link.partition("/setup")[0]
    fairness = f"{url}/fairness?attribute=site&days=1&origin=alarm"
    page.goto(fairness)
    assert _cau(page).startswith("All groups together: 0.0 %")

    page.goto(f"{url}/alarms?label=none&kind=window")
    page.get_by_role("link", name=f"simulated/{last.device}").first.click()
    page.wait_for_url(f"{url}/alarms/{last.id}")
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name=other, exact=True).click()
    page.get_by_role("button", name="Save the label").click()
    page.get_by_text(f"not {last.predicted}").wait_for()

    page.goto(fairness)
    assert not _cau(page).startswith("All groups together: 0.0 %")
    page.close()


def _all_stopped(database):
    with database.reading() as connection:
        rows = devices.devices(connection).rows
    return len(rows) == DEVICES and all(row.status == "stopped" for row in rows)


def _confirm_all_but_one(database):
    """Label each alarm of a window as it was predicted, but the oldest; gives it, and the most frequent other class."""
    with database.reading() as connection:
        *others, last = alarms.alarms(connection, kind="window", limit=500).rows
    for alarm in others:
        labels.label(database, SYSTEM, alarm.id, alarm.predicted, unix_ms())
    predicted = Counter(alarm.predicted for alarm in others if alarm.predicted != last.predicted)
    return last, predicted.most_common(1)[0][0]


def _cau(page):
    """Over all groups, as the page says it."""
    section = page.locator("section", has=page.get_by_role("heading", name="CAU"))
    return section.get_by_text("All groups together: ").inner_text()
