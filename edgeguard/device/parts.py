"""What a device needs before it can serve: its model and its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeguard.device.config import DeviceConfig
from edgeguard.device.model import Model, open_model
from edgeguard.device.samples import Source
from edgeguard.device.sources import open_source
from edgeguard.errors import ConfigError


@dataclass(frozen=True)
class Parts:
    """What of a config can be opened beside a device that runs.

    Attributes:
        config: See `edgeguard.device.config`.
        model: Opened and tested.
        sources: By name; not yet opened.
    """

    config: DeviceConfig
    model: Model
    sources: Mapping[str, Source]


def open_parts(config: DeviceConfig) -> Parts:
    """Open the model of `config` and look at its sources; EdgeGuardError where one is wrong."""
    if not config.source:
        raise ConfigError("no source is given: name one with --source, or as [[source]] in the config file")
    sources = {one.name: open_source(one.spec, speed=one.speed) for one in config.source}
    if len(sources) < len(config.source):
        raise ConfigError("two sources bear the same name: give each its own")
    return Parts(config, open_model(config), sources)
