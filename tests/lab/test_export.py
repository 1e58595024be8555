from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace

from edgeguard.bundle import signature
from edgeguard.bundle.fingerprint import calibration_fingerprint
from edgeguard.bundle.reader import Bundle
from edgeguard.device.engines import ENGINES, open_engine
from edgeguard.errors import BundleError, ConfigError, DataError, EngineError
from edgeguard.lab.data.facts import FACTS, Facts
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.export import export_run, golden_windows
from edgeguard.lab.nets.early_exit import EarlyExitNet
from edgeguard.lab.run import split_from_recipe
from tests.lab.conftest import waves


@pytest.fixture(scope="module")
def figures(wave_run, wave_data):
    recipe = wave_run.recipe()
    return evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data)).figures


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    signature.make_key_pair(folder / "maker.key", folder / "maker.pub")
    return signature.load_private_key(folder / "maker.key"), signature.load_public_key(folder / "maker.pub")


@pytest.fixture(scope="module", params=["waves.zip", "waves"])
def bundle(request, tmp_path_factory, wave_run, wave_data, figures, keys):
    """The wave run exported and signed, as one file and as a folder, and opened again by its key."""
    path = tmp_path_factory.mktemp("bundles") / request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FACTS, "waves", Facts("waves of two speeds", "none", "They are no heartbeats.", shareable=True))
        export_run(wave_run, wave_data, figures, path, keys[0])
    return Bundle.open(path, [keys[1]])


@pytest.mark.parametrize("name", ENGINES.names())
def test_engines_say_what_torch_says_at_every_exit(bundle, wave_run, wave_data, name):
    rng = np.random.default_rng(1)
    x = np.concatenate([wave_data.x[:50], rng.normal(0, 2, (50, 1, 32)).astype(np.float32)])
    with torch.no_grad():
        expected = wave_run.net()(torch.from_numpy(x)).numpy()
    with open_engine(name, bundle) as engine:
        found = engine.infer(x)
    assert found.shape == expected.shape == (100, 3, 2)
    assert np.abs(found - expected).max(axis=(0, 2)) == pytest.approx(0, abs=1e-4)


def test_golden_vectors_are_test_windows_with_the_logits_of_torch(bundle, wave_run, wave_data):
    x, logits = bundle.golden()
    test = wave_data.x[split_from_recipe(wave_run.recipe(), wave_data).test]
    np.testing.assert_array_equal(x, test[: len(x)])
    with torch.no_grad():
        np.testing.assert_allclose(logits, wave_run.net()(torch.from_numpy(x)).numpy(), atol=1e-6)


@pytest.mark.parametrize("name", ["luab_eeg", "recordings", "of another package"])
def test_golden_windows_are_noise_where_the_data_may_not_be_passed_on(name):
    test = np.random.default_rng(1).normal([[[50.0], [0.0]]], [[[5.0], [0.1]]], (40, 2, 300)).astype(np.float32)
    golden = golden_windows(name, test)
    assert golden.shape == (16, 2, 300)
    assert np.mean(golden[:, None] == test[None]) < 0.01
    np.testing.assert_allclose(golden.mean(axis=(0, 2)), [50, 0], atol=0.5)
    np.testing.assert_allclose(golden.std(axis=(0, 2)), [5, 0.1], rtol=0.05)


