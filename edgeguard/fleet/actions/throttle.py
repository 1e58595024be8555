"""How long to wait after failed logins: doubling, by account and by address, and never for good."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Final

from edgeguard.errors import Forbidden
from edgeguard.fleet.store import attempts
from edgeguard.fleet.store.database import Database


class TooManyAttempts(Forbidden):
    """Wait `wait_s` seconds, then try again."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many failed logins: wait {wait_s} s, then try again")
        self.wait_s = wait_s


@dataclass(frozen=True)
class _Patience:
    free: int  # failures that cost nothing
    cap_s: int

    def wait_ms(self, failures: int) -> int:
        return 0 if failures < self.free else 1000 * min(self.cap_s, 2 ** min(failures - self.free, 30))


# An account's wait stays short, as strangers could keep its owner out by it; an address's may be long.
_ACCOUNT: Final = _Patience(free=5, cap_s=60)
_ADDRESS: Final = _Patience(free=20, cap_s=900)


@dataclass(frozen=True)
class Attempt:
    """One try to log in to an account from an address; it counts as failed until it is `forgiven`."""

    account: str
    address: str

    def charge(self, database: Database, now_ms: int) -> None:
        """Count the try before its password is looked at, so that tries at once cannot slip by; TooManyAttempts."""
        patience = {self._account_key: _ACCOUNT, self._address_key: _ADDRESS}
        with database.writing() as connection:
            known = attempts.locked(connection, patience, now_ms)
            ends_ms = [min(last, now_ms) + patience[key].wait_ms(failures) for key, (failures, last) in known.items()]
            wait_ms = max(ends_ms) - now_ms
            if wait_ms > 0:
                raise TooManyAttempts(-(-wait_ms // 1000))
            for key, (failures, _last) in known.items():
                attempts.note(connection, key, failures + 1, now_ms)

    def forgive(self, database: Database) -> None:
        """It was no failure: the account starts anew, the address has one less."""
        with database.writing() as connection:
            attempts.forget(connection, self._account_key)
            attempts.take_back(connection, self._address_key)

    @property
    def _account_key(self) -> str:
        """Hashed: what is typed as a name is at times a password."""
        return f"account {hashlib.sha256(self.account.encode()).hexdigest()}"

    @property
    def _address_key(self) -> str:
        return f"address {_network(self.address)}"


def _network(address: str) -> str:
    """An IPv6 network of 64 bits is one household's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
