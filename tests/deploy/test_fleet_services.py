from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from edgeguard.cli.fleet import command as fleet
from edgeguard.fleet.loading import load_config

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "fleet"
UNITS = sorted(DEPLOY.glob("*.service"))
CONTAINERS = DEPLOY / "containers"


def config_that_is_read(name, words):
    """The config file of a command line, which must be one that `edgeguard fleet` takes."""
    command = fleet.get_command(None, name)
    return command.make_context(name, list(words)).params["config"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_object(unit, tmp_path):
    there = tmp_path / unit.name.replace("@", "@1")
    there.write_text(unit.read_text().replace("/opt/edgeguard/bin/edgeguard", shutil.which("true")))
    done = subprocess.run(["systemd-analyze", "verify", there], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if there.name in line]) == (0, [])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_run_commands_that_there_are(unit, monkeypatch, tmp_path):
    lines = [line.partition("=") for line in unit.read_text().splitlines() if line.startswith("ExecStart")]
    assert lines
    for _, _, text in lines:
        program, group, name, *words = shlex.split(text)
        assert (program, group) == ("/opt/edgeguard/bin/edgeguard", "fleet")
        assert config_that_is_read(name, words) == Path("/etc/edgeguard/fleet.toml")


@pytest.mark.parametrize("file", [DEPLOY / "fleet.toml", CONTAINERS / "fleet.toml"], ids=lambda file: file.parent.name)
def test_config_files_are_read_and_hold_no_password(file, monkeypatch):
    monkeypatch.delenv("EDGEGUARD_DATABASE_URL", raising=False)
    config = load_config(file, {})
    assert config.broker.username == "fleet"
    assert config.database.url.startswith("postgresql://edgeguard@")
    assert config.web.public_url.startswith("https://")


def test_containers_run_commands_that_there_are_from_files_that_there_are():
    compose = yaml.safe_load((CONTAINERS / "compose.yaml").read_text())
    ours = {name: service for name, service in compose["services"].items() if service["image"] == "edgeguard-fleet"}
    assert list(ours) == ["migrate", "serve", "ingest-1", "ingest-2"]
    for service in ours.values():
        name, *words = service["command"]
        assert config_that_is_read(name, words) == Path("/etc/edgeguard/fleet.toml")
        assert set(service["secrets"]) <= compose["secrets"].keys()
    mounted = [volume.partition(":")[0] for service in compose["services"].values() for volume in service["volumes"]]
    for path in (path for path in mounted if path.startswith(".") and "secrets/" not in path):
        assert (CONTAINERS / path).is_file(), path


def test_image_copies_what_the_package_is_built_of():
    lines = (CONTAINERS / "Containerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    root = DEPLOY.parents[1]
    assert {"pyproject.toml", "README.md", "LICENSE", "edgeguard", "models"} <= set(copied)
    assert all((root / name).exists() for name in copied)
