"""Recordings of virtual wearables, made in no time, and what they hold."""

from __future__ import annotations

import numpy as np

from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.frames import Action, Command
from firmware_bridge.recording import RecordingWriter, read_recording
from firmware_bridge.session import Block, Session
from firmware_bridge.simulator.plugged import wave_wearable
from firmware_bridge.wire import encode


def recorded(path, seconds=5.0, wire=None, restart_s=None, **traits):
    """The recording of a wearable that was identified and started at once, as it lies at `path`."""
    wearable = wave_wearable(**traits)
    with RecordingWriter(path, "serial:/dev/ttyACM0", monotonic=lambda: 0.0) as writer:
        for now_s in np.arange(0, seconds, 0.02):
            if now_s == 0 or (restart_s and restart_s <= now_s < restart_s + 0.02):
                if now_s:
                    wearable.restart(now_s)
                wearable.hear(command(Action.IDENTIFY, 1) + command(Action.START, 2), now_s)
            said = wearable.speak(now_s)
            writer.write(now_s, wire.carry(said) if wire else said)
    return path


def command(action, number=1, argument=0):
    """The bytes of a command."""
    return encode(Command(0, 0, 0, number, action, argument))


def frames_of(data):
    """What a decoder makes of bytes."""
    return Decoder().feed(data)


def heard_of(data):
    """A session that has heard all of it, and its blocks."""
    session, blocks = Session(), []
    for number, frame in enumerate(frames_of(data)):
        if not isinstance(frame, Rejected):
            blocks += [one for one in session.take(frame, number / 10) if isinstance(one, Block)]
    return session, blocks + [one for one in session.flush() if isinstance(one, Block)]


def bytes_of(path):
    """All bytes of a recording."""
    return b"".join(chunk.data for chunk in read_recording(path))
