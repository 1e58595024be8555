from __future__ import annotations

from edgeguard.lab.data.stretches import Stretch, labelled_windows


def labels(*stretches, window=10, hop=10, length=40, first=0):
    return dict(labelled_windows(length, [Stretch(*one) for one in stretches], window, hop, first))


def test_windows_that_nothing_touches_are_clean():
    assert labels() == {0: 0, 10: 0, 20: 0, 30: 0}


def test_a_window_with_a_whole_stretch_has_its_label():
    assert labels((12, 18, 1)) == {0: 0, 10: 1, 20: 0, 30: 0}


def test_a_window_that_cuts_a_stretch_is_left_out():
    assert labels((18, 23, 1)) == {0: 0, 30: 0}


def test_windows_inside_a_long_stretch_have_its_label():
    assert labels((8, 31, 2)) == {10: 2, 20: 2}


def test_a_window_of_two_labels_is_left_out():
    assert labels((11, 13, 1), (15, 18, 2)) == {0: 0, 20: 0, 30: 0}


def test_windows_begin_at_the_first_sample_told_and_end_inside():
    assert list(labels(length=35, first=3, hop=8)) == [3, 11, 19]
