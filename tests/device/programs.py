"""The daemon as a process, and a program that sends it samples."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import numpy as np

from edgeguard.signals.spec import SignalSpec
from tests.brokers import eventually

ECG = SignalSpec(channels=("ECG",), units="mV", window=10, hop=10, rate_hz=100.0)
HEAD = b'{"rate_hz": 100, "channels": ["ECG"], "units": ["mV"]}\n'


def lines(start, stop, seed=0):
    values = np.random.default_rng(seed).normal(size=stop - start)
    return b"".join(b"%d,%.4f\n" % (start + n, value) for n, value in enumerate(values))


def _heed_hangups():
    """What the tests start must heed them even where the tests run under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Wearable:
    """Listens on a port of 127.0.0.1, and sends `script`'s next piece to each who connects, at last a header."""

    def __init__(self, *script):
        self.links, self._script = [], list(script)
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        self.spec = f"lines:tcp://127.0.0.1:{self._server.getsockname()[1]}"

    def send(self, content):
        eventually(lambda: self.links)
        self.links[-1].sendall(content)

    def unplug(self):
        eventually(lambda: self.links)
        self.links.pop().close()

    def close(self):
        self._server.close()
        for link in self.links:
            link.close()

    def _serve(self):
        while True:
            try:
                link = self._server.accept()[0]
            except OSError:
                return
            link.sendall(self._script.pop(0) if self._script else HEAD)
            self.links.append(link)


class Device:
    """``edgeguard run`` as a process; what it says is read as it comes."""

    def __init__(self, folder, *words, environment=None):
        self.out, self.err = [], []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edgeguard", "run", *words],
            cwd=folder,
            env={**os.environ, "XDG_STATE_HOME": str(folder), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_heed_hangups,  # noqa: PLW1509 - one system call, which takes no lock
        )
        for stream, found in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=self._read, args=(stream, found), daemon=True).start()

    @staticmethod
    def _read(stream, found):
        for line in stream:
            found.append(line.rstrip("\n"))

    def said(self, text, times=1):
        """Wait until a line with this text was said."""
        eventually(lambda: sum(text in line for line in [*self.out, *self.err]) >= times, 20)

    def stop(self, number=signal.SIGTERM):
        """The exit status after a clean stop."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        status = self.process.wait(60)
        eventually(lambda: self.process.stdout.closed or status or (self.out and "windows, " in self.out[-1]))
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
