"""Lines of text from another program: TCP, a named pipe, or standard input."""

from __future__ import annotations


class LinesSource:
    def __init__(self, argument: str, speed: float) -> None:
        raise NotImplementedError