def test_manifest_holds_the_facts_of_the_run(bundle, wave_run, wave_data, figures):
    manifest, alarm = bundle.manifest, figures["calibration"]
    assert (manifest.signal, manifest.classes) == (wave_data.signal, wave_data.classes)
    assert manifest.provenance.data_sha256 == wave_data.sha256()
    assert manifest.provenance.recipe["training"]["batch_size"] == 50
    fingerprint = calibration_fingerprint(wave_data.signal, "float32")
    assert manifest.precision == "float32"
    assert manifest.disagreement.calibrated_for == manifest.agreement.disagreement.calibrated_for == fingerprint
    assert manifest.temperature == alarm["temperature"]
    assert manifest.disagreement.threshold == alarm["threshold"]
    assert manifest.disagreement.observed_rate == alarm["observed_false_alarm_rate"]
    assert manifest.agreement.observed_loss == figures["agreement"]["clean"]["lost"]
    assert len(manifest.agreement.stages) == figures["exits"]
    assert len(manifest.disagreement.clean_quantiles) == len(manifest.agreement.disagreement.clean_quantiles) == 21
    assert manifest.metrics["pgd_f1_at_1"] == figures["pgd"][1]["ensemble"]["f1"]
    assert len(manifest.exits) == len(manifest.stages) == figures["exits"]


def test_card_holds_the_figures(bundle, figures):
    card = bundle.content["card.md"].decode()
    for row in (figures["clean"]["ensemble"], *figures["clean"]["exits"]):
        assert f"| {row['f1']:.3f} | {row['accuracy']:.3f} | {row['ece']:.3f} |" in card
    for row in figures["pgd"]:
        auroc = row["detection"][figures["calibration"]["score"]]["auroc"]
        assert (
            f"| {row['epsilon']:g} | {row['ensemble']['f1']:.3f} | {100 * row['alarm_rate']:.1f} % | {auroc:.3f} |"
            in card
        )
    stopping = figures["agreement"]["clean"]
    assert f"accuracy {stopping['accuracy']:.3f} instead" in card
    assert f"{stopping['mean_stages']:.2f} of 3 stages" in card
    for text in ("not a medical device", "They are no heartbeats.", bundle.manifest.provenance.data_sha256):
        assert text in card


def test_a_graph_found_alone_says_what_it_belongs_to(bundle):
    for name in ("model.onnx", *(stage.file for stage in bundle.manifest.stages)):
        graph = onnx.load_from_string(bundle.content[name])
        facts = {entry.key: entry.value for entry in graph.metadata_props}
        assert (facts["edgeguard.name"], facts["edgeguard.file"]) == ("waves", name)
        assert facts["edgeguard.classes"] == '["slow","fast"]'


def test_other_data_is_refused(wave_run, figures, tmp_path):
    with pytest.raises(DataError, match=r"was trained on data .*: give the same --data-dir"):
        export_run(wave_run, waves(seed=1), figures, tmp_path / "x.zip")
    assert not list(tmp_path.iterdir())


def test_a_threshold_for_another_preprocessing_is_refused(wave_run, wave_data, figures, tmp_path):
    centered = calibration_fingerprint(replace(wave_data.signal, preprocessing=("center",)), "float32")
    other = {**figures, "calibration": {**figures["calibration"], "calibrated_for": centered}}
    with pytest.raises(BundleError, match="was calibrated for another preprocessing: run edgeguard evaluate"):
        export_run(wave_run, wave_data, other, tmp_path / "x.zip")
    del other["calibration"]["calibrated_for"]
    with pytest.raises(BundleError, match="does not say what its alarm threshold was calibrated for"):
        export_run(wave_run, wave_data, other, tmp_path / "x.zip")
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_not_evaluated_says_what_to_do(wave_run):
    with pytest.raises(ConfigError, match=rf"is not evaluated: run edgeguard evaluate {wave_run.folder} first"):
        wave_run.figures()


def test_a_graph_that_is_not_faithful_is_not_written(wave_run, wave_data, figures, tmp_path, monkeypatch):
    honest, calls = EarlyExitNet.exit_logits, []

    def drifting(net, x):
        calls.append(1)
        return [logits + len(calls) for logits in honest(net, x)]  # the exporter traces the first call, parity the next

    monkeypatch.setattr(EarlyExitNet, "exit_logits", drifting)
    with pytest.raises(EngineError, match="differ from torch by"):
        export_run(wave_run, wave_data, figures, tmp_path / "x.zip")
    assert not list(tmp_path.iterdir())
