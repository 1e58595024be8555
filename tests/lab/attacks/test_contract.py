"""What every registered attack keeps to; a new one is tested by being registered."""

from __future__ import annotations

from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.signals.spec import SignalSpec

# enough for the contract, not for a good attack
OPTIONS = {}
SIGNALS_ONLY = {"sap", "uap", "universal"}
SEVERAL_EXITS = {"pgd_max", "quiet"}
ONLY_LINF = {"square", "sap"}
ONLY_L2 = {"carlini_wagner"}


def attack_at(name, threat, net, batch, **options):
    x, y = batch
    signal = SignalSpec(channels=tuple(f"c{i}" for i in range(x.shape[1])), units="mV", window=x.shape[-1], hop=1)
    knowledge = Knowledge(x, y, signal, "mutual_information", 0.05)
    return prepared(attack_named(name, threat, {**OPTIONS.get(name, {}), **options}), net, knowledge)
