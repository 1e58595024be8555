"""The command line: one file per command, each imported only when it runs."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import click

from edgeguard import __version__
from edgeguard.errors import EdgeGuardError
from edgeguard.registry import near_match

# command -> (module, one line for --help); the line stands here so that --help imports no command
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "data": ("edgeguard.cli.data", "List and fetch data sets."),
    "train": ("edgeguard.cli.train", "Train a model from a recipe."),
    "evaluate": ("edgeguard.cli.evaluate", "Measure a run, clean and attacked, and write its report."),
    "export": ("edgeguard.cli.export", "Turn a run into a bundle for the device."),
    "bundle": ("edgeguard.cli.bundle", "Verify, show and pack bundles."),
    "keygen": ("edgeguard.cli.keygen", "Make a key pair for signing bundles."),
    "run": ("edgeguard.cli.run", "Run a bundle on a source of samples."),
    "demo": ("edgeguard.cli.demo", "Show the whole line: train, export, run, attack, alarm."),
}


class _Commands(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            ctx.fail(f"no command {args[0]!r}{near_match(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgeguard")
def command() -> None:
    """Robust early-exit biosignal models, from a data set to a fleet of wearables.

    Research use only: not a medical device.
    """


def main() -> None:
    """Run the command line; what the user can act on is one line on stderr and exit status 1."""
    try:
        command(standalone_mode=True)
    except EdgeGuardError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
