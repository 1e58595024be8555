from __future__ import annotations

import errno
import grp
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.errors import LinkDown, LinkRefused
from firmware_bridge.links import port_errors
from firmware_bridge.links.port_errors import refusal


@pytest.fixture
def path(monkeypatch):
    """A pty that was not plugged in a moment ago."""
    master, slave = pty.openpty()
    monkeypatch.setattr(port_errors, "_SETTLING_S", -1.0)
    name = Path(os.ttyname(slave))
    os.close(slave)
    yield name
    os.close(master)


def said(path, number, there=()):
    error = refusal(str(path), 115200, OSError(number, "as pyserial words it"), there)
    return type(error), str(error)


def some_group():
    """One that a port can be given to without being root, and that is not root's where there is another."""
    return next((group for group in map(grp.getgrgid, os.getgroups()) if group.gr_gid), None) or grp.getgrnam("tty")


def test_without_permission_it_says_which_group_to_join(path):
    group = some_group()
    os.chown(path, -1, group.gr_gid)
    path.chmod(0o660)
    kind, text = said(path, errno.EACCES)
    assert kind is LinkRefused
    assert text.endswith(f"join its group with sudo usermod -aG {group.gr_name} $USER, then log out and in again")


def test_whoever_has_joined_the_group_since_is_sent_to_log_in_again(path, monkeypatch):
    monkeypatch.setattr(port_errors.getpass, "getuser", lambda: "kim")
    monkeypatch.setattr(port_errors.grp, "getgrgid", lambda _: grp.struct_group(("dialout", "x", 20, ["kim"])))
    os.chown(path, -1, some_group().gr_gid)
    path.chmod(0o660)
    assert "you are in its group dialout from the next log-in on" in said(path, errno.EACCES)[1]


@pytest.mark.parametrize(("system", "mode"), [("darwin", 0o660), ("linux", 0o600)])
def test_where_no_group_helps_none_is_named(path, monkeypatch, system, mode):
    monkeypatch.setattr(port_errors.sys, "platform", system)
    path.chmod(mode)
    assert said(path, errno.EACCES) == (
        LinkRefused,
        f"serial port {path} may not be opened (permission denied): look at its rights with ls -l {path}",
    )


def test_a_port_that_was_just_plugged_in_gets_its_group_in_a_moment(path, monkeypatch):
    monkeypatch.setattr(port_errors, "_SETTLING_S", 60.0)
    assert said(path, errno.EACCES)[0] is LinkDown


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("arduino", r"held by arduino \(process \d+\): close it first"),
        ("ModemManager", "held by ModemManager, which takes it for a modem: sudo systemctl stop ModemManager"),
    ],
)
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_the_program_that_holds_a_port_is_named(path, tmp_path, program, message):
    (tmp_path / program).symlink_to(shutil.which("bash"))
    (tmp_path / "usb-wearable").symlink_to(path)
    holding = [tmp_path / program, "-c", f"exec 7<>{path}; echo; read"]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        kind, text = said(tmp_path / "usb-wearable", errno.EBUSY)
        process.stdin.close()
    assert kind is LinkRefused
    assert re.search(message, text)


def test_where_the_holder_cannot_be_seen_the_usual_ones_are_named(tmp_path):
    assert "often ModemManager, a monitor or an IDE: close it first" in said(str(tmp_path / "x"), errno.EBUSY)[1]


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ([], "this computer has none; plug the wearable in"),
        (["/dev/ttyACM0", "/dev/ttyUSB1"], "there are /dev/ttyACM0, /dev/ttyUSB1"),
        ([f"/dev/ttyS{n}" for n in range(32)], "/dev/ttyS7 and 24 more"),
    ],
)
def test_the_ports_that_are_there_are_listed(there, message):
    kind, text = said("/dev/ttyACM9", errno.ENOENT, there)
    assert (kind, text.endswith(message)) == (LinkDown, True)


def test_what_is_no_port_or_cannot_be_as_fast_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    assert said(str(tmp_path / "file"), errno.EIO)[1].startswith(f"{tmp_path}/file is no serial port that works")
    error = refusal("/dev/ttyACM0", 12345, ValueError("Failed to set custom baud rate"), [])
    assert str(error) == "serial port /dev/ttyACM0 cannot do 12345 baud: choose another with ,baud=NUMBER"
