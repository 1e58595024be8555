"""``edgeguard export``: a run becomes a bundle."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="The bundle: a .zip, or else a folder."
)
@click.option("--sign", "key", type=click.Path(path_type=Path), help="A private key of edgeguard keygen.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
def command(run: Path, out: Path, key: Path | None, data_dir: Path | None) -> None:
    """Turn RUN, trained and evaluated, into a bundle; refused where onnxruntime and torch disagree."""
    from edgeguard.bundle.signature import load_private_key
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.export import export_run
    from edgeguard.lab.run import Run, dataset_from_recipe

    signer = load_private_key(key) if key else None
    trained = Run(run)
    recipe, figures = trained.recipe(), trained.figures()
    dataset = dataset_from_recipe(recipe.data, data_folder(data_dir))
    bundle = export_run(trained, dataset, figures, out, signer)
    signed = f"signed by {bundle.signed_by}" if bundle.signed_by else "not signed"
    click.echo(f"{out}: {len(bundle.manifest.exits)} exits, {signed}")
