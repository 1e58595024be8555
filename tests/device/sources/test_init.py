from __future__ import annotations

import inspect
import math
from typing import get_type_hints

import numpy as np
import pytest

from edgeguard.device.sources import SOURCES, open_source, sources_from, speed_from
from edgeguard.device.sources.replay import ReplaySource
from edgeguard.device.sources.synthetic import SyntheticSource
from edgeguard.errors import ConfigError, SourceError


@pytest.mark.parametrize("name", SOURCES.names())
def test_every_source_has_the_faces_of_a_source(name):
    made = SOURCES.load(name)
    kind = made if inspect.isclass(made) else get_type_hints(made)["return"]  # a function may choose between classes
    assert inspect.iscoroutinefunction(kind.open)
    assert inspect.iscoroutinefunction(kind.close)


@pytest.mark.parametrize("text", ["synthetic", "synthetic:", "synthetic:seed=3,seconds=60,abnormal=0.1"])
def test_synthetic_by_name(text):
    assert isinstance(open_source(text), SyntheticSource)


@pytest.mark.parametrize("text", ["replay:{}", "{}"])
def test_recording_by_name_or_bare_path(tmp_path, text):
    np.savez(tmp_path / "beats.npz", x=np.zeros((2, 1, 8)))
    assert isinstance(open_source(text.format(tmp_path / "beats.npz")), ReplaySource)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("syntetic:seed=3", ConfigError, r"no source is called 'syntetic' \(did you mean 'synthetic'\?\)"),
        ("replai", ConfigError, r"no source is called 'replai' \(did you mean 'replay'\?\)"),
        ("synthetic:sed=3", ConfigError, r"synthetic: unknown key 'sed' \(did you mean 'seed'\?\)"),
        ("synthetic:seconds=-1", ConfigError, r"synthetic: seconds: expected float > 0"),
        ("synthetic:seconds", ConfigError, "'seconds' is not an assignment"),
        ("lines:udp://h:1", ConfigError, "lines cannot be read from 'udp://h:1': write lines:tcp://HOST:PORT"),
        ("missing.npz", SourceError, r"there is no recording at missing\.npz: check the path"),
        ("folder/100", SourceError, "there is no recording at folder/100: check the path"),
    ],
)
def test_unknown_source_is_one_line(text, kind, message):
    with pytest.raises(kind, match=message):
        open_source(text)


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["synthetic:seed=1", "synthetic"], ["synthetic", "synthetic-2"]),
        (["replay:mitdb/100,channels=V5", "mitdb/101.hea", "b=mitdb/100"], ["100", "101", "b"]),
        (["bed-7=lines:tcp://h:1", "lines:tcp://h:2"], ["bed-7", "lines"]),
        (["serial:/dev/ttyACM0", "serial:/dev/ttyACM1", "arm=ble:Arm"], ["serial", "serial-2", "arm"]),
        (["a=x.npz", "a.npz"], ["a", "a-2"]),
    ],
)
def test_sources_bear_the_names_that_were_given_or_short_ones(texts, names):
    found = sources_from(texts)
    assert [one.name for one in found] == names
    assert all(text in (one.spec, f"{one.name}={one.spec}") for one, text in zip(found, texts, strict=True))


def test_a_name_given_twice_is_one_line():
    with pytest.raises(ConfigError, match="two sources are called 'a': give each a name of its own"):
        sources_from(["a=x.npz", "a=y.npz"])


def test_speed_in_words():
    assert (speed_from("max"), speed_from("2.5")) == (math.inf, 2.5)


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan"])
def test_wrong_speed_is_one_line(text):
    with pytest.raises(ConfigError, match=f"speed '{text}' is not a positive number"):
        speed_from(text)
