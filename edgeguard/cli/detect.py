"""``edgeguard detect``: which detectors find attacks, at which price on clean windows."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from edgeguard.errors import ConfigError


@click.command("detect")
@click.argument("runs", metavar="RUN…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--attack", "attacks", multiple=True, metavar="NAME", help="Instead of all naive attacks; often.")
@click.option("--detector", "detectors", multiple=True, metavar="NAME", help="Instead of all; may be given often.")
@click.option("--epsilon", "epsilons", multiple=True, help="Radius; the middle one of the recipe unless given; often.")
@click.option(
    "--windows", type=click.IntRange(min=1), help="Test windows attacked, at most; the recipe's unless given."
)
@click.option(
    "--false-alarm-rate",
    "rates",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    multiple=True,
    help="Promised for clean windows; 0.01 and 0.05 unless given. The first is that of streams.",
)
@click.option(
    "--set", "assignments", multiple=True, metavar="evaluation.KEY=VALUE", help="Change the recipe's [evaluation]."
)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps or auto.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the figures; that of a single run unless given."
)
@click.option("--quiet", is_flag=True, help="No progress and no tables.")
def command(
    runs: tuple[Path, ...],
    attacks: tuple[str, ...],
    detectors: tuple[str, ...],
    epsilons: tuple[str, ...],
    windows: int | None,
    rates: tuple[float, ...],
    assignments: tuple[str, ...],
    device: str,
    data_dir: Path | None,
    out: Path | None,
    quiet: bool,
) -> None:
    """Measure detectors on RUN, clean and attacked: detection.json, tables, a PNG for each radius.

    Several runs are seeds of one recipe: mean and spread over them. Each detector's threshold comes from clean
    validation windows alone.
    """
    if out is None and len(runs) > 1:
        raise ConfigError(f"the figures of {len(runs)} runs belong to none of them: say where with --out FOLDER")
    from edgeguard import files
    from edgeguard.cli.console import plain_table, say
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.detection.detectors import DETECTORS, detector_named
    from edgeguard.lab.detection.measuring import RATES, Asked, Listener
    from edgeguard.lab.detection.parts import final_parts
    from edgeguard.lab.detection.plot import found_bars
    from edgeguard.lab.detection.study import Order, study
    from edgeguard.lab.detection.tables import detection_tables
    from edgeguard.lab.run import Run

    for name in detectors:
        detector_named(name)
    chosen = [*assignments]
    if epsilons:
        chosen.append(f"evaluation.epsilons=[{', '.join(_radius(word) for word in epsilons)}]")
    if windows is not None:
        chosen.append(f"evaluation.attacked_windows={windows}")
    order = Order(
        asked=Asked(detectors or tuple(DETECTORS), rates or RATES),
        assignments=chosen,
        attacks=attacks,
        data=data_folder(data_dir),
        device=device,
        parts=lambda split, _seed: final_parts(split),
    )
    listener = Listener(on_attack=lambda attack, radius: say(f"{attack}, ε = {radius} …", quiet=quiet))
    figures = study([Run(run) for run in runs], order, listener)
    folder = out or runs[0]
    files.write_json(folder / "detection.json", figures)
    if not quiet:
        for shown in detection_tables(figures):
            plain_table(shown)
        for warning in (line for row in figures["runs"] for line in row["warnings"]):
            say(f"warning: {warning}", quiet=quiet)
    click.echo(folder / "detection.json")
    for radius in figures["mean"]["radii"]:
        picture = folder / f"detection-{radius.replace('/', '-').replace(' ', '-')}.png"
        files.write_bytes(picture, found_bars(figures, radius))
        click.echo(picture)


def _radius(word: str) -> str:
    """A radius as TOML: a number or a list as it is, anything else as text."""
    import json

    with suppress(ValueError):
        return f"{float(word)}"
    return word if word.startswith("[") else json.dumps(word)
