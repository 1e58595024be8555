from __future__ import annotations

import dataclasses
import time

import neurokit2
import numpy as np
import pytest

from edgeguard.signals.synthetic import MORPHOLOGIES, draw_wearer, synthesize


def quiet(wearer):
    """The same heart on a perfect electrode."""
    levels = dataclasses.replace(wearer.noise, white_mv=0, muscle_mv=0, wander_mv=0, mains_mv=0)
    return dataclasses.replace(wearer, noise=levels)


def average_beat(kind, rate_hz=500):
    """Mean of many beats of one kind, from 0.3 s before to 0.5 s after the R peak, and the time axis."""
    share = 0.0 if kind == "normal" else 1.0
    ecg = synthesize(quiet(draw_wearer(5)), rate_hz=rate_hz, seconds=90, seed=0, abnormal_share=share, kinds=[kind])
    around = np.arange(int(-0.3 * rate_hz), int(0.5 * rate_hz))
    at = ecg.r_peaks[ecg.morphology == MORPHOLOGIES.index(kind)]
    at = at[(at > 200) & (at < len(ecg.signal_mv) - 300)]
    return around / rate_hz, ecg.signal_mv[at[:, None] + around].mean(axis=0)


def qrs_width_s(kind):
    times, beat = average_beat(kind)
    return np.ptp(times[(beat > beat.max() / 4) & (np.abs(times) < 0.15)])


def level_mv(kind, begin_s, end_s):
    times, beat = average_beat(kind)
    return beat[(times > begin_s) & (times < end_s)].mean() - np.median(beat[times < -0.25])


def test_same_seed_same_samples_and_another_seed_others():
    first, again, other = (synthesize(draw_wearer(1), rate_hz=250, seconds=5, seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.signal_mv, again.signal_mv)
    assert not np.array_equal(first.signal_mv, other.signal_mv)


def test_length_rate_and_amplitude_are_those_of_an_ecg():
    for seed in range(10):
        ecg = synthesize(draw_wearer(seed), rate_hz=250, seconds=20, seed=seed, abnormal_share=0)
        inside = ecg.r_peaks[(ecg.r_peaks > 5) & (ecg.r_peaks < 4990)]
        assert ecg.signal_mv.shape == (5000,)
        assert 0.5 < np.median(ecg.signal_mv[inside]) < 2.0
        assert 45 < 60 * 250 / np.diff(inside).mean() < 105


def test_a_detector_that_is_not_ours_finds_the_beats_where_we_say_they_are():
    ecg = synthesize(draw_wearer(2), rate_hz=250, seconds=40, seed=2, abnormal_share=0)
    found = neurokit2.ecg_findpeaks(ecg.signal_mv.astype(float), sampling_rate=250)["ECG_R_Peaks"]
    inside = ecg.r_peaks[(ecg.r_peaks > 250) & (ecg.r_peaks < 39 * 250)]
    nearest = np.abs(found[:, None] - inside).min(axis=0)
    assert (nearest <= 5).mean() > 0.97  # 20 ms


def test_pvc_is_early_and_followed_by_a_compensatory_pause():
    ecg = synthesize(draw_wearer(3), rate_hz=250, seconds=120, seed=0, abnormal_share=1, kinds=["pvc"])
    at = np.flatnonzero(ecg.morphology == MORPHOLOGIES.index("pvc"))
    before, after = np.diff(ecg.r_peaks)[at - 1], np.diff(ecg.r_peaks)[at]
    assert (before < 0.8 * after).all()
    assert (before + after).mean() / 2 == pytest.approx(np.diff(ecg.r_peaks).mean(), rel=0.03)


@pytest.mark.parametrize("kind", ["pvc", "bbb"])
def test_ventricular_beats_are_wide_with_an_inverted_t(kind):
    assert qrs_width_s(kind) > 1.5 * qrs_width_s("normal")  # mild episodes included
    assert level_mv(kind, 0.2, 0.3) < -0.03 < 0.1 < level_mv("normal", 0.2, 0.3)


@pytest.mark.parametrize("kind", ["normal", "bbb", "st_elevation"])
def test_beats_of_the_sinus_node_have_a_p_wave(kind):
    assert level_mv(kind, -0.2, -0.15) > 0.03


def test_st_segment_is_lifted_and_the_qrs_kept():
    assert level_mv("st_elevation", 0.09, 0.12) > level_mv("normal", 0.09, 0.12) + 0.05
    assert qrs_width_s("st_elevation") == pytest.approx(qrs_width_s("normal"), rel=0.15)


def test_abnormal_beats_come_in_episodes_of_one_kind():
    ecg = synthesize(draw_wearer(4), rate_hz=128, seconds=1200, seed=4)
    assert set(np.unique(ecg.morphology)) == set(range(len(MORPHOLOGIES)))
    block = ecg.morphology == MORPHOLOGIES.index("bbb")
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], block, [0]]))))[::2]
    assert runs.min() >= 8


def test_women_and_men_differ_as_stated():
    wearers = [draw_wearer(seed) for seed in range(400)]
    rate = {sex: np.mean([w.heart_rate_bpm for w in wearers if w.sex == sex]) for sex in ("female", "male")}
    old, young = ([w.heart_rate_std_bpm for w in wearers if w.age_band == band] for band in ("65+", "18-39"))
    assert 2 < rate["female"] - rate["male"] < 6
    assert np.mean(old) < 0.6 * np.mean(young)


def test_ten_minutes_take_well_under_a_second():
    begun = time.process_time()
    synthesize(draw_wearer(0), rate_hz=250, seconds=600, seed=0)
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize("wrong", [{"rate_hz": 100}, {"seconds": 0}, {"abnormal_share": 1.5}])
def test_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="out of range"):
        synthesize(draw_wearer(0), **{"rate_hz": 250, "seconds": 5, "seed": 0, **wrong})
