"""A group of commands each of which is imported only when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from edgeguard.registry import near_match


class LazyGroup(click.Group):
    """A click group whose commands stand in modules of their own, as ``command``.

    Args:
        modules: Command -> (module, one line for --help); the line stands here so that --help imports no command.
        options: Of `click.Group`.
    """

    def __init__(self, *, modules: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self._modules = modules

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names, in the order of the table."""
        return list(self._modules)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if name not in self._modules:
            return None
        command: click.Command = import_module(self._modules[name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the near match of a command that does not exist."""
        if args and args[0] not in self._modules:
            ctx.fail(f"no command {args[0]!r}{near_match(args[0], self._modules)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Their names and lines for --help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._modules.items()])
