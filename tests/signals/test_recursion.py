from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import bessel, butter, lfilter

from edgeguard.signals import recursion
from edgeguard.signals.filter_design import bessel_lowpass
from edgeguard.signals.recursion import Recursion

FILTERS = [bessel(2, 6, fs=100), butter(2, [8, 20], "bandpass", fs=100), butter(3, 10, fs=100), ([2.0], [4.0])]


@pytest.mark.parametrize("coefficients", FILTERS, ids=["bessel", "bandpass", "odd", "gain"])
def test_any_chunks_give_what_scipy_gives(coefficients, monkeypatch):
    values = np.random.default_rng(0).normal(size=500)
    made = Recursion(*coefficients)
    plain = np.concatenate([made.of(part) for part in np.split(values, [1, 7, 7, 300])])
    np.testing.assert_allclose(plain, lfilter(*coefficients, values), rtol=0, atol=1e-12)
    monkeypatch.setattr(recursion, "_MANY", 0)
    made = Recursion(*coefficients)
    np.testing.assert_allclose(np.concatenate([made.of(values[:90]), made.of(values[90:])]), plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("hz", "rate_hz"), [(6.0, 100.0), (4.8, 360.0), (7.2, 1000.0)])
def test_bessel_is_that_of_scipy(hz, rate_hz):
    for ours, scipys in zip(bessel_lowpass(hz, rate_hz), bessel(2, hz, fs=rate_hz, norm="mag"), strict=True):
        np.testing.assert_allclose(ours, scipys, rtol=1e-10)
