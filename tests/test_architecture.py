"""The rules of the house that import-linter cannot see."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.tiny_model import tiny_agreement, write_tiny_bundle

ROOT = Path(__file__).resolve().parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for house in ("edgeguard", "firmware_bridge")
    for path in (ROOT / house).rglob("*.py")
}

# vendor library -> the modules that may import it; one ending in .* stands for itself and all below it
ALLOWED = {
    "alembic": {"edgeguard.fleet.store.*"},
    "amqtt": {"edgeguard.demo.local_broker"},
    "argon2": {"edgeguard.fleet.passwords"},
    "authlib": {"edgeguard.fleet.identity_provider"},
    "braindecode": {"edgeguard.lab.nets.eegnet"},
    "bleak": {"firmware_bridge.links.radio"},
    "brainflow": {"edgeguard.device.sources.brainflow_board"},
    "cobs": {"firmware_bridge.wire", "firmware_bridge.decoder"},
    "click": {"edgeguard.cli", "edgeguard.cli.*"},
    "cryptography": {"edgeguard.bundle.signature"},
    "fairlearn": {"edgeguard.metrics.group_frame"},
    "fastapi": {
        "edgeguard.fleet.api.*",
        "edgeguard.fleet.pages",
        "edgeguard.fleet.pages.mounting",
        "edgeguard.fleet.web_server",
    },
    "firmware_bridge": {  # beside its two users, those who wait as it does
        "firmware_bridge.*",
        "edgeguard.device.sources.*",
        "edgeguard.cli.*",
        "edgeguard.device.check",
        "edgeguard.device.worker",
        "edgeguard.fleet.live",
    },
    "google_crc32c": {"firmware_bridge.wire", "firmware_bridge.decoder"},
    "httpx": {"edgeguard.fleet.identity_provider"},
    "jinja2": {"edgeguard.lab.page", "edgeguard.lab.card"},
    "joserfc": {"edgeguard.fleet.identity_provider"},
    "lightning_fabric": {"edgeguard.lab.accelerator"},
    "joblib": {"edgeguard.lab.leave_one_out"},
    "matplotlib": {
        "edgeguard.lab.drawing",
        "edgeguard.lab.plots",
        "edgeguard.lab.detection.plot",
        "edgeguard.lab.papers.adversarial_training_hurts_fairness.drawings",
    },
    "nicegui": {"edgeguard.fleet.pages.*"},
    "onnx": {"edgeguard.lab.onnx_graphs", "edgeguard.lab.parity"},
    "onnxruntime": {"edgeguard.device.engines.onnx_runtime", "edgeguard.lab.parity"},
    "PIL": {"edgeguard.lab.data.jpeg"},
    "paho": {"edgeguard.telemetry.connection"},
    "prometheus_client": {"edgeguard.device.metrics_endpoint", "edgeguard.fleet.api.prometheus"},
    "pyarrow": {"edgeguard.fleet.api.tables"},
    "pyedflib": {"edgeguard.signals.edf_records"},
    "pylsl": {"edgeguard.device.sources.lsl_inlet"},
    "rich": {"edgeguard.cli.console"},
    "safetensors": {"edgeguard.lab.weights"},
    "securesystemslib": {"edgeguard.bundle.signature"},
    "serial": {"firmware_bridge.links.serial_port"},
    "sklearn": {"edgeguard.metrics.classification", "edgeguard.metrics.detection"},
    "sqlalchemy": {"edgeguard.fleet.store.*"},
    "sqlite3": {"edgeguard.device.spool", "edgeguard.device.spool_file", "edgeguard.fleet.store.database"},
    "starlette": {"edgeguard.fleet.api.*"},
    "tomli_w": {"edgeguard.lab.run"},
    "torch": {"edgeguard.lab.*"},
    "uvicorn": {"edgeguard.fleet.web_server"},
    "wfdb": {"edgeguard.signals.wfdb_records"},
}
# Where a file may do more than read numbers, or a string may become a program.
UNSAFE = {"pickle", "dill", "marshal", "shelve"}


@cache
def imported_by(path):
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def importers_of(library):
    return {module for module, path in MODULES.items() if library in imported_by(path)}


@pytest.mark.parametrize("library", ALLOWED)
def test_a_vendor_library_is_imported_where_the_table_says(library):
    rooms = tuple(module[:-1] for module in ALLOWED[library] if module.endswith(".*"))
    strangers = {m for m in importers_of(library) - ALLOWED[library] if not f"{m}.".startswith(rooms or "-")}
    assert not strangers
    assert {module for module in ALLOWED[library] if not module.endswith("*")} <= importers_of(library)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_says_what_it_is_and_reads_nothing_unsafe(module):
    text = MODULES[module].read_text()
    assert ast.get_docstring(ast.parse(text))
    assert not imported_by(MODULES[module]) & UNSAFE
    assert "joblib.load" not in text  # spreads work over processes, and would read pickles


WITHOUT_THE_LAB = """
import sys
from importlib.abc import MetaPathFinder

class Hide(MetaPathFinder):
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {"torch", "onnx", "sklearn", "matplotlib", "rich", "jinja2", "safetensors"}:
            raise ImportError(f"{name} is hidden")

sys.meta_path.insert(0, Hide())
from pathlib import Path
import numpy as np
from edgeguard.bundle.reader import Bundle
from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import open_judge
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.reports import Reports
from edgeguard.device.samples import Samples
from edgeguard.device.spool import Spool

bundle = Bundle.open(sys.argv[1])
spool = Spool(Path(sys.argv[2]), 1_000_000)
for policy in ("all", "agree"):
    with open_judge(bundle, EngineConfig(policy=policy)) as judge:
        (verdict,) = Pipeline(judge).step(Samples(0, bundle.golden()[0][0]))
    spool.append("t", "alert", [lambda seq: bundle.manifest.classes[verdict.predicted].encode()])
first = spool.first_after(0)
print(first.payload.decode(), spool.first_after(first.seq).payload.decode())
spool.close()
"""


def test_a_window_goes_from_bundle_to_spool_without_the_lab(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", agreement=tiny_agreement())
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_THE_LAB, str(tmp_path / "tiny.zip"), str(tmp_path / "spool")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    first, second = done.stdout.split()
    assert first == second
    assert first in bundle.manifest.classes
