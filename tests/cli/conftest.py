"""Real brokers for the commands that need one, and the command line in this process."""

from __future__ import annotations

import logging

import pytest

from edgeguard.cli import main
from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
from tests.postgres import postgres, postgres_for  # noqa: F401 - fixtures


@pytest.fixture
def edgeguard(tmp_path, monkeypatch, capsys):
    """Run a command in `tmp_path`: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(logging.getLogger(), "handlers", [*logging.getLogger().handlers])
    loggers = [logging.getLogger(name) for name in (None, "edgeguard", "alembic")]
    levels = [logger.level for logger in loggers]

    def run(*words):
        monkeypatch.setattr("sys.argv", ["edgeguard", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return (end.value.code, *capsys.readouterr())

    yield run
    for logger, level in zip(loggers, levels, strict=True):  # a command chooses what its own process logs
        logger.setLevel(level)
