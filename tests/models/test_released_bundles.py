from __future__ import annotations

import json
import platform
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from edgeguard import released
from edgeguard.bundle.layout import CARD
from edgeguard.bundle.reader import Bundle
from edgeguard.device.engines import ENGINES, open_engine
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.card import render_card
from edgeguard.lab.export import headline
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import RunFacts, dataset_from_recipe, split_from_recipe
from edgeguard.metrics.classification import weighted_f1
from edgeguard.signals.inputs import input_spec_hook

NAMES = sorted(path.stem for path in released.models_folder().glob("*/*.zip"))

HASHED_WINDOWS = {"eeg-vgg16-quarter"}  # its data's hash is of filtered windows, whose last bits a processor decides


@pytest.fixture(params=NAMES)
def bundle(request):
    return Bundle.open(released.bundle_path(request.param))


def test_there_is_a_released_bundle():
    assert "ecg5000-fcnet-quarter" in NAMES


def test_it_was_trained_by_the_recipe_beside_it(bundle):
    recipe = load_recipe(bundle.manifest.name)
    assert msgspec.convert(bundle.manifest.provenance.recipe, type(recipe)) == recipe


def test_the_card_beside_it_is_its_own(bundle):
    card = released.models_folder() / bundle.manifest.name / CARD
    assert card.read_bytes() == bundle.content[CARD]


def test_every_figure_of_the_card_is_in_the_files_that_the_run_wrote(bundle):
    folder, manifest = released.models_folder() / bundle.manifest.name, bundle.manifest
    facts = msgspec.json.decode((folder / "run.json").read_bytes(), type=RunFacts, dec_hook=input_spec_hook)
    figures = json.loads((folder / "metrics.json").read_text())
    card = render_card(manifest, load_recipe(manifest.name), facts, figures)
    assert card.encode() == bundle.content[CARD]
    assert headline(figures) == manifest.metrics


@pytest.mark.parametrize("engine", ENGINES.names())
def test_it_passes_its_self_test(bundle, engine):
    with open_engine(engine, bundle) as opened:
        assert opened.exits == bundle.manifest.exits


@pytest.mark.data
def test_on_the_real_test_windows_it_does_what_its_manifest_says(bundle, data_folder):
    manifest, recipe = bundle.manifest, load_recipe(bundle.manifest.name)
    dataset = dataset_from_recipe(recipe.data, data_folder)
    hashed = replace(dataset, origin_sha256="") if manifest.name in HASHED_WINDOWS else dataset
    if hashed is dataset or platform.machine() in {"x86_64", "AMD64"}:
        assert hashed.sha256() == manifest.provenance.data_sha256
    test = split_from_recipe(recipe, dataset).test
    with open_engine("onnxruntime", bundle) as engine:
        verdict = ensemble(probabilities(engine.infer(np.ascontiguousarray(dataset.x[test]))), manifest.temperature)
    assert weighted_f1(verdict, dataset.y[test]) == pytest.approx(manifest.metrics["f1"], abs=0.005)
