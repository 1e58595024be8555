from __future__ import annotations

import asyncio
import socket
import threading

import numpy as np
import pytest

from edgeguard.bundle import signature
from edgeguard.bundle.manifest import Agreement, Disagreement
from edgeguard.device import check as checking
from edgeguard.device.config import Alarms, BundleConfig, DeviceConfig, EngineConfig, SourceConfig
from edgeguard.device.samples import Feed, Samples
from edgeguard.errors import LinkError, SourceError
from edgeguard.exits.drift import LEVELS
from edgeguard.signals.spec import SignalSpec
from tests.tiny_model import write_tiny_bundle

RULE = Disagreement(
    score="confusion",
    threshold=0.5,
    false_alarm_rate=0.01,
    calibration_windows=99,
    clean_quantiles=tuple(LEVELS),
)


@pytest.fixture
def found(tmp_path):
    """What is found, by what was tried, with a bundle and a recording in the folder unless told otherwise."""
    recorded = np.zeros((2, 5000), dtype=np.float32)
    np.savez(tmp_path / "ecg.npz", signal=recorded, rate_hz=100.0)
    np.savez(tmp_path / "fast.npz", signal=recorded, rate_hz=360.0)
    (tmp_path / "named.csv").write_text("I,II\n" + "0,0\n" * 50)

    def check(*, sources=("ecg.npz",), keys=(), facts=None, key=None, path="tiny.zip", **tables):
        write_tiny_bundle(tmp_path / "tiny.zip", key, **(facts or {}))
        named = tuple(SourceConfig(name=f"s{k}", spec=f"replay:{tmp_path / spec}") for k, spec in enumerate(sources))
        bundle = BundleConfig(path=path and str(tmp_path / path), trusted_keys=tuple(map(str, keys)))
        config = DeviceConfig(**{"bundle": bundle, "source": named, **tables})
        return {finding.about: (finding.kind, finding.text) for finding in checking.check(config)}

    return check


def test_all_is_well_and_explained(found):
    answers = found(facts={"disagreement": RULE})
    assert {kind for kind, _ in answers.values()} == {"ok", "note"}
    assert [about for about, (kind, _) in answers.items() if kind == "note"] == ["signature", "broker"]
    assert answers["bundle"][1].startswith("tiny 1.0.0, whole, sha256 ")
    assert answers["self-test"][1].startswith("golden windows within ")
    assert answers["policy"] == ("ok", "all, of 3 stages")
    assert answers["alarm"] == ("ok", "confusion over 0.5, on at most 1.00% of clean windows")
    assert answers["calibration"] == ("ok", "for this preprocessing in float32")
    assert answers["drift alarm"] == ("ok", "a false one in 100000 clean windows")
    assert answers["source s0"] == ("ok", "recorded, I+II in mV at 100 Hz; samples come")


def test_a_bundle_of_the_first_format_serves_and_is_told_of(found):
    answers = found(facts={"disagreement": RULE, "format": 1})
    assert "wrong" not in {kind for kind, _ in answers.values()}
    assert answers["calibration"][0] == "note"
    assert "of an earlier format, does not say for which preprocessing" in answers["calibration"][1]


def test_conversion_of_the_rate_is_told(found):
    text = "recorded, I+II in mV at 100 Hz, resampled from 360 Hz by 5/18; samples come"
    assert found(sources=["fast.npz"])["source s0"] == ("ok", text)


def test_bundle_that_cannot_be_used_leaves_the_rest_checked(found, tmp_path):
    answers = found(path="other.zip")
    assert answers["bundle"][0] == "wrong"
    assert "there is no bundle at" in answers["bundle"][1]
    assert {"broker", "clock"} <= answers.keys()
    assert found(path=None)["bundle"][0] == "wrong"


def test_signature_by_a_trusted_key(found, tmp_path):
    for name in ("ours", "theirs"):
        signature.make_key_pair(tmp_path / f"{name}.key", tmp_path / f"{name}.pub")
    key = signature.load_private_key(tmp_path / "ours.key")
    assert found(key=key, keys=[tmp_path / "ours.pub"])["signature"][1].startswith("by the trusted key ")
    assert found(key=key)["signature"][0] == "note"
    assert found(key=key, keys=[tmp_path / "theirs.pub"])["bundle"][0] == "wrong"


def test_policy_that_the_bundle_was_not_calibrated_for(found):
    kind, text = found(engine=EngineConfig(policy="agree"))["model"]
    assert (kind, "was not calibrated for the policy 'agree'" in text) == ("wrong", True)


