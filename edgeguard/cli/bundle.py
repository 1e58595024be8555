"""``edgeguard bundle verify|show|pack``; plain text, it runs on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edgeguard.errors import one_line

if TYPE_CHECKING:
    from edgeguard.bundle.reader import Bundle

F = TypeVar("F", bound=Callable[..., Any])


def _keys_option(function: F) -> F:
    option = click.option(
        "--key", "keys", type=click.Path(path_type=Path), multiple=True, help="A public key to trust; may be repeated."
    )
    return option(function)


@click.group(no_args_is_help=True)
def command() -> None:
    """Verify, show and pack bundles: folders, .zip files, or released ones by name."""


@command.command()
@click.argument("bundle")
@_keys_option
@click.option("--run", is_flag=True, help="Also replay the golden vectors: whole graph and stages.")
def verify(bundle: str, keys: tuple[Path, ...], run: bool) -> None:
    """Check that BUNDLE is complete, unaltered and, with --key, signed."""
    opened = _open(bundle, keys)
    opened.golden()
    click.echo(f"{_name(opened)}: {len(opened.content)} files, all as in the manifest")
    click.echo(f"signature: {_signature(opened)}")
    for line in _replays(opened) if run else ():
        click.echo(line)


@command.command()
@click.argument("bundle")
@_keys_option
def show(bundle: str, keys: tuple[Path, ...]) -> None:
    """Print what BUNDLE says of its model."""
    for heading, text in _facts(_open(bundle, keys)):
        click.echo(f"{heading:<12}{one_line(text)}")


@command.command()
@click.argument("bundle")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A .zip, or else a folder.")
@click.option("--sign", type=click.Path(path_type=Path), help="A private key to sign it with, in place of an old one.")
def pack(bundle: str, output: Path, sign: Path | None) -> None:
    """Write BUNDLE to another place, as one .zip or as a folder."""
    from edgeguard.bundle.signature import load_private_key
    from edgeguard.bundle.writer import pack as pack_bundle

    packed = pack_bundle(_open(bundle, ()), output, load_private_key(sign) if sign else None)
    click.echo(f"{output}: {_name(packed)}, signature: {_signature(packed)}")


def _open(bundle: str, keys: tuple[Path, ...]) -> Bundle:
    from edgeguard.bundle.reader import Bundle
    from edgeguard.bundle.signature import load_public_key
    from edgeguard.released import bundle_path

    return Bundle.open(bundle_path(bundle), [load_public_key(key) for key in keys])


def _replays(bundle: Bundle) -> Iterator[str]:
    from edgeguard.device.engines import ENGINES
    from edgeguard.device.engines.self_test import self_test

    for name in ("onnxruntime", "onnxruntime-staged"):
        with ENGINES.load(name)(bundle) as engine:
            difference = self_test(engine)
        yield f"{name}: golden vectors within {difference:.2g}, {bundle.manifest.golden_tolerance:g} is allowed"


def _facts(bundle: Bundle) -> Iterator[tuple[str, str]]:
    manifest, signal, alarm = bundle.manifest, bundle.manifest.signal, bundle.manifest.disagreement
    origin = manifest.provenance
    rate = f" at {signal.rate_hz:g} Hz" if signal.rate_hz else ""
    yield "bundle", _name(bundle)
    yield "sha256", bundle.sha256
    yield "signature", _signature(bundle)
    yield "signal", f"{', '.join(signal.channels)} in {signal.units}{rate}"
    yield "windows", f"{signal.window} samples every {signal.hop}; {', '.join(signal.preprocessing) or 'as they come'}"
    yield "classes", ", ".join(manifest.classes)
    yield (
        "exits",
        f"{', '.join(manifest.exits)}; combined by {manifest.exit_rule}, temperature {manifest.temperature:g}",
    )
    yield "alarm", f"{alarm.score} over {alarm.threshold:.6g}"
    yield "promised", f"at most {alarm.false_alarm_rate:.2%} of clean windows ({alarm.calibration_windows} calibrated)"
    yield "observed", _observed(bundle)
    yield "calibrated", _origin(bundle)
    for name, value in manifest.metrics.items():
        yield "metric", f"{name} {value:.4g}"
    yield "trained", f"recipe {origin.recipe.get('name', '?')}, seed {origin.seed}, {origin.created_utc}"
    yield "", f"data sha256 {origin.data_sha256}, edgeguard {origin.code_version}"
    for name, data in sorted(bundle.content.items()):
        yield "file", f"{name} {len(data)} bytes"


def _name(bundle: Bundle) -> str:
    return one_line(f"{bundle.manifest.name} {bundle.manifest.version}")


def _observed(bundle: Bundle) -> str:
    alarm = bundle.manifest.disagreement
    if alarm.observed_rate is None:
        return "not measured"
    low, high = alarm.observed_interval or (0.0, 1.0)
    return f"{alarm.observed_rate:.2%} of clean test windows (95 % interval {low:.2%} to {high:.2%})"


def _origin(bundle: Bundle) -> str:
    fingerprint = bundle.manifest.disagreement.calibrated_for
    if fingerprint is None:
        return f"for what, is not known: the bundle is of the earlier format {bundle.manifest.format}"
    return f"for this signal in {bundle.manifest.precision}, fingerprint {fingerprint[:12]}"


def _signature(bundle: Bundle) -> str:
    from edgeguard.bundle.layout import SIGNATURE

    if bundle.signed_by:
        return f"by trusted key {bundle.signed_by[:12]}"
    return "present, not checked: give --key" if SIGNATURE in bundle.content else "none"
