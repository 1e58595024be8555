from __future__ import annotations

import subprocess
import sys

import scipy.special

from tests.tiny_model import tiny_agreement, write_tiny_bundle

ONE_WINDOW = """
import sys
sys.modules["torch"] = None
import numpy as np
from edgeguard.bundle.reader import Bundle
from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import open_judge
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.samples import Samples

bundle = Bundle.open(sys.argv[1])
for policy in ("all", "agree"):
    with open_judge(bundle, EngineConfig(policy=policy)) as judge:
        (verdict,) = Pipeline(judge).step(Samples(0, bundle.golden()[0][0]))
    print(bundle.manifest.classes[verdict.predicted])
print(sorted({"onnx", "scipy.optimize", "sklearn", "matplotlib", "rich"} & sys.modules.keys()))
"""


def test_one_window_goes_from_bundle_to_verdict_without_torch(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", agreement=tiny_agreement())
    shares = scipy.special.softmax(bundle.golden()[1][0], axis=-1).mean(axis=0)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", ONE_WINDOW, str(tmp_path / "tiny.zip")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stderr == ""
    expected = bundle.manifest.classes[shares.argmax()]
    assert result.stdout.splitlines() == [expected, expected, "[]"]
