from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from edgeguard.device.sources import open_source
from edgeguard.errors import ConfigError, SourceError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge.recording import RecordingWriter, read_recording
from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from firmware_bridge.simulator.plugged import simple_hello
from tests.feeds import feed_of, samples_of
from tests.firmware_bridge.recorded import bytes_of, heard_of, recorded

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=250, hop=250, rate_hz=250.0)


def played(path, options="", signal=SIGNAL, limit=None):
    return samples_of(open_source(f"{path}{options}", speed=math.inf), signal, limit)


def refused(path, message, signal=SIGNAL):
    with pytest.raises(SourceError, match=message) as caught:
        played(path, signal=signal)
    assert "\n" not in str(caught.value)


def test_samples_are_those_of_the_wearable_in_the_models_unit(tmp_path):
    path = recorded(tmp_path / "a.egb", 10.0)
    values = np.concatenate([one.values for one in played(path)], axis=1)
    expected = np.rint(1000 * np.sin(2 * np.pi * np.arange(values.shape[1]) / 250)) / 1000
    np.testing.assert_allclose(values[0], expected, atol=1e-6)
    assert values.shape[1] == pytest.approx(2500, abs=25)


def test_named_or_bare_it_is_a_recording_of_the_wearables_rate(tmp_path):
    path = recorded(tmp_path / "a.egb")
    for spec in (path, f"replay:{path}", f"replay:{path},channels=0"):
        feed = feed_of(open_source(str(spec), speed=math.inf), SIGNAL)
        assert (feed.rate_hz, feed.live) == (250.0, False)


def test_gaps_stay_gaps(tmp_path):
    path = recorded(tmp_path / "a.egb", 20.0, wire=NoisyWire(4, Noise(damage=0.001)))
    chunks = played(path)
    starts = np.array([one.start for one in chunks])
    ends = starts + [one.values.shape[1] for one in chunks]
    counts = heard_of(bytes_of(path))[0].counts
    assert (starts[1:] - ends[:-1]).sum() == counts.missing > 0
    assert (starts[1:] > ends[:-1]).sum() == counts.gaps


def test_damage_is_counted(tmp_path):
    source = open_source(
        str(recorded(tmp_path / "a.egb", 20.0, wire=NoisyWire(4, Noise(damage=0.001)))), speed=math.inf
    )
    samples_of(source, SIGNAL)
    assert feed_of(source, SIGNAL).faults["CRC error"] > 0


def test_start_and_loop(tmp_path):
    path = recorded(tmp_path / "a.egb", 10.0)
    whole = played(path)
    end = whole[-1].start + whole[-1].values.shape[1]
    chunks = played(path, ",start=6,loop=true", limit=3)
    assert (chunks[0].start, chunks[1].start) == (1500, end + 1)
    np.testing.assert_array_equal(chunks[1].values[:, :100], whole[0].values[:, :100])


def test_a_restart_is_a_gap(tmp_path):
    chunks = played(recorded(tmp_path / "a.egb", 6.0, restart_s=3.0))
    assert len(chunks) == 2
    assert chunks[1].start > chunks[0].start + chunks[0].values.shape[1]


def test_what_is_cut_off_is_left_out(tmp_path):
    path = recorded(tmp_path / "a.egb")
    path.write_bytes(path.read_bytes()[:-7])
    assert len(played(path)) > 0
    assert sum(1 for _ in read_recording(path)) > 0


def test_another_file_and_one_without_a_hello_are_refused(tmp_path):
    (tmp_path / "a.egb").write_text("0,1.5\n")
    refused(tmp_path / "a.egb", "is no recording of a wearable's link")
    with RecordingWriter(tmp_path / "b.egb", "tcp:h:1") as writer:
        writer.write(0.0, b"rubbish")
    refused(tmp_path / "b.egb", "holds no samples that a hello describes")
    refused(tmp_path / "c.egb", "there is no recording at")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": ("II",)}, "has no channel 'II'"),
        ({"units": "K"}, "is in 'uV', not in the model's 'K'"),
        ({"rate_hz": None}, "the model takes windows without a rate"),
    ],
)
def test_a_model_that_it_does_not_fit_is_told(tmp_path, change, message):
    refused(recorded(tmp_path / "a.egb"), message, msgspec.structs.replace(SIGNAL, **change))


def test_a_recording_that_changes_its_rate_is_refused_there(tmp_path):
    slow = bytes_of(recorded(tmp_path / "slow.egb", hello=simple_hello(rate_hz=100.0), seed=9))
    with RecordingWriter(tmp_path / "b.egb", "tcp:h:1") as writer:
        writer.write(0.0, bytes_of(recorded(tmp_path / "a.egb")))
        writer.write(9.0, slow)
    refused(tmp_path / "b.egb", "goes on with sim-1 at 100 Hz, but began with sim-1 at 250 Hz: cut it there")


def test_an_option_that_is_none_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="speed"):
        played(recorded(tmp_path / "a.egb"), ",speed=3")
