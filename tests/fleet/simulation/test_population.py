from __future__ import annotations

import numpy as np
import pytest

from edgeguard.errors import ConfigError
from edgeguard.fleet.simulation.population import ATTRIBUTES, draw_wearers, group_from


def test_groups_come_in_their_shares_and_pseudonyms_are_unique():
    wearers = draw_wearers(4000, np.random.default_rng(0))
    assert len({wearer.pseudonym for wearer in wearers}) == 4000
    for attribute, shares in ATTRIBUTES.items():
        for value, share in shares.items():
            assert np.mean([wearer.groups[attribute] == value for wearer in wearers]) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("skin_ton=V-VI", r"did you mean 'skin_tone'\?"),
        ("skin_tone=VII", "skin_tone has no value 'VII'; there are: I-II, III-IV, V-VI"),
        ("sex", "sex has no value ''"),
    ],
)
def test_a_group_that_is_not_there_is_one_line(text, message):
    with pytest.raises(ConfigError, match=message):
        group_from(text)
