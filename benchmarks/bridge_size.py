"""Size of the C end: code by function, memory, deepest stack, and instructions per sample on an emulated Cortex-M4.

``python -m benchmarks.bridge_size``

Code is what the object file holds (instructions and constants), without the five functions of string.h that it calls.
Memory is one ``eg_bridge`` and the ring of default size: all that a user must allocate besides the stack. The stack is
the longest chain of calls, without what the user's ``write`` and ``command`` and string.h take. QEMU counts
instructions, not cycles: a real Cortex-M4 takes some more, by its flash and its branches.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import click

from benchmarks import RESULTS
from edgeguard.record import write_result

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "firmware_bridge" / "c"
PROGRAMS: Final = ROOT / "tests" / "firmware_bridge" / "c"
AIM: Final = {"code_bytes": 4096, "ram_bytes": 600}
ENTRANCES: Final = ("eg_init", "eg_push", "eg_receive", "eg_poll")
TARGETS: Final = {
    "cortex-m4": ("arm-none-eabi-", ("-mcpu=cortex-m4", "-mthumb")),
    "cortex-m0plus": ("arm-none-eabi-", ("-mcpu=cortex-m0plus", "-mthumb")),
    "host": ("", ("-fno-asynchronous-unwind-tables",)),
}
# channels, bytes per sample, delta, and how far its white noise reaches
SIGNALS: Final = {
    "1 channel, 16 bits, packed": (1, 2, False, 1000),
    "2 channels, 24 bits, packed": (2, 3, False, 1000),
    "2 channels, 24 bits, delta 8": (2, 3, True, 60),
    "8 channels, 24 bits, packed": (8, 3, False, 1000),
    "8 channels, 24 bits, delta 8": (8, 3, True, 60),
    "8 channels, 24 bits, delta 16": (8, 3, True, 10000),
    "32 channels, 24 bits, delta 16": (32, 3, True, 10000),
}


@click.command()
@click.option("--samples", default=16_000, show_default=True, help="Whose instructions are counted.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(samples: int, results: Path) -> None:
    """Measure and write bridge-size.json."""
    programs = ("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    if missing := [name for name in programs if shutil.which(name) is None]:
        raise click.ClickException(
            f"{', '.join(missing)} not found: apt-get install gcc gcc-arm-none-eabi qemu-system-arm"
        )
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "aim": AIM,
            "compilers": {name: _run(name, "--version").splitlines()[0] for name in programs},
            "options": "-std=c99 -Os",
            "targets": {target: _told(size_on(target, Path(folder))) for target in TARGETS},
            "instructions_per_sample": {
                name: _told(instructions(signal, samples, Path(folder))) for name, signal in SIGNALS.items()
            },
        }
    label = "full" if samples == 16_000 else f"reduced: {samples} samples"
    click.echo(f"written to {write_result('bridge-size', figures, libraries=(), scale=label, folder=results)}")


def size_on(target: str, folder: Path) -> dict[str, Any]:
    """Code, memory and stack on `target`, in bytes."""
    prefix, machine = TARGETS[target]
    options = ("-std=c99", "-Os", *machine, "-ffunction-sections", "-I", str(SOURCE))
    path = folder / f"{target}.o"
    _run(f"{prefix}gcc", *options, "-fcallgraph-info=su", "-c", SOURCE / "edgeguard_bridge.c", "-o", path)
    symbols = _symbols(prefix, path)
    source = folder / "memory.c"
    source.write_text('#include "edgeguard_bridge.h"\neg_bridge bridge;\nunsigned char ring[EG_DEFAULT_RING];\n')
    _run(f"{prefix}gcc", *options, "-c", source, "-o", folder / "memory.o")
    memory = _symbols(prefix, folder / "memory.o")
    stack = _stack(path.with_suffix(".ci"))
    return {
        "code_bytes": _section(prefix, path, "text"),
        "static_bytes": _section(prefix, path, "data") + _section(prefix, path, "bss"),
        "ram_bytes": sum(memory.values()),
        "bridge_bytes": memory["bridge"],
        "ring_bytes": memory["ring"],
        "stack_bytes": {name: stack[name] for name in ENTRANCES},
        "functions": dict(sorted(symbols.items(), key=lambda one: -one[1])),
    }


def instructions(signal: tuple[int, int, bool, int], samples: int, folder: Path) -> dict[str, float]:
    """Instructions per sample of all channels in eg_push and eg_poll, and bytes on the wire; sum checks included."""
    channels, width, delta, noise = signal
    (folder / "input").write_bytes(struct.pack("<BBBII", channels, width, delta, noise, samples))
    machine = ("-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none")
    counting = ("-icount", "shift=0,sleep=off", "-semihosting-config", "enable=on,target=native")
    _run("qemu-system-arm", *machine, *counting, "-kernel", _paced(folder), cwd=folder)
    known, pushing, polling, written = struct.unpack("<4I", (folder / "output").read_bytes())
    if abs(known - 2_000_000) > 1000:
        raise click.ClickException(
            f"QEMU counted {known} instructions in a loop of 2000000: is -icount still 1 ns each?"
        )
    taken = samples // 16 * 16
    return {"push": round(pushing / taken), "poll": round(polling / taken), "bytes": round(written / taken, 2)}


@cache
def _paced(folder: Path) -> Path:
    options = ("-std=c99", "-Os", *TARGETS["cortex-m4"][1], "-nostartfiles", "--specs=nano.specs", "-I", str(SOURCE))
    sources = (SOURCE / "edgeguard_bridge.c", PROGRAMS / "pace.c", PROGRAMS / "port_m4.c")
    _run("arm-none-eabi-gcc", *options, "-T", PROGRAMS / "m4.ld", *sources, "-o", folder / "pace.elf")
    return folder / "pace.elf"


def _stack(graph: Path) -> dict[str, int]:
    """The deepest stack below each function, by gcc's call graph; functions elsewhere count as nothing."""
    text = graph.read_text(encoding="utf-8")
    own = {name: int(n) for name, n in re.findall(r'title: "([^"]*)" label: "[^"]*?(\d+) bytes \(static\)', text)}
    calls: dict[str, list[str]] = {}
    for caller, callee in re.findall(r'sourcename: "([^"]*)" targetname: "([^"]*)"', text):
        calls.setdefault(caller, []).append(callee)

    def deepest(name: str) -> int:
        return own.get(name, 0) + max(map(deepest, calls.get(name, ())), default=0)

    return {name.rpartition(":")[2]: deepest(name) for name in own}


def _symbols(prefix: str, path: Path) -> dict[str, int]:
    lines = [line.split() for line in _run(f"{prefix}nm", "-S", path).splitlines()]
    return {words[3]: int(words[1], 16) for words in lines if len(words) == 4}


def _section(prefix: str, path: Path, name: str) -> int:
    columns, values = (line.split() for line in _run(f"{prefix}size", path).splitlines()[:2])
    return int(values[columns.index(name)])


def _run(*words: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode:
        raise click.ClickException(f"{words[0]} failed with {done.returncode}: {_last(done.stderr.splitlines())}")
    return done.stdout


def _last(lines: Sequence[str]) -> str:
    return lines[-1] if lines else "it said nothing"


def _told(figures: dict[str, Any]) -> dict[str, Any]:
    click.echo(str(figures))
    return figures


if __name__ == "__main__":
    command()
