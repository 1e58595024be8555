"""Random secrets that people and programs carry; the database holds their SHA-256 alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_secret() -> str:
    """32 random bytes, as text for URLs and cookies."""
    return secrets.token_urlsafe(32)


def sha256_of(secret: str) -> str:
    """What the database knows a secret by; no salt is needed where 256 random bits go in."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_from(cookie: str) -> str:
    """What unsafe requests with a session's cookie must carry besides: other sites can read neither."""
    return hmac.new(cookie.encode(), b"edgeguard csrf", "sha256").hexdigest()
