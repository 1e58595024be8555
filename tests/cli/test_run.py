from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from edgeguard.bundle import signature
from edgeguard.telemetry.messages import State, Summary, decode
from tests.brokers import eventually
from tests.tiny_model import write_tiny_bundle


@pytest.fixture(autouse=True)
def given(tmp_path):
    """A bundle and a recording in the folder in which the commands run."""
    write_tiny_bundle(tmp_path / "tiny.zip")
    values = np.random.default_rng(0).normal(size=(200, 2))
    np.savetxt(tmp_path / "ecg.csv", values, delimiter=",", header="I,II", comments="")


REPLAY = ("run", "tiny.zip", "--source", "ecg.csv", "--speed", "max")


def test_every_window_is_a_line_and_the_last_line_counts(edgeguard, tmp_path):
    status, out, _ = edgeguard(*REPLAY, "--log", "verdicts.jsonl")
    *told, last = out.splitlines()
    lines = [line for line in told if "window alarm: " not in line]
    logged = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    assert (status, len(lines), len(logged)) == (0, 19, 19)
    assert [line["start"] for line in logged] == list(range(0, 190, 10))
    assert last == f"19 windows, {out.count('ALARM')} alarms, 0 rejected, 0 gaps, 0 faults"


def test_several_sources_bear_their_names(edgeguard, tmp_path):
    status, out, _ = edgeguard(*REPLAY, "--source", "b=ecg.csv", "--log", "v.jsonl")
    logged = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    assert [sum(line["source"] == name for line in logged) for name in ("ecg", "b")] == [19, 19]
    assert (status, out.splitlines()[-1].split()[0]) == (0, "38")


def test_the_policy_wins_over_the_file(edgeguard, tmp_path):
    (tmp_path / "device.toml").write_text('[engine]\npolicy = "all"\n')
    _, _, err = edgeguard(*REPLAY, "--config", "device.toml", "--policy", "agree")
    assert "was not calibrated for the policy 'agree'" in err


def test_limit_and_quiet(edgeguard):
    assert edgeguard(*REPLAY, "--windows", "3", "--quiet")[1].startswith("3 windows, ")


def test_unreachable_broker_leaves_messages_that_the_next_run_delivers(edgeguard, mosquitto, listen):
    words = (*REPLAY, "--quiet", "--windows", "1", "--device", "cli", "--fleet", "f")
    status, out, _ = edgeguard(*words, "--broker", "mqtt://127.0.0.1:1")
    left = int(out.split()[-5])
    assert (status, out.split("; ")[1]) == (0, f"0 messages delivered, {left} left in the spool\n")
    ears = listen(mosquitto.port, "edgeguard/v1/f/cli/#")
    _, out, _ = edgeguard(*words, "--broker", mosquitto.url)
    assert out.split("; ")[1] == f"{2 * left} messages delivered, 0 left in the spool\n"
    eventually(lambda: [decode(state, State).status for state in ears.payloads("state")] == ["online", "stopped"])
    assert sum(decode(summary, Summary).tally.windows for summary in ears.payloads("telemetry")) == 2


def test_sigterm_ends_with_the_summary_the_farewell_and_the_last_line(edgeguard, mosquitto, listen, tmp_path):
    words = ("run", "tiny.zip", "--source", "ecg.csv", "--device", "term", "--broker", mosquitto.url)
    ears = listen(mosquitto.port, "edgeguard/v1/default/term/#")
    process = subprocess.Popen([sys.executable, "-m", "edgeguard", *words], stdout=subprocess.PIPE, text=True)
    with process:
        first = process.stdout.readline()
        os.kill(process.pid, signal.SIGTERM)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert first.split()[0] == "0"
    assert "messages delivered, 0 left in the spool" in rest
    eventually(lambda: [decode(state, State).status for state in ears.payloads("state")] == ["online", "stopped"])


def test_config_file_is_used_and_options_win(edgeguard, tmp_path):
    (tmp_path / "device.toml").write_text(
        '[bundle]\npath = "tiny.zip"\n[log]\nfile = "from-config.jsonl"\n'
        '[[source]]\nname = "slow"\nspec = "ecg.csv"\nspeed = 0.01\n'
    )
    words = ("--config", "device.toml", "--speed", "max", "--quiet")
    assert edgeguard("run", *words)[0] == 0
    assert edgeguard("run", *words, "--log", "from-option.jsonl", "--source", "ecg.csv")[0] == 0
    assert len((tmp_path / "from-config.jsonl").read_text().splitlines()) == 19
    assert len((tmp_path / "from-option.jsonl").read_text().splitlines()) == 19


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--source", "ecg.csv"), "no bundle is given"),
        (("run", "tiny.zip"), "no source is given"),
        (("run", "missing.zip", "--source", "ecg.csv"), "there is no bundle at 'missing.zip'"),
        ((*REPLAY, "--key", "maker.pub"), "not signed"),
        ((*REPLAY, "--speed", "0"), "speed '0' is not a positive number"),
        ((*REPLAY, "--source", "missing.csv"), "missing.csv"),
        ((*REPLAY, "--broker", "localhost"), "'localhost' is not the address of a broker"),
        ((*REPLAY, "--broker", "mqtt://u:secret@h"), "the broker's URL holds a login"),
        ((*REPLAY, "--broker", "mqtt://h", "--device", "a/b"), "device id 'a/b' cannot be used in a topic"),
        ((*REPLAY, "--config", "missing.toml"), "there is no file missing.toml"),
    ],
)
def test_wrong_input_is_one_line(edgeguard, tmp_path, words, message):
    signature.make_key_pair(tmp_path / "maker.key", tmp_path / "maker.pub")
    status, out, err = edgeguard(*words)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("error: ")
    assert message in err
    assert "secret" not in err
