"""What a device would meet if it started now: all that its config names is tried, and nothing is left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edgeguard import released
from edgeguard.bundle.layout import SIGNATURE
from edgeguard.bundle.reader import Bundle
from edgeguard.bundle.signature import load_public_key
from edgeguard.device.check_surroundings import check_surroundings
from edgeguard.device.config import Alarms, DeviceConfig, EngineConfig, SourceConfig
from edgeguard.device.findings import Finding, caught
from edgeguard.device.judge import open_judge
from edgeguard.device.sources import open_source
from edgeguard.errors import ConfigError, EdgeGuardError, LinkError, SourceError
from edgeguard.signals.resampling import rate_ratio
from edgeguard.signals.spec import SignalSpec
from firmware_bridge.patience import within

_OPEN_S: Final = 30.0  # a search over Bluetooth alone takes ten
_FIRST_SAMPLE_S: Final = 3.0


def check(config: DeviceConfig) -> Iterator[Finding]:
    """Try all that `config` names, one after the other; nothing that an operator can mend is raised."""
    try:
        bundle = _opened(config)
    except EdgeGuardError as error:
        yield Finding("wrong", "bundle", str(error))
        yield from check_surroundings(config, "")
        return
    yield from _of_bundle(bundle)
    yield from caught("model", _of_model(bundle, config.engine, config.alarms))
    yield from _of_sources(config.source, bundle)
    yield from check_surroundings(config, bundle.manifest.provenance.created_utc)


def _opened(config: DeviceConfig) -> Bundle:
    if config.bundle.path is None:
        raise ConfigError("none is given: name it on the command line, or as bundle.path in the config file")
    trusted = [load_public_key(Path(key)) for key in config.bundle.trusted_keys]
    return Bundle.open(released.bundle_path(config.bundle.path), trusted=trusted)


def _of_bundle(bundle: Bundle) -> Iterator[Finding]:
    manifest = bundle.manifest
    yield Finding("ok", "bundle", f"{manifest.name} {manifest.version}, whole, sha256 {bundle.sha256[:12]}")
    if bundle.signed_by:
        yield Finding("ok", "signature", f"by the trusted key {bundle.signed_by[:12]}")
    else:
        said = "not checked" if SIGNATURE in bundle.content else "none"
        yield Finding("note", "signature", f"{said}: only bundle.trusted_keys shows who made the bundle")


def _of_model(bundle: Bundle, engine: EngineConfig, alarms: Alarms) -> Iterator[Finding]:
    with open_judge(bundle, engine) as judge:
        began = time.perf_counter()
        difference = judge.self_test()
        took_ms = 1000 * (time.perf_counter() - began)
    tolerance = bundle.manifest.golden_tolerance
    yield Finding(
        "ok", "self-test", f"golden windows within {difference:.2g}, {tolerance:g} is allowed; took {took_ms:.0f} ms"
    )
    saved = "" if judge.stage_shares is None else f"; {_mean_stages(judge.stage_shares):.2g} on clean windows"
    yield Finding("ok", "policy", f"{engine.policy}, of {len(bundle.manifest.exits)} stages{saved}")
    rule = judge.rule
    yield Finding(
        "ok",
        "alarm",
        f"{rule.score} over {rule.threshold:.4g}, on at most {rule.false_alarm_rate:.2%} of clean windows",
    )
    if rule.calibrated_for is None:
        yield Finding(
            "note",
            "calibration",
            "the bundle, of an earlier format, does not say for which preprocessing and precision: export it again",
        )
    else:
        yield Finding("ok", "calibration", f"for this preprocessing in {bundle.manifest.precision}")
    if not alarms.drift_windows:
        yield Finding("note", "drift alarm", "off: alarms.drift_windows is 0")
    elif not rule.clean_quantiles:
        yield Finding(
            "note", "drift alarm", "off: the bundle does not say how clean scores are spread, export it again"
        )
    else:
        yield Finding("ok", "drift alarm", f"a false one in {alarms.drift_windows} clean windows")


def _mean_stages(shares: tuple[float, ...]) -> float:
    return sum(number * share for number, share in enumerate(shares, start=1))


def _of_sources(sources: tuple[SourceConfig, ...], bundle: Bundle) -> Iterator[Finding]:
    if not sources:
        yield Finding("wrong", "source", "none is given: name one with --source, or as [[source]] in the config file")
        return
    signal = bundle.manifest.signal
    findings = []
    for one in sources:
        findings.append(_of_source(one, signal))
        yield findings[-1]
    if all(finding.kind == "wrong" for finding in findings):
        yield Finding("wrong", "sources", f"none gives what {bundle.manifest.name} takes: {_input(signal)}")


def _of_source(one: SourceConfig, signal: SignalSpec) -> Finding:
    about = f"source {one.name}"
    try:
        return asyncio.run(_looked_at(about, one, signal))
    except LinkError as error:
        if isinstance(error.__cause__, SourceError):  # it is there, and sends what no waiting makes fit
            return Finding("wrong", about, str(error))
        return Finding("note", about, f"{error}; the device tries again and again")
    except EdgeGuardError as error:
        return Finding("wrong", about, str(error))


async def _looked_at(about: str, one: SourceConfig, signal: SignalSpec) -> Finding:
    source = open_source(one.spec, speed=one.speed)
    try:
        feed = await within(_OPEN_S, source.open(signal))
        text = f"{'live' if feed.live else 'recorded'}, {_input(signal)}{_conversion(feed.rate_hz, signal.rate_hz)}"
        await within(_FIRST_SAMPLE_S, feed.samples.__anext__())
    except asyncio.TimeoutError:
        return Finding("note", about, f"nothing came within {_FIRST_SAMPLE_S:g} s; the device goes on waiting")
    except StopAsyncIteration:
        return Finding("note", about, f"{text}; it ended without a sample")
    finally:
        await source.close()
    return Finding("ok", about, f"{text}; samples come")


def _input(signal: SignalSpec) -> str:
    rate = "" if signal.rate_hz is None else f" at {signal.rate_hz:g} Hz"
    return f"{'+'.join(signal.channels)} in {signal.units}{rate}"


def _conversion(from_hz: float | None, to_hz: float | None) -> str:
    """What is done to a source's rate; SourceError where nothing can be."""
    if from_hz is None or to_hz is None:
        return ", window by window"
    ratio = rate_ratio(from_hz, to_hz)
    return "" if ratio == (1, 1) else f", resampled from {from_hz:g} Hz by {ratio.up}/{ratio.down}"
