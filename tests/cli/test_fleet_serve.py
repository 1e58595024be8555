"""``edgeguard fleet serve`` as people start it."""

import re
import signal
import subprocess
import sys

import httpx
import pytest

from edgeguard.fleet.store import accounts
from edgeguard.fleet.store.database import Database
from tests.brokers import free_port


@pytest.fixture
def start(tmp_path):
    running = []

    def begin(*words):
        command = [sys.executable, "-m", "edgeguard", "fleet", "serve", "--port", "0", *words]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def greeting(process):
    """Its address and the code of its setup link."""
    address = re.search(r"at (http://127\.0\.0\.1:\d+)", process.stdout.readline())[1]
    return address, re.search(rf"{address}/setup#(\S+)", process.stdout.readline())[1]


def test_the_first_start_makes_the_database_and_prints_a_setup_link_and_stops_cleanly(start, tmp_path):
    process = start()
    address, code = greeting(process)
    page = httpx.get(f"{address}/setup")
    assert page.status_code == 200
    form = re.search(r'name="form" value="([^"]+)"', page.text)[1]
    fields = {"form": form, "code": code, "name": "root", "password": "correct horse battery"}
    answer = httpx.post(f"{address}/setup", data=fields, cookies=dict(page.cookies))
    assert answer.status_code == 303
    process.send_signal(signal.SIGTERM)
    output, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert code not in output + log
    assert "Traceback" not in log
    database = Database(f"sqlite:///{tmp_path / 'edgeguard-fleet.db'}")
    with database.reading() as connection:
        assert accounts.user_named(connection, "root").role == "admin"
    database.close()


def test_ctrl_c_stops_it_with_a_connection_open(start):
    process = start()
    address, _ = greeting(process)
    with httpx.Client(base_url=address) as client:
        client.get("/healthz")
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in log) == (0, False)


def refusal(edgeguard, *words):
    status, _, error = edgeguard("fleet", "serve", *words)
    assert status == 1
    assert len(error.strip().splitlines()) == 1, error
    return error


def test_what_cannot_be_served_is_one_line(edgeguard, tmp_path):
    port = str(free_port())
    assert "set web.public_url" in refusal(edgeguard, "--host", "0.0.0.0", "--port", port)
    assert "cannot be used" in refusal(edgeguard, "--port", port, "--database", "postgresql://127.0.0.1:1/x")
    assert "is not the address of a broker" in refusal(edgeguard, "--port", port, "--broker", "http://x")
    assert "is not supported" in refusal(edgeguard, "--port", port, "--database", "mysql://x/y")
    (tmp_path / "fleet.toml").write_text('[oidc]\nissuer = "http://idp.example"\nclient_id = "fleet"\n')
    assert "oidc.issuer" in refusal(edgeguard, "--port", port, "--config", "fleet.toml")


def test_a_port_in_use_is_one_line(edgeguard):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "choose another --port" in refusal(edgeguard, "--port", str(taken.getsockname()[1]))


def test_a_postgresql_without_tables_says_what_to_run(edgeguard, postgres):
    url = postgres.new_database()
    assert "run edgeguard fleet migrate" in refusal(edgeguard, "--port", str(free_port()), "--database", url)
    postgres.drop(url)
