"""What is asked of the daemon from outside, by signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_STOP: Final = (signal.SIGTERM, signal.SIGINT)


class Wishes:
    """What is asked of the daemon from outside: to stop (SIGTERM, SIGINT), to read its config again (SIGHUP).

    A second wish to stop has the signal's usual effect. To be made in the event loop.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()

    @contextmanager
    def listening(self, *, reloads: bool) -> Iterator[None]:
        """Take the signals inside the block, SIGHUP only if it `reloads`; none outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) or signal.SIG_DFL for number in (*_STOP, signal.SIGHUP)}

        def forget(number: signal.Signals) -> None:
            if loop.remove_signal_handler(number):
                signal.signal(number, before[number])

        def heard() -> None:
            self.stop.set()
            for number in _STOP:
                forget(number)

        for number in _STOP:
            loop.add_signal_handler(number, heard)
        if reloads:  # else it means that the terminal is gone
            loop.add_signal_handler(signal.SIGHUP, self.reload.set)
        try:
            yield
        finally:
            for number in before:
                forget(number)
