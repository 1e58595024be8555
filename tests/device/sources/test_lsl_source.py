from __future__ import annotations

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import open_judge
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.sources import lsl_source, open_source
from edgeguard.errors import ConfigError, LinkError
from edgeguard.signals.spec import SignalSpec
from tests.feeds import feed_of, samples_of, values_of
from tests.lsl_streams import described, streaming
from tests.tiny_model import write_tiny_bundle

EEG = SignalSpec(channels=("Fz", "Cz"), units="uV", window=50, hop=25, rate_hz=250.0)


def regular(n, rate_hz=250.0):
    """The value of a sample is its number, and the second channel's the negative."""
    return [(k / rate_hz, [k, -k], k / rate_hz) for k in range(n)]


@pytest.mark.parametrize("argument", ["one", "name=one", "type=EEG,source_id=id-1,name=one"])
def test_a_stream_is_found_by_what_it_says(argument):
    with streaming(described("one", source_id="id-1"), regular(50)):
        chunks = samples_of(open_source(f"lsl:{argument}"), EEG, limit=1)
    assert chunks[0].start == 0
    np.testing.assert_array_equal(chunks[0].values[:, 0], [0, 0])


def test_the_feed_is_live_at_its_nominal_rate():
    with streaming(described("two", 500.0), []):
        feed = feed_of(open_source("lsl:two"), EEG)
    assert (feed.rate_hz, feed.live) == (500, True)


@pytest.mark.parametrize("kind", ["float32", "double64", "int16", "int32"])
def test_channels_may_be_chosen_and_are_in_the_models_unit(kind):
    signal = SignalSpec(channels=("a", "b"), units="mV", window=5, hop=5, rate_hz=250.0)
    with streaming(described("three", kind=kind), [(0, [1000, 3000], 0)]):
        found = values_of(open_source("lsl:three,channels=Cz+0"), signal, limit=1)
    np.testing.assert_allclose(found[:, 0], [3, 1], rtol=1e-6)


def test_a_loss_is_a_gap_and_a_clock_that_is_set_is_none():
    rate_hz, n = 500.0, 2000
    samples = [(k / rate_hz, [k, -k], k / rate_hz + 100 * (k >= 1700)) for k in range(n) if not 1100 <= k < 1300]

    async def play():
        feed, found = await (source := open_source("lsl:four")).open(EEG), []
        async for chunk in feed.samples:
            index = chunk.start + np.arange(chunk.values.shape[1])
            found += zip(index.tolist(), chunk.values[0].tolist(), strict=True)
            if found[-1][1] >= n - 2:
                break
        await source.close()
        return found, feed.faults

    with streaming(described("four", rate_hz), samples):
        found, faults = asyncio.run(play())
    assert [value for _, value in found] == [values[0] for _, values, _ in samples][: len(found)]
    assert {index - value for index, value in found} == {0}
    assert faults == {"clock jump": 1}


def test_windows_of_a_stream_are_judged(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", signal=EEG)
    with open_judge(bundle, EngineConfig()) as judge, streaming(described("five"), regular(300)):
        pipeline = Pipeline(judge, rate_hz=250.0)
        chunks = samples_of(open_source("lsl:five"), EEG, limit=100)
        verdicts = [verdict for chunk in chunks for verdict in pipeline.step(chunk)]
    assert [verdict.start for verdict in verdicts[:2]] == [0, 25]


def test_a_stream_that_ends_is_a_lost_link_and_goes_on_behind_a_gap(monkeypatch):
    monkeypatch.setattr(lsl_source, "_SILENT_S", 1.0)

    async def play():
        source = open_source("lsl:six")
        with streaming(described("six"), regular(50)):
            feed = await source.open(EEG)
            ends = [chunk.start + chunk.values.shape[1] for chunk in [await anext(feed.samples)]]
        with pytest.raises(LinkError, match=r"lsl:name=six has (ended|sent nothing)"):
            ends.extend([chunk.start + chunk.values.shape[1] async for chunk in feed.samples])
        await source.close()
        with streaming(described("six"), regular(10)):
            after = await anext((await source.open(EEG)).samples)
        await source.close()
        return ends, after.start

    ends, start = asyncio.run(play())
    assert start > ends[-1]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"rate_hz": 0.0}, "has no regular rate, so its samples are no signal"),
        ({"kind": "string"}, r"sends text \(markers\), not a signal"),
        ({"labels": [str(n) for n in range(10_000)]}, "has 10000 channels; up to 1024 can be read"),
        ({"units": ""}, "does not say its unit: add ,units=uV"),
        ({"units": "bpm"}, "is in 'bpm', not in the model's 'uV'"),
        ({"labels": ("Fz", "Pz")}, r"has no channel 'Cz' \(there are: Fz, Pz\)"),
    ],
)
def test_what_does_not_fit_is_a_lost_link(facts, message):
    with streaming(described("seven", **facts), []), pytest.raises(LinkError, match=message):
        feed_of(open_source("lsl:seven"), EEG)


def test_a_stream_that_is_not_there_is_a_lost_link(monkeypatch):
    monkeypatch.setattr("edgeguard.device.sources.lsl_inlet._RESOLVE_S", 0.2)
    with pytest.raises(LinkError, match="lsl:name=nobody is not in the network: does it stream"):
        feed_of(open_source("lsl:nobody"), EEG)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("", "lsl: names no stream: write lsl:NAME, lsl:type=EEG or lsl:source_id=ID"),
        ('a"b', "names no stream"),
        ("a,nam=1", r"lsl: unknown key 'nam' \(did you mean 'name'\?\)"),
    ],
)
def test_a_wrong_option_is_one_line(argument, message):
    with pytest.raises(ConfigError, match=message):
        open_source(f"lsl:{argument}")


def test_missing_library_names_the_extra():
    code = (
        "import sys; sys.modules['pylsl'] = None\n"
        "from edgeguard.device.sources import open_source\n"
        "try: open_source('lsl:a')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "MissingExtra pylsl (or its liblsl) is not installed: run pip install 'edgeguard[boards]'\n"
