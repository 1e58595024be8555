from __future__ import annotations

import math

import numpy as np
import pytest

from edgeguard.device.sources import SOURCES, open_source, speed_from
from edgeguard.device.sources.replay import ReplaySource
from edgeguard.device.sources.synthetic import SyntheticSource
from edgeguard.errors import ConfigError, SourceError


@pytest.mark.parametrize("name", SOURCES.names())
def test_every_source_has_the_faces_of_a_source(name):
    assert callable(SOURCES.load(name).samples)
    assert callable(SOURCES.load(name).close)


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
        ("missing.npz", SourceError, r"there is no recording at missing\.npz: check the path"),
        ("folder/100", SourceError, "there is no recording at folder/100: check the path"),
    ],
)
def test_unknown_source_is_one_line(text, kind, message):
    with pytest.raises(kind, match=message):
        open_source(text)


def test_speed_in_words():
    assert (speed_from("max"), speed_from("2.5")) == (math.inf, 2.5)


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan"])
def test_wrong_speed_is_one_line(text):
    with pytest.raises(ConfigError, match=f"speed '{text}' is not a positive number"):
        speed_from(text)
