"""A minute of a virtual wearable examined in no time: its own seconds, and a link that is late by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Ack, Action, Command, Samples
from firmware_bridge.grading import grade
from firmware_bridge.grading.observations import Asked, Observations, Trial
from firmware_bridge.simulator.plugged import wave_wearable
from firmware_bridge.wire import encode

SCRIPT = {
    Trial.IDENTIFY: (1.5, 1, Action.IDENTIFY, 0),
    Trial.QUIET: (1.6, 2, Action.STOP, 0),
    Trial.UNKNOWN: (3.2, 3, 200, 0),
    Trial.IMPOSSIBLE: (3.3, 4, Action.SET_RATE, 0),
    Trial.START: (4.0, 5, Action.START, 0),
    Trial.REPEATED: (4.5, 5, Action.START, 0),
    Trial.BUSY: (5.0, 6, Action.SET_RATE, 250_000),
}


def examined(seconds=20.0, late_s=0.004, tick_s=0.02, change=lambda frame: [frame], **traits):
    """What is observed of `wave_wearable(**traits)`, whose frames come late by up to `late_s`, `change`d each."""
    wearable, decoder, rng = wave_wearable(**traits), Decoder(), np.random.default_rng(0)
    script = SCRIPT | {Trial.STOP: (4.0 + seconds, 7, Action.STOP, 0)}
    seen = Observations()
    left = [*script.values()]
    for now_s in np.arange(0, seconds + 6, tick_s):
        while left and left[0][0] <= now_s:
            wearable.hear(encode(Command(0, 0, 0, *left.pop(0)[1:])), now_s)
        for frame in decoder.feed(wearable.speak(now_s)):
            seen.came += [(now_s + late_s * rng.random(), one) for one in change(frame)]
    seen.counts = decoder.counts
    for trial, (sent_s, number, *_) in script.items():
        answers = [one for one in seen.of(Ack, sent_s) if one[1].id == number]
        seen.asked[trial] = Asked((sent_s,), answers[0][0], answers[0][1].result) if answers else Asked((sent_s,))
    return seen


def finding(seen, about):
    """Kind and text of what was found about one thing."""
    (found,) = [one for one in grade(seen).findings if one.about == about]
    return found.kind, found.text


def without(kind, where=lambda frame: True):
    """A change that leaves frames out."""
    return lambda frame: [] if isinstance(frame, kind) and where(frame) else [frame]


def changed(kind, **fields):
    """A change of frames of one kind: each field by a function of the frame."""
    return lambda frame: [
        replace(frame, **{name: made(frame) for name, made in fields.items()}) if isinstance(frame, kind) else frame
    ]


def shifted(frame, by, first):
    """Samples from number `first` of the sequence on, `by` indices later."""
    late = isinstance(frame, Samples) and frame.sequence >= first
    return [replace(frame, index=frame.index + by) if late else frame]
