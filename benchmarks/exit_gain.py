"""When do averaged exits gain robustness without any adversarial example, as the early-exit paper reports?

``python -m benchmarks.exit_gain --data-dir DATA``; one thing is changed at a time (see exit_settings). For each: F1
under PGD on the last exit, of the averaged exits, of each exit, and of the undefended twin; and what explains it.
Finished nets and attacks are used again, and the results file is written after each setting, with all that is there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from benchmarks import RESULTS
from benchmarks.exit_gain_figures import Attacked, Pair, figures_of
from benchmarks.exit_settings import SCALINGS, SETTINGS, Setting
from edgeguard import files
from edgeguard.errors import EdgeGuardError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.carry_over import alignment, loss_gradients, mean_l1, transfer_rates
from edgeguard.lab.data import data_folder
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.inference import Floats, logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import Recipe, load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.metrics.classification import weighted_f1
from edgeguard.record import write_result

RECIPE: Final = "ecg5000-fcnet"
SCALE: Final = "reduced: 32, 16 or 64 filters instead of 128"


@click.command()
@click.option("--seeds", default="0,1,2,3,4", show_default=True)
@click.option("--only", "chosen", multiple=True, metavar="SETTING", help="Measure this setting; given again: this too.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/exit-gain"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(seeds: str, chosen: Sequence[str], runs: Path, data_dir: Path | None, results: Path) -> None:
    """Measure and write exit-gain.json."""
    if unknown := set(chosen) - SETTINGS.keys():
        raise click.ClickException(f"no setting is called {min(unknown)!r}; there are: {', '.join(SETTINGS)}")
    numbers = [int(seed) for seed in seeds.split(",")]
    bench = Bench(runs, data_folder(data_dir))
    try:
        for name in chosen or SETTINGS:
            for seed in numbers:
                gain = bench.measured(SETTINGS[name], seed).gain
                click.echo(f"{name}, seed {seed}: gain {', '.join(f'{value:.3f}' for value in gain)}")
            write_finished(bench, numbers, results)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error


def write_finished(bench: Bench, seeds: list[int], results: Path) -> None:
    """Write the figures of every setting that all seeds are there of."""
    finished = [
        figures_of(name, setting.epsilons, [bench.measured(setting, seed) for seed in seeds])
        for name, setting in SETTINGS.items()
        if all(bench.is_measured(setting, seed) for seed in seeds)
    ]
    figures = {"settings": finished}
    path = write_result("exit-gain", figures, libraries=("torch",), scale=SCALE, seeds=seeds, folder=results)
    click.echo(f"{len(finished)} of {len(SETTINGS)} settings are in {path}")


@dataclasses.dataclass(frozen=True)
class Bench:
    """Where nets and what was done to them lie, or get made."""

    runs: Path
    data: Path

    def measured(self, setting: Setting, seed: int) -> Pair:
        """Both nets of one seed, trained and attacked now where they are not yet."""
        return Pair(*(self._attacked(setting, seed, exits=exits) for exits in (True, False)))

    def is_measured(self, setting: Setting, seed: int) -> bool:
        """Whether `measured` has nothing left to do."""
        return all(_known(self._path(setting, seed, exits=exits), setting) for exits in (True, False))

    def _path(self, setting: Setting, seed: int, *, exits: bool) -> Path:
        return self.runs / setting.run_name(seed, exits=exits) / f"{setting.attack_name()}.json"

    def _attacked(self, setting: Setting, seed: int, *, exits: bool) -> Attacked:
        path = self._path(setting, seed, exits=exits)
        if known := _known(path, setting):
            return known
        changes = [*setting.trained_with(exits=exits), f"seed={seed}", f"net.exits={str(exits).lower()}"]
        recipe = load_recipe(RECIPE, changes)
        dataset, split = windows_of(recipe, setting, self.data)
        run = Run(path.parent)
        train(recipe, dataset, run)
        found = under_attack(run.net(), setting, dataset.x[split.test], dataset.y[split.test])
        files.write_json(path, msgspec.to_builtins(found))
        return found


def windows_of(recipe: Recipe, setting: Setting, data: Path) -> tuple[Dataset, Split]:
    """The recipe's windows, scaled as the setting says, and their split."""
    dataset = dataset_from_recipe(recipe.data, data)
    split = split_from_recipe(recipe, dataset)
    if setting.scaling:
        scaled = SCALINGS[setting.scaling](dataset.x, dataset.x[split.train])
        dataset = dataclasses.replace(dataset, x=scaled)
    return dataset, split


def under_attack(net: Net, setting: Setting, x: Floats, y: Labels) -> Attacked:
    """One net under the setting's attack, on windows x of classes y."""
    clean, gradients = logits_of(net, x), loss_gradients(net, x, y)
    attacks = [PGD(Threat(epsilon, setting.bounds), check=False, **setting.attack) for epsilon in setting.epsilons]
    found = [logits_of(net, perturb(net, attack, x, y)[0]) for attack in attacks]
    return Attacked(
        attack=_attack_of(setting),
        clean=weighted_f1(ensemble(probabilities(clean)), y),
        f1=[weighted_f1(ensemble(probabilities(logits)), y) for logits in found],
        exits=[[weighted_f1(logits[:, index], y) for index in range(net.exits)] for logits in found],
        transfer=[transfer_rates(clean, logits, y) for logits in found],
        alignment=alignment(gradients),
        gradient_l1=mean_l1(gradients),
    )


def _known(path: Path, setting: Setting) -> Attacked | None:
    """What was measured before, where it was the same attack; nets are told apart by their folder and its recipe."""
    if not path.is_file():
        return None
    found = msgspec.json.decode(path.read_bytes(), type=Attacked)
    return found if found.attack == _attack_of(setting) else None


def _attack_of(setting: Setting) -> dict[str, Any]:
    """As JSON has it."""
    bounds = None if setting.bounds is None else list(setting.bounds)
    return {"options": setting.attack, "epsilons": list(setting.epsilons), "bounds": bounds}


if __name__ == "__main__":
    command()
