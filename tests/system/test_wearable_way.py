"""From a wearable's serial port to the broker, with real parts: simulator, device and Mosquitto are processes."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgeguard import released
from edgeguard.bundle.reader import Bundle
from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import open_judge
from edgeguard.device.samples import Samples
from edgeguard.device.sources import open_source
from edgeguard.device.stream import Stream
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation
from edgeguard.telemetry.messages import Alert, Summary, decode
from tests.brokers import eventually
from tests.device.programs import Device
from tests.feeds import values_of

BUNDLE, SIGNAL = "mitbih-fcnet", "synthetic:seed=0,seconds=24,abnormal=0"
RATE, BEGIN_S, END_S, EPSILON_MV = 250, 12, 16, 0.1
QUESTIONS, HELD = 120, 5  # asked of the model; samples for which a sign holds
ECG = SignalSpec(channels=("ECG",), units="mV", window=2 * RATE, hop=2 * RATE, rate_hz=RATE)


@dataclass(frozen=True)
class Crafted:
    """An attack, and what the model says of the signal with it, without it, and with noise as strong."""

    path: Path
    attacked: list
    clean: list
    noisy: list


@pytest.fixture(scope="module")
def crafted(tmp_path_factory):
    """Signs of 0.1 mV over four seconds, flipped wherever that makes the exits of the released model disagree more.

    A search that asks the model for nothing but its score, through all that the device does to a raw signal.
    """
    bundle = Bundle.open(released.bundle_path(BUNDLE))
    ecg = values_of(open_source(SIGNAL, speed=math.inf), ECG)
    near = slice((BEGIN_S - 4) * RATE, (END_S + 2) * RATE)
    rng = np.random.default_rng(0)

    with open_judge(bundle, EngineConfig()) as judge:

        def judged(added, part=slice(None)):
            values = ecg.copy()
            values[:, BEGIN_S * RATE : END_S * RATE] += added
            return judge.judge(Stream(bundle.manifest.signal, RATE).feed(Samples(0, values[:, part])))

        def score(added):
            verdicts = judged(added, near)
            return sum(one.disagreement for one in verdicts if one.predicted is not None and one.start > 3 * RATE)

        signs = rng.choice([-1.0, 1.0], size=(END_S - BEGIN_S) * RATE // HELD)
        noise = EPSILON_MV * signs.repeat(HELD).astype(np.float32)
        best = score(noise)
        for _ in range(QUESTIONS):
            tried = signs.copy()
            at = rng.integers(0, len(signs) - 8)
            tried[at : at + rng.choice([1, 2, 4, 8])] *= -1
            if (found := score(EPSILON_MV * tried.repeat(HELD).astype(np.float32))) > best:
                signs, best = tried, found
        attack = EPSILON_MV * signs.repeat(HELD).astype(np.float32)
        path = tmp_path_factory.mktemp("attack") / "attack.npz"
        facts = UniversalFacts(
            channels=("ECG",),
            units="mV",
            rate_hz=RATE,
            norm="linf",
            epsilon=EPSILON_MV,
            fool_rate=0.0,
            source=f"{QUESTIONS} questions",
        )
        UniversalPerturbation(attack[None], facts).save(path)
        return Crafted(path, judged(attack), judged(np.float32(0)), judged(noise))


@pytest.fixture
def simulate(tmp_path):
    """Starts a simulated wearable on a serial port; the port's path and the process. All are killed at the end."""
    started = []

    def start(name, *words):
        path = tmp_path / name
        process = subprocess.Popen(
            [sys.executable, "-m", "edgeguard", "bridge", "simulate", "--pty", str(path), "--device", name, *words],
            stdout=subprocess.DEVNULL,
        )
        started.append(process)
        eventually(path.exists, 20)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def run(tmp_path, mosquitto_for, listen):
    """Starts the device on serial ports in the test's folder; it, and what the broker gets of it."""
    broker = mosquitto_for().start()
    ears = listen(broker.port, "edgeguard/v1/ward/d1/#")
    devices = []

    def start(*names, speed):
        (tmp_path / "device.toml").write_text(
            "[telemetry]\ninterval_s = 0.5\n[alarms]\nclear_windows = 1\ndrift_windows = 0\nmax_per_hour = 1000\n"
        )
        sources = [word for name in names for word in ("--source", f"{name}=serial:{tmp_path / name}")]
        words = [
            "--config",
            "device.toml",
            "--speed",
            speed,
            "--broker",
            broker.url,
            "--device",
            "d1",
            "--fleet",
            "ward",
        ]
        devices.append(Device(tmp_path, BUNDLE, *sources, *words, "--quiet"))
        return devices[-1], Heard(ears)

    yield start
    for device in devices:
        print(*device.err, sep="\n")  # shown where a test fails
        device.kill()
    broker.kill()


