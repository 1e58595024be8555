"""The device's config file: all that `edgeguard run` can be told. docs/device.md shows one in full."""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from edgeguard.config import read_toml, record_from
from edgeguard.registry import Name
from edgeguard.telemetry.broker import PATHS, BrokerConfig

Positive = Annotated[float, msgspec.Meta(gt=0)]
Megabytes = Annotated[float, msgspec.Meta(gt=0, le=1e6)]  # of 10^6 bytes


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Device(_Table, frozen=True, kw_only=True):
    """Who we are; without an `id`, the host's name."""

    id: str = ""
    fleet: str = "default"


class Telemetry(_Table, frozen=True, kw_only=True):
    """How often a summary is sent."""

    interval_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 60.0


class Spool(_Table, frozen=True, kw_only=True):
    """Where messages wait for the broker, and how much room they have; without a folder, in the user's state folder."""

    folder: str | None = None
    max_mb: Megabytes = 64.0


class BundleConfig(_Table, frozen=True, kw_only=True):
    """Which model runs, and whose signatures count; without keys any intact bundle is taken."""

    path: str | None = None
    trusted_keys: tuple[str, ...] = ()


class SourceConfig(_Table, frozen=True, kw_only=True):
    """One source of samples.

    Attributes:
        name: What messages, logs and counters call it; part of no topic.
        spec: ``name:argument`` or the path of a recording, see `edgeguard.device.sources.open_source`. A relative path
            of a recording counts from the file's folder.
        speed: Of recordings and simulations: times faster than real time; ``inf`` for as fast as possible.
    """

    name: Name
    spec: str
    speed: Positive = 1.0


class EngineConfig(_Table, frozen=True, kw_only=True):
    """How windows are judged.

    Attributes:
        policy: ``all`` runs every exit; ``agree`` stops once the exits so far agree, as the bundle was calibrated.
        latency_ms: How long a window may wait for windows of other sources, to be judged in one batch.
        max_batch: Windows in one call of the model.
    """

    policy: Literal["all", "agree"] = "all"
    latency_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)] = 5.0
    max_batch: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 16


class Alarms(_Table, frozen=True, kw_only=True):
    """When an alarm begins and ends, and how many may be sent.

    Attributes:
        clear_windows: A window alarm is over after so many windows in a row under the threshold.
        drift_windows: Mean number of clean windows from one false drift alarm, or slowdown alarm, to the next; 0: none.
        max_per_hour: Alarms of one source that may begin in an hour; more are counted, and their ends not sent either.
    """

    clear_windows: Annotated[int, msgspec.Meta(ge=1)] = 10
    drift_windows: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 100_000
    max_per_hour: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60


class Log(_Table, frozen=True, kw_only=True):
    """The verdict log; none without a `file`. At half of `max_mb` it becomes ``<file>.1``, and the older one goes."""

    file: str | None = None
    max_mb: Megabytes = 64.0


class Raw(_Table, frozen=True, kw_only=True):
    """Raw windows around each alarm, kept on this disk alone; none without a `folder`. The oldest go first."""

    folder: str | None = None
    windows_before: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 30
    windows_after: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 30
    max_mb: Megabytes = 64.0


class Metrics(_Table, frozen=True, kw_only=True):
    """Prometheus metrics on 127.0.0.1; none without a `port`."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None


class DeviceConfig(_Table, frozen=True, kw_only=True):
    """All of the file; every table may be left out."""

    device: Device = Device()
    broker: BrokerConfig = BrokerConfig()
    telemetry: Telemetry = Telemetry()
    spool: Spool = Spool()
    bundle: BundleConfig = BundleConfig()
    log: Log = Log()
    source: tuple[SourceConfig, ...] = ()
    engine: EngineConfig = EngineConfig()
    alarms: Alarms = Alarms()
    raw: Raw = Raw()
    metrics: Metrics = Metrics()

    def __post_init__(self) -> None:
        twice = [name for name, count in Counter(source.name for source in self.source).items() if count > 1]
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}: give each a name of its own")


_PATHS: Final = {
    "broker": PATHS,
    "spool": ("folder",),
    "bundle": ("trusted_keys",),
    "log": ("file",),
    "raw": ("folder",),
}


def load_config(file: Path | None, flags: Mapping[str, Mapping[str, Any]]) -> DeviceConfig:
    """The config in `file`, if any, with every value of `flags` that is not None in place of the file's.

    Relative paths in the file count from its folder, those of recordings too. ConfigError where a key or a value is
    wrong.
    """
    tables = {} if file is None else _anchored(read_toml(file), file.parent)
    for name, values in flags.items():
        given = {key: value for key, value in values.items() if value is not None}
        if given:
            tables = {**tables, name: {**tables.get(name, {}), **given}}
    return record_from(tables, DeviceConfig, "the options" if file is None else str(file))


def device_id(config: DeviceConfig) -> str:
    """The configured id, else the host's name as far as it can be part of a topic."""
    return config.device.id or re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node()).strip("-._")[:64] or "device"


def spool_folder(config: DeviceConfig) -> Path:
    """The configured folder, else one of this device's own in the user's state folder."""
    if config.spool.folder is not None:
        return Path(config.spool.folder)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "edgeguard" / config.device.fleet / device_id(config)


def _anchored(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = {name: dict(table) if isinstance(table, dict) else table for name, table in tables.items()}
    for name, keys in _PATHS.items():
        if isinstance(table := anchored.get(name), dict):
            table.update({key: _under(folder, table[key]) for key in keys if key in table})
    if isinstance(bundle := anchored.get("bundle"), dict) and "path" in bundle:
        bundle["path"] = _bundle_under(folder, bundle["path"])
    if isinstance(sources := anchored.get("source"), list):
        anchored["source"] = [_anchored_source(source, folder) for source in sources]
    return anchored


def _bundle_under(folder: Path, value: Any) -> Any:
    """A word that is no file there is the name of a released bundle."""
    is_name = isinstance(value, str) and re.fullmatch(r"[\w-]+", value) and not (folder / value).exists()
    return value if is_name else _under(folder, value)


def _anchored_source(source: Any, folder: Path) -> Any:
    spec = source.get("spec") if isinstance(source, dict) else None
    if not isinstance(spec, str) or not (recording := _recording_in(spec)):
        return source
    return {**source, "spec": f"replay:{folder / recording}"}


def _recording_in(spec: str) -> str:
    """The path in ``replay:PATH`` or a bare PATH, with what follows it; empty where `spec` names another source."""
    if spec.startswith("replay:"):
        return spec.removeprefix("replay:")
    return "" if re.match(r"[A-Za-z_]+(:|$)", spec) else spec


def _under(folder: Path, value: Any) -> Any:
    """Paths as they lie under `folder`; what is no path is left for the check of types."""
    if isinstance(value, list):
        return [_under(folder, item) for item in value]
    return str(folder / value) if isinstance(value, str) else value
