"""The alert rules do what they say; that they speak of metrics that there are is tested with those."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
RULES = FOLDER / "edgeguard.rules.yml"


def promtool(*words, text=None):
    if shutil.which("promtool") is None:
        message = "promtool is not on the PATH: install Prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    done = subprocess.run(["promtool", *words], cwd=FOLDER, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_valid():
    assert "7 rules found" in promtool("check", "rules", RULES.name)


def test_the_rules_fire_and_fall_silent():
    promtool("test", "rules", "edgeguard.rules.test.yml")
    tested = re.findall(r"alertname: (\w+)\n +exp_alerts", (FOLDER / "edgeguard.rules.test.yml").read_text())
    assert sorted(tested) == sorted(re.findall(r"alert: (\w+)", RULES.read_text()))
