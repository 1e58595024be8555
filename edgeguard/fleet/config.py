"""The fleet's config file: all that `edgeguard fleet` can be told. docs/fleet.md shows one in full."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from edgeguard.fleet.store.database import DEFAULT_URL
from edgeguard.telemetry.broker import BrokerConfig

Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Database(_Table, frozen=True, kw_only=True):
    """Where rows go, and for how long.

    Attributes:
        url: ``sqlite:///path`` or ``postgresql://…``; a password comes from the variable EDGEGUARD_DATABASE_URL, which
            wins over this, or from PostgreSQL's own ``~/.pgpass``.
        summaries_days: Summaries as they came are kept so long.
        hours_days: Sums over hours; sums over days are kept for good.
        quarantine_days: What was set aside.
        audit_days: Who did what.
    """

    url: str = DEFAULT_URL
    summaries_days: Days = 30
    hours_days: Days = 400
    quarantine_days: Days = 30
    audit_days: Days = 3650


class Ingest(_Table, frozen=True, kw_only=True):
    """How messages become rows.

    Attributes:
        name: Of this worker, unique among those of one subscription; the broker keeps its messages under it.
        share: Of the shared subscription that the workers divide among them.
        batch: Most messages in one transaction.
        wait_ms: How long a message may wait for others.
        registration: ``open``: a device that is not known is taken in; ``closed``: its messages are set aside.
        max_new_devices: So many devices may appear in an hour; the messages of more are set aside.
        burst: Messages that one device may send at once, as after days without a link; ``rate_hz`` more each second.
        rate_hz: See `burst`.
        clock_ahead_s: A device's time further ahead of ours is replaced by ours.
        clock_behind_days: The same for one further behind.
    """

    name: str = "worker-1"
    share: str = "edgeguard"
    batch: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 500
    wait_ms: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 50
    registration: Literal["open", "closed"] = "open"
    max_new_devices: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 20_000
    burst: Annotated[int, msgspec.Meta(ge=1, le=10**9)] = 100_000
    rate_hz: Annotated[float, msgspec.Meta(gt=0, le=1e6)] = 10.0
    clock_ahead_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    clock_behind_days: Annotated[float, msgspec.Meta(gt=0)] = 400.0


class Web(_Table, frozen=True, kw_only=True):
    """Where the pages are.

    Attributes:
        host: Address to listen on; anything but this machine needs `public_url`.
        port: TCP port.
        public_url: As browsers reach it; over ``https://`` (a reverse proxy's) cookies are sent on no other way.
        trusted_proxy: Address of the reverse proxy whose ``X-Forwarded-For`` counts.
        session_hours: After so long without a click, log in again.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8080
    public_url: str = ""
    trusted_proxy: str = ""
    session_hours: Annotated[float, msgspec.Meta(gt=0, le=720)] = 12.0


class OpenIdConnect(_Table, frozen=True, kw_only=True):
    """Login by an identity provider; none without an `issuer`.

    Attributes:
        issuer: Its URL, under which ``/.well-known/openid-configuration`` lies.
        client_id: Ours there.
        client_secret_file: The file that holds our secret.
        roles_claim: The claim that names roles.
        roles: Of that claim's values, which gives which role; who has none of them may not come in.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret_file: str | None = None
    roles_claim: str = "groups"
    roles: dict[str, Literal["viewer", "clinician", "admin"]] = {}


class Fairness(_Table, frozen=True, kw_only=True):
    """What is shown of groups, and when a gap is an alert; the settings page can change `bands`.

    Attributes:
        min_wearers: Nothing is shown of a group of fewer wearers.
        days: The range that alerts look back on.
        confidence: Of the intervals.
        bands: Figure -> the gap between two groups that is still tolerated; an alert begins where the whole interval of
            the gap lies over it.
    """

    min_wearers: Annotated[int, msgspec.Meta(ge=2)] = 5
    days: Days = 7
    confidence: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.95
    bands: dict[str, float] = msgspec.field(
        default_factory=lambda: {"alarm_rate": 0.05, "rejected_rate": 0.10, "accuracy": 0.10, "margin": 0.10}
    )


class FleetConfig(_Table, frozen=True, kw_only=True):
    """All of the file; every table may be left out."""

    broker: BrokerConfig = BrokerConfig()
    database: Database = Database()
    ingest: Ingest = Ingest()
    web: Web = Web()
    oidc: OpenIdConnect = OpenIdConnect()
    fairness: Fairness = Fairness()
