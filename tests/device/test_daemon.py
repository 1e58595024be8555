"""The daemon as a process: signals, several sources, bad input, reloads, idleness."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from functools import reduce
from operator import add
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeguard.telemetry.messages import Ack, State, Summary, decode
from tests.brokers import eventually
from tests.device.programs import ECG, HEAD, Device, Wearable, lines
from tests.tiny_model import write_tiny_bundle


@pytest.fixture(autouse=True)
def tiny(tmp_path):
    return write_tiny_bundle(tmp_path / "tiny.zip", signal=ECG)


@pytest.fixture
def wearable():
    made = []

    def make(*script):
        made.append(Wearable(*script))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def device(tmp_path):
    made = []

    def start(*words, **options):
        made.append(Device(tmp_path, *words, **options))
        return made[-1]

    yield start
    for one in made:
        one.kill()


def logged(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_even_sources_that_say_nothing(device, wearable, number):
    silent, other = wearable(HEAD), wearable(HEAD + lines(0, 25))
    running = device("tiny.zip", "--source", f"a={silent.spec}", "--source", f"b={other.spec}")
    running.said("b ", times=2)
    assert running.stop(number) == 0
    assert (
        running.out[-1]
        == f"2 windows, {sum('ALARM' in line for line in running.out)} alarms, 0 rejected, 0 gaps, 0 faults"
    )
    assert running.err == []


def test_a_second_signal_does_not_wait_for_the_broker(device, wearable, mosquitto_for):
    broker = mosquitto_for().start()
    source = wearable(HEAD + lines(0, 10))
    running = device("tiny.zip", "--source", source.spec, "--broker", broker.url)
    running.said("connected to the broker")
    broker.process.send_signal(signal.SIGSTOP)  # from here on it acknowledges nothing
    running.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    began = time.monotonic()
    assert running.stop() == 143
    assert time.monotonic() - began < 3
    broker.process.send_signal(signal.SIGCONT)


def test_a_source_that_breaks_comes_back_and_the_other_does_not_notice(device, wearable, tmp_path):
    first = wearable(HEAD + lines(0, 10), HEAD + lines(50, 60))
    second = wearable(HEAD + lines(0, 10))
    running = device(
        "tiny.zip", "--source", f"a={first.spec}", "--source", f"b={second.spec}", "--log", "v.jsonl", "--quiet"
    )
    eventually(lambda: (tmp_path / "v.jsonl").exists() and len(logged(tmp_path / "v.jsonl")) == 2)
    first.unplug()
    second.send(lines(10, 20))
    eventually(lambda: len(logged(tmp_path / "v.jsonl")) == 4)
    assert running.stop() == 0
    assert sorted((line["source"], line["start"]) for line in logged(tmp_path / "v.jsonl")) == [
        ("a", 0),
        ("a", 50),
        ("b", 0),
        ("b", 10),
    ]
    assert running.out[-1].endswith("1 gaps, 1 faults")


BAD = {
    "garbage": (b"\xff\x00[\n" + bytes(range(123)) * 5, "malformed line"),
    "missing values": (b"".join(b"%d,\n" % n for n in range(20, 30)), None),
    "duplicates": (lines(0, 20), None),
    "time going backwards": (lines(5, 9), None),
    "a jump far ahead": (lines(10**9, 10**9 + 5), "index restarted"),
    "a line without end": (b"9" * 100_000, "malformed line"),
}


def test_bad_input_is_counted_and_leaves_good_windows_as_they_are(device, wearable, mosquitto, listen, tmp_path):
    """One clean source and one for each kind of bad input, in one daemon."""
    good = lines(0, 20), lines(40, 60, seed=1)
    sources = {"clean": wearable(HEAD + good[0] + good[1])}
    sources |= {what: wearable(HEAD + good[0] + bad + b"\n" + good[1]) for what, (bad, _) in BAD.items()}
    ears = listen(mosquitto.port, "edgeguard/v1/default/bad/#")
    (tmp_path / "device.toml").write_text(
        "".join(f'[[source]]\nname = "{name}"\nspec = "{source.spec}"\n' for name, source in sources.items())
    )
    words = ("--broker", mosquitto.url, "--device", "bad", "--log", "v.jsonl", "--quiet")
    running = device("tiny.zip", "--config", "device.toml", *words)
    log = tmp_path / "v.jsonl"
    eventually(lambda: log.exists() and {v["source"] for v in logged(log) if v["start"] == 50} == set(sources))
    assert running.stop() == 0
    judged = {name: {} for name in sources}
    for line in logged(log):
        if "rejected" not in line:
            judged[line["source"]][line["start"]] = line["disagreement"]
    assert all(judged["clean"].items() <= found.items() for found in judged.values())
    assert set(judged["clean"]) == {0, 10, 40, 50}
    eventually(lambda: [decode(state, State).status for state in ears.payloads("state")] == ["online", "stopped"])
    summaries = [decode(one, Summary) for one in ears.payloads("telemetry")]
    for what, (_, fault) in BAD.items():
        tally = reduce(add, [one.tally for one in summaries if one.source == what])
        assert tally.gaps + tally.repeated_samples + sum(tally.rejected.values()) + tally.faults.get(fault, 0) > 1, what


def test_a_wrong_rate_and_a_bundle_that_does_not_fit_are_faults(device, wearable):
    fast = wearable(HEAD + lines(0, 7000))  # seventy seconds at once
    misfit = wearable(HEAD.replace(b"ECG", b"EEG"))
    running = device("tiny.zip", "--source", f"a={fast.spec}", "--source", f"b={misfit.spec}", "--quiet")
    running.said("b: link lost")
    time.sleep(0.5)
    fast.send(lines(7000, 9000))
    running.said("a: wrong rate: it says 100 Hz")
    assert "has no channel 'ECG' (there are: EEG)" in "\n".join(running.err)
    assert running.stop() == 0


def test_sighup_takes_up_a_new_config_and_keeps_the_old_one_when_it_is_wrong(device, wearable, tmp_path, tiny):
    def configure(name, bundle):
        source = wearable(HEAD + lines(0, 10))
        text = f'[bundle]\npath = "{bundle}"\n[[source]]\nname = "{name}"\nspec = "{source.spec}"\n'
        (tmp_path / "device.toml").write_text(text + '[log]\nfile = "v.jsonl"\n')
        return source

    def sources():
        return [line["source"] for line in logged(tmp_path / "v.jsonl")] if (tmp_path / "v.jsonl").exists() else []

    first = configure("first", "tiny.zip")
    running = device("--config", "device.toml", "--quiet")
    eventually(lambda: sources() == ["first"])
    (tmp_path / "broken.zip").write_bytes((tmp_path / "tiny.zip").read_bytes()[:-100])
    for bundle, message in [("broken.zip", "cut short or no zip"), ("nowhere.zip", "there is no bundle at")]:
        configure("second", bundle)
        running.process.send_signal(signal.SIGHUP)
        running.said(message)
    (tmp_path / "device.toml").write_text("[bundel]\n")
    running.process.send_signal(signal.SIGHUP)
    running.said("unknown key 'bundel'")
    first.send(lines(10, 20))
    eventually(lambda: sources() == ["first", "first"])
    configure("third", "tiny.zip")
    running.process.send_signal(signal.SIGHUP)
    eventually(lambda: sources() == ["first", "first", "third"])
    assert running.stop() == 0
    assert running.out[-1].startswith("3 windows, ")
    assert [line for line in running.err if "goes on as it was" not in line] == []


def test_without_a_config_sighup_ends_it_as_the_terminal_is_gone(device, wearable):
    running = device("tiny.zip", "--source", wearable(HEAD + lines(0, 10)).spec)
    running.said("normal")
    running.process.send_signal(signal.SIGHUP)
    assert running.process.wait(60) == -signal.SIGHUP


def commands(ears, mosquitto, name):
    """Sends a command and waits for its answer."""

    def ask(number, action, **facts):
        payload = {"schema": 1, "id": f"c{number}", "time_ms": 0, "action": action, **facts}
        ears.client.publish(f"edgeguard/v1/default/{name}/cmd", json.dumps(payload), qos=1)

        def answer():
            acks = [decode(payload, Ack) for payload in ears.payloads("ack")]
            return next((ack for ack in acks if ack.id == f"c{number}"), None)

        return eventually(answer)

    return ask


def test_commands_are_answered_and_a_new_bundle_judges_between_two_windows(
    device, wearable, mosquitto, listen, tmp_path, tiny
):
    ears = listen(mosquitto.port, "edgeguard/v1/default/asked/#")
    sources = [wearable(HEAD + lines(0, 15)), wearable(HEAD)]
    words = [word for n, one in enumerate(sources) for word in ("--source", f"s{n}={one.spec}")]
    running = device("tiny.zip", *words, "--broker", mosquitto.url, "--device", "asked", "--log", "v.jsonl")
    running.said("s0 ")
    eventually(lambda: ears.payloads("state"))  # by then it hears commands
    ask = commands(ears, mosquitto, "asked")
    assert ask(1, "ping").done
    assert ask(2, "self_test").done
    assert ask(3, "set_interval", interval_s=1.0).done
    whole = (tmp_path / "tiny.zip").read_bytes()
    (tmp_path / "tiny.zip").write_bytes(whole[:-100])
    refused = ask(4, "reload_bundle")
    assert not refused.done
    assert "it is cut short or no zip" in refused.reason
    write_tiny_bundle(tmp_path / "other.zip", signal=msgspec.structs.replace(ECG, channels=("EEG",)))
    (tmp_path / "other.zip").replace(tmp_path / "tiny.zip")
    assert "the bundle takes EEG in mV, the sources give ECG in mV" in ask(5, "reload_bundle").reason
    sources[0].send(lines(15, 25))
    running.said("s0 ", times=2)
    new = write_tiny_bundle(tmp_path / "new.zip", signal=msgspec.structs.replace(ECG, window=5, hop=5), version="2.0.0")
    (tmp_path / "new.zip").replace(tmp_path / "tiny.zip")
    assert ask(6, "reload_bundle").done
    sources[0].send(lines(25, 35))
    running.said("s0 ", times=4)
    assert running.stop() == 0
    assert [line["start"] for line in logged(tmp_path / "v.jsonl")] == [0, 10, 25, 30]
    eventually(lambda: decode(ears.payloads("state")[-1], State).status == "stopped")
    served = [decode(state, State).bundle for state in ears.payloads("state")]
    assert (served[0].version, served[-1].version, served[-1].sha256) == ("1.0.0", "2.0.0", new.sha256)
    summaries = [decode(one, Summary) for one in ears.payloads("telemetry")]
    assert sum(one.tally.windows for one in summaries if one.bundle_sha256 == new.sha256) == 2
    assert sum(one.tally.windows for one in summaries) == 4


@pytest.fixture
def systemd(tmp_path):
    """The socket on which systemd would listen; what it was told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(60)
        yield ear, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}


