"""A simulated fleet beside the demo's one device, for as long as the server is to be looked at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from edgeguard.demo.line import LineBroken
from edgeguard.demo.server import FleetServer, running
from edgeguard.fleet.actions.wearers import import_wearers
from edgeguard.fleet.actor import SYSTEM
from edgeguard.fleet.clock import unix_ms
from edgeguard.fleet.store.database import Database

DEVICES: Final = 60
_WISHES: Final = ("--history", "1d", "--interval-s", "10", "--attack", "0.05", "--unfair", "skin_tone=V-VI")


@contextmanager
def simulated_company(folder: Path, broker_url: str, server: FleetServer) -> Iterator[None]:
    """Virtual devices send until the block ends; the server knows who wears them."""
    wearers = folder / "wearers.csv"
    command = [
        *(sys.executable, "-m", "edgeguard", "fleet", "simulate", "--devices", str(DEVICES), "--broker", broker_url),
        *(*_WISHES, "--wearers", str(wearers)),
    ]
    with (folder / "simulation.log").open("wb") as errors, running(command, errors) as process:
        for line in process.stdout or ():
            if line.startswith("wearers"):
                break
        else:
            raise LineBroken(f"the simulated fleet did not start: see {errors.name}")
        with closing(Database(server.database_url)) as database:
            import_wearers(database, SYSTEM, wearers.read_bytes(), unix_ms(), register_devices=True)
        yield
