"""Streams of the Lab Streaming Layer on this machine alone, for tests; pylsl must not be imported before."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

CONFIG = """
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
ListenAddress = 127.0.0.1
[lab]
KnownPeers = {{127.0.0.1}}
SessionID = edgeguard-{process}
[log]
level = -2
"""

_folder = tempfile.TemporaryDirectory()  # read when the library is first used
_file = Path(_folder.name) / "lsl_api.cfg"
_file.write_text(CONFIG.format(process=os.getpid()))
os.environ["LSLAPICFG"] = str(_file)

try:
    import pylsl
except (ImportError, OSError, RuntimeError) as error:
    if os.environ.get("CI") == "true":
        raise
    pytest.skip(f"liblsl cannot be loaded: {error}", allow_module_level=True)


def described(name, rate_hz=250.0, *, labels=("Fz", "Cz"), units="microvolts", kind="float32", source_id=""):
    """What an outlet announces."""
    info = pylsl.StreamInfo(name, "EEG", len(labels), rate_hz, kind, source_id)
    info.set_channel_labels(list(labels))
    if units:
        info.set_channel_units(units)
    return info


@contextmanager
def streaming(info, samples):
    """An outlet that pushes each (due in seconds, values, time) of `samples` when it is due."""
    outlet, ended = pylsl.StreamOutlet(info, max_buffered=60), threading.Event()

    def push():
        while not (outlet.wait_for_consumers(0.05) or ended.is_set()):
            pass
        began = pylsl.local_clock()
        for due_s, values, time_s in samples:
            if ended.wait(max(0.0, began + due_s - pylsl.local_clock())):
                return
            outlet.push_sample(values, 1000 + time_s)

    thread = threading.Thread(target=push, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
