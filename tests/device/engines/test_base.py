from __future__ import annotations

import numpy as np
import pytest

from edgeguard.device.engines.base import Engine
from edgeguard.errors import EngineError
from tests.tiny_model import write_tiny_bundle


class Answering(Engine):
    """Gives the same answer to everything."""

    answer = np.zeros((1, 3, 2), np.float32)

    def _open(self):
        pass

    def _close(self):
        pass

    def _infer(self, x):
        return self.answer


@pytest.mark.parametrize("answer", [np.zeros((1, 2, 2), np.float32), np.zeros((1, 3, 2)), np.zeros((2, 3, 2), "f4")])
def test_logits_of_another_shape_or_type_are_refused(tmp_path, answer):
    with Answering(write_tiny_bundle(tmp_path / "a.zip")) as engine:
        assert engine.infer(np.zeros((1, 2, 20), np.float32)).shape == (1, 3, 2)
        engine.answer = answer
        with pytest.raises(EngineError, match=r"the bundle promises float32 \(1, 3, 2\)"):
            engine.infer(np.zeros((1, 2, 20), np.float32))
