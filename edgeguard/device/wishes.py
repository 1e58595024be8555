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
    def listening(self) -> Iterator[None]:
        """Take the signals inside the block; nothing outside the main thread, where there are none."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (*_STOP, signal.SIGHUP)}

        def forget(number: signal.Signals) -> None:
            if loop.remove_signal_handler(number):
                signal.signal(number, before[number])

        def heard() -> None:
            self.stop.set()
            for number in _STOP:
                forget(number)

        for number in _STOP:
            loop.add_signal_handler(number, heard)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)
        try:
            yield
        finally:
            for number in before:
                forget(number)
