from __future__ import annotations

from functools import reduce
from operator import add

import msgspec
import numpy as np
import pytest

from edgeguard.errors import MessageError
from edgeguard.telemetry.tally import NOTHING
from edgeguard.telemetry.tally_total import total
from tests.fleet.rows import numbers, tally


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_the_total_is_what_adding_one_by_one_gives(count):
    rng = np.random.default_rng(count)
    tallies = [tally(rng) for _ in range(count)]
    expected = reduce(add, tallies, NOTHING)
    assert numbers(total(map(msgspec.json.encode, tallies))) == pytest.approx(numbers(expected))


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"windows": "many"}'])
def test_a_damaged_tally_is_refused(damage):
    with pytest.raises(MessageError, match="damaged"):
        total([damage])
