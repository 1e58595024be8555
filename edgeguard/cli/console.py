"""What commands show on the terminal: progress bars, tables, and a live view (rich)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from edgeguard.lab.papers.progress import Standing
    from edgeguard.lab.papers.table import Table as PlainTable
    from edgeguard.lab.training import BatchFacts

_STYLES: Final = {"": "", "bold": "bold", "dim": "dim", "good": "green", "note": "yellow", "bad": "bold red"}


def say(text: str, *, quiet: bool) -> None:
    """One line about what happens next, on stderr."""
    if not quiet:
        click.echo(text, err=True)


@contextmanager
def training_progress(*, quiet: bool) -> Iterator[Callable[[BatchFacts], None]]:
    """A bar over all batches with loss, last validation accuracy and the time left if no epoch is saved by patience."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), TextColumn("{task.fields[figures]}"), TimeElapsedColumn(), "left ≤")
    with Progress(*columns, TimeRemainingColumn(), disable=quiet) as progress:
        task = progress.add_task("training", total=None, figures="")

        def on_batch(facts: BatchFacts) -> None:
            accuracy = "" if facts.accuracy is None else f" accuracy {facts.accuracy:.3f}"
            progress.update(
                task,
                description=f"epoch {facts.epoch}/{facts.epochs}",
                total=facts.epochs * facts.batches,
                completed=(facts.epoch - 1) * facts.batches + facts.batch,
                figures=f"loss {facts.loss:.3f}{accuracy}",
            )

        yield on_batch


@contextmanager
def reproduction_progress(*, quiet: bool) -> Iterator[Callable[[Standing], None]]:
    """Which net of how many, and about how long it takes: a bar on a terminal, elsewhere a line for each net."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[left]}"))
    told = 0
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("", total=1.0, left="")

        def tell(standing: Standing) -> None:
            nonlocal told
            text = f"net {standing.net} of {standing.nets}: {standing.doing}"
            left = "" if standing.seconds_left is None else f"{math.ceil(standing.seconds_left / 60)} min left at most"
            progress.update(task, description=text, completed=standing.share, left=left)
            if standing.net != told and not console.is_terminal:
                say(f"{text}; {left}" if left else text, quiet=quiet)
            told = standing.net

        yield tell


def plain_table(table: PlainTable) -> None:
    """A table whose cells are made already, on stdout."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False)  # a group may be called [bold]
    if not console.is_terminal:
        console.width = 130  # a file has room for the widest table
    shown = Table(title=table.title, caption="\n".join(table.notes), caption_justify="left", box=box.SIMPLE_HEAD)
    for number, name in enumerate(table.header):
        shown.add_column(name, justify="left" if number == 0 else "right")
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)


@contextmanager
def download_progress(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar of the bytes that came, on a terminal; none where rich is not installed."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:  # the download matters more than its bar
        yield lambda _done, _total: None
        return
    console = Console(stderr=True)
    columns = TextColumn(name), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def evaluation_table(figures: Mapping[str, Any]) -> None:
    """Clean and attacked figures of a run as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    from edgeguard.exits.disagreement import in_words
    from edgeguard.lab.figure_tables import figure_tables

    alarm = figures["calibration"]
    low, high = alarm["observed_interval"]
    table = Table(
        title=f"{figures['recipe']}, seed {figures['seed']}, {figures['test_windows']} test windows",
        caption=f"false alarms: promised {alarm['promised_false_alarm_rate']:.1%}, "
        f"seen {alarm['observed_false_alarm_rate']:.1%} (95 %: {low:.1%} to {high:.1%})",
    )
    for name in ("attack", "ε", "F1", "F1 last exit", "ECE", "alarm rate", f"AUROC {in_words(alarm['score'])}"):
        table.add_column(name, justify="left" if name == "attack" else "right")
    table.add_row("none", "", *_row(figures["clean"]), f"{alarm['observed_false_alarm_rate']:.3f}", "")
    for attack, rows in {"pgd": figures["pgd"], **figures["attacks"]}.items():
        for row in rows:
            auroc = f"{row['detection'][alarm['score']]['auroc']:.3f}" if row["detection"] else "–"
            table.add_row(attack, row["label"], *_row(row), f"{row['alarm_rate']:.3f}", auroc)
    console = Console()
    console.print(table)
    for shown in figure_tables(figures):
        plain_table(shown)
    for warning in figures["warnings"]:
        console.print(f"warning: {warning}", style="yellow")


def _row(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{row['ensemble']['f1']:.3f}", f"{row['exits'][-1]['f1']:.3f}", f"{row['ensemble']['ece']:.3f}"


@contextmanager
def live_view() -> Iterator[LiveView | None]:
    """A view that fills the terminal and is drawn anew with each call; None where the output is no terminal."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    if not console.is_terminal:
        yield None
        return
    with Live(console=console, screen=True, auto_refresh=False) as live:
        yield LiveView(live, console)


class LiveView:
    """Draws lines of styled text over the whole terminal."""

    def __init__(self, live: Live, console: Console) -> None:
        self._live, self._console = live, console

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the terminal right now."""
        return self._console.width, self._console.height

    @property
    def braille(self) -> bool:
        """Whether the terminal can show more than ASCII."""
        return self._console.encoding.startswith("utf")

    def draw(self, lines: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Draw `lines`: text and style of each piece."""
        self._live.update(styled(lines), refresh=True)


def styled(lines: Sequence[Sequence[tuple[str, str]]]) -> Text:
    """Lines as rich draws them."""
    from rich.text import Text

    shown = Text(no_wrap=True, overflow="crop")
    for number, line in enumerate(lines):
        shown.append("\n" if number else "")
        for text, style in line:
            shown.append(text, _STYLES[style])
    return shown
