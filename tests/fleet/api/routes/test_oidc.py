"""Login by an identity provider: a real one over HTTP, and the ways in which one must not be believed."""

import base64
import hashlib
import json
import threading
import warnings
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

from edgeguard.fleet.clock import unix_ms
from edgeguard.fleet.config import OpenIdConnect
from tests.fleet.web import audited

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports what Authlib calls deprecated
    import flask
    import oidc_provider_mock

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")  # in the mock
ROLES = {"fleet-admins": "admin", "fleet-readers": "viewer"}
PEOPLE = {
    "7": {"preferred_username": "Grace Hopper", "groups": ["staff", "fleet-admins", "fleet-readers"]},
    "8": {"preferred_username": "ada", "groups": "fleet-readers"},
    "9": {"preferred_username": "eve", "groups": ["staff", 7, None]},
}
KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "k", "use": "sig"}) for _ in range(2))


class Provider:
    """The mock provider; `forms` were sent to its token endpoint; `forge` changes its JSON, by path."""

    def __init__(self):
        people = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
        app = oidc_provider_mock.app(require_nonce=True, user_claims=people)
        self.forms, self.forge = [], {}
        app.before_request(self.note)
        app.after_request(self.change)
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def note(self):
        if flask.request.path == "/oauth2/token":
            self.forms.append({**flask.request.form, "auth": flask.request.authorization})

    def change(self, answer):
        if forge := self.forge.get(flask.request.path):
            answer.set_data(json.dumps(forge(answer.get_json())))
        return answer

    def forge_tokens(self, key=KEY, algorithm="RS256", **changed):
        """Sign ID tokens with `key` and with claims `changed`; the keys that it publishes are KEY's."""

        def other(answer):
            payload = answer["id_token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | changed
            kept = {name: value for name, value in claims.items() if value is not None}
            return answer | {"id_token": jwt.encode({"alg": algorithm, "kid": "k"}, kept, key, [algorithm])}

        self.forge["/oauth2/token"] = other
        self.forge["/jwks"] = lambda _keys: {"keys": [KEY.as_dict(private=False)]}


@pytest.fixture
def provider():
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def fleet(serve, provider, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("client-secret\n")
    config = {"client_id": "fleet", "client_secret_file": str(secret), "roles": ROLES}
    server = serve(oidc=OpenIdConnect(issuer=provider.issuer, **config))
    server.now_ms = unix_ms()  # the provider's tokens are of now
    return server


def depart(client, wanted="/"):
    """The address at the provider."""
    answer = client.get("/oidc/login", params={"next": wanted})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def come_back(url, sub):
    """The address of ours that the provider sends the browser to after login there."""
    return httpx.post(url, data={"sub": sub}, verify=False).headers["location"]


def log_in(client, sub, wanted="/"):
    return client.get(come_back(depart(client, wanted), sub))


def test_who_has_a_role_comes_in_by_the_highest_of_them(fleet):
    for sub, name, may in (("7", "grace-hopper", ["label", "manage", "read"]), ("8", "ada", ["read"])):
        client = fleet.stranger()
        answer = log_in(client, sub, "/devices?x=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/devices?x=1")
        me = client.get("/api/v1/me").json()
        assert (me["name"], me["may"]) == (name, may)


def test_the_login_page_offers_the_provider_beside_the_password(fleet):
    page = fleet.stranger().get("/login?next=/devices").text
    assert 'href="/oidc/login?next=%2Fdevices"' in page
    assert 'name="password"' in page


def test_who_has_no_role_is_refused_in_one_line(fleet):
    client = fleet.stranger()
    answer = log_in(client, "9")
    assert answer.status_code == 401
    assert "eve has no role here: ask an admin" in answer.text
    assert client.get("/api/v1/me").status_code == 401
    assert audited(fleet.database) == [("nobody", "login.failed", "eve")]


def test_the_code_is_bound_to_this_browser_and_this_program(fleet, provider):
    client = fleet.stranger()
    url = depart(client)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{fleet.url}/oidc/callback"
    client.get(come_back(url, "8"))
    [form] = provider.forms
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert (form["auth"].username, form["auth"].password) == ("fleet", "client-secret")


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(fleet, provider):
    mine, victim = fleet.stranger(), fleet.stranger()
    back = come_back(depart(mine), "7")
    depart(victim)
    for client in (victim, fleet.stranger()):
        answer = client.get(back)
        assert answer.status_code == 403
        assert "was not begun here" in answer.text
    assert provider.forms == []


def test_an_answer_counts_once(fleet):
    client = fleet.stranger()
    back = come_back(depart(client), "8")
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 403


def test_a_forged_token_with_nothing_wrong_is_believed(fleet, provider):
    provider.forge_tokens()
    assert log_in(fleet.stranger(), "8").status_code == 303


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["fleet", "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"key": OTHER_KEY},
        {"key": OctKey.import_key("0123456789abcdef" * 4), "algorithm": "HS256"},
    ],
)
def test_a_token_that_does_not_hold_lets_nobody_in(fleet, provider, changed):
    provider.forge_tokens(**changed)
    answer = log_in(fleet.stranger(), "7")
    assert answer.status_code == 403
    assert "ID token does not hold" in answer.text


def test_an_unsigned_token_lets_nobody_in(fleet, provider):
    def unsigned(answer):
        _, payload, _ = answer["id_token"].split(".")
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        return answer | {"id_token": f"{head}.{payload}."}

    provider.forge["/oauth2/token"] = unsigned
    assert log_in(fleet.stranger(), "7").status_code == 403


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/.well-known/openid-configuration", {"issuer": "https://evil.example"}),
        ("/.well-known/openid-configuration", []),
        ("/.well-known/openid-configuration", {"token_endpoint": "http://evil.example/token"}),
    ],
)
def test_metadata_that_cannot_be_trusted_is_not(fleet, provider, path, answer):
    provider.forge[path] = lambda known: known | answer if answer else answer
    refused = fleet.stranger().get("/oidc/login")
    assert refused.status_code == 403
    assert 'role="alert"' in refused.text


def test_a_provider_that_is_away_or_refuses_is_told_in_one_line(fleet, provider):
    client = fleet.stranger()
    assert "the identity provider refuses: access_denied" in _denied(client)
    provider.server.shutdown()
    provider.server.socket.close()
    answer = client.get("/oidc/login")
    assert "cannot be reached" in answer.text


def _denied(client):
    state = parse_qs(urlsplit(depart(client)).query)["state"][0]
    return client.get("/oidc/callback", params={"error": "access_denied", "state": state}).text
