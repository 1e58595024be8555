"""What is wrong with a wearable that does not do as it should, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firmware_bridge.decoder import Reason
from firmware_bridge.errors import BridgeError, LinkDown, WearableError
from firmware_bridge.frames import Action, Result

_WHY: Final = {
    Result.UNKNOWN_ACTION: "its firmware does not know how",
    Result.WRONG_VALUE: "it cannot; choose another",
    Result.NOT_NOW: "not now; stop it first",
    Result.FAILED: "it tried and failed; look at its firmware",
}


def no_hello(link: str, frames: int, rejected: Mapping[Reason, str]) -> BridgeError:
    """Why no hello came over `link`, from the `frames` that did, and the last detail of each reason for rejecting one.

    LinkDown where there was not a single byte: nobody is there yet.
    """
    if "version" in rejected:
        return WearableError(f"{link} sends {rejected['version']}")
    if "payload" in rejected:
        return WearableError(f"{link} sends what cannot be: {rejected['payload']}; mend its firmware")
    if frames:
        return WearableError(f"{link} sends frames, but does not say who it is: can it hear this computer?")
    if rejected:
        return WearableError(
            f"{link} sends bytes that are no frames: is the baud rate right, is it a wearable of ours?"
        )
    return LinkDown(f"{link} is silent: is the wearable switched on?")


def other_wearable(link: str, device: str, wanted: str) -> WearableError:
    """Another one than the one that was asked for."""
    return WearableError(f"{link} is the wearable {device!r}, not {wanted!r}: connect that one, or ask for this one")


def no_answer(link: str, action: Action, argument: int, tries: int) -> WearableError:
    """A command that was never answered."""
    return WearableError(
        f"{link} does not answer when told {tries} times to {_words(action, argument)}: is its firmware stuck?"
    )


def not_done(link: str, action: Action, argument: int, result: Result) -> WearableError:
    """A command that was answered with anything but DONE."""
    return WearableError(f"{link} does not {_words(action, argument)}: {_WHY[result]}")


def gone_silent(link: str, silent_s: float) -> LinkDown:
    """Open, and nothing that could be read came for so long."""
    return LinkDown(f"{link} sends no frames for {silent_s:.0f} s: is the wearable switched on and in reach?")


def _words(action: Action, argument: int) -> str:
    if action is Action.SET_RATE:
        return f"take a rate of {argument / 1000:g} Hz"
    return "identify itself" if action is Action.IDENTIFY else action.name.lower()
