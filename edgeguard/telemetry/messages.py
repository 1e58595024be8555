"""The messages between device and fleet: JSON, checked in full on both sides. docs/asyncapi.yaml describes them.

No demographics and no raw signal: the fleet alone knows who wears which device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from edgeguard.errors import MessageError
from edgeguard.registry import Name
from edgeguard.telemetry.histogram import Count
from edgeguard.telemetry.tally import Tally
from edgeguard.telemetry.topics import Kind

SCHEMA: Final = 1  # raised when an older reader could misread a newer message

AlarmKind = Literal["window", "drift", "slowdown"]
Precious = Literal["telemetry", "alert", "ack"]  # what a device keeps on disk until the broker has it
Status = Literal["online", "stopped", "offline"]
Boot = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$", max_length=16, description="Random for every start.")]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Text = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*(?![\x00-\x1f\x7f])$")]
UnixMs = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Milliseconds since 1970, UTC, device clock.")]

M = TypeVar("M", bound="_Message")


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """Bears the version of the message format as ``schema``."""


class BundleFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which model runs: the name and version in its manifest, and the hash that identifies the bundle."""

    name: Name
    version: Name
    sha256: Sha256


class State(_Message, frozen=True, kw_only=True):
    """Whether a device is there; retained.

    Attributes:
        status: ``online`` on every connect, ``stopped`` on a clean stop, ``offline`` as the last will.
        time_ms: When it was written: of ``online`` and of ``offline``, the last will, when the connection was begun.
            The state of the greatest time counts, of equal times the one that is not ``online``.
        boot: Random for every start.
        software: Version of edgeguard on the device.
        bundle: The model that runs.
        sources: Names of the sources that the device listens to; none unless it is online.
    """

    status: Status
    time_ms: UnixMs
    boot: Boot
    software: Name
    bundle: BundleFact
    sources: Annotated[tuple[Name, ...], msgspec.Meta(max_length=1024)]


class Summary(_Message, frozen=True, kw_only=True):
    """What one source of a device gave in one interval.

    Attributes:
        boot: Random for every start.
        seq: Number of this message on this device; (device, boot, seq) is unique.
        source: Name of the source.
        from_ms: Start of the interval.
        to_ms: Its end; a clock set in between moves only the next interval.
        bundle_sha256: The model that judged the windows.
        dropped: Messages of this device that a full or failing spool has lost since the spool was begun, by kind.
        waiting: Messages of this device that waited in the spool when this one was written.
        battery: The wearable's, the lowest of the interval; None where its source does not tell.
        tally: Counts and histograms, which add up.
    """

    boot: Boot
    seq: Count
    source: Name
    from_ms: UnixMs
    to_ms: UnixMs
    bundle_sha256: Sha256
    dropped: Annotated[dict[Precious, Count], msgspec.Meta(max_length=3)]
    waiting: Count
    battery: Share | None = None
    tally: Tally

    def __post_init__(self) -> None:
        if self.to_ms < self.from_ms:
            raise ValueError(f"the interval ends at {self.to_ms}, before it starts at {self.from_ms}")


class Alert(_Message, frozen=True, kw_only=True):
    """An alarm that begins or ends.

    A ``window`` alarm begins with a score over the bundle's threshold, a ``drift`` alarm with many scores that are
    higher than on clean signals, a ``slowdown`` alarm with many windows that need more stages than clean ones.

    Attributes:
        boot: Random for every start.
        seq: Number of this message on this device; (device, boot, seq) is unique.
        time_ms: When the verdict was given.
        bundle_sha256: The model that gave it.
        source: Name of the source.
        kind: ``window``, ``drift`` or ``slowdown``.
        raised: True where the alarm begins, False where it is over.
        windows: Windows over the threshold since the alarm began, this one included.
        suppressed: Alerts of this source that the rate limit held back since the last one that was sent.
        window_start: Index of the window's first sample since the source began, at the source's own rate.
        score: Name of the disagreement score; of ``drift`` and ``slowdown`` alarms, what it is summed over.
        value: Of a ``window`` alarm the score of this window, else the sum that the stream has come to.
        threshold: What `value` is over when the alarm begins.
        predicted: The class that the ensemble predicts.
        confidence: The ensemble's probability of it.
        probabilities: The ensemble's, of every class.
        exit_probabilities: Each exit's probability of it, in order of depth.
    """

    boot: Boot
    seq: Count
    time_ms: UnixMs
    bundle_sha256: Sha256
    source: Name
    kind: AlarmKind
    raised: bool
    windows: Count
    suppressed: Count
    window_start: Count
    score: Name
    value: float
    threshold: float
    predicted: Name
    confidence: Share
    probabilities: Annotated[dict[Name, Share], msgspec.Meta(min_length=1, max_length=256)]
    exit_probabilities: Annotated[tuple[Share, ...], msgspec.Meta(min_length=1, max_length=64)]


