"""How large a request may be."""

import pytest
from starlette.datastructures import Headers

from edgeguard.fleet.api.sizes import too_large


@pytest.mark.parametrize(
    ("sent", "limit"),
    [
        ({}, 64 << 10),
        ({"content-type": "text/csv"}, 64 << 10),
        ({"cookie": "a=b"}, 1 << 20),
        ({"authorization": "Bearer x", "content-type": "application/json"}, 1 << 20),
        ({"authorization": "Bearer x", "content-type": "text/csv; charset=utf-8"}, 32 << 20),
        ({"cookie": "a=b", "content-type": "multipart/form-data; boundary=x"}, 32 << 20),
    ],
)
def test_who_and_what_decide(sent, limit):
    assert not too_large(Headers({**sent, "content-length": str(limit)}))
    assert too_large(Headers({**sent, "content-length": str(limit + 1)}))


@pytest.mark.parametrize("length", ["-1", "x", "", "1e9", "²"])
def test_lengths_that_are_none(length):
    assert too_large(Headers({"content-length": length}))
