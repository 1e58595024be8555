from __future__ import annotations

import math

import pytest

from edgeguard.fleet import label_file, wearer_file
from edgeguard.fleet.clock import HOUR_MS, unix_ms
from edgeguard.fleet.simulation.population import ATTRIBUTES
from edgeguard.fleet.simulation.run import Scenario, Simulation
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.messages import Alert, State, Summary, decode
from tests.brokers import eventually

QUICK = {"hours": 0.5, "speed": math.inf, "history_ms": 6 * HOUR_MS, "attacked": 0.3}


@pytest.fixture
def simulate(mosquitto, listen, tmp_path):
    """Runs a scenario; what was told, and what an ear at the broker heard."""

    def run(name, **wishes):
        ears, told = listen(mosquitto.port, f"edgeguard/v1/{name}/#"), []
        scenario = Scenario(devices=4, fleet=name, **wishes)
        Simulation(scenario, broker_from(mosquitto.url), lambda *line: told.append(line)).run()
        count = int(dict(told)["delivered"].split()[0])
        eventually(lambda: len(ears.heard) == count)
        return told, ears

    return run


def test_history_comes_first_and_nothing_is_from_the_future(simulate):
    began = unix_ms()
    _, ears = simulate("run-1", **QUICK)
    summaries = [decode(payload, Summary) for payload in ears.payloads("telemetry")]
    lengths = [round((summary.to_ms - summary.from_ms) / 60_000) for summary in summaries]
    assert lengths.count(15) >= 4 * 23
    assert lengths.count(1) >= 4 * 28
    assert min(summary.to_ms for summary in summaries) < began - 6 * HOUR_MS
    assert max(summary.to_ms for summary in summaries) <= unix_ms()


def test_at_the_end_the_devices_say_good_bye(simulate):
    _, ears = simulate("run-2", hours=0.2, speed=math.inf)
    last = {}
    for topic, payload, _ in ears.heard:
        if topic.endswith("state"):
            last[topic] = decode(payload, State).status
    assert sorted(last.values()) in (["stopped"] * 4, ["offline", "stopped", "stopped", "stopped"])


def test_real_time_is_sped_up_as_asked(simulate):
    began = unix_ms()
    simulate("run-3", hours=0.1, speed=360.0)
    assert 500 < unix_ms() - began < 5_000


def test_phases_and_attacked_devices_are_told(simulate):
    told, _ = simulate("run-4", unfair=("sex", "F"), **QUICK)
    phases = [phase for phase, _ in told]
    assert phases == ["fleet", "rollout", "attack", "unfair", "history", "history", "live", "delivered"]
    assert dict(told)["attack"].partition(" on ")[2].count("sim-000") == 2
    assert told[-1][1].endswith(" messages, 0 not")


def test_wearers_are_in_their_file_and_their_groups_too(simulate, tmp_path):
    simulate("run-5", wearers=tmp_path / "w.csv", hours=0.1, speed=math.inf)
    content = wearer_file.read((tmp_path / "w.csv").read_bytes())
    assert [wearing.device for wearing in content.wearings] == [f"sim-000{number}" for number in range(1, 5)]
    assert all(groups.keys() == ATTRIBUTES.keys() for groups in content.attributes.values())


def test_labels_are_of_all_alarms_and_of_windows_drawn_at_random(simulate, tmp_path):
    _, ears = simulate("run-6", labels=tmp_path / "l.csv", **QUICK)
    begun = [alert for payload in ears.payloads("alert") if (alert := decode(payload, Alert)).raised]
    labelled = {(line.boot, line.window_start): line for line in label_file.read((tmp_path / "l.csv").read_bytes())}
    for alert in begun:
        assert labelled[alert.boot, alert.window_start].predicted == alert.predicted
    assert len(labelled) > len(begun) > 4
    right = [line.label == line.predicted for line in labelled.values()]
    assert 0 < sum(right) < len(right)
