"""The model that a device runs: its bundle, and the judge that it opens to."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgeguard import released
from edgeguard.bundle.manifest import Manifest
from edgeguard.bundle.reader import Bundle
from edgeguard.bundle.signature import load_public_key
from edgeguard.device.config import DeviceConfig
from edgeguard.device.judge import Judge, open_judge
from edgeguard.errors import BundleError, ConfigError
from edgeguard.signals.spec import SignalSpec


@dataclass(frozen=True)
class Model:
    """An opened bundle whose judge has passed its self-test.

    Attributes:
        manifest: Of the bundle.
        sha256: Of the bundle.
        judge: Judges until `close`.
    """

    manifest: Manifest
    sha256: str
    judge: Judge
    _opened: ExitStack

    @property
    def signal(self) -> SignalSpec:
        """What it takes."""
        return self.manifest.signal

    def close(self) -> None:
        """Let go of the engine; harmless when called twice."""
        self._opened.close()


def open_model(config: DeviceConfig) -> Model:
    """The configured bundle, tested; EdgeGuardError where it cannot be trusted, read or served."""
    if config.bundle.path is None:
        raise ConfigError("no bundle is given: name it on the command line, or as bundle.path in the config file")
    trusted = [load_public_key(Path(key)) for key in config.bundle.trusted_keys]
    bundle = Bundle.open(released.bundle_path(config.bundle.path), trusted=trusted)
    opened = ExitStack()
    judge = opened.enter_context(open_judge(bundle, config.engine))
    return Model(bundle.manifest, bundle.sha256, judge, opened)


def check_same_input(old: SignalSpec, new: SignalSpec) -> None:
    """BundleError where sources that were opened for `old` would have to be opened again for `new`."""
    if (old.channels, old.units) != (new.channels, new.units) or (old.rate_hz is None) != (new.rate_hz is None):
        raise BundleError(
            f"the bundle takes {'+'.join(new.channels)} in {new.units}, the sources give {'+'.join(old.channels)} in "
            f"{old.units}: start the device anew"
        )
    if new.rate_hz is None and (old.window, old.hop) != (new.window, new.hop):
        raise BundleError(f"the bundle takes windows of {new.window}, the sources give {old.window}: start anew")
