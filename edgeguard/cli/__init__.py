"""The command line: one file per command, each imported only when it runs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

import click

from edgeguard import __version__
from edgeguard.errors import EXTRAS, EdgeGuardError, MissingExtra, one_line
from edgeguard.registry import near_match

# command -> (module, one line for --help); the line stands here so that --help imports no command
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "data": ("edgeguard.cli.data", "List and fetch data sets."),
    "train": ("edgeguard.cli.train", "Train a model from a recipe."),
    "evaluate": ("edgeguard.cli.evaluate", "Measure a run, clean and attacked, and write its report."),
    "reproduce": ("edgeguard.cli.reproduce", "Measure a paper's tables, ours beside the paper's."),
    "universal": ("edgeguard.cli.universal", "Craft one perturbation for all windows of a run."),
    "export": ("edgeguard.cli.export", "Turn a run into a bundle for the device."),
    "bundle": ("edgeguard.cli.bundle", "Verify, show and pack bundles."),
    "keygen": ("edgeguard.cli.keygen", "Make a key pair for signing bundles."),
    "run": ("edgeguard.cli.run", "Run a bundle on a source of samples."),
    "device": ("edgeguard.cli.device", "Check what an installed device would meet."),
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
    """Run the command line; what the user can act on is one line on stderr.

    Exit status: 1, or 2 where the command itself is written wrongly, 130 after Ctrl-C, 143 after SIGTERM.
    """
    try:
        with _unwinding_on_sigterm():
            status = command(standalone_mode=False)
    except EdgeGuardError as error:
        _end(1, str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "edgeguard"
        _end(error.exit_code, f"{error.format_message().rstrip('.')}: see {asked} --help")
    except click.Abort:
        _end(130, "interrupted: what was finished is kept, give the same command to go on")
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS:
            raise
        _end(1, str(MissingExtra(module)))
    except OSError as error:
        _end(1, f"{error.filename or 'the system'}: {error.strerror or error}: check the path and its permissions")
    else:
        sys.exit(status or 0)


def _end(status: int, message: str) -> None:
    click.echo(f"error: {one_line(message)}", err=True)
    sys.exit(status)


@contextmanager
def _unwinding_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does: half-written files and child processes go first."""
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
