"""The C end as programs: on the host, compiled by gcc and by clang with sanitizers, and on an emulated Cortex-M4."""

from __future__ import annotations

import pytest

from tests.firmware_bridge.c.building import emulated, host_program, m4_program
from tests.firmware_bridge.c.script import Host


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="session", params=["gcc", "clang"])
def bridge(request, build):
    """Runs a script; leaves no leak and no undefined behavior behind."""
    host = Host(host_program(request.param, ["scripted.c", "port_host.c"], build))
    yield host
    host.close()


@pytest.fixture(scope="session")
def cortex_m4(build):
    """Runs scripts one after another; the answers of each."""
    program = m4_program("scripted.c", build)

    def run(scripts):
        told = emulated(program, b"".join(script.whole for script in scripts), build)
        found = []
        for script in scripts:
            length = int.from_bytes(told[:4], "little")
            found.append(script.answers(told[4 : 4 + length]))
            told = told[4 + length :]
        return found

    return run
