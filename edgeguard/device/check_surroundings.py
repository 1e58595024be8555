"""What a device finds around it: room on the disk, the broker, the port for metrics, the clock."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from edgeguard.device.config import DeviceConfig, device_id, spool_folder
from edgeguard.device.findings import Finding, caught
from edgeguard.errors import ConfigError, StorageError
from edgeguard.telemetry.broker import broker_of
from edgeguard.telemetry.session import Session
from edgeguard.telemetry.topics import Address

_BROKER_S: Final = 5.0


def check_surroundings(config: DeviceConfig, newer_than_utc: str) -> Iterator[Finding]:
    """Try the folders, the broker and the port; `newer_than_utc` is an ISO time that has certainly passed."""
    yield from caught("broker", _of_broker(config))
    if config.broker.url is not None:
        folder = spool_folder(config)
        yield from caught("spool", _of_room("spool", folder, folder, config.spool.max_mb))
    if config.log.file is not None:
        yield from caught("log", _of_log(Path(config.log.file), config.log.max_mb))
    if config.raw.folder is not None:
        folder = Path(config.raw.folder)
        yield from caught("raw windows", _of_room("raw windows", folder, folder, config.raw.max_mb))
    if config.metrics.port is not None:
        yield from caught("metrics", _of_metrics(config.metrics.port))
    yield _of_clock(newer_than_utc)


def _of_broker(config: DeviceConfig) -> Iterator[Finding]:
    address = Address(config.device.fleet, device_id(config))
    if config.broker.url is None:
        yield Finding("note", "broker", "none: no message is sent")
        return
    broker = broker_of(config.broker)
    try:
        socket.create_connection((broker.host, broker.port), _BROKER_S).close()
    except OSError as error:
        yield Finding(
            "note", "broker", f"{broker} cannot be reached now ({error.strerror or error}): messages wait in the spool"
        )
        return
    # A client id of its own: a broker would end the connection of the device that may be running.
    session = Session(broker, f"{address.client_id}-check")
    try:
        session.start(_BROKER_S)
        if session.connected:
            yield Finding("ok", "broker", f"{broker} lets us in; we are {config.device.fleet}/{address.device}")
        else:
            yield Finding("note", "broker", f"{broker} did not let us in within {_BROKER_S:g} s: messages would wait")
    finally:
        session.stop()


def _of_log(file: Path, max_mb: float) -> Iterator[Finding]:
    if file.is_dir() or (file.exists() and not os.access(file, os.W_OK)):
        raise StorageError(f"{file} cannot be written: choose another file")
    yield from _of_room("log", file, file.absolute().parent, max_mb)


def _of_room(about: str, path: Path, folder: Path, max_mb: float) -> Iterator[Finding]:
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise StorageError(f"{there} cannot be written ({error.strerror}): mend it or choose another place") from error
    free_mb = shutil.disk_usage(there).free / 1e6
    text = f"{path}, at most {max_mb:g} MB, {free_mb:.0f} MB are free"
    yield Finding("ok" if free_mb > max_mb else "note", about, text)


def _of_metrics(port: int) -> Iterator[Finding]:
    from edgeguard.device.metrics_endpoint import HOST  # noqa: PLC0415 - an extra

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(f"port {port} is taken ({error.strerror}): choose another metrics.port") from error
    yield Finding("ok", "metrics", f"http://{HOST}:{port or '<any>'}/metrics")


def _of_clock(newer_than_utc: str) -> Finding:
    now = datetime.now(timezone.utc)
    text = f"{now:%Y-%m-%d %H:%M} UTC"
    if now.isoformat() < newer_than_utc:
        return Finding("note", "clock", f"{text}, but the bundle was made on {newer_than_utc[:10]}: set the clock")
    return Finding("ok", "clock", text)
