from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager

from firmware_bridge.grading import Report
from tests.firmware_bridge.simulated import simulated


@contextmanager
def saying(said):
    """The link to somebody who says that, and listens to nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            connection, _ = server.accept()
            connection.sendall(said)
            while connection.recv(4096):
                pass
            connection.close()

        thread = threading.Thread(target=speak)
        thread.start()
        yield f"tcp:127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_each_check_is_a_line_and_the_grade_the_last(edgeguard):
    with simulated() as where:
        status, out, err = edgeguard("bridge", "flash-check", where, "--seconds", "5")
    lines = out.splitlines()
    assert lines[0] == "ok     hello: sim-1, firmware sim: 1 channel in uV, 16 bit, 250 Hz"
    assert "ok     the same start again: answered again, done once" in lines
    assert all(line[:7] in ("ok     ", "note   ", "wrong  ") for line in lines[:-1])
    assert lines[-1].startswith("grade: ")
    assert status == int("grade: poor" in lines[-1])
    assert err == f"{where}: trying its commands, then listening for 5 s\n"


def test_rubbish_is_poor_and_its_json_one_object(edgeguard):
    with saying(b"Booting...\r\n" * 40) as where:
        status, out, err = edgeguard("bridge", "flash-check", where, "--json")
    report = json.loads(out)
    assert (status, err, report["grade"], report["figures"]) == (1, "", "poor", {})
    (found,) = report["findings"]
    assert (found["kind"], found["about"]) == ("wrong", "frames")
    assert "check the baud rate" in found["text"]
    assert report.keys() == Report.__dataclass_fields__.keys()


def test_nobody_there_is_one_line(edgeguard):
    for link, message in (("/dev/nosuch", "there is no serial port"), ("tcp:127.0.0.1:1", "nobody listens")):
        status, out, err = edgeguard("bridge", "flash-check", link)
        assert (status, out) == (1, "")
        assert message in err.splitlines()[-1]
        assert err.splitlines()[-1].startswith("error: ")