class Heard:
    """What the broker got of a device."""

    def __init__(self, ears):
        self._ears = ears

    def summaries(self, source):
        found = [decode(payload, Summary) for payload in self._ears.payloads("telemetry")]
        return [summary for summary in found if summary.source == source]

    def windows(self, source):
        return sum(summary.tally.windows for summary in self.summaries(source))

    def faults(self, source):
        return sum((Counter(summary.tally.faults) for summary in self.summaries(source)), Counter())

    def gaps(self, source):
        return sum(summary.tally.gaps for summary in self.summaries(source))

    def batteries(self, source):
        return {summary.battery for summary in self.summaries(source)} - {None}

    def alerts(self):
        found = [decode(payload, Alert) for payload in self._ears.payloads("alert")]
        return [alert for alert in found if alert.raised]


def alarms(verdicts):
    return [verdict.start for verdict in verdicts if verdict.alarm]


def test_the_attack_is_one(crafted):
    assert len(alarms(crafted.attacked)) > 1
    assert alarms(crafted.clean) == alarms(crafted.noisy) == []


def test_an_attacked_stretch_raises_the_alarm_at_the_broker_and_nothing_else_does(crafted, simulate, run):
    fast = ("--source", SIGNAL, "--speed", "max")  # as it is read: however slow this machine is, nothing is lost
    stretch = ("--attack-from", str(BEGIN_S), "--attack-to", str(END_S))
    simulate("attacked", *fast, "--attack", str(crafted.path), *stretch, "--battery", "60")
    simulate("calm", *fast)
    device, heard = run("attacked", "calm", speed="max")
    eventually(lambda: min(map(heard.windows, ("attacked", "calm"))) >= len(crafted.clean), 30)
    assert device.stop() == 0
    foretold = alarms(crafted.attacked)
    eventually(lambda: len(heard.alerts()) >= len(foretold))
    assert {alert.source for alert in heard.alerts()} == {"attacked"}
    starts = [alert.window_start for alert in heard.alerts()]
    assert starts in (foretold, [1 + start for start in foretold])  # a start leaves one number out
    assert (heard.batteries("attacked"), heard.batteries("calm")) == ({0.6}, {1.0})
    assert (heard.gaps("calm"), heard.faults("calm")) == (0, {"link lost": 1})  # where the signal ends


def test_a_port_that_vanishes_is_found_again_under_its_name(simulate, run, tmp_path):
    first = simulate("chest", "--source", "synthetic:seed=0", "--speed", "20", "--damage", "0.002")
    device, heard = run("chest", speed="20")
    eventually(lambda: heard.windows("chest") > 10, 30)
    first.kill()
    first.wait()
    (tmp_path / "chest").unlink()  # as the system does with a port that is pulled out
    simulate("chest", "--source", "synthetic:seed=1", "--speed", "20")
    eventually(lambda: heard.faults("chest")["wearable restarted"], 30)
    before = heard.windows("chest")
    eventually(lambda: heard.windows("chest") > before + 10, 30)
    assert device.stop() == 0
    faults = heard.faults("chest")
    assert min(faults[kind] for kind in ("link lost", "wearable restarted", "CRC error")) >= 1, faults
    assert heard.gaps("chest") > 1
