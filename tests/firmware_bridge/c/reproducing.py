"""Has the C end make a given frame."""

from __future__ import annotations

from functools import singledispatch

from firmware_bridge.coding import WIDTHS, values_of
from firmware_bridge.frames import Ack, Battery, Button, Heartbeat, Hello, Leads, Samples
from tests.firmware_bridge.c.script import DUE, Script


@singledispatch
def script_for(frame):
    """The script whose last eg_poll writes `frame` and nothing else."""
    raise TypeError(f"the wearable does not send a {type(frame).__name__}")


@script_for.register
def _(frame: Hello):
    script = Script().init(
        frame.channels,
        boot=frame.boot,
        rate_mhz=frame.rate_mhz,
        width=frame.width,
        device=frame.device,
        firmware=frame.firmware,
        ring=65535,
    )
    return _due(script, frame, "hello")


@script_for.register
def _(frame: Samples):
    base, difference = WIDTHS[frame.coding]
    options = {"width": base, "delta": difference > 0, "latency": frame.count, "ring": 65535}
    script = Script().init(frame.channels, boot=frame.boot, **options)
    told = {"sequence": frame.sequence, "taken": frame.index, "streaming": True, "step": difference or base}
    script.state(frame.clock_us, **told)
    for k, sample in enumerate(values_of(frame).T):
        script.push(sample, (frame.clock_us + k) % 2**32)
    return script.poll(frame.clock_us)


@script_for.register
def _(frame: Leads):
    return _due(Script().init(boot=frame.boot).leads(frame.off), frame, "leads")


@script_for.register
def _(frame: Battery):
    return _due(Script().init(boot=frame.boot).battery(frame.percent, frame.millivolts), frame, "battery")


@script_for.register
def _(frame: Button):
    return _due(Script().init(boot=frame.boot).button(frame.number, frame.pressed), frame, "button")


@script_for.register
def _(frame: Ack):
    return _due(Script().init(boot=frame.boot), frame, "ack", ack=(frame.id, frame.result))


@script_for.register
def _(frame: Heartbeat):
    told = {"taken": frame.next_index, "lost": frame.lost, "streaming": frame.streaming}
    return _due(Script().init(boot=frame.boot), frame, "heartbeat", **told)


def _due(script, frame, what, **state):
    script.state(frame.clock_us, sequence=frame.sequence, due=DUE[what], **state)
    return script.poll(frame.clock_us)
