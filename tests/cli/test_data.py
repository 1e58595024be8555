from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from edgeguard.cli import command
from edgeguard.errors import DataError
from edgeguard.lab.data import DATASETS


def said(*arguments, **environment):
    result = CliRunner().invoke(command, ["data", *arguments], env=environment, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_list_names_every_set_and_where_it_looks(tmp_path):
    output = said("list", "--data-dir", str(tmp_path))
    assert all(name in output for name in DATASETS.names())
    assert "ecg5000  [not fetched]" in output
    assert "synthetic_ecg  [made on the fly]" in output
    assert f"data folder: {tmp_path}" in output


@pytest.mark.parametrize("place", ["", "ECG5000"])
def test_list_sees_what_is_there(tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    for part in ("TRAIN", "TEST"):
        (tmp_path / place / f"ECG5000_{part}.arff").touch()
    assert "ecg5000  [present]" in said("list", EDGEGUARD_DATA=str(tmp_path))


def test_fetch_of_a_made_set_says_so(tmp_path):
    assert said("fetch", "synthetic_ecg", "--data-dir", str(tmp_path)) == (
        "synthetic_ecg is made on the fly: nothing to fetch\n"
    )


def test_fetch_asks_the_given_address(tmp_path):
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(403)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x.zip"
        with pytest.raises(DataError, match=f"{url} answers 403 Forbidden: check the address"):
            said("fetch", "ecg5000", "--url", url, "--data-dir", str(tmp_path))
