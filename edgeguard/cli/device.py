"""``edgeguard device check``; plain text, it runs on the device."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeguard.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeguard.device.findings import Finding


@click.group(no_args_is_help=True)
def command() -> None:
    """Look after an installed device."""


@command.command()
@click.argument("bundle", required=False)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file; options win over it.")
@click.option("--source", "sources", multiple=True, metavar="[NAME=]SPEC", help="As of edgeguard run; repeatable.")
@click.option("--key", multiple=True, metavar="PUB", help="Public key that the bundle must be signed by; repeatable.")
def check(*, bundle: str | None, config: Path | None, sources: tuple[str, ...], key: tuple[str, ...]) -> int:
    """Try all that a config names, and say what came out: ok, note or wrong, a line each.

    Opens the bundle and replays its self-test, opens each source for a moment, looks for room on the disk, knocks at
    the broker. Exit status 1 where something is wrong. Harmless beside a device that runs, but a source or a port that
    only one may have is then taken.
    """
    from edgeguard.device.findings import caught

    logging.getLogger("edgeguard").setLevel(logging.ERROR)  # what is worth a line is a finding
    kinds = set()
    for finding in caught("config", _findings(bundle, config, sources, key)):
        kinds.add(finding.kind)
        click.echo(f"{finding.kind:<5}  {one_line(finding.about)}: {one_line(finding.text)}")
    return int("wrong" in kinds)


def _findings(
    bundle: str | None, file: Path | None, sources: tuple[str, ...], key: tuple[str, ...]
) -> Iterator[Finding]:
    from msgspec.structs import replace

    from edgeguard.device import check
    from edgeguard.device.config import load_config
    from edgeguard.device.findings import Finding
    from edgeguard.device.sources import sources_from

    config = load_config(file, {"bundle": {"path": bundle, "trusted_keys": list(key) or None}})
    if sources:
        config = replace(config, source=sources_from(sources))
    yield Finding("ok", "config", "the options alone" if file is None else f"{file}, every key known")
    yield from check.check(config)
