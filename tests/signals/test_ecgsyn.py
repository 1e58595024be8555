from __future__ import annotations

import neurokit2
import numpy as np
import pytest
from neurokit2.ecg.ecg_simulate import _ecg_simulate_derivsecgsyn as reference_derivative
from scipy.integrate import solve_ivp
from scipy.signal import welch

from edgeguard.signals.ecgsyn import WAVES, Waves, sinus_times_s, solve

ANGLE = np.deg2rad([-70, -15, 0, 15, 100])
WIDTH = np.array([0.25, 0.1, 0.1, 0.1, 0.4])
PQRST = [WAVES.index(name) for name in ("P", "Q", "R", "S", "T")]


def waves_of(beats, height):
    columns = {name: np.zeros((beats, len(WAVES))) for name in ("angle_rad", "height_mv")}
    columns["width_rad"] = np.ones((beats, len(WAVES)))
    for name, values in (("angle_rad", ANGLE), ("width_rad", WIDTH), ("height_mv", height)):
        columns[name][:, PQRST] = values
    return Waves(**columns)


def test_irregular_rhythm_is_what_a_solver_of_the_reference_derivative_gives():
    rate_hz, height = 500, np.array([0.1, -0.1, 1.1, -0.2, 0.3])
    rr = np.array([0.9, 0.86, 0.8, 0.84, 0.6, 1.2])
    interval_at = np.repeat(rr, np.rint(rr * rate_hz).astype(int))
    times = np.arange(int(4.5 * rate_hz)) / rate_hz

    def derivative(t, state):  # the reference takes one a and b for all time: we hand it those of this interval
        here = interval_at[int(t * rate_hz)]
        stretch, speed = np.sqrt(1 / here), 2 * np.pi / here
        width, angle = WIDTH * stretch, ANGLE * stretch ** np.array([0.5, 1, 1, 1, 0.5])
        return reference_derivative(t, state, interval_at, angle, rate_hz, height / width**2 * speed, width)

    expected = solve_ivp(derivative, (0, times[-1]), [1, 0, 0], t_eval=times, max_step=2 / rate_hz, rtol=1e-6).y[2]
    r_times = np.concatenate([[0], np.cumsum(rr)])
    z = solve(r_times, waves_of(len(r_times), height), times, 0.005 * np.sin(2 * np.pi * 0.25 * times))
    assert np.ptp(z[rate_hz:]) > 1.0
    np.testing.assert_allclose(z, expected, atol=0.005)  # mV, of 1.1


def test_steady_rhythm_is_the_signal_that_neurokit_simulates():
    rate_hz, rr = 250, 60 / 70
    expected = neurokit2.ecg_simulate(duration=8, sampling_rate=rate_hz, noise=0, heart_rate=70, heart_rate_std=0)
    times, r_times = np.arange(8 * rate_hz) / rate_hz, np.arange(11) * rr
    height = np.array([1.2, -5, 30, -7.5, 0.75]) * (WIDTH * np.sqrt(1 / rr)) ** 2 * rr / (2 * np.pi)
    z = solve(r_times, waves_of(11, height), times, 0.005 * np.sin(2 * np.pi * 0.25 * times))
    late = slice(4 * rate_hz, None)  # the two start at different heights, forgotten within seconds
    scaled = [(signal[late] - signal[late].min()) / np.ptp(signal[late]) for signal in (z, expected)]
    difference = np.abs(scaled[0] - scaled[1])
    assert difference.mean() < 0.01
    assert difference.max() < 0.05  # on the steep QRS: at its tolerance of 1e-3 the phase is off by a millisecond or so


def test_height_does_not_depend_on_the_heart_rate():
    times = np.arange(0, 8, 0.002)
    peaks = []
    for rr in (0.5, 1.0, 1.5):
        r_times = np.arange(0, 12, rr)
        waves = waves_of(len(r_times), np.array([0, 0, 1.0, 0, 0]))
        peaks.append(np.ptp(solve(r_times, waves, times, np.zeros_like(times))[2000:]))
    np.testing.assert_allclose(peaks, 1.0, atol=0.05)  # the relaxation undershoots a little


def test_r_peaks_must_enclose_the_signal():
    with pytest.raises(ValueError, match="enclose"):
        solve(np.array([0.0, 1.0]), waves_of(2, 0), np.arange(0, 2, 0.1), np.zeros(20))


def test_rhythm_has_the_asked_rate_variability_and_spectrum():
    times = sinus_times_s(3000, 70, 2, 0.5, np.random.default_rng(0))
    rr = np.diff(times)
    assert rr.mean() == pytest.approx(60 / 70, rel=0.01)
    assert rr.std() == pytest.approx(60 * 2 / 70**2, rel=0.15)
    tachogram = np.interp(np.arange(0, 2900, 0.25), times[1:], rr)
    frequency, power = welch(tachogram, 4, nperseg=1024)
    low, high = (frequency > 0.05) & (frequency < 0.15), (frequency > 0.2) & (frequency < 0.3)
    assert frequency[low][power[low].argmax()] == pytest.approx(0.1, abs=0.03)
    assert frequency[high][power[high].argmax()] == pytest.approx(0.25, abs=0.03)
    assert 0.4 < power[low].sum() / power[high].sum() < 0.8  # one RR a beat damps the upper peak a little
