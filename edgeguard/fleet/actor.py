"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from edgeguard.errors import Forbidden

Role = Literal["viewer", "clinician", "admin"]
Permission = Literal["read", "label", "manage"]  # label: alarms and feedback; manage: wearers, devices, users, settings

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "clinician": frozenset({"read", "label"}),
    "admin": frozenset({"read", "label", "manage"}),
}


@dataclass(frozen=True)
class Actor:
    """A user, or one of their tokens, for one request.

    Attributes:
        user_id: None for the program itself.
        name: For the audit log.
        may: Of a user, what the role gives; of a token, its scopes as far as its user may too.
    """

    user_id: int | None
    name: str
    may: frozenset[Permission]

    def must(self, permission: Permission) -> None:
        """Forbidden unless they may."""
        if permission not in self.may:
            raise Forbidden(f"{self.name} may not {permission}: ask an admin for a role or a token that may")


SYSTEM: Final = Actor(None, "system", PERMISSIONS["admin"])