class Command(_Message, frozen=True, kw_only=True):
    """What the fleet asks of a device.

    Attributes:
        id: Chosen by the sender; the answer bears it.
        time_ms: When it was sent.
        action: What to do.
        interval_s: Seconds between summaries; of ``set_interval`` and of nothing else.
    """

    id: Name
    time_ms: UnixMs
    action: Literal["ping", "set_interval", "self_test", "reload_bundle"]
    interval_s: Annotated[float, msgspec.Meta(ge=1, le=86400)] | None = None

    def __post_init__(self) -> None:
        if (self.action == "set_interval") != (self.interval_s is not None):
            raise ValueError("interval_s belongs to set_interval, and set_interval needs it")


class Ack(_Message, frozen=True, kw_only=True):
    """A device's answer to a command.

    Attributes:
        id: Of the command.
        boot: Random for every start.
        seq: Number of this message on this device; (device, boot, seq) is unique.
        time_ms: When it was written.
        done: Whether it was carried out.
        reason: Why not, in one line; empty where it was.
    """

    id: Name
    boot: Boot
    seq: Count
    time_ms: UnixMs
    done: bool
    reason: Text = ""


MESSAGES: Final[dict[Kind, type[_Message]]] = {
    "state": State,
    "telemetry": Summary,
    "alert": Alert,
    "cmd": Command,
    "ack": Ack,
}
# A summary or an alert of 256 classes fits, and a state with 1024 sources; all else is a few hundred bytes.
SIZE_LIMITS: Final[dict[type[_Message], int]] = dict.fromkeys(MESSAGES.values(), 4096) | {
    Summary: 1 << 17,
    Alert: 1 << 15,
    State: 1 << 17,
}


class _Versioned(msgspec.Struct):
    """Read first: a tag alone may be missing, and a newer message fails on its tag before it can say so."""

    schema: int


_VERSION: Final = msgspec.json.Decoder(_Versioned).decode
_AS_WE_WRITE_IT: Final = b'{"schema":%d,' % SCHEMA  # then it need not be read twice
_DECODERS: Final[dict[type[_Message], Callable[[bytes], Any]]] = {
    kind: msgspec.json.Decoder(kind).decode for kind in MESSAGES.values()
}


def encode(message: _Message) -> bytes:
    """`message` as JSON; ValueError where `decode` would refuse it (not finite, out of range, too long)."""
    payload = msgspec.json.encode(message)
    try:
        decode(payload, type(message))
    except MessageError as error:
        raise ValueError(f"not a valid message: {error}") from error
    return payload


def decode(payload: bytes, kind: type[M]) -> M:
    """The message of type `kind` in `payload`.

    MessageError where it is too long, of a newer schema, not JSON, or where any field is missing, unknown, of the
    wrong type, out of range, or does not add up.
    """
    if len(payload) > SIZE_LIMITS[kind]:
        raise MessageError(f"{kind.__name__} of {len(payload)} bytes: the limit is {SIZE_LIMITS[kind]}")
    try:
        if not payload.startswith(_AS_WE_WRITE_IT) and (schema := _VERSION(payload).schema) > SCHEMA:
            raise MessageError(f"schema {schema} is newer than {SCHEMA}, the newest read here: upgrade edgeguard")
        message: M = _DECODERS[kind](payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(f"{kind.__name__} is malformed: {error}") from error
    return message
