"""Real brokers for the commands that need one, and the command line in this process."""

from __future__ import annotations

import pytest

from edgeguard.cli import main
from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
from tests.postgres import postgres, postgres_for  # noqa: F401 - fixtures


@pytest.fixture
def edgeguard(tmp_path, monkeypatch, capsys):
    """Run a command in `tmp_path`: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def run(*words):
        monkeypatch.setattr("sys.argv", ["edgeguard", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return (end.value.code, *capsys.readouterr())

    return run
