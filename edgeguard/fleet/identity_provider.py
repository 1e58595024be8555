"""OpenID Connect: authorization code with PKCE; state and nonce tie the answer to the browser that asked.

Authlib checks the ID token's claims; the requests themselves are httpx's, as Authlib's own client for it is deprecated.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from edgeguard.errors import ConfigError, Forbidden, MissingExtra
from edgeguard.fleet.actor import Role
from edgeguard.fleet.config import OpenIdConnect
from edgeguard.fleet.secret import new_secret

try:
    import httpx
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # no types in it
    from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # no types in it
    from authlib.oidc.discovery import get_well_known_url  # type: ignore[import-untyped]  # no types in it
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet
except ImportError as error:
    raise MissingExtra("authlib") from error

_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_RANKS: Final[tuple[Role, ...]] = ("admin", "clinician", "viewer")
_TIMEOUT_S: Final = 10.0
_LEEWAY_S: Final = 60


class ProviderFailed(Forbidden):
    """The identity provider did not say, in a way that can be trusted, who this is."""


@dataclass(frozen=True)
class Journey:
    """What a browser takes along to the provider and back, in a cookie that only it has."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for; no `role` where none of theirs is one here."""

    subject: str
    name: str
    role: Role | None


class IdentityProvider:
    """The provider of `config`; its metadata and keys are asked for at each login, so that changed keys just work.

    Raises:
        ConfigError: the issuer is not https (or on this machine), or the secret's file cannot be read.
    """

    def __init__(self, config: OpenIdConnect, redirect_uri: str) -> None:
        self.config, self.redirect_uri = config, redirect_uri
        if not _is_safe(config.issuer):
            raise ConfigError(f"oidc.issuer {config.issuer!r} cannot be trusted: write https://…")
        self._secret = _secret_in(config.client_secret_file)

    def depart(self) -> tuple[str, Journey]:
        """Where to send the browser, and what it takes along; ProviderFailed."""
        journey = Journey(new_secret(), new_secret(), new_secret())
        query = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile email",
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": create_s256_code_challenge(journey.verifier),
            "code_challenge_method": "S256",
        }
        with httpx.Client(timeout=_TIMEOUT_S) as client:
            endpoint = self._metadata(client)["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", journey

    def arrive(self, journey: Journey, answer: Mapping[str, str], now_ms: int) -> Identity:
        """Who came back, from the query of the redirect; ProviderFailed."""
        if not hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
            raise ProviderFailed("this login was not begun here, or too long ago: log in again")
        if answer.get("iss", self.config.issuer) != self.config.issuer:
            raise ProviderFailed("another identity provider answered than was asked: log in again")
        if "code" not in answer:
            raise ProviderFailed(f"the identity provider refuses: {answer.get('error', 'it gives no code')[:80]}")
        with httpx.Client(timeout=_TIMEOUT_S) as client:
            metadata = self._metadata(client)
            tokens = self._tokens(client, metadata, answer["code"], journey)
            keys = _json(client.get, metadata["jwks_uri"])
        return self._identity(self._claims(tokens, keys, journey, now_ms))

    def _metadata(self, client: httpx.Client) -> dict[str, Any]:
        metadata = _json(client.get, get_well_known_url(self.config.issuer, external=True))
        if metadata.get("issuer") != self.config.issuer:
            raise ProviderFailed(
                "the identity provider calls itself otherwise than oidc.issuer: correct that in the config"
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(str(metadata.get(name))):
                raise ProviderFailed(f"the identity provider's {name} is not https: it cannot be trusted")
        return metadata

    def _tokens(self, client: httpx.Client, metadata: Mapping[str, Any], code: str, journey: Journey) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": journey.verifier,
        }
        auth, ways = None, metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._secret is not None and "client_secret_basic" in ways:
            auth = httpx.BasicAuth(self.config.client_id, self._secret)
        else:
            form |= {"client_id": self.config.client_id} | ({"client_secret": self._secret} if self._secret else {})
        return _json(client.post, metadata["token_endpoint"], data=form, auth=auth)

    def _claims(self, tokens: Mapping[str, Any], keys: Any, journey: Journey, now_ms: int) -> CodeIDToken:
        expected = {"iss": {"value": self.config.issuer}, "aud": {"value": self.config.client_id}}
        params = {
            "nonce": journey.nonce,
            "client_id": self.config.client_id,
            "access_token": tokens.get("access_token"),
        }
        try:
            token = jwt.decode(str(tokens.get("id_token")), KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
            claims = CodeIDToken(token.claims, token.header, expected, params)
            claims.validate(now_ms // 1000, _LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderFailed(f"the identity provider's ID token does not hold ({type(error).__name__})") from error
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        given = claims.get(self.config.roles_claim, [])
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        roles = {self.config.roles[value] for value in values if isinstance(value, str) and value in self.config.roles}
        name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return Identity(
            f"{self.config.issuer} {claims['sub']}", str(name), next((r for r in _RANKS if r in roles), None)
        )


def _json(send: Any, url: str, **options: Any) -> dict[str, Any]:
    """The JSON object at `url`; the provider's own words stay out of errors: they may hold secrets."""
    try:
        response = send(url, headers={"Accept": "application/json"}, **options)
        response.raise_for_status()
        answer = response.json()
    except httpx.HTTPStatusError as error:
        raise ProviderFailed(f"the identity provider refuses ({error.response.status_code}): log in again") from error
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderFailed("the identity provider cannot be reached: try again, or log in by password") from error
    if not isinstance(answer, dict):
        raise ProviderFailed("the identity provider does not answer as OpenID Connect asks")
    return answer


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"})


def _secret_in(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"oidc.client_secret_file {file} cannot be read: check the path and its permissions"
        ) from error
