"""The C end as programs: on the host, compiled by gcc and by clang with sanitizers, and on an emulated Cortex-M4."""

from __future__ import annotations

import pytest

from tests.firmware_bridge.c.building import emulated, host_program, m4_program
from tests.firmware_bridge.c.script import Host


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="session", params=["gcc", "clang"])
def compiler(request):
    return request.param


@pytest.fixture(scope="session")
def bridge(build):
    """Runs one script; stops at undefined behavior, leaks nothing."""
    yield from _host("clang", build)


@pytest.fixture(scope="session")
def gcc_bridge(build):
    yield from _host("gcc", build)


@pytest.fixture(scope="session")
def cortex_m4(build):
    """Runs one script after another; the answers of each."""
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


@pytest.fixture(params=["clang", "gcc", "cortex-m4"])
def everywhere(request):
    """Runs scripts on the host, by two compilers, and on the Cortex-M4."""
    if request.param == "cortex-m4":
        return request.getfixturevalue("cortex_m4")
    run = request.getfixturevalue("bridge" if request.param == "clang" else "gcc_bridge")
    return lambda scripts: [run(script) for script in scripts]


def _host(compiler, build):
    host = Host(host_program(compiler, ["scripted.c", "port_host.c"], build))
    yield host
    host.close()
