from __future__ import annotations

from collections import Counter

import pytest

from edgeguard.fleet.ingest.service import line


@pytest.mark.parametrize(
    ("counts", "waiting", "connected", "text"),
    [
        ({"summaries": 600, "alerts": 0, "refused": 3}, 7, True, "0.1 refused/s, 10.0 summaries/s; 7 waiting"),
        ({}, 0, False, "nothing came; 0 waiting; no broker"),
    ],
)
def test_the_line_tells_rates(counts, waiting, connected, text):
    assert line(Counter(counts), 60.0, waiting, connected) == text
