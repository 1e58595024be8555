import pytest
from click.testing import CliRunner

from edgeguard.cli import command as edgeguard
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.schema_version import migrate
from tests.fleet.worn import csv_of


@pytest.fixture
def url(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/fleet.db")
    migrate(made)
    made.close()
    return f"sqlite:///{tmp_path}/fleet.db"


def run(url, file, *options):
    return CliRunner().invoke(edgeguard, ["fleet", "import-wearers", str(file), "--database", url, *options])


def test_a_file_is_told_then_taken_in(url, tmp_path):
    file = tmp_path / "wearers.csv"
    file.write_bytes(csv_of(["W1,f,d1,,2026-07-01,,f"]))
    told = run(url, file, "--dry-run", "--register-devices")
    assert (
        told.output
        == "would change: 1 new wearers, 1 attributes, 1 new wearings, 0 wearings with another end, 1 new devices\n"
    )
    assert run(url, file, "--register-devices").output.startswith("changed: 1 new wearers")
    assert run(url, file).output.startswith("changed: 0 new wearers, 0 attributes, 0 new wearings")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", csv_of(["W1,f,d9,,2026-07-01,,f"])])
def test_a_bad_file_ends_in_one_line(url, tmp_path, content):
    file = tmp_path / "wearers.csv"
    file.write_bytes(content)
    done = run(url, file)
    assert done.exit_code == 1
    assert "nothing was imported: line " in str(done.exception or done.output)


def test_a_database_without_tables_is_not_written_to(tmp_path):
    file = tmp_path / "wearers.csv"
    file.write_bytes(csv_of([]))
    done = run(f"sqlite:///{tmp_path}/empty.db", file)
    assert "run edgeguard fleet migrate" in str(done.exception or done.output)
