"""A ball whose start is given instead of drawn."""

from __future__ import annotations

from torch import Tensor

from edgeguard.lab.attacks.ball import Ball


class GivenStart:
    """`ball`, from which every attack starts at `start`, a point in it: for attacks that go on from a known one."""

    def __init__(self, ball: Ball, start: Tensor) -> None:
        self.x, self.radius, self.bounds = ball.x, ball.radius, ball.bounds
        self._ball, self._start = ball, start

    def project(self, x_adv: Tensor) -> Tensor:
        """As the ball does."""
        return self._ball.project(x_adv)

    def uphill(self, gradient: Tensor) -> Tensor:
        """As the ball does."""
        return self._ball.uphill(gradient)

    def start(self, share: float, seed: int) -> Tensor:  # noqa: ARG002 (the contract of all balls)
        """The given point."""
        return self._start

    def only(self, windows: Tensor) -> GivenStart:
        """The balls and starts of some windows."""
        return GivenStart(self._ball.only(windows), self._start[windows])
