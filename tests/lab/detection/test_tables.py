from __future__ import annotations

from edgeguard.lab.detection.plot import found_bars
from edgeguard.lab.detection.tables import (
    auroc_table,
    clean_table,
    detection_tables,
    found_table,
    harm_table,
    wait_table,
)
from tests.lab.detection.small_study import small_study


def test_clean_windows_first_with_what_thresholds_rest_on():
    shown = clean_table(small_study(0.5))
    assert shown.rows[0] == ("confusion", "2.0 %", "1,080", "0.5")
    assert shown.notes[-1] == "mahalanobis is left out: it has no features."
    assert "99 clean calibration windows" in shown.notes[0]
    assert "108,000 windows (a window every 0.8 s)" in shown.notes[2]


def test_the_worst_attack_of_each_detector_stands_below():
    shown = found_table(small_study(0.4), "0.1", "0.01")
    assert shown.header == ("attack", "confusion", "max softmax")
    assert shown.rows == (
        ("pgd", "40 %", "40 %"),
        ("quiet: confusion", "0 %", "40 %"),
        ("the worst for it", "0 %", "40 %"),
        ("which is", "quiet: confusion", "pgd"),
    )


def test_several_seeds_are_mean_and_spread():
    assert found_table(small_study(0.4, 0.6), "0.1", "0.01").rows[0] == ("pgd", "50 ± 14 %", "50 ± 14 %")


def test_an_attack_that_does_no_harm_has_a_dash_and_is_nobodys_worst():
    shown = harm_table(small_study(0.4), "0.1")
    assert shown.rows[0] == ("pgd", "0", "–", "–")
    assert shown.rows[1] == ("quiet: confusion", "2", "0 %", "50 %")
    assert shown.rows[3] == ("which is", "", "quiet: confusion", "quiet: confusion")


def test_waits_are_median_and_ninety_percent_and_how_many_never_end():
    assert wait_table(small_study(0.4, 0.6), "0.1", "drift").rows[0][1] == "3 / – / 25 %"


def test_every_table_of_a_study_is_as_wide_as_its_header():
    study = small_study(0.4, 0.6)
    for shown in (*detection_tables(study), auroc_table(study, "0.1")):
        assert {len(row) for row in shown.rows} == {len(shown.header)}


def test_the_picture_is_a_png_and_the_same_again():
    study = small_study(0.4, 0.6)
    assert found_bars(study, "0.1").startswith(b"\x89PNG")
    assert found_bars(study, "0.1") == found_bars(study, "0.1")
