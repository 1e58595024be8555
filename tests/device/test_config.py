from __future__ import annotations

import platform

import pytest

from edgeguard.device.config import device_id, load_config, spool_folder
from edgeguard.errors import ConfigError


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "device.toml").write_text(text)
        return tmp_path / "device.toml"

    return write


def test_everything_has_a_default(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(platform, "node", lambda: "büro 3.local")
    config = load_config(None, {})
    assert (config.device.fleet, device_id(config), config.broker.url) == ("default", "b-ro-3.local", None)
    assert spool_folder(config) == tmp_path / "edgeguard" / "default" / "b-ro-3.local"


def test_flags_win_over_the_file(file):
    path = file('[device]\nid = "a"\nfleet = "f"\n[telemetry]\ninterval_s = 5\n')
    config = load_config(path, {"device": {"id": "b", "fleet": None}, "broker": {"url": "mqtt://h"}})
    assert (config.device.id, config.device.fleet, config.broker.url) == ("b", "f", "mqtt://h")
    assert config.telemetry.interval_s == 5.0


def test_paths_count_from_the_files_folder(file, tmp_path):
    path = file('[broker]\nca_file = "ca.pem"\n[spool]\nfolder = "/var/spool"\n[bundle]\ntrusted_keys = ["k.pub"]\n')
    config = load_config(path, {"log": {"file": "verdicts"}})
    assert config.broker.ca_file == str(tmp_path / "ca.pem")
    assert (config.spool.folder, config.log.file) == ("/var/spool", "verdicts")
    assert config.bundle.trusted_keys == (str(tmp_path / "k.pub"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[broker]\nurI = "mqtt://h"', r"unknown key 'broker\.urI' \(did you mean 'url'\?\)"),
        ('[broker]\npassword = "x"', r"unknown key 'broker\.password' \(did you mean 'password_file'\?\)"),
        ("[telemetry]\ninterval_s = 0", r"telemetry\.interval_s: expected float > 0"),
        ('[spool]\nmax_mb = "big"', r"spool\.max_mb: expected float, got str"),
        ("[spool]\nfolder = 3", r"spool\.folder: expected str"),
        ("broker = 1", r"broker: expected object, got int"),
    ],
)
def test_wrong_file_is_one_line(file, text, message):
    with pytest.raises(ConfigError, match=rf"device\.toml: {message}"):
        load_config(file(text), {})
