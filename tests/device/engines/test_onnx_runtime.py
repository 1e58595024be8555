from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from onnx import helper, numpy_helper

from edgeguard.device.engines import ENGINES, open_engine
from edgeguard.device.engines.onnx_runtime import StagedEngine
from edgeguard.device.engines.self_test import self_test
from edgeguard.errors import ConfigError, EngineError
from tests.tiny_model import onnx_bytes, tiny_logits, write_tiny_bundle

CHANNELS, SAMPLES, EXITS, CLASSES = 2, 20, 3, 2


@pytest.fixture
def bundle(tmp_path):
    return write_tiny_bundle(tmp_path / "tiny.zip")


def engine_with(tmp_path, name, **content):
    """The engine on a bundle whose graphs are replaced: ``model`` or ``stage_<k>``."""
    files = {"model.onnx" if key == "model" else f"stages/{key}.onnx": graph for key, graph in content.items()}
    return ENGINES.load(name)(write_tiny_bundle(tmp_path / "changed.zip", content=files))


@pytest.mark.parametrize("name", ENGINES.names())
@pytest.mark.parametrize("batch", [1, 7])
def test_every_engine_gives_the_logits_of_the_numpy_reference(bundle, name, batch):
    x = np.random.default_rng(3).normal(size=(batch, CHANNELS, SAMPLES)).astype(np.float32)
    with open_engine(name, bundle) as engine:
        logits = engine.infer(x)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, tiny_logits(x), atol=1e-5)


@pytest.mark.parametrize("name", ENGINES.names())
def test_every_engine_says_what_it_takes_and_refuses_the_rest(bundle, name):
    with open_engine(name, bundle) as engine:
        assert engine.input_spec == ("x", CHANNELS, SAMPLES)
        assert (engine.exits, engine.classes) == (("block1", "block2", "final"), ("normal", "abnormal"))
        for shape in [(CHANNELS, SAMPLES), (1, CHANNELS, 19), (1, 1, SAMPLES), (0, CHANNELS, SAMPLES)]:
            with pytest.raises(ValueError, match=r"windows must be \(batch, 2, 20\)"):
                engine.infer(np.zeros(shape, np.float32))
        with pytest.raises(TypeError, match="windows must be float32, not float64"):
            engine.infer(np.zeros((1, CHANNELS, SAMPLES)))
    with pytest.raises(ValueError, match="the engine is not open"):
        engine.infer(np.zeros((1, CHANNELS, SAMPLES), np.float32))


@pytest.mark.parametrize("name", ENGINES.names())
def test_engine_can_be_opened_again(bundle, name):
    engine = ENGINES.load(name)(bundle)
    for _ in range(2):
        with engine:
            assert self_test(engine) < 1e-5


def test_unknown_engine_names_the_near_match(bundle):
    with pytest.raises(ConfigError, match="did you mean 'onnxruntime'"), open_engine("onxruntime", bundle):
        pass


def identity(name, shape, output="logits", batch="batch"):
    """A graph of the right names that only passes its input on."""
    node = helper.make_node("Identity", [name], [output])
    return onnx_bytes([node], [], [(name, shape)], [(output, shape)], batch)


def test_graph_that_is_not_what_the_manifest_says_is_refused(tmp_path):
    for graph, message in [
        (b"noise", r"cannot load model\.onnx"),
        (identity("signal", (2, 20)), r"model\.onnx reads signal \['batch', 2, 20\], the bundle promises x \[2, 20\]"),
        (identity("x", (2, 21)), r"reads x \['batch', 2, 21\]"),
        (identity("x", (2, 20), batch=1), r"reads x \[1, 2, 20\]"),
        (identity("x", (2, 20), "y"), r"gives y \['batch', 2, 20\], the bundle promises logits \[3, 2\]"),
        (identity("x", (2, 20)), r"gives logits \['batch', 2, 20\]"),
    ]:
        with pytest.raises(EngineError, match=message) as caught, engine_with(tmp_path, "onnxruntime", model=graph):
            pass
        assert "\n" not in str(caught.value)


def test_stage_that_is_not_what_the_manifest_says_is_refused(tmp_path):
    wrong = identity("x", (2, 20), "logits_1")
    refused = pytest.raises(EngineError, match=r"stage_1\.onnx gives logits_1 \['batch', 2, 20\], the bundle promises")
    with refused, engine_with(tmp_path, "onnxruntime-staged", stage_1=wrong):
        pass


def failing_stage_2():
    """Loads, and fails when it runs: it gathers features that are not there."""
    constants = [
        numpy_helper.from_array(np.full(4, 99, dtype=np.int64), "nowhere"),
        numpy_helper.from_array(np.ones((80, 2), np.float32), "V"),
    ]
    nodes = [
        helper.make_node("Gather", ["h1", "nowhere"], ["h2"], axis=1),
        helper.make_node("Flatten", ["h2"], ["flat"]),
        helper.make_node("MatMul", ["flat", "V"], ["logits_2"]),
    ]
    return onnx_bytes(nodes, constants, [("h1", (4, 20))], [("logits_2", (2,)), ("h2", (4, 20))])


def test_an_exit_is_computed_when_it_is_asked_for(tmp_path):
    x = np.ones((1, CHANNELS, SAMPLES), np.float32)
    with engine_with(tmp_path, "onnxruntime-staged", stage_2=failing_stage_2()) as engine:
        exits = engine.exits_one_by_one(x)
        np.testing.assert_allclose(next(exits), tiny_logits(x)[:, 0], atol=1e-5)
        with pytest.raises(EngineError, match=r"onnxruntime failed in stages/stage_2\.onnx"):
            next(exits)


def test_stages_one_by_one_are_the_exits_of_the_whole_graph(bundle):
    x = np.random.default_rng(4).normal(size=(5, CHANNELS, SAMPLES)).astype(np.float32)
    with StagedEngine(bundle) as engine:
        np.testing.assert_array_equal(np.stack(list(engine.exits_one_by_one(x)), axis=1), engine.infer(x))


@pytest.mark.parametrize("name", ENGINES.names())
def test_golden_vectors_that_come_out_otherwise_are_refused(tmp_path, name):
    honest = write_tiny_bundle(tmp_path / "a.zip")
    x, logits = honest.golden()
    logits[2, 1, 0] += 0.5
    np.savez(tmp_path / "golden.npz", x=x, logits=logits)
    wrong = write_tiny_bundle(tmp_path / "b.zip", content={"golden.npz": (tmp_path / "golden.npz").read_bytes()})
    with pytest.raises(EngineError, match=r"come out 0\.5 off, at most 0\.001 is allowed"), open_engine(name, wrong):
        pass


def test_without_onnxruntime_the_extra_is_named():
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from edgeguard.device.engines import ENGINES\n"
        "from edgeguard.errors import MissingExtra\n"
        "try: ENGINES.load('onnxruntime')\n"
        "except MissingExtra as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "onnxruntime is not installed: run pip install 'edgeguard[device]'\n"
