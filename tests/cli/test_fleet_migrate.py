from __future__ import annotations

import pytest

from edgeguard.fleet.store.schema_version import head
from tests.postgres import new_database, postgres, postgres_for  # noqa: F401 - fixtures


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_it_says_from_which_version_to_which(edgeguard, new_database, dialect):  # noqa: F811 - the fixture
    url = new_database(dialect)
    assert edgeguard("fleet", "migrate", "--database", url)[1].endswith(f"from no tables to version {head()}\n")
    assert edgeguard("fleet", "migrate", "--database", url)[1].endswith(f"is of version {head()} already\n")
    assert edgeguard("fleet", "migrate", "--database", url, "--to", "base")[1].endswith("to no tables\n")


def test_without_options_the_default_file_is_made_here(edgeguard, tmp_path, monkeypatch):
    monkeypatch.delenv("EDGEGUARD_DATABASE_URL", raising=False)
    assert edgeguard("fleet", "migrate")[0] == 0
    assert (tmp_path / "edgeguard-fleet.db").is_file()


def test_what_is_wrong_is_one_line_without_the_password(edgeguard):
    code, _, error = edgeguard("fleet", "migrate", "--database", "postgresql://u:secret@127.0.0.1:1/x")
    assert code == 1
    assert error.count("\n") == 1
    assert "cannot be used" in error
    assert "secret" not in error
    assert edgeguard("fleet", "migrate", "--to", "newest")[2].startswith("error: there is no version 'newest'")
