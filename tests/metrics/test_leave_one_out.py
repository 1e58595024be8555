from __future__ import annotations

import numpy as np
import pytest

from edgeguard.metrics.unfairness import leave_one_out


@pytest.fixture
def confidences():
    rng = np.random.default_rng(0)
    full = rng.dirichlet(np.ones(3), 40)
    return full, 0.7 * full + 0.3 * rng.dirichlet(np.ones(3), (12, 40))


def test_figures_are_those_of_the_definitions_in_loops(confidences):
    full, others = confidences
    m, n, classes = others.shape
    luf = np.mean([max(abs(full[x, y] - others[i, x, y]) for i in range(m) for y in range(classes)) for x in range(n)])
    differ = [[full[x].argmax() != others[i, x].argmax() for x in range(n)] for i in range(m)]
    luf_t = np.mean([sum(differ[i][x] for i in range(m)) for x in range(n)])
    luf_l = np.mean([sum(differ[i][x] for x in range(n)) for i in range(m)])
    found = leave_one_out(full, others)
    for side in (found.over_test, found.over_left_out):
        assert [side.luf.value, side.luf_t.value, side.luf_l.value] == pytest.approx([luf, luf_t, luf_l])
        assert all(each.low < each.value < each.high for each in (side.luf, side.luf_t, side.luf_l))
    assert (found.over_test.luf.clusters, found.over_left_out.luf.clusters) == (n, m)


def test_intervals_over_test_samples_are_those_of_a_mean(confidences):
    full, others = np.tile(confidences[0], (20, 1)), np.tile(confidences[1], (1, 20, 1))
    each = np.abs(others - full).max(axis=(0, 2))
    found = leave_one_out(full, others).over_test.luf
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * each.std() / np.sqrt(len(each)), rel=0.1)
    wearers = np.tile(np.arange(40), 20)  # twenty copies of each test sample tell no more than one
    alike = leave_one_out(full, others, clusters=wearers).over_test.luf
    assert alike.high - alike.low > 3 * (found.high - found.low)


def test_models_that_all_say_the_same_are_fair(confidences):
    full = confidences[0]
    found = leave_one_out(full, np.stack([full] * 5)).over_test
    assert (found.luf.value, found.luf_t.value, found.luf_l.value) == (0, 0, 0)
    assert found.luf_t.high > 0


def test_one_left_out_sample_has_no_interval_over_others(confidences):
    found = leave_one_out(confidences[0], confidences[1][:1])
    assert (found.over_left_out.luf.low, found.over_left_out.luf_t.high) == (None, None)
    assert found.over_test.luf.low is not None


def test_a_confidence_that_is_no_number_makes_all_undefined(confidences):
    full, others = confidences
    others[3, 2, 1] = np.nan
    found = leave_one_out(full, others)
    assert found.over_test.luf.value is None
    assert found.over_left_out.luf_l.reason == "1 confidences are not finite numbers"


@pytest.mark.parametrize(("full", "others", "clusters"), [((4, 2), (3, 5, 2), None), ((4, 2), (3, 4, 2), [0, 1])])
def test_shapes_that_do_not_match_are_refused(full, others, clusters):
    with pytest.raises(ValueError, match="4"):
        leave_one_out(np.zeros(full), np.zeros(others), clusters=clusters)
