"""The API does what its OpenAPI says, whatever is sent: schemathesis makes the requests up."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from tests.fleet.api.small_server import SmallServer

# The stream never ends, and who logs out could ask nothing more.
LEFT_OUT = {"GET /api/v1/events", "POST /api/v1/logout"}
KNOWN = {"fleet": "ward", "device": "d3", "alarm_id": 7, "bundle_id": 2, "wearer_id": 1, "user_id": 1}
CHECKS = (
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
)


@pytest.fixture
def operations(new_database, sqlite_template):
    """All, on a server with a broker that takes every command; asked with an admin's session."""
    with SmallServer(new_database("sqlite", sqlite_template), send=lambda *_: None) as small:
        schema = schemathesis.openapi.from_url(f"{small.url}/api/v1/openapi.json")
        schema.config.update(headers=small.admin.session)
        schema.config.generation.update(with_security_parameters=False)  # it would make up a login that does not hold
        found = [result.ok() for result in schema.get_all_operations()]
        yield sorted((one for one in found if one.label not in LEFT_OUT), key=lambda one: one.method == "delete")


@pytest.mark.parametrize(
    ("mode", "more"),
    [(GenerationMode.POSITIVE, ()), (GenerationMode.NEGATIVE, (checks.negative_data_rejection,))],
    ids=["what fits", "what does not"],
)
def test_the_api_does_what_its_openapi_says(operations, mode, more):
    assert len(operations) > 60
    statuses = Counter()
    for operation in operations:

        @settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            if mode is GenerationMode.POSITIVE:
                case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters if name in KNOWN})
            statuses[case.call_and_validate(checks=(*CHECKS, *more)).status_code // 100] += 1

        with suppress(Unsatisfiable):  # where nothing is asked for, nothing can be wrong
            ask()
    assert statuses[4 if more else 2] > 0.6 * statuses.total(), statuses
