from __future__ import annotations

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import open_judge
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.sources import brainflow_source, open_source
from edgeguard.errors import ConfigError, LinkError, SourceError
from edgeguard.signals.spec import SignalSpec
from tests.feeds import feed_of, samples_of, values_of
from tests.tiny_model import write_tiny_bundle

EEG = SignalSpec(channels=("Fz", "Cz"), units="uV", window=50, hop=25, rate_hz=250.0)
ROWS, FZ, CZ, BATTERY, TIME = 32, 1, 3, 29, 30  # of the synthetic board


@pytest.fixture
def recorded(tmp_path):
    """A file of BrainFlow's playback board, ten times faster than its board sent it: a sample's value is its index."""

    def record(indices, numbers=None, suffix=""):
        table = np.zeros((ROWS, len(indices)))
        table[0] = np.asarray(indices) % 256 if numbers is None else numbers
        table[[FZ, CZ]], table[BATTERY] = indices, 80
        table[TIME] = 1e9 + np.arange(len(indices)) / 2500
        np.savetxt(tmp_path / "board.csv", table.T, "%.6f", delimiter="\t")
        return open_source(f"brainflow:playback_file,file={tmp_path}/board.csv,master=synthetic{suffix}")

    return record


def first(source, n):
    """Index and value of the first n samples."""

    async def play():
        feed, found = await source.open(EEG), []
        async for samples in feed.samples:
            found += zip(samples.start + np.arange(samples.values.shape[1]), samples.values[0].tolist(), strict=True)
            if len(found) >= n:
                break
        await source.close()
        return found

    return asyncio.run(play())


@pytest.mark.parametrize("board", ["synthetic", "SYNTHETIC_BOARD", "-1"])
def test_the_synthetic_board_sends_by_name_or_number(board):
    chunks = samples_of(open_source(f"brainflow:{board}"), EEG, limit=3)
    assert chunks[0].start == 0
    assert all(np.isfinite(chunk.values).all() and chunk.values.any() for chunk in chunks)


def test_the_feed_is_live_at_the_boards_rate():
    feed = feed_of(open_source("brainflow:synthetic"), EEG)
    assert (feed.rate_hz, feed.live) == (250, True)


def test_channels_may_be_chosen_and_are_in_the_models_unit(recorded):
    source = recorded(np.arange(100, 400), suffix=",channels=0+Cz")
    signal = SignalSpec(channels=("a", "b"), units="mV", window=5, hop=5, rate_hz=250.0)
    np.testing.assert_allclose(values_of(source, signal, limit=1)[:, 0], [0.1, 0.1], rtol=1e-6)


def test_lost_packets_are_gaps_and_a_counter_that_wraps_is_none(recorded):
    kept = np.delete(np.arange(1500), [*range(700, 710), *range(1020, 1060)])
    assert all(index == value for index, value in first(recorded(kept), len(kept)))


def test_packets_of_several_samples_are_no_gaps(recorded):
    found = first(recorded(np.arange(900), np.arange(900) // 12 % 256), 900)
    assert [index for index, _ in found] == list(range(900))


def test_the_lowest_charge_is_told_once(recorded):
    async def charges():
        feed = await (source := recorded(np.arange(400))).open(EEG)
        async for _ in feed.samples:
            break
        await source.close()
        return feed.battery(), feed.battery()

    assert asyncio.run(charges()) == (pytest.approx(0.8), None)


def test_a_board_that_falls_silent_is_a_lost_link_and_goes_on_behind_a_gap(recorded, monkeypatch):
    monkeypatch.setattr(brainflow_source, "_SILENT_S", 0.3)
    source = recorded(np.arange(300))
    with pytest.raises(LinkError, match=r"brainflow:playback_file has sent nothing for 0\.3 s"):
        samples_of(source, EEG)
    assert first(source, 1)[0][0] > 300


def test_windows_of_the_synthetic_board_are_judged(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", signal=EEG)
    with open_judge(bundle, EngineConfig()) as judge:
        pipeline = Pipeline(judge, rate_hz=250.0)
        chunks = samples_of(open_source("brainflow:synthetic"), EEG, limit=10)
        verdicts = [verdict for chunk in chunks for verdict in pipeline.step(chunk)]
    assert [verdict.start for verdict in verdicts[:2]] == [0, 25]
    assert pipeline.counts.gaps == 0


@pytest.mark.parametrize(
    ("argument", "kind", "message"),
    [
        ("cytn", ConfigError, r"BrainFlow has no board 'cytn' \(did you mean 'cyton'\?\)"),
        ("999", ConfigError, "BrainFlow has no board '999'"),
        ("cyton,prt=1", ConfigError, r"brainflow: unknown key 'prt' \(did you mean 'port'\?\)"),
        ("playback_file,file=x", ConfigError, "plays what another board sent: say which with ,master=BOARD"),
        ("synthetic,channels=Fz+X1", SourceError, r"brainflow:synthetic has no channel 'X1' \(there are: Fz, C3"),
        ("cyton,channels=Fp1+Fp2", SourceError, "its options are not what it needs"),
        ("synthetic,preset=ancillary", SourceError, "not with this preset"),
        ("cyton,channels=Fp1+Fp2,port=/dev/nope", LinkError, r"its port cannot be opened: check port="),
        ("cyton,channels=Fp1+Fp2,port=/dev/null", LinkError, "its port is no serial port"),
    ],
)
def test_what_cannot_be_opened_is_one_line(argument, kind, message, capfd):
    with pytest.raises(kind, match=message) as caught:
        feed_of(open_source(f"brainflow:{argument}"), EEG)
    assert type(caught.value) is kind
    assert capfd.readouterr() == ("", "")


def test_one_board_is_opened_once():
    async def twice():
        one, two = open_source("brainflow:synthetic"), open_source("brainflow:synthetic")
        await one.open(EEG)
        try:
            await two.open(EEG)
        finally:
            await two.close()
            await one.close()

    with pytest.raises(LinkError, match="it is open already: one source a board"):
        asyncio.run(twice())


def test_missing_library_names_the_extra():
    code = (
        "import sys; sys.modules['brainflow'] = None\n"
        "from edgeguard.device.sources import open_source\n"
        "try: open_source('brainflow:synthetic')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "MissingExtra brainflow is not installed: run pip install 'edgeguard[boards]'\n"