def test_systemd_hears_ready_alive_and_stopping(device, wearable, systemd):
    ear, environment = systemd
    source = wearable(HEAD)  # gives no window: golden ones are judged instead
    running = device("tiny.zip", "--source", source.spec, environment=environment)
    told = [ear.recv(1000).decode() for _ in range(12)]
    assert told[0] == "READY=1"
    assert told.count("WATCHDOG=1") >= 4
    running.process.send_signal(signal.SIGTERM)
    while "STOPPING=1" not in told:
        told.append(ear.recv(1000).decode())
    assert running.ended() == 0


def test_a_device_that_cannot_serve_is_never_ready(device, systemd, tmp_path):
    ear, environment = systemd
    other = write_tiny_bundle(tmp_path / "other.zip", signal=ECG, golden_tolerance=1e-9)
    assert other
    running = device("other.zip", "--source", "synthetic", environment=environment)
    assert running.ended() == 1
    ear.setblocking(False)
    with pytest.raises(BlockingIOError):
        ear.recv(1000)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_an_idle_daemon_takes_no_time(device, wearable):
    sources = [wearable(HEAD + lines(0, 10)) for _ in range(2)]
    running = device("tiny.zip", *[word for one in sources for word in ("--source", one.spec)])
    running.said("lines-2 ")
    seconds = os.sysconf("SC_CLK_TCK")

    def cpu_s():
        stat = Path(f"/proc/{running.process.pid}/stat").read_text()
        return sum(map(int, stat.rpartition(") ")[2].split()[11:13])) / seconds

    time.sleep(0.5)
    before = cpu_s()
    time.sleep(3)
    assert cpu_s() - before <= 0.03
    assert running.stop() == 0


def test_a_recording_that_breaks_off_ends_the_run_with_one_line_and_the_others_finish(device, tmp_path):
    for name, n in (("a", 100), ("b", 100), ("c", 5)):
        np.savetxt(tmp_path / f"{name}.csv", np.zeros(n), header="ECG", comments="")
    running = device("tiny.zip", "--source", "a.csv+c.csv", "--source", "b.csv", "--speed", "max", "--log", "v.jsonl")
    assert running.ended() == 1
    assert running.err[-1].startswith("error: c.csv holds 5 samples")
    assert sum(line["source"] == "b" for line in logged(tmp_path / "v.jsonl")) == 10
