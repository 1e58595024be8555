"""The command line: one file per command, each imported only when it runs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from edgeguard import __version__
from edgeguard.cli.lazy_group import LazyGroup
from edgeguard.errors import EXTRAS, EdgeGuardError, MissingExtra, one_line

# command -> (module, one line for --help); the line stands here so that --help imports no command
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "data": ("edgeguard.cli.data", "List and fetch data sets."),
    "train": ("edgeguard.cli.train", "Train a model from a recipe."),
    "evaluate": ("edgeguard.cli.evaluate", "Measure a run, clean and attacked, and write its report."),
    "detect": ("edgeguard.cli.detect", "Measure which detectors find attacks on runs, and how soon."),
    "reproduce": ("edgeguard.cli.reproduce", "Measure a paper's tables, ours beside the paper's."),
    "universal": ("edgeguard.cli.universal", "Craft one perturbation for all windows of a run."),
    "export": ("edgeguard.cli.export", "Turn a run into a bundle for the device."),
    "bundle": ("edgeguard.cli.bundle", "Verify, show and pack bundles."),
    "keygen": ("edgeguard.cli.keygen", "Make a key pair for signing bundles."),
    "run": ("edgeguard.cli.run", "Run a bundle on a source of samples."),
    "device": ("edgeguard.cli.device", "Check what an installed device would meet."),
    "bridge": ("edgeguard.cli.bridge", "Talk to wearables: simulate, record, replay, monitor, grade."),
    "fleet": ("edgeguard.cli.fleet", "Watch the fleet: server, ingest, simulation."),
    "demo": ("edgeguard.cli.demo", "Show the whole line: train, export, run, attack, alarm."),
}


@click.group(cls=LazyGroup, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
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
