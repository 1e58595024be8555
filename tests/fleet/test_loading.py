from __future__ import annotations

import pytest

from edgeguard.errors import ConfigError
from edgeguard.fleet.loading import load_config


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.delenv("EDGEGUARD_DATABASE_URL", raising=False)
    return tmp_path / "fleet.toml"


def url_of(file, flag=None):
    return load_config(file, {"database": {"url": flag}}).database.url


def test_options_win_over_the_variable_and_that_over_the_file(file, monkeypatch):
    file.write_text('database.url = "postgresql://a/file"')
    assert url_of(file) == "postgresql://a/file"
    monkeypatch.setenv("EDGEGUARD_DATABASE_URL", "postgresql://a/variable")
    assert url_of(file) == "postgresql://a/variable"
    assert url_of(file, "postgresql://a/option") == "postgresql://a/option"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sqlite:///data/fleet.db", "sqlite:///{folder}/data/fleet.db"),
        ("sqlite:////srv/fleet.db", "sqlite:////srv/fleet.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://host/name", "postgresql://host/name"),
    ],
)
def test_a_relative_database_lies_beside_the_file(file, written, expected):
    file.write_text(f'database.url = "{written}"')
    assert url_of(file) == expected.format(folder=file.parent)


def test_relative_paths_count_from_the_files_folder(file):
    file.write_text('broker.ca_file = "ca.pem"\noidc.client_secret_file = "secret"')
    config = load_config(file, {})
    assert config.broker.ca_file == str(file.parent / "ca.pem")
    assert config.oidc.client_secret_file == str(file.parent / "secret")


def test_without_a_file_the_defaults_count(file):
    assert load_config(None, {"web": {"port": 0, "host": None}}).web.port == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("databse = {}", "unknown key 'databse' .did you mean 'database'"),
        ("database = 3", "database: expected object"),
        ("database.url = 3", "database.url: expected str"),
        ("ingest.batch = 0", "ingest.batch: expected int >= 1"),
    ],
)
def test_what_is_wrong_is_one_clear_line(file, text, complaint, monkeypatch):
    file.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_config(file, {})


def test_a_variable_does_not_hide_a_malformed_table(file, monkeypatch):
    monkeypatch.setenv("EDGEGUARD_DATABASE_URL", "postgresql://a/variable")
    file.write_text("database = 3")
    with pytest.raises(ConfigError, match="expected object"):
        load_config(file, {})
