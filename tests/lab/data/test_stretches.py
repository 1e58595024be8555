from __future__ import annotations

from edgeguard.lab.data.stretches import Stretch, labelled_windows


def labels(*stretches, window=10, hop=10, length=40, **options):
    return dict(labelled_windows(length, [Stretch(*one) for one in stretches], window, hop, **options))


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


def test_windows_end_inside_the_recording():
    assert list(labels(length=35, hop=8)) == [0, 8, 16, 24]


def test_what_is_none_of_the_classes_leaves_the_windows_out_that_it_touches():
    assert labels((12, 18, 1), (8, 11, -1), (31, 34, -1)) == {20: 0}


def test_without_a_background_only_marked_windows_are_used():
    assert labels((12, 18, 1), background=None) == {10: 1}
