"""``edgeguard bridge``: one file per subcommand."""

from __future__ import annotations

from typing import Final

import click

from edgeguard.cli.lazy_group import LazyGroup

_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "simulate": ("edgeguard.cli.bridge_simulate", "Be a wearable, on a pseudo terminal or a TCP port."),
    "record": ("edgeguard.cli.bridge_record", "Keep every byte that a wearable sends."),
    "replay": ("edgeguard.cli.bridge_replay", "Send a recording as the wearable sent it."),
    "monitor": ("edgeguard.cli.bridge_monitor", "Watch a wearable: rate, gaps, damage, battery, signal."),
    "flash-check": ("edgeguard.cli.bridge_flash_check", "Have a wearable identify itself, and grade its link."),
}


@click.group(cls=LazyGroup, modules=_COMMANDS, no_args_is_help=True)
def command() -> None:
    """Talk to wearables over the wire that firmware_bridge/PROTOCOL.md describes."""
