from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import butter, iirnotch, sosfreqz, tf2sos

from edgeguard.signals.filter_design import sections
from edgeguard.signals.spec import FilterSpec


def response(sos, rate_hz):
    return sosfreqz(sos, np.linspace(0, rate_hz / 2, 1000), fs=rate_hz)[1]


@pytest.mark.parametrize("order", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "hz"),
    [("bandpass", (0.5, 40.0)), ("bandpass", (0.1, 120.0)), ("bandpass", (5.0, 15.0))]
    + [(kind, (hz,)) for kind in ("highpass", "lowpass") for hz in (0.5, 40.0, 90.0)],
)
def test_butterworth_filters_are_scipys(kind, hz, order):
    expected = butter(order, hz if len(hz) > 1 else hz[0], kind, fs=360, output="sos")
    found = sections((FilterSpec(kind=kind, hz=hz, order=order),), 360.0)
    assert found.shape == expected.shape
    np.testing.assert_allclose(response(found, 360), response(expected, 360), atol=1e-7)


@pytest.mark.parametrize(("hz", "quality"), [(50.0, 30.0), (60.0, 5.0), (89.9, 100.0)])
def test_the_notch_is_scipys(hz, quality):
    found = sections((FilterSpec(kind="notch", hz=(hz,), quality=quality),), 180.0)
    np.testing.assert_allclose(found, tf2sos(*iirnotch(hz, quality, fs=180)), atol=1e-12)


def test_filters_come_one_after_the_other():
    both = (FilterSpec(kind="highpass", hz=(0.5,)), FilterSpec(kind="notch", hz=(50.0,)))
    apart = [sections((spec,), 250.0) for spec in both]
    np.testing.assert_array_equal(sections(both, 250.0), np.concatenate(apart))
    assert sections((), 250.0).shape == (0, 6)


def test_the_device_need_not_import_scipy_signal():
    code = "import sys, edgeguard.device.stream; sys.exit('scipy.signal' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
