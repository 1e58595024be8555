"""Why a serial port cannot be opened, and what to do about it, in one line."""

from __future__ import annotations

import errno
import getpass
import grp
import os
import stat
import sys
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from firmware_bridge.errors import BridgeError, LinkDown, LinkRefused

_SETTLING_S: Final = 2.0  # so long udev may take to hand a port that was plugged in to its group
_SHOWN: Final = 8


def refusal(path: str, baud: int, error: Exception, there: Sequence[str]) -> BridgeError:
    """What `error`, raised when `path` was opened, means for the user.

    Args:
        path: Of the port.
        baud: That was asked for.
        error: As pyserial raised it; its errno is None where the port was opened and would not be set up.
        there: The ports of this computer.
    """
    number = error.args[0] if isinstance(error, termios.error) else getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return LinkDown(f"there is no serial port {path}: {_known(there)}")
    if number in (errno.EACCES, errno.EPERM):
        return _forbidden(path)
    if number in (errno.EBUSY, errno.EAGAIN):
        return LinkRefused(f"serial port {path} is held by {_holder(path)}")
    if isinstance(error, (ValueError, NotImplementedError)):
        return LinkRefused(f"serial port {path} cannot do {baud} baud: choose another with ,baud=NUMBER")
    if number is None or not _is_device(path):
        return LinkRefused(f"{path} is no serial port that works: {_known(there)}")
    return LinkDown(f"serial port {path} cannot be opened ({os.strerror(number)}): plug the wearable in again")


def _known(there: Sequence[str]) -> str:
    if not there:
        return "this computer has none; plug the wearable in"
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    return f"there are {', '.join(there[:_SHOWN])}{more}"


def _forbidden(path: str) -> BridgeError:
    """Which group to join, by the file's own one; a port that was just plugged in gets its group in a moment."""
    try:
        status = Path(path).stat()
    except OSError:
        return LinkRefused(f"serial port {path} may not be opened, nor looked at: check the rights of its folder")
    if time.time() - status.st_ctime < _SETTLING_S:
        return LinkDown(f"serial port {path} may not be opened yet: it was plugged in a moment ago")
    begin = f"serial port {path} may not be opened (permission denied)"
    group = _group(status)
    if sys.platform == "darwin" or group is None:
        return LinkRefused(f"{begin}: look at its rights with ls -l {path}")
    if getpass.getuser() in group.gr_mem:
        return LinkRefused(f"{begin}: you are in its group {group.gr_name} from the next log-in on; log out and in")
    return LinkRefused(
        f"{begin}: join its group with sudo usermod -aG {group.gr_name} $USER, then log out and in again"
    )


def _group(status: os.stat_result) -> grp.struct_group | None:
    """The group that may read and write the port, unless that is root's."""
    needed = stat.S_IRGRP | stat.S_IWGRP
    if status.st_mode & needed != needed or status.st_gid == 0:
        return None
    with suppress(KeyError):
        return grp.getgrgid(status.st_gid)
    return None


def _holder(path: str) -> str:
    """Who has the port open, and what to do; only root sees the programs of others."""
    for process in _processes_with(os.path.realpath(path)):
        with suppress(OSError):
            if process.name == str(os.getpid()):
                return "this program already: name each port once"
            name = (process / "comm").read_text(errors="replace").strip()
            if name == "ModemManager":
                return "ModemManager, which takes it for a modem: sudo systemctl stop ModemManager"
            return f"{name} (process {process.name}): close it first"
    return "another program, often ModemManager, a monitor or an IDE: close it first"


def _processes_with(path: str) -> list[Path]:
    """Folders in /proc of the processes that have `path` open; none where there is no /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(_leads_to(link, path) for link in (process / "fd").iterdir()):
                found.append(process)
    return found


def _leads_to(link: Path, path: str) -> bool:
    with suppress(OSError):
        return str(link.readlink()) == path
    return False


def _is_device(path: str) -> bool:
    with suppress(OSError):
        return stat.S_ISCHR(Path(path).stat().st_mode)
    return False
