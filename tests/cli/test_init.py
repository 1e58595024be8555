from __future__ import annotations

import subprocess
import sys

import pytest

from edgeguard import __version__
from edgeguard.cli import COMMANDS

WHAT_HELP_IMPORTS = """
import sys
from edgeguard.cli import main
sys.argv = ["edgeguard", "--help"]
try:
    main()
except SystemExit as end:
    heavy = {"numpy", "torch", "rich", "scipy", "onnxruntime", "paho"}
    print(end.code, sorted(heavy & sys.modules.keys()))
"""


def test_help_names_every_command_and_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", WHAT_HELP_IMPORTS], capture_output=True, text=True, check=True)
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(edgeguard, name):
    status, out, err = edgeguard(name, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"Usage: edgeguard {name}")


def test_version(edgeguard):
    assert edgeguard("--version") == (0, f"edgeguard, version {__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("bundle",), ("data",), ("device",)])
def test_nothing_asked_shows_what_can_be(edgeguard, words):
    status, _, err = edgeguard(*words)
    assert status == 2
    assert err.startswith("Usage: edgeguard")
