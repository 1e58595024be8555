from __future__ import annotations

import numpy as np
import pytest

from edgeguard.device.engines.base import Engine
from edgeguard.errors import EngineError
from tests.tiny_model import write_tiny_bundle


class Answering(Engine):
    """Gives the same answer to everything."""

    precision = "float32"
    answer = np.zeros((1, 3, 2), np.float32)

    def _open(self):
        pass

    def _close(self):
        pass

    def _infer(self, x):
        return self.answer


class Half(Answering):
    """Computes in half precision."""

    precision = "float16"


def test_a_threshold_of_another_precision_is_refused(tmp_path):
    told = r"tiny 1\.0\.0 was calibrated in float32, this engine computes in float16.* take an engine of float32"
    with pytest.raises(EngineError, match=told), Half(write_tiny_bundle(tmp_path / "a.zip")):
        pass
    with Half(write_tiny_bundle(tmp_path / "b.zip", precision="float16")) as engine:
        assert engine.infer(np.zeros((1, 2, 20), np.float32)).shape == (1, 3, 2)


@pytest.mark.parametrize("answer", [np.zeros((1, 2, 2), np.float32), np.zeros((1, 3, 2)), np.zeros((2, 3, 2), "f4")])
def test_logits_of_another_shape_or_type_are_refused(tmp_path, answer):
    with Answering(write_tiny_bundle(tmp_path / "a.zip")) as engine:
        assert engine.infer(np.zeros((1, 2, 20), np.float32)).shape == (1, 3, 2)
        engine.answer = answer
        with pytest.raises(EngineError, match=r"the bundle promises float32 \(1, 3, 2\)"):
            engine.infer(np.zeros((1, 2, 20), np.float32))
