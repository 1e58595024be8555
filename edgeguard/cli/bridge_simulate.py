"""``edgeguard bridge simulate``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from edgeguard.device.sources.played import Played
    from firmware_bridge.frames import Hello
    from firmware_bridge.simulator.noisy_wire import WireCounts
    from firmware_bridge.simulator.sampler import WearableCounts
    from firmware_bridge.simulator.virtual_wearable import VirtualWearable

_SHARE: Final = click.FloatRange(0, 1, max_open=True)
_SECONDS: Final = click.FloatRange(0, min_open=True)
_MISHAPS: Final = ("leads-off", "overrun", "button", "restart")


@click.command("simulate")
@click.option("--source", metavar="SPEC", help="A recording, or synthetic with options; a synthetic ECG unless given.")
@click.option("--unit", help="Of a recording that does not tell.")
@click.option("--rate", type=_SECONDS, metavar="HZ", help="Of a synthetic ECG, or a recording that does not tell.")
@click.option("--channels", metavar="A+B", help="Names on the wire; a synthetic ECG gets so many leads.")
@click.option("--width", type=click.Choice(["16", "24"]), default="16", show_default=True, help="Bits of a sample.")
@click.option("--resolution", type=_SECONDS, help="Units of a step; 1 uV, 0.01 uV of 24 bits, unless given.")
@click.option("--device", default="sim-1", show_default=True, metavar="ID", help="Of the wearable.")
@click.option("--pty", type=click.Path(path_type=Path), metavar="PATH", help="Be a serial port there.")
@click.option("--tcp", metavar="HOST:PORT", help="Listen there instead; port 0 for a free one.")
@click.option(
    "--speed", default="1", show_default=True, help="Times faster than real time; max: as fast as it is read."
)
@click.option("--seconds", type=_SECONDS, help="Of the wearable's time; until Ctrl-C unless given.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of signal and misfortunes.")
@click.option("--drift", type=click.FloatRange(-1000, 1000), default=0.0, metavar="PPM", help="Of its clock.")
@click.option("--frame", type=click.IntRange(1, 255), metavar="N", help="Samples in a frame at most.")
@click.option("--packed", is_flag=True, help="No differences between samples.")
@click.option(
    "--battery", type=click.FloatRange(0, 100, min_open=True), default=100.0, help="Charge at first, percent."
)
@click.option("--battery-for", type=_SECONDS, metavar="S", help="In which a full battery runs down.")
@click.option("--damage", type=_SHARE, default=0.0, help="Share of the bytes that are changed.")
@click.option("--burst", type=click.FloatRange(min=1), default=1.0, help="Mean length of a run of changed bytes.")
@click.option("--loss", type=_SHARE, default=0.0, help="Share of the bytes that are lost.")
@click.option("--insert", type=_SHARE, default=0.0, help="Bytes that nobody sent, as a share.")
@click.option("--repeat", type=_SHARE, default=0.0, help="Share of the frames that come twice.")
@click.option("--swap", type=_SHARE, default=0.0, help="Share of the frames that come after the next.")
@click.option("--drop-every", type=_SECONDS, metavar="S", help="Mean seconds between disconnections.")
@click.option("--drop-for", type=_SECONDS, default=3.0, show_default=True, metavar="S", help="Mean length of one.")
@click.option("--mishap", "mishaps", type=(click.Choice(_MISHAPS), _SECONDS), multiple=True, metavar="KIND S",
              help=f"Mean seconds between mishaps: {', '.join(_MISHAPS)}; repeatable.")  # fmt: skip
@click.option("--attack", type=click.Path(path_type=Path), help="A universal perturbation to add to the signal.")
@click.option("--attack-from", type=click.FloatRange(min=0), default=0.0, metavar="S", help="Of the signal.")
@click.option("--attack-to", type=_SECONDS, metavar="S", help="Of the signal; to its end unless given.")
@click.option("--attack-gain", type=_SECONDS, help="What one unit of the perturbation is in the signal's.")
def command(**options: Any) -> None:
    """Be a wearable: on a pseudo terminal, which is a serial port to any program, or on a TCP port.

    It waits until it is told to start, as a wearable does. SPEC is what edgeguard run takes: the path of a WFDB, EDF,
    .npz or .csv recording, an attacked one too, or synthetic:seed=3,abnormal=0.2. The same seed gives the same signal,
    damage and mishaps.
    """
    from edgeguard.cli.bridge_links import run_until_told
    from edgeguard.device.sources.bridge_errors import translated
    from edgeguard.device.sources.played import play

    source = options["source"] or f"synthetic:seed={options['seed']}"
    played = play(source, unit=options["unit"], rate_hz=options["rate"])
    try:
        with translated():
            run_until_told(_simulated(_wearable(played, options), options))
    finally:
        played.close()


async def _simulated(wearable: VirtualWearable, options: Mapping[str, Any]) -> None:
    from edgeguard.cli.bridge_links import plug_from
    from edgeguard.device.sources import speed_from
    from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
    from firmware_bridge.simulator.spells import Spells

    seed, noise = options["seed"], Noise(**{one.name: options[one.name] for one in fields(Noise)})
    wire, back = (NoisyWire([seed, number], noise) for number in (10, 11))
    breaks = Spells(options["drop_every"] or math.inf, options["drop_for"], [seed, 12])
    async with plug_from(options["pty"], options["tcp"]) as plug:
        click.echo(f"{wearable.hello.device}: {_described(wearable.hello)} on {plug.address}")
        click.echo(f"look at it with: edgeguard bridge monitor {plug.address}")
        run = plug.run(
            wearable, wire, back=back, breaks=breaks, speed=speed_from(options["speed"]),
            seconds=options["seconds"] or math.inf,
        )  # fmt: skip
        try:
            await run
        finally:
            click.echo(_told(wearable.counts, wire.counts, breaks.count))


def _wearable(played: Played, options: Mapping[str, Any]) -> VirtualWearable:
    from edgeguard.device.sources.attacked import Attacked, Stretch, on_wire
    from edgeguard.device.sources.simulated import hello_from, leads
    from edgeguard.signals.universal import UniversalPerturbation
    from firmware_bridge.simulator.virtual_wearable import Mishaps, VirtualWearable

    names = tuple(options["channels"].split("+")) if options["channels"] else played.channels
    width = int(options["width"]) // 8
    hello = hello_from(played, names, device=options["device"], width=width, resolution=options["resolution"])
    signal = leads(played, names)
    if options["attack"] is not None:
        perturbation = UniversalPerturbation.load(options["attack"])
        added = on_wire(perturbation, names, played.unit, played.rate_hz, options["attack_gain"])
        stretch = Stretch(options["attack_from"], options["attack_to"] or math.inf)
        signal = Attacked(signal, played.rate_hz, added, stretch)
    every_s = {f"{kind.replace('-', '_')}_every_s": mean_s for kind, mean_s in options["mishaps"]}
    return VirtualWearable(
        hello, signal, seed=options["seed"], drift_ppm=options["drift"], delta=not options["packed"],
        samples_per_frame=options["frame"], battery=options["battery"] / 100,
        mishaps=Mishaps(**every_s, battery_s=options["battery_for"] or math.inf),
    )  # fmt: skip


def _described(hello: Hello) -> str:
    names, first = "+".join(channel.name for channel in hello.channels), hello.channels[0]
    return f"{names} at {hello.rate_hz:g} Hz, {8 * hello.width} bits of {first.resolution:g} {first.unit},"


def _told(wearable: WearableCounts, wire: WireCounts, breaks: int) -> str:
    parts = (
        f"{wearable.taken} samples taken, {wearable.sent} sent, {wearable.lost} lost before; {wearable.frames} frames",
        f"{wire.bytes} bytes, {wire.damaged} damaged, {wire.lost} lost, {wire.inserted} inserted",
        f"{wire.repeated} frames repeated, {wire.swapped} swapped",
        f"{breaks} disconnections, {wearable.restarts} restarts",
    )
    return "; ".join(parts)
