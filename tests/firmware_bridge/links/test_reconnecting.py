from __future__ import annotations

import asyncio

import pytest

from firmware_bridge.errors import LinkDown, LinkRefused, WearableError
from firmware_bridge.links.reconnecting import reconnecting


class Plays:
    """Ends as it is told, one after the other; errors are raised, and numbers are seconds that it lasts before."""

    def __init__(self, *steps):
        self.steps, self.now_s, self.pauses, self.said = list(steps), 0.0, [], []

    async def play(self):
        step = self.steps.pop(0)
        if isinstance(step, float):
            self.now_s += step
            step = LinkDown("after a while")
        if isinstance(step, Exception):
            raise step
        return step

    async def sleep(self, pause_s):
        self.pauses.append(pause_s)

    def run(self):
        down = lambda error, pause_s: self.said.append((str(error), pause_s))  # noqa: E731
        return asyncio.run(reconnecting(self.play, down, monotonic=lambda: self.now_s, sleep=self.sleep))


def test_it_plays_again_until_the_link_holds():
    plays = Plays(LinkDown("unplugged"), LinkDown("still"), "done")
    assert plays.run() == "done"
    assert plays.said == list(zip(["unplugged", "still"], plays.pauses, strict=True))


def test_pauses_double_to_half_a_minute_and_vary():
    plays = Plays(*[LinkDown("away")] * 50, "done")
    plays.run()
    longest = [0.5, 1, 2, 4, 8, 16] + [30] * 44
    assert all(most / 2 <= pause <= most for pause, most in zip(plays.pauses, longest, strict=True))
    assert len(set(plays.pauses)) == 50


def test_a_link_that_held_for_long_is_tried_again_at_once():
    plays = Plays(*[LinkDown("away")] * 8, 31.0, "done")
    plays.run()
    assert plays.pauses[-1] <= 0.5 < plays.pauses[-2]


@pytest.mark.parametrize("error", [LinkRefused("may not"), WearableError("another one"), ValueError("a bug")])
def test_what_trying_again_does_not_mend_ends_it(error):
    plays = Plays(error, "done")
    with pytest.raises(type(error), match=str(error)):
        plays.run()
    assert not plays.pauses
