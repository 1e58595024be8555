"""``edgeguard evaluate``: a JSON file first, then a table, then the report."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--beside", type=click.Path(path_type=Path), help="An evaluated run to draw in the same robust curve.")
@click.option("--attack", "attacks", multiple=True, metavar="NAME", help="An attack beside PGD; may be given often.")
@click.option(
    "--set", "assignments", multiple=True, metavar="evaluation.KEY=VALUE", help="Change the recipe's [evaluation]."
)
@click.option("--groups", type=click.Path(path_type=Path), help="CSV with a line a wearer: wearer, then attributes.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps or auto.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
@click.option("--quiet", is_flag=True, help="No progress and no table.")
def command(
    run: Path,
    beside: Path | None,
    attacks: tuple[str, ...],
    assignments: tuple[str, ...],
    groups: Path | None,
    device: str,
    data_dir: Path | None,
    quiet: bool,
) -> None:
    """Measure RUN on its test windows, clean and under attack: metrics.json, a table, report.html."""
    from edgeguard import files
    from edgeguard.cli.console import evaluation_table, say
    from edgeguard.lab.accelerator import fabric_on
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.data.group_file import with_groups
    from edgeguard.lab.evaluation import evaluate
    from edgeguard.lab.figure_tables import put_beside
    from edgeguard.lab.recipe import evaluated_as
    from edgeguard.lab.report import render_report
    from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe

    trained = Run(run)
    recipe, facts = evaluated_as(trained.recipe(), assignments, attacks), trained.facts()
    other = Run(beside).figures() if beside else None
    dataset = dataset_from_recipe(recipe.data, data_folder(data_dir))
    trained.require_same_data(dataset)
    if groups is not None:
        dataset, notes = with_groups(dataset, groups)
        for note in notes:
            say(note, quiet=quiet)
    split = split_from_recipe(recipe, dataset)
    net = trained.net().to(fabric_on(device).device)
    evaluation = evaluate(
        net, recipe, dataset, split, lambda attack, radius: say(f"{attack}, ε = {radius} …", quiet=quiet)
    )
    if other is not None:
        put_beside(evaluation.figures, other)
    trained.write_figures(evaluation.figures)
    if not quiet:
        evaluation_table(evaluation.figures)
    page = render_report(evaluation, recipe, facts.signal, facts.classes, other)
    files.write_text(trained.folder / "report.html", page)
    click.echo(f"{trained.metrics}\n{trained.folder / 'report.html'}")
