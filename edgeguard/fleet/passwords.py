"""Passwords: the rules, argon2id, and the same time for a name that nobody has."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from typing import Final

from edgeguard.errors import ConfigError, MissingExtra

try:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError
except ImportError as error:
    raise MissingExtra("argon2") from error

MIN_LETTERS: Final = 12
_MAX_LETTERS: Final = 1000
_HASHER: Final = PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes
_AT_ONCE: Final = threading.BoundedSemaphore(4)  # so that many logins at once do not eat the memory


def check_rules(password: str, name: str) -> None:
    """ConfigError unless `password` is long enough and not the user's name; no rule asks for odd characters."""
    letters = len(_normal(password))
    if letters < MIN_LETTERS:
        raise ConfigError(f"a password has at least {MIN_LETTERS} characters, this one {letters}: choose a longer one")
    if letters > _MAX_LETTERS:
        raise ConfigError(f"a password has at most {_MAX_LETTERS} characters: choose a shorter one")
    if not _normal(password).casefold().replace(name.casefold(), "").strip():
        raise ConfigError("a password is not the user's name: choose another")


def hashed(password: str) -> str:
    """The argon2id hash, with its salt and parameters in it."""
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def fits(known: str | None, password: str) -> bool:
    """Whether `password` is the one of the hash; takes as long where there is no hash."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(known or _nobodys(), _normal(password)) and known is not None
        except (VerificationError, InvalidHashError):
            return False


def outgrown(known: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(known)


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")


def _normal(password: str) -> str:
    """As keyboards and systems write the same letters differently (NFKC, as NIST SP 800-63B says)."""
    return unicodedata.normalize("NFKC", password)
