from urllib.parse import parse_qsl, urlsplit

import pytest

from edgeguard.fleet.pages.wearer_filters import WearerFilters, filters_from

OTHER = WearerFilters("P&1", "site==cmd()", "bed 7", descending=True, offset=50)


@pytest.mark.parametrize("filters", [WearerFilters(), OTHER])
def test_an_address_leads_to_the_same_view(filters):
    assert filters_from(dict(parse_qsl(urlsplit(filters.url()).query))) == filters


def test_a_value_may_hold_an_equals_sign():
    question = OTHER.question()
    assert (question["attribute"], question["value"]) == ("site", "=cmd()")


def test_what_an_address_asks_for_in_vain_is_left_out():
    assert filters_from({"offset": "-1", "descending": "perhaps"}) == WearerFilters()
