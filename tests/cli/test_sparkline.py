from __future__ import annotations

import numpy as np
import pytest

from edgeguard.cli.sparkline import sparkline

RISING = np.arange(8, dtype=np.float32)
NONE = np.full(100, np.nan, dtype=np.float32)


def test_a_ramp_rises_from_the_bottom_to_the_top():
    assert sparkline(RISING, 4, 2, braille=True) == ["⠀⠀⡠⠊", "⡠⠊⠀⠀"]
    assert sparkline(RISING, 8, 3, braille=False) == ["     _-'", "   _|   ", "_-'     "]


def test_a_spike_is_shown_however_narrow_it_is():
    signal = np.zeros(10_000, dtype=np.float32)
    signal[5001] = 1
    (line,) = sparkline(signal, 10, 1, braille=True)
    assert [column for column, cell in enumerate(line) if cell != "⣀"] == [5]


@pytest.mark.parametrize("braille", [True, False])
def test_what_is_missing_is_blank(braille):
    signal = np.sin(np.arange(400, dtype=np.float32) / 10)
    signal[100:200] = np.nan
    blank = "⠀" if braille else " "
    rows = sparkline(signal, 8, 4, braille=braille)
    assert all(row[2:4] == blank * 2 for row in rows)
    assert all(any(row[column] != blank for row in rows) for column in (0, 1, 4, 5, 6, 7))
    assert sparkline(NONE, 3, 2, braille=braille) == [blank * 3] * 2


def test_a_constant_lies_in_the_middle_and_ends_of_the_range_count():
    assert sparkline(np.ones(50, dtype=np.float32), 3, 3, braille=False) == ["   ", "---", "   "]
    signal = np.array([np.inf, 1, 2, -np.inf], dtype=np.float32)
    assert sparkline(signal, 4, 1, braille=False)[0].strip(" ")


@pytest.mark.parametrize("samples", [1, 3])
def test_fewer_samples_than_columns_are_stretched(samples):
    (line,) = sparkline(np.ones(samples, dtype=np.float32), 10, 1, braille=False)
    assert line == "-" * 10
