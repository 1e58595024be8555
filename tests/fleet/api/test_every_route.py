"""Who may do what, route by route. A new route must be added here: the test fails until it is."""

from __future__ import annotations

import pytest
from fastapi.routing import iter_route_contexts

from edgeguard.fleet.actions import tokens
from edgeguard.fleet.clock import DAY_MS
from tests.fleet.small_fleet import NOW_MS

API = "/api/v1"
ALARMS = {"ids": [7]}
WEARER = {"pseudonym": "w1", "attributes": {"sex": "f"}}
# method and path -> what one must be allowed to, the answer to who may, and the JSON that is sent. In this order.
ROUTES = {
    f"GET {API}/openapi.json": ("nothing", 200, None),
    f"POST {API}/login": ("nothing", 400, {}),
    f"GET {API}/me": ("read", 200, None),
    f"PUT {API}/me/password": ("read", 400, {}),
    f"GET {API}/users": ("manage", 200, None),
    f"POST {API}/users": ("manage", 400, {}),
    f"PATCH {API}/users/{{user_id}}": ("manage", 404, {}),
    f"DELETE {API}/users/{{user_id}}": ("manage", 404, None),
    f"POST {API}/users/{{user_id}}/invitation": ("manage", 404, None),
    f"GET {API}/tokens": ("read", 200, None),
    f"POST {API}/tokens": ("read", 400, {}),
    f"DELETE {API}/tokens/{{token_id}}": ("read", 404, None),
    f"GET {API}/audit": ("manage", 200, None),
    f"GET {API}/settings/fairness": ("read", 200, None),
    f"PUT {API}/settings/fairness": ("manage", 400, {"bands": 1}),
    f"GET {API}/devices": ("read", 200, None),
    f"GET {API}/devices/counts": ("read", 200, None),
    f"GET {API}/devices/{{fleet}}/{{device}}": ("read", 200, None),
    f"GET {API}/devices/{{fleet}}/{{device}}/timeline": ("read", 200, None),
    f"GET {API}/devices/{{fleet}}/{{device}}/boots": ("read", 200, None),
    f"GET {API}/devices/{{fleet}}/{{device}}/commands": ("read", 200, None),
    f"POST {API}/devices/{{fleet}}/{{device}}/commands": ("manage", 503, {"action": "ping"}),  # there is no broker
    f"GET {API}/alarms": ("read", 200, None),
    f"GET {API}/alarms/{{alarm_id}}": ("read", 200, None),
    f"GET {API}/alarms/{{alarm_id}}/around": ("read", 200, None),
    f"POST {API}/alarms/acknowledge": ("label", 204, ALARMS),
    f"POST {API}/alarms/close": ("label", 204, ALARMS),
    f"POST {API}/alarms/reopen": ("label", 204, ALARMS),
    f"POST {API}/alarms/assign": ("label", 204, {**ALARMS, "user_id": None}),
    f"POST {API}/alarms/{{alarm_id}}/comments": ("label", 201, {"text": "seen"}),
    f"PUT {API}/alarms/{{alarm_id}}/label": ("label", 204, {"label": "N"}),
    f"DELETE {API}/alarms/{{alarm_id}}/label": ("label", 204, None),
    f"GET {API}/labels/file": ("read", 200, None),
    f"POST {API}/labels/file": ("label", 400, None),
    f"GET {API}/models": ("read", 200, None),
    f"GET {API}/models/rollout": ("read", 200, None),
    f"GET {API}/models/{{bundle_id}}/arrival": ("read", 200, None),
    f"GET {API}/quarantine": ("manage", 200, None),
    f"GET {API}/quarantine/reasons": ("read", 200, None),
    f"POST {API}/quarantine/discard": ("manage", 200, {"ids": None}),
    f"GET {API}/events": ("read", 200, None),
    f"GET {API}/exports/devices.{{form}}": ("read", 200, None),
    f"GET {API}/exports/alarms.{{form}}": ("read", 200, None),
    f"GET {API}/exports/labels.{{form}}": ("read", 200, None),
    f"GET {API}/exports/hours.{{form}}": ("read", 200, None),
    f"GET {API}/exports/days.{{form}}": ("read", 200, None),
    f"GET {API}/exports/wearers.{{form}}": ("manage", 200, None),
    f"GET {API}/exports/quarantine.{{form}}": ("manage", 200, None),
    f"GET {API}/exports/audit.{{form}}": ("manage", 200, None),
    f"GET {API}/wearers": ("manage", 200, None),
    f"POST {API}/wearers": ("manage", 201, WEARER),
    f"GET {API}/wearers/attributes": ("manage", 200, None),
    f"GET {API}/wearers/file": ("manage", 200, None),
    f"POST {API}/wearers/file": ("manage", 400, None),
    f"GET {API}/wearers/{{wearer_id}}": ("manage", 200, None),
    f"PUT {API}/wearers/{{wearer_id}}": ("manage", 200, WEARER),
    f"POST {API}/wearers/{{wearer_id}}/wearings": ("manage", 400, {}),
    f"PUT {API}/wearings/{{wearing_id}}": ("manage", 400, {}),
    f"DELETE {API}/wearings/{{wearing_id}}": ("manage", 404, None),
    f"DELETE {API}/wearers/{{wearer_id}}": ("manage", 204, None),
    f"GET {API}/fairness/attributes": ("read", 200, None),
    f"GET {API}/fairness/report": ("read", 400, None),
    f"GET {API}/fairness/alerts": ("read", 200, None),
    "GET /healthz": ("nothing", 200, None),
    "GET /readyz": ("nothing", 200, None),
    "GET /metrics": ("read", 200, None),
    "GET /login": ("nothing", 200, None),
    # forms bear a token of their own
    "POST /login": ("nothing", 403, None),
    "GET /setup": ("nothing", 200, None),
    "POST /setup": ("nothing", 403, None),
    "GET /invitation": ("nothing", 200, None),
    "POST /invitation": ("nothing", 403, None),
    "GET /entry/style.css": ("nothing", 200, None),
    "GET /entry/link.js": ("nothing", 200, None),
    "GET /oidc/login": ("nothing", 404, None),
    "GET /oidc/callback": ("nothing", 403, None),
    "GET /logout": ("nothing", 200, None),
    "POST /logout": ("nothing", 403, None),
    f"DELETE {API}/devices/{{fleet}}/{{device}}": ("manage", 204, None),
    f"POST {API}/logout": ("read", 204, None),
}
LOGGED_IN = {"GET /login": 303}  # to where one wanted to go
PLACES = {
    "fleet": "ward", "device": "d3", "alarm_id": 7, "bundle_id": 2, "form": "csv", "user_id": 99, "token_id": 99,
    "wearer_id": 1, "wearing_id": 99,
}  # fmt: skip


