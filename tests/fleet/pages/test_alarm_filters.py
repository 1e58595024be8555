from urllib.parse import parse_qsl, urlsplit

import pytest

from edgeguard.fleet.pages.alarm_filters import AlarmFilters, filters_from

OTHER = AlarmFilters(
    status="all",
    kind="drift",
    search="bed&7=ü",
    model=3,
    mine=True,
    unlabelled=True,
    since="7d",
    sort="device",
    descending=False,
    page=4,
)


@pytest.mark.parametrize("filters", [AlarmFilters(), OTHER])
def test_an_address_leads_to_the_same_view(filters):
    assert filters_from(dict(parse_qsl(urlsplit(filters.url()).query))) == filters


def test_the_usual_view_has_a_short_address():
    assert AlarmFilters().url() == "/alarms"


@pytest.mark.parametrize(
    "query",
    [
        {"status": "x"},
        {"kind": "'; DROP TABLE alarms"},
        {"sort": "id"},
        {"since": "9y"},
        {"page": "0"},
        {"page": "9" * 40},
        {"page": "²"},
        {"model": "-1"},
    ],
)
def test_what_an_address_asks_for_in_vain_is_left_out(query):
    assert filters_from(query) == AlarmFilters()


def test_nobodys_alarms_are_not_mine():
    assert OTHER.question(7, 10**12)["assignee_id"] == 7
    assert AlarmFilters().question(7, 10**12)["assignee_id"] is None
