import pytest
from scipy.stats import binomtest

from edgeguard.metrics.intervals import share_interval, share_intervals


@pytest.mark.parametrize("hits", [0, 1, 7, 20])
@pytest.mark.parametrize("confidence", [0.9, 0.999])
def test_share_interval_is_clopper_and_pearsons(hits, confidence):
    exact = binomtest(hits, 20).proportion_ci(confidence, method="exact")
    assert share_interval(hits, 20, confidence) == pytest.approx((exact.low, exact.high))


def test_shares_of_nothing_may_be_anything():
    low, high = share_intervals([0, 3], [0, 3])
    assert (low[0], high[0], high[1]) == (0.0, 1.0, 1.0)