def asked(small, route, headers):
    """The status of the answer; its body is not waited for."""
    method, _, path = route.partition(" ")
    content = ROUTES[route][2]
    way = small.client.stream(method, path.format(**PLACES), headers=headers, json=content)
    with way as answer:
        return answer.status_code


def test_every_route_is_in_the_table(small):
    routes = {
        f"{method} {context.path}"
        for context in iter_route_contexts(small.app.routes)
        for method in (context.methods or ())
        if method not in {"HEAD", "OPTIONS"}
    }
    assert routes == set(ROUTES)


def differing(small, headers, expected):
    found = {route: asked(small, route, headers) for route in ROUTES}
    return {route: (status, expected(route)) for route, status in found.items() if status != expected(route)}


@pytest.mark.parametrize("role", ["viewer", "clinician", "admin"])
def test_roles(small, role):
    someone = getattr(small, role)

    def expected(route):
        permission, status, _ = ROUTES[route]
        return LOGGED_IN.get(route, status) if permission in {"nothing", *someone.actor.may} else 403

    assert differing(small, someone.session, expected) == {}


def refused_as(refusal):
    return lambda route: ROUTES[route][1] if ROUTES[route][0] == "nothing" else refusal


def test_nobody_and_who_shows_what_does_not_hold(small):
    _, soon_expired = tokens.create(small.database, small.admin.actor, "t", ["manage"], 1, NOW_MS - 2 * DAY_MS)
    for headers in (
        {},
        {"Authorization": f"Bearer {soon_expired}"},
        {"Authorization": "Bearer egt_of-another-server"},
        {"Cookie": f"edgeguard={small.admin.tokens['manage']}"},
    ):
        assert differing(small, headers, refused_as(401)) == {}


def test_a_token_does_what_it_is_for_and_nothing_else(small):
    def expected(route):
        permission, status, _ = ROUTES[route]
        return status if permission in {"nothing", "read"} else 403

    assert differing(small, small.admin.bearer("read"), expected) == {}


def test_a_session_changes_nothing_without_its_csrf_token(small):
    def expected(route):
        permission, status, _ = ROUTES[route]
        is_refused = permission != "nothing" and not route.startswith("GET")
        return 403 if is_refused else LOGGED_IN.get(route, status)

    for token in ({}, {"X-CSRF-Token": "made-up"}, {"X-CSRF-Token": small.viewer.session["X-CSRF-Token"]}):
        headers = {"Cookie": small.admin.session["Cookie"], **token}
        found = differing(small, headers, expected)
        assert {key: value for key, value in found.items() if "{wearer_id}" not in key} == {}  # nobody has made one
