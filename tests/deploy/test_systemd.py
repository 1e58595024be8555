from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from edgeguard.cli.run import command as run

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "edgeguard.service"


class _EveryValue(dict):
    """Keeps a key that comes again, as systemd does."""

    def __setitem__(self, key, value):
        super().__setitem__(key, self[key] + value if isinstance(value, list) and key in self else value)


@pytest.fixture(scope="module")
def service():
    parser = configparser.RawConfigParser(strict=False, dict_type=_EveryValue, comment_prefixes="#")
    parser.optionxform = str
    parser.read(UNIT)
    return parser["Service"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_nothing_to_object(tmp_path):
    there = tmp_path / UNIT.name
    there.write_text(UNIT.read_text().replace("/opt/edgeguard/bin/edgeguard", shutil.which("true")))
    done = subprocess.run(["systemd-analyze", "verify", there], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT.name in line]) == (0, [])


def test_command_line_is_one_that_run_takes(service):
    _, name, *words = shlex.split(service["ExecStart"])
    assert name == "run"
    context = run.make_context("run", [word.replace("/etc/edgeguard/", "") for word in words])
    assert str(context.params["config"]) == "device.toml"


def test_service_is_told_ready_watched_started_again_and_reloaded_by_hup(service):
    asked = ("Type", "NotifyAccess", "Restart", "ExecReload")
    assert [service[key] for key in asked] == ["notify", "main", "on-failure", "/bin/kill -HUP $MAINPID"]
    assert int(service["WatchdogSec"]) >= 10


def test_service_may_write_to_its_state_folder_alone(service):
    assert (service["DynamicUser"], service["ProtectSystem"], service["ProtectHome"]) == ("yes", "strict", "yes")
    assert service["StateDirectory"] == "edgeguard"
    assert service["Environment"] == "XDG_STATE_HOME=/var/lib"
