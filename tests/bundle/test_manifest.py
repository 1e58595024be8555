from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.bundle.manifest import FORMAT, FileFact, manifest_from_bytes
from edgeguard.errors import BundleError
from tests.tiny_model import tiny_manifest

FILES = ["model.onnx", "golden.npz", "card.md", *(f"stages/stage_{k}.onnx" for k in (1, 2, 3))]


def whole_manifest():
    facts = {name: FileFact(sha256="a" * 64, bytes=1) for name in FILES}
    return msgspec.structs.replace(tiny_manifest(), files=facts)


def refusal(**changes):
    """What is said to a manifest with `changes`; None as a value removes the key."""
    table = {**json.loads(whole_manifest().to_bytes()), **changes}
    with pytest.raises(BundleError) as caught:
        manifest_from_bytes(json.dumps({key: value for key, value in table.items() if value is not None}).encode())
    return str(caught.value)


def test_what_is_written_is_read():
    assert manifest_from_bytes(whole_manifest().to_bytes()) == whole_manifest()


def test_newer_format_says_upgrade_even_when_nothing_else_is_understood():
    with pytest.raises(BundleError, match=f"format {FORMAT + 1} is newer than {FORMAT}.*upgrade edgeguard"):
        manifest_from_bytes(json.dumps({"format": FORMAT + 1, "tensors": []}).encode())


@pytest.mark.parametrize("key", ["signal", "classes", "exits", "disagreement", "stages", "provenance", "name"])
def test_incomplete_manifest_names_what_is_missing(key):
    assert f"missing required field `{key}`" in refusal(**{key: None})


def test_malformed_values_are_named():
    assert "$.classes" in refusal(classes=["only one"])
    assert "unknown field `exit`" in refusal(exit="all")
    assert "$.temperature" in refusal(temperature=0)
    assert "$.name" in refusal(name="\x1b[2Jtiny")
    assert "$.classes[0]" in refusal(classes=("a\rb", "c"))


def test_unlisted_file_is_named():
    assert "does not list model.onnx, golden.npz, card.md" in refusal(files={})


def test_stages_must_be_one_per_exit_and_read_what_is_there():
    stages = json.loads(whole_manifest().to_bytes())["stages"]
    assert "2 stages for 3 exits" in refusal(stages=stages[:2])
    stages[1]["inputs"] = ["h1", "h9"]
    assert "stages/stage_2.onnx reads h9" in refusal(stages=stages)


def test_names_not_known_here_ask_for_an_upgrade():
    signal = json.loads(whole_manifest().to_bytes())["signal"]
    assert "step is called 'wavelet'" in refusal(signal={**signal, "preprocessing": ["wavelet"]})
    assert "by 'triple_head', here there are: mean: upgrade edgeguard" in refusal(exit_rule="triple_head")


def test_an_agreement_must_fit_its_bundle():
    rule = json.loads(whole_manifest().to_bytes())["disagreement"]
    agreement = {"confidence": 0.9, "accuracy_loss": 0.01, "stages": [0, 0.9, 0.1], "disagreement": rule}
    assert "shares of 2 stages for 3 exits" in refusal(agreement={**agreement, "stages": [0, 1]})
    assert "`float` > 0.0" in refusal(agreement={**agreement, "confidence": 0})
    unknown = {**rule, "score": "margin"}
    assert "no disagreement score is called 'margin'" in refusal(agreement={**agreement, "disagreement": unknown})
    assert "quantiles that do not rise" in refusal(disagreement={**rule, "clean_quantiles": [0.2, 0.1]})


def test_a_threshold_for_another_preprocessing_or_precision_is_refused():
    table = json.loads(whole_manifest().to_bytes())
    rule, signal = table["disagreement"], {**table["signal"], "preprocessing": ["zscore"]}
    assert refusal(signal=signal) == (
        "the alarm threshold was calibrated for another preprocessing: "
        "run edgeguard evaluate on the run again, then edgeguard export"
    )
    assert "calibrated for float32, and the graphs are float16: run" in refusal(precision="float16")
    agreement = {"confidence": 0.9, "accuracy_loss": 0.01, "stages": [0, 0.9, 0.1], "disagreement": rule}
    other = {**rule, "calibrated_for": "0" * 64}
    assert "another preprocessing" in refusal(agreement={**agreement, "disagreement": other})


def test_only_the_first_format_may_leave_out_what_its_threshold_is_for():
    table = json.loads(whole_manifest().to_bytes())
    del table["disagreement"]["calibrated_for"], table["precision"]
    old = manifest_from_bytes(json.dumps({**table, "format": 1}).encode())
    assert (old.disagreement.calibrated_for, old.precision) == (None, "float32")
    assert "does not say what its alarm threshold was calibrated for: run edg" in refusal(**table)


@given(st.binary(max_size=200) | st.integers(1, 100_000).map(lambda depth: b"[" * depth))
def test_any_bytes_are_refused_in_one_line(content):
    with pytest.raises(BundleError) as caught:
        manifest_from_bytes(content)
    assert "\n" not in str(caught.value)


def test_text_that_is_no_utf8_is_refused():
    with pytest.raises(BundleError, match="damaged"):
        manifest_from_bytes(whole_manifest().to_bytes().replace(b"tiny", b"t\xff"))


def test_deep_nesting_is_refused():
    deep = b'{"format": 1, "name": "n", "version": "1", "metrics": {}, "provenance": {"recipe": {"a":' + b"[" * 200_000
    with pytest.raises(BundleError, match="damaged"):
        manifest_from_bytes(deep)