def test_policy_agree_tells_what_it_saves(found):
    agreement = Agreement(confidence=0.9, accuracy_loss=0.01, stages=(0.0, 0.5, 0.5), disagreement=RULE)
    answers = found(facts={"agreement": agreement}, engine=EngineConfig(policy="agree"))
    assert answers["policy"] == ("ok", "agree, of 3 stages; 2.5 on clean windows")


@pytest.mark.parametrize(("windows", "reason"), [(0, "alarms.drift_windows is 0"), (9, "export it again")])
def test_drift_alarm_that_is_off(found, windows, reason):
    kind, text = found(alarms=Alarms(drift_windows=windows))["drift alarm"]
    assert (kind, text.endswith(reason)) == ("note", True)


def test_bundle_that_fits_no_source(found):
    signal = SignalSpec(channels=("V5", "I"), units="mV", window=20, hop=10, rate_hz=100.0)
    answers = found(sources=["named.csv", "missing.csv"], facts={"signal": signal})
    assert answers["sources"] == ("wrong", "none gives what tiny takes: V5+I in mV at 100 Hz")
    assert "has no channel 'V5' (there are: I, II)" in answers["source s0"][1]
    assert "there is no recording at" in answers["source s1"][1]


def test_sources_that_are_wrong_beside_one_that_fits(found):
    answers = found(sources=["named.csv", "missing.csv"])
    assert ([answers[f"source s{k}"][0] for k in range(2)], "sources" in answers) == (["ok", "wrong"], False)


def test_no_source_at_all_is_wrong(found):
    assert found(sources=[])["source"][0] == "wrong"


HEADER = b'{"rate_hz": 360, "channels": ["V1", "I", "II"], "units": ["mV", "uV", "mV"]}\n'


@pytest.mark.parametrize(
    ("sent", "kind", "text"),
    [
        (HEADER + b"0,1,2,3\n", "ok", "live, I+II in mV at 100 Hz, resampled from 360 Hz by 5/18; samples come"),
        (HEADER.replace(b"II", b"V2") + b"0,1,2,3\n", "wrong", "tcp://127.0.0.1:"),
        (b"hello\n", "note", ""),
    ],
)
def test_lines_from_another_program(found, sent, kind, text):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=send_once, args=(server, sent))
        thread.start()
        spec = f"lines:tcp://127.0.0.1:{server.getsockname()[1]}"
        answer = found(source=(SourceConfig(name="s0", spec=spec),))["source s0"]
        thread.join()
    assert (answer[0], answer[1][: len(text)]) == (kind, text)


def send_once(server, sent):
    link, _ = server.accept()
    with link:
        link.sendall(sent)


class Wearable:
    """A live source whose samples come, do not come, end at once, or whose link is down."""

    closed = 0

    def __init__(self, how):
        self.how = how

    async def open(self, signal):
        if self.how == "down":
            raise LinkError("/dev/ttyACM0 is not there: plug it in")
        if self.how == "misfit":
            raise LinkError("it has no channel 'I'") from SourceError("it has no channel 'I'")
        return Feed(100.0 if self.how != "odd rate" else 99.1234567, self.samples(), live=True)

    async def samples(self):
        if self.how == "silent":
            await asyncio.sleep(60)
        if self.how == "broken":
            raise SourceError("it sends what cannot be used")
        if self.how == "ends":
            return
        yield Samples(0, np.zeros((2, 5), dtype=np.float32))

    async def close(self):
        Wearable.closed += 1


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("sends", "ok", "live, I+II in mV at 100 Hz; samples come"),
        ("silent", "note", "nothing came within 0.05 s; the device goes on waiting"),
        ("ends", "note", "live, I+II in mV at 100 Hz; it ended without a sample"),
        ("down", "note", "/dev/ttyACM0 is not there: plug it in; the device tries again and again"),
        ("misfit", "wrong", "it has no channel 'I'"),
        ("broken", "wrong", "it sends what cannot be used"),
        ("odd rate", "wrong", "99.1234567 Hz cannot be resampled to 100 Hz"),
    ],
)
def test_live_source_is_opened_for_a_moment(found, monkeypatch, how, kind, text):
    monkeypatch.setattr(checking, "open_source", lambda _spec, speed: Wearable(how))
    monkeypatch.setattr(checking, "_FIRST_SAMPLE_S", 0.05)
    closed = Wearable.closed
    found_kind, found_text = found()["source s0"]
    assert (found_kind, found_text[: len(text)]) == (kind, text)
    assert Wearable.closed == closed + 1
