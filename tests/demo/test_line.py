from __future__ import annotations

import dataclasses

import pytest

from edgeguard.demo import line
from edgeguard.demo.line import LineBroken, run_line


@pytest.fixture(autouse=True)
def in_haste(monkeypatch):
    monkeypatch.setattr(line, "WINDOWS_PER_SECOND", 1000.0)
    monkeypatch.setattr(line, "_LATE_S", 5.0)


def test_every_window_and_alarm_is_counted_as_it_arrives(prepared, mosquitto_for, tmp_path):
    told = []
    outcome = run_line(prepared, mosquitto_for().start().url, tmp_path, lambda text, alarm: told.append((text, alarm)))
    assert (outcome.clean, outcome.attacked, outcome.promised_rate) == (10, 10, 0.05)
    assert outcome.alarms > 5
    assert outcome.false_alarms == 0
    assert 0 < sum(alarm for _, alarm in told) <= outcome.alarms
    assert outcome.latency_ms > 0


def test_a_device_that_dies_breaks_the_line(prepared, mosquitto_for, tmp_path):
    prepared.public_key.write_text("not a key")
    with pytest.raises(LineBroken, match=r"the device ended with status 1: error: .*k\.pub is no public key in PEM"):
        run_line(prepared, mosquitto_for().start().url, tmp_path, lambda *_: None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": 21}, "21 windows were sent, 20 arrived over MQTT"),
        ({"attack_start": 10_000}, "the attack raised no alarm"),
    ],
)
def test_what_does_not_arrive_breaks_the_line(prepared, mosquitto_for, tmp_path, change, message):
    with pytest.raises(LineBroken, match=message):
        run_line(dataclasses.replace(prepared, **change), mosquitto_for().start().url, tmp_path, lambda *_: None)


def test_a_device_that_hangs_breaks_the_line(prepared, mosquitto_for, tmp_path, monkeypatch):
    monkeypatch.setattr(line, "_LONGEST_S", 0.1)
    with pytest.raises(LineBroken, match="the device was not done after 0 s"):
        run_line(prepared, mosquitto_for().start().url, tmp_path, lambda *_: None)
