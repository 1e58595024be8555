"""``edgeguard train``: recipe in, run directory out."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("train")
@click.argument("recipe")
@click.option("--out", type=click.Path(path_type=Path), help="The run directory; runs/<name>-<seed> unless given.")
@click.option("--undefended", is_flag=True, help="Train the twin without exits.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of split, weights and batches.")
@click.option("--set", "assignments", multiple=True, metavar="TABLE.KEY=VALUE", help="Change the recipe for this run.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps or auto.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(
    recipe: str,
    out: Path | None,
    undefended: bool,
    seed: int | None,
    assignments: tuple[str, ...],
    device: str,
    data_dir: Path | None,
    quiet: bool,
) -> None:
    """Train RECIPE, a released name or a .toml file.

    An interrupted training goes on exactly where it stopped when the same command is given again.
    """
    from edgeguard.cli.console import training_progress
    from edgeguard.lab.agreement import too_few_to_agree
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.data.summary import left_out
    from edgeguard.lab.recipe import load_recipe
    from edgeguard.lab.run import Run, dataset_from_recipe, run_name, split_from_recipe
    from edgeguard.lab.training import train

    extra = [f"seed={seed}"] * (seed is not None) + ["net.exits=false"] * undefended
    loaded = load_recipe(recipe, [*assignments, *extra])
    run = Run(out or Path("runs") / run_name(loaded))
    dataset = dataset_from_recipe(loaded.data, data_folder(data_dir))
    windows = len(split_from_recipe(loaded, dataset).validation)
    for line in (*left_out(dataset), *too_few_to_agree(windows, loaded)):
        click.echo(line)
    with training_progress(quiet=quiet) as on_batch:
        facts = train(loaded, dataset, run, device=device, on_batch=on_batch)
    click.echo(
        f"{run.folder}: weights of epoch {facts.best_epoch} of {facts.epochs}, {facts.seconds:.0f} s; "
        f"next: edgeguard evaluate {run.folder}"
    )
