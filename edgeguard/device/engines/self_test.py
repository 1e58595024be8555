"""Before an engine serves: does it give the logits that the lab saw?"""

from __future__ import annotations

import numpy as np

from edgeguard.device.engines.base import Engine
from edgeguard.errors import EngineError


def self_test(engine: Engine) -> float:
    """Replay the golden vectors of the engine's bundle; the largest absolute difference of a logit.

    EngineError where it is more than the manifest's tolerance.
    """
    x, expected = engine.bundle.golden()
    difference = float(np.abs(engine.infer(x) - expected).max())
    tolerance = engine.bundle.manifest.golden_tolerance
    if not difference <= tolerance:  # also where it is NaN
        raise EngineError(
            f"the golden vectors come out {difference:.3g} off, at most {tolerance:.3g} is allowed: "
            "this runtime serves the model wrongly, use another engine or version of it"
        )
    return difference
