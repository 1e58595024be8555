from urllib.parse import parse_qsl, urlsplit

import pytest

from edgeguard.fleet.pages.fleet_filter import FleetFilter


@pytest.mark.parametrize(
    "wanted",
    [
        FleetFilter(),
        FleetFilter(search="a&b=c/<ü>"),
        FleetFilter(status="offline", attention=True, bundle=7),
        FleetFilter(sort="battery", descending=True, offset=150),
    ],
)
def test_an_address_tells_the_whole_filter(wanted):
    assert FleetFilter.of(dict(parse_qsl(urlsplit(wanted.address).query))) == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"status": "nonsense"},
        {"sort": "1; DROP TABLE devices"},
        {"offset": "-50", "bundle": "x"},
        {"offset": "9" * 30},
        {"attention": "yes"},
    ],
)
def test_what_makes_no_sense_counts_as_not_said(query):
    assert FleetFilter.of(query) == FleetFilter()


def test_another_search_begins_at_the_first_part():
    assert FleetFilter(offset=100).but(search="x").offset == 0


def test_an_order_leaves_nobody_out():
    assert not FleetFilter(sort="device", descending=True, offset=50).narrows
    assert FleetFilter(attention=True).narrows
