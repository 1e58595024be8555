"""A disk that is full: a small file system of its own where we may mount one, else a limit on the size of files."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path
from typing import Final

_MB: Final = 1_000_000


class SmallDisk:
    """A folder whose disk can be filled.

    Attributes:
        folder: Where it is.
        means: How it is filled: ``tmpfs``, or ``RLIMIT_FSIZE`` where mounting is not allowed.
    """

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "edgeguard-faults", str(folder)]
        may_mount = os.geteuid() == 0 and subprocess.run(words, capture_output=True, check=False).returncode == 0
        self.means = "tmpfs" if may_mount else "RLIMIT_FSIZE"

    def fill(self, pid: int) -> None:
        """Leave no room; of a limit, for the process `pid` alone."""
        if self.means == "tmpfs":
            self._take(_MB)
            self._take(4096)
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        """Give the room back."""
        if self.means == "tmpfs":
            self._ballast.unlink(missing_ok=True)
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self) -> None:
        """Unmount it; what lies in it is gone."""
        if self.means == "tmpfs":
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def _take(self, step: int) -> None:
        block = bytes(step)
        try:
            with self._ballast.open("ab", buffering=0) as ballast:
                while ballast.write(block) == step:
                    pass
        except OSError:
            return
