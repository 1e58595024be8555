"""The ECG of a Polar H10: the Polar Measurement Data (PMD) service, as bytes. Pure.

After Polar's public "Polar Measurement Data Specification" and "Time system in Polar sensors" (polar-ble-sdk). All
numbers are little endian. The ECG's rate is 130 Hz by name, between 128 and 131 in fact. It may take half a minute
from the start to the first samples.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.errors import FrameError, WearableError

CONTROL: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"  # commands are written, answers indicated
DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
BATTERY: Final = "00002a19-0000-1000-8000-00805f9b34fb"  # charge in percent, one byte
RATE_HZ: Final = 130
BITS: Final = 14

_ECG: Final = 0
_ANSWER: Final = 0xF0
_HEADER: Final = struct.Struct("<BQB")  # measurement, nanoseconds since 2000 of the last sample, frame type
_ALREADY: Final = 6
_ERRORS: Final = (
    "",
    "it knows no such command",
    "it measures no ECG",
    "it cannot do this",
    "the command has a wrong length",
    "the command has a wrong value",
    "it is measuring already",
    "it does not know this resolution",
    "it does not know this rate",
    "it does not know this range",
    "the connection's MTU is too small",
    "it does not know so many channels",
    "not in its present state",
    "it is in its charger",
)

ASK: Final = bytes([1, _ECG])
START: Final = struct.pack("<BBBBHBBH", 2, _ECG, 0, 1, RATE_HZ, 1, 1, BITS)  # rate: one value; resolution: one value
STOP: Final = bytes([3, _ECG])


@dataclass(frozen=True)
class Answer:
    """What the strap answers on `CONTROL`.

    Attributes:
        command: That is answered: the first byte of `ASK`, `START` or `STOP`.
        error: 0 where it was done.
        values: By setting: 0 for rates in Hz, 1 for resolutions in bits. Only of `ASK`.
    """

    command: int
    error: int
    values: dict[int, tuple[int, ...]]

    @property
    def already(self) -> bool:
        """Whether it refuses to start because it measures already, as after a program that was killed."""
        return self.error == _ALREADY

    def check(self, name: str) -> None:
        """WearableError where the strap called `name` has refused."""
        if self.error:
            why = _ERRORS[self.error] if self.error < len(_ERRORS) else f"error {self.error}"
            raise WearableError(f"{name} refuses to send its ECG: {why}; take it off for a minute and try again")
        if self.command == ASK[0] and not (RATE_HZ in self.values.get(0, ()) and BITS in self.values.get(1, ())):
            raise WearableError(f"{name} knows no ECG at {RATE_HZ} Hz and {BITS} bit: is it a Polar H10?")


def answer_from(data: bytes) -> Answer:
    """An indication of `CONTROL`; FrameError where it is none that answers about the ECG."""
    if len(data) < 4 or data[0] != _ANSWER or data[2] != _ECG:
        raise FrameError(f"{data[:8].hex(' ')} is no answer about the ECG")
    values, rest = dict[int, tuple[int, ...]](), data[5:]
    while len(rest) >= 2 and data[1] == ASK[0]:
        setting, count = rest[0], rest[1]
        if len(rest) < 2 + 2 * count:
            raise FrameError(f"the setting {setting} of the ECG is cut short")
        values[setting] = struct.unpack_from(f"<{count}H", rest, 2)
        rest = rest[2 + 2 * count :]
    return Answer(data[1], data[3], values)


def ecg_from(data: bytes) -> tuple[int, NDArray[np.int32]]:
    """A notification of `DATA`: nanoseconds of its last sample on the strap's clock, and (n,) microvolts.

    FrameError where it is no ECG of the only known frame type: three bytes per sample, signed.
    """
    if len(data) < _HEADER.size + 3 or (len(data) - _HEADER.size) % 3:
        raise FrameError(f"{len(data)} bytes are no frame of an ECG")
    measurement, nanoseconds, kind = _HEADER.unpack_from(data)
    if (measurement, kind) != (_ECG, 0):
        raise FrameError(f"measurement {measurement} in frame type {kind} is no known ECG")
    parts = np.frombuffer(data, np.uint8, offset=_HEADER.size).reshape(-1, 3).astype(np.int32)
    return nanoseconds, (parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24) >> 8
