"""``edgeguard universal``: craft one perturbation for all windows of a run, and keep it as a file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("universal")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The .npz to write.")
@click.option("--epsilon", type=float, required=True, help="Radius of the ball, in the unit of the network's input.")
@click.option("--norm", default="linf", show_default=True, help="linf or l2.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="An option of the attack uap.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps or auto.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
def command(
    run: Path, out: Path, epsilon: float, norm: str, assignments: tuple[str, ...], device: str, data_dir: Path | None
) -> None:
    """Craft a universal perturbation on training windows of RUN; evaluate plays it as the attack `universal`."""
    from edgeguard import config
    from edgeguard.lab.accelerator import fabric_on
    from edgeguard.lab.attacking import craft_universal
    from edgeguard.lab.attacks.threat import threat_at
    from edgeguard.lab.attacks.uap import UAP
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
    from edgeguard.registry import call_with_options

    trained = Run(run)
    recipe = trained.recipe()
    options = config.set_values({}, assignments)
    uap = call_with_options("attack uap", UAP, options, threat_at(epsilon, norm))
    net = trained.net().to(fabric_on(device).device)
    dataset = dataset_from_recipe(recipe.data, data_folder(data_dir))
    trained.require_same_data(dataset)
    crafted = craft_universal(net, uap, dataset, split_from_recipe(recipe, dataset))
    crafted.save(out)
    click.echo(f"{out}: changes {crafted.facts.fool_rate:.0%} of the verdicts it was crafted on")
