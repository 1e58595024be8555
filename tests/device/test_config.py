from __future__ import annotations

import platform

import pytest

from edgeguard.device.config import device_id, load_config, spool_folder
from edgeguard.errors import ConfigError
from edgeguard.telemetry.broker import broker_of


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


def test_released_bundle_is_named_and_no_path(file, tmp_path):
    assert load_config(file('[bundle]\npath = "ecg5000-fcnet"'), {}).bundle.path == "ecg5000-fcnet"
    assert load_config(file('[bundle]\npath = "m.zip"'), {}).bundle.path == str(tmp_path / "m.zip")
    (tmp_path / "mine").mkdir()
    assert load_config(file('[bundle]\npath = "mine"'), {}).bundle.path == str(tmp_path / "mine")


@pytest.mark.parametrize(
    ("spec", "anchored"),
    [
        ("beats.npz", "replay:{}/beats.npz"),
        ("records/100", "replay:{}/records/100"),
        ("replay:ecg.csv,channels=I+II", "replay:{}/ecg.csv,channels=I+II"),
        ("/data/ecg.csv", "replay:/data/ecg.csv"),
        ("synthetic", "synthetic"),
        ("synthetic:seed=3,seconds=0.5", "synthetic:seed=3,seconds=0.5"),
        ("lines:/dev/ttyACM0", "lines:/dev/ttyACM0"),
    ],
)
def test_recordings_of_sources_count_from_the_files_folder(file, tmp_path, spec, anchored):
    (source,) = load_config(file(f'[[source]]\nname = "a"\nspec = "{spec}"\nspeed = inf\n'), {}).source
    assert (source.spec, source.speed) == (anchored.format(tmp_path), float("inf"))


def test_broker_of_the_config(file):
    with pytest.raises(ConfigError, match="no broker is given"):
        broker_of(load_config(None, {}).broker)
    config = load_config(file('[broker]\nurl = "mqtt://h"\nusername = "u"\npassword_file = "secret"'), {})
    (file("").parent / "secret").write_text("s3\n")
    broker = broker_of(config.broker)
    assert (str(broker), broker.username, broker.password) == ("mqtt://h:1883", "u", "s3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[source]]\nname = "a"\nspec = "x"\nspeeed = 1', r"unknown key 'source\.speeed' \(did you mean 'speed'\?\)"),
        ('[[source]]\nname = "a"', r"source\[0\]: the table missing required field spec"),
        ("source = 1", r"source: expected array, got int"),
        ("source = [1]", r"source\[0\]: expected object, got int"),
        (
            '[[source]]\nname = "a"\nspec = "x"\n[[source]]\nname = "a"\nspec = "y"',
            "two sources are called 'a': give each a name of its own",
        ),
        ('[[source]]\nname = "a"\nspec = "x"\nspeed = nan', r"source\[0\]\.speed: expected float > 0"),
        ("[log]\nmax_mb = inf", r"log\.max_mb: expected float <= 1000000"),
        ("[metrics]\nport = 70000", r"metrics\.port: expected int <= 65535"),
        ('[engine]\npolicy = "some"', r"engine\.policy: invalid enum value 'some'"),
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
