from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--speed", "2"], "--speed needs --hours"),
        (["--unfair", "gender=F"], "there are: sex, age_band, skin_tone, site"),
        (["--fleet", "a/b", "--broker", "mqtt://127.0.0.1:9"], "fleet id 'a/b' cannot be used in a topic"),
        (["--broker", "localhost"], "'localhost' is not the address of a broker"),
        ([], "no broker is given: name it with --broker"),
    ],
)
def test_what_cannot_be_simulated_is_one_line(edgeguard, words, message):
    status, out, err = edgeguard("fleet", "simulate", "--devices", "2", *words)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert message in err


def test_a_phase_is_a_line(edgeguard, mosquitto, listen):
    listen(mosquitto.port, "edgeguard/v1/simulated/#")
    words = ["--devices", "2", "--hours", "0.05", "--speed", "inf", "--attack", "0.5", "--broker", mosquitto.url]
    status, out, _ = edgeguard("fleet", "simulate", *words)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == ["fleet", "rollout", "attack", "live", "delivered"]


def test_a_length_of_time_is_checked(edgeguard):
    assert (
        "'7w' is no length of time: write 7d, 12h or 30m"
        in edgeguard("fleet", "simulate", "--devices", "1", "--history", "7w")[2]
    )
