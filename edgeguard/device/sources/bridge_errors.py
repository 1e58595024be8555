"""The errors of `firmware_bridge` in the terms of the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeguard.errors import EXTRAS, LinkError, MissingExtra, SourceError
from firmware_bridge.errors import BridgeError, LinkDown


@contextmanager
def translated() -> Iterator[None]:
    """LinkDown becomes LinkError, any other BridgeError SourceError, a library that is not installed MissingExtra."""
    try:
        yield
    except LinkDown as error:
        raise LinkError(str(error)) from error
    except BridgeError as error:
        raise SourceError(str(error)) from error
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS:
            raise
        raise MissingExtra(module) from error


@contextmanager
def tried_again() -> Iterator[None]:
    """As `translated`, for a live source: what someone must mend first is a LinkError caused by a SourceError."""
    try:
        with translated():
            yield
    except LinkError:
        raise
    except SourceError as error:
        raise LinkError(str(error)) from error
