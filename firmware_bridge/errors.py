"""What can go wrong on the wire, split by what the reader does next.

    BridgeError
      FrameError         this frame is not as PROTOCOL.md says; pass over it
      LinkDown           nobody is there, or the link broke off: try again by and by
      LinkRefused        trying again will not help before someone mends it: permission, a port in use, a wrong address
      WearableError      the wearable is there and does not do as it should: no answer, another id, another protocol
      RecordingError     a recording is missing, damaged or of another kind

Each message is one line: what happened, the value, what to do.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Something about a wearable or its link that the user can act on."""


class FrameError(BridgeError):
    """A frame that is not as the protocol says."""


class LinkDown(BridgeError):
    """The link is not there right now: try again."""


class LinkRefused(BridgeError):
    """The link cannot be opened until someone mends what the message says."""


class WearableError(BridgeError):
    """The wearable does not answer, or is not the one that was asked for."""


class RecordingError(BridgeError):
    """A recording cannot be read or written."""
