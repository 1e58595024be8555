from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from edgeguard.device.sources.simulated import hello_from, leads, wire_names
from edgeguard.errors import ConfigError, SourceError


@dataclass
class FakePlayed:
    channels: tuple[str, ...] = ("ECG",)
    unit: str = "uV"
    rate_hz: float = 250.0

    def __call__(self, n):
        return np.ones((len(self.channels), n), np.float32)


@pytest.mark.parametrize(
    ("unit", "width", "resolution"), [("uV", 2, 1.0), ("uV", 3, 0.01), ("g", 2, 0.001), ("z-score", 3, 0.00001)]
)
def test_a_step_is_small_enough_for_the_unit_and_the_width(unit, width, resolution):
    hello = hello_from(FakePlayed(unit=unit), ("ECG",), device="d", width=width)
    (channel,) = hello.channels
    assert (channel.unit, channel.resolution, hello.rate_mhz) == (unit, pytest.approx(resolution), 250_000)


def test_names_are_made_to_fit_the_wire_and_stay_apart():
    names = ["EEG Fpz-Cz", "EEG Fpz-Oz", "EEG Fpz-Pz", "a+b,c", "", "V\N{DEGREE SIGN}"]
    assert wire_names(names) == ["EEG_Fpz-", "EEG_Fpz2", "EEG_Fpz3", "a_b_c", "_", "V_"]


def test_a_unit_that_the_wire_cannot_spell_is_spelled_otherwise():
    assert hello_from(FakePlayed(unit="\N{DEGREE SIGN}C"), ("T",), device="d").channels[0].unit == "C"
    assert hello_from(FakePlayed(unit=""), ("T",), device="d").channels[0].unit == "NU"


def test_one_channel_becomes_leads_of_falling_amplitude():
    values = leads(FakePlayed(), ("I", "II", "V1"))(2)
    assert values.shape == (3, 2)
    assert (np.diff(values[:, 0]) < 0).all()


def test_channels_that_are_not_there_are_refused():
    with pytest.raises(ConfigError, match=r"the recording has 2 channels \(x, y\), not 3"):
        leads(FakePlayed(channels=("x", "y")), ("a", "b", "c"))


def test_what_no_wearable_can_be_is_refused():
    with pytest.raises(SourceError, match="the device id 'a b' is not"):
        hello_from(FakePlayed(), ("ECG",), device="a b")
