from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.frames import Command, Heartbeat, Leads, Samples
from firmware_bridge.session import Block, Described, Restarted, Session
from tests.firmware_bridge.sender import Sender, numbers

HOUR_S = 3600.0


class Heard:
    """A session and what it told; frames come `late_s` after their clock says, unless it is said when."""

    def __init__(self, sender, *, hello=True):
        self.session, self.sender, self.told, self.now_s = Session(), sender, [], 100.0
        self.zero_us = sender.clock_us
        if hello:
            self(sender.hello())

    @property
    def counts(self):
        return self.session.counts

    def __call__(self, *frames, at_s=None):
        for frame in frames:
            self.now_s = 100 + (self.sender.clock_us - self.zero_us) * 1e-6 if at_s is None else at_s
            self.told += self.session.take(frame, self.now_s)
        return self

    def of(self, kind):
        return [one for one in self.told if isinstance(one, kind)]

    def runs(self):
        """Start and length of each run of samples that follow one another."""
        runs = []
        for block in self.of(Block):
            if runs and sum(runs[-1]) == block.start:
                runs[-1] = runs[-1][0], runs[-1][1] + block.values.shape[1]
            else:
                runs.append((block.start, block.values.shape[1]))
        return runs


def started(**traits):
    sender = Sender(**traits)
    return sender, Heard(sender)


def right(heard, shift=0):
    """Whether every sample told is the one that was taken; `shift` is the index of start 0."""
    return all(
        np.array_equal(block.values, numbers(block.start + shift, block.values.shape[1]) * [[0.5], [1.0]])
        for block in heard.of(Block)
    )


def test_samples_are_numbers_times_the_resolution_of_their_channel():
    sender, heard = started()
    heard(sender.samples(3), sender.samples(2))
    one, two = heard.of(Block)
    assert one.values.dtype == np.float32
    assert one.values.tolist() == [[0, 1.5, 3], [1, 4, 7]]
    assert (one.start, two.start, two.hello.device) == (0, 3, "eg-01")


def test_the_product_is_rounded_once_to_single_precision():
    sender = Sender()
    heard = Heard(sender, hello=False)
    tenth = float(np.float32(0.0481))
    heard(sender.hello(tenth), sender.samples(9))
    expected = [[np.float32(3 * i) * np.float32(tenth) for i in range(9)]]
    assert np.array_equal(heard.of(Block)[0].values[:1], np.array(expected))


def test_missing_samples_are_nan():
    sender, heard = started()
    heard(sender.samples(4, missing=[1, 3]))
    assert np.isnan(heard.of(Block)[0].values).tolist() == [[False, True, False, True]] * 2


def test_a_lead_that_is_off_makes_its_channel_nan_from_there_on():
    sender, heard = started()
    first, off, second, on, third = sender.samples(), sender.leads(0b10), sender.samples(), sender.leads(0), None
    third = sender.samples()
    heard(first, second, off, on, third)  # the event is late, and belongs before the second
    assert [np.isnan(block.values).all(axis=1).tolist() for block in heard.of(Block)] == [
        [False, False],
        [False, True],
        [False, False],
    ]
    assert heard.session.leads_off == frozenset()


def test_a_lead_of_a_channel_that_is_not_there_harms_nothing():
    sender, heard = started()
    heard(sender.leads(1 << 31), sender.samples())
    assert right(heard)
    assert heard.session.leads_off == {31}


def test_lost_frames_are_a_gap_measured_in_samples():
    sender, heard = started()
    heard(sender.samples(10))
    sender.skip(2, count=7)
    heard(sender.samples(10))
    heard.told += heard.session.flush()
    assert heard.runs() == [(0, 10), (24, 10)]
    assert right(heard)
    assert (heard.counts.gaps, heard.counts.missing, heard.counts.lost_frames) == (1, 14, 2)


def test_a_heartbeat_makes_the_last_lost_frames_known_and_they_are_counted_once():
    sender, heard = started()
    heard(sender.samples(10))
    sender.skip(2)
    heard(sender.heartbeat(), sender.heartbeat())
    heard.told += heard.session.flush()
    assert (heard.counts.gaps, heard.counts.missing) == (1, 20)
    sender.skip(1)
    heard(sender.samples(10))
    heard.told += heard.session.flush()
    assert (heard.counts.gaps, heard.counts.missing, heard.runs()) == (1, 30, [(0, 10), (40, 10)])


def test_samples_that_wait_in_the_wearable_are_not_missing():
    sender, heard = started()
    first, second = sender.samples(), sender.samples()
    beat = Heartbeat(7, second.sequence, sender.clock_us, sender.index, 0, True)
    heard(first, beat)
    assert heard.counts.missing == 0
    heard(Samples(7, second.sequence + 1, *list(vars(second).values())[2:]))
    assert (heard.counts.missing, heard.counts.gaps, heard.runs()) == (0, 0, [(0, 20)])


def test_what_was_lost_before_the_first_samples_is_known_from_a_heartbeat_before_the_start():
    sender, heard = started()
    heard(sender.heartbeat(streaming=False))
    sender.take(1)  # the number that a start leaves out
    sender.skip(2)
    heard(sender.samples())
    heard.told += heard.session.flush()
    assert (heard.counts.missing, heard.counts.gaps) == (20, 1)


def test_a_pause_parts_the_samples_and_nothing_is_missing():
    sender, heard = started()
    heard(sender.samples(), sender.heartbeat(streaming=False))
    sender.wait(50)
    sender.index += 1
    heard(sender.hello(), sender.samples())
    assert heard.runs() == [(0, 10), (11, 10)]
    assert (heard.counts.missing, heard.counts.gaps) == (0, 0)


def test_what_the_wearable_could_not_send_is_counted_as_it_says():
    sender, heard = started(lost=2**32 - 3)
    heard(sender.heartbeat())
    sender.lost += 10
    heard(sender.heartbeat())
    assert heard.counts.lost_on_wearable == 10
    heard(Sender(boot=99, lost=5).heartbeat())
    assert heard.counts.lost_on_wearable == 15


@given(st.randoms(use_true_random=False), st.integers(2, 60))
def test_repeats_losses_and_disorder_within_a_few_frames_cost_only_what_is_lost(rng, many):
    sender, heard = started()
    frames = [sender.samples(rng.randint(1, 12)) for _ in range(many)]
    kept = [frames[0], *(frame for frame in frames[1:-1] if rng.random() > 0.2), frames[-1]]
    sent = sorted(enumerate(kept), key=lambda one: one[0] + (rng.random() * 3 if one[0] else -1))
    twice = [frame for _, frame in sent for _ in range(1 + (rng.random() < 0.2))]
    heard(*twice, at_s=200.0)
    heard.told += heard.session.flush()
    lost = sum(frame.count for frame in frames) - sum(frame.count for frame in kept)
    assert right(heard)
    assert [block.start for block in heard.of(Block)] == [frame.index for frame in kept]
    assert (heard.counts.missing, heard.counts.lost_frames) == (lost, len(frames) - len(kept))
    assert (heard.counts.duplicates, heard.counts.late) == (len(twice) - len(kept), 0)
    assert heard.counts.reordered > 0 or [frame for _, frame in sent] == kept


def test_a_frame_is_waited_for_only_for_so_many_others():
    sender, heard = started()
    missing, *others = (sender.samples() for _ in range(12))
    heard(*others[:8], at_s=200.0)
    assert not heard.of(Block)
    heard(others[8], at_s=200.0)
    assert heard.runs() == [(0, 90)]
    assert heard.counts.missing == 0  # nothing was known of samples before
    heard(missing, at_s=200.0)
    assert (heard.counts.late, heard.counts.reordered) == (1, 0)


def test_a_frame_is_waited_for_only_for_so_long():
    sender, heard = started()
    heard(sender.samples())
    late = sender.samples()
    heard(sender.samples(), at_s=200.0)
    assert heard.runs() == [(0, 10)]
    heard(sender.samples(), at_s=200.3)
    assert heard.runs() == [(0, 10), (20, 20)]
    heard(late, late, at_s=200.4)
    assert (heard.counts.late, heard.counts.duplicates) == (1, 1)


def test_a_late_frame_is_known_as_such_after_hundreds_of_others():
    sender, heard = started()
    heard(*(sender.samples() for _ in range(400)))
    late = sender.samples()
    heard(*(sender.samples() for _ in range(20)), late)
    assert (heard.counts.late, heard.counts.restarts, heard.counts.missing) == (1, 0, 10)


def test_after_a_flush_nothing_older_is_waited_for():
    sender, heard = started()
    heard(sender.samples())
    heard.session.flush()
    sender.skip(3)
    heard(sender.samples())
    assert heard.runs() == [(0, 10), (40, 10)]


def test_all_numbers_come_round():
    sender, heard = started(index=2**32 - 25, sequence=2**16 - 3, clock_us=2**32 - 100_000)
    for _ in range(8):
        heard(sender.samples(10))
    assert heard.runs() == [(0, 80)]
    assert right(heard, shift=2**32 - 25)
    assert [block.host_s for block in heard.of(Block)] == pytest.approx([100 + 0.04 * k for k in range(8)])
    assert (heard.counts.gaps, heard.counts.lost_frames, heard.counts.restarts) == (0, 0, 0)


@pytest.mark.parametrize("outage_s", [1.0, 40 * 60, 3 * HOUR_S, 24 * HOUR_S, 90 * 24 * HOUR_S])
def test_an_outage_of_any_length_is_one_gap(outage_s):
    sender, heard = started()
    heard(sender.samples(), sender.samples())
    heard.session.flush()
    frames = int(outage_s * 25)
    sender.take(10 * frames)
    sender.sequence += frames
    heard(sender.samples(), sender.samples())
    heard.told += heard.session.flush()
    assert heard.runs() == [(0, 20), (20 + 10 * frames, 20)]
    assert (heard.counts.missing, heard.counts.gaps, heard.counts.restarts) == (10 * frames, 1, 0)
    assert heard.of(Block)[2].host_s - heard.of(Block)[1].host_s == pytest.approx(frames * 0.04 + 0.04, abs=0.5)


@pytest.mark.parametrize("hours", [2, 3, 5])
def test_the_host_may_sleep_and_its_clock_stand_still(hours):
    sender, heard = started()
    for _ in range(100):
        heard(sender.samples())
    frames = hours * 3600 * 25
    sender.take(10 * frames)
    sender.sequence += frames
    heard.session.flush()
    for _ in range(3):
        heard(sender.samples(), at_s=heard.now_s + 0.04)
    assert (heard.counts.missing, heard.counts.restarts) == (10 * frames, 0)
    times = [block.host_s for block in heard.of(Block)]
    assert times == sorted(times)
    assert times[-1] <= heard.now_s


def test_a_restart_goes_on_after_what_was_and_counts_the_time_between():
    old, heard = started()
    heard(old.samples(10), old.samples(10))
    new = Sender(boot=99, clock_us=77_000)
    for frame in (new.hello(), new.samples(10), new.samples(10)):
        heard(frame, at_s=100.08 + 2.0 + 0.04)
    assert heard.of(Restarted) == [Restarted(99, known_boot=False)]
    assert len(heard.of(Described)) == 2
    (before, after) = heard.runs()
    assert before == (0, 20)
    assert after[0] - 20 == heard.counts.missing == pytest.approx(500, abs=15)
    assert (heard.counts.restarts, heard.counts.gaps) == (1, 1)


def test_a_restart_of_a_wearable_that_was_stopped_misses_nothing():
    old, heard = started()
    heard(old.samples(10), old.heartbeat(streaming=False))
    new = Sender(boot=99)
    heard(new.hello(), new.samples(10), at_s=400.0)
    assert (heard.runs(), heard.counts.missing) == ([(0, 10), (11, 10)], 0)


def test_after_a_restart_samples_wait_for_a_hello():
    old, heard = started()
    heard(old.samples(10))
    new = Sender(boot=99)
    assert not heard.session.needs_identify
    heard(new.samples(4))
    assert (heard.session.needs_identify, heard.session.hello, heard.counts.unscaled) == (True, None, 4)
    heard(new.hello(), new.samples(10))
    assert not heard.session.needs_identify
    assert heard.counts.samples == 20


def test_frames_from_before_a_restart_that_come_behind_it_are_late():
    old, heard = started()
    heard(old.samples(10))
    straggler = old.samples(10)
    new = Sender(boot=99)
    heard(new.hello(), straggler, new.samples(10))
    assert (heard.counts.late, heard.counts.restarts, heard.counts.samples) == (1, 1, 20)


def test_a_wearable_that_draws_the_same_boot_again_is_restarted_all_the_same():
    old, heard = started()
    heard(*(old.samples(10) for _ in range(300)))
    new = Sender(boot=7)
    heard(new.hello(), *(new.samples(10) for _ in range(30)), at_s=113.0)
    assert heard.of(Restarted) == [Restarted(7, known_boot=False)]
    assert heard.counts.samples == 3300


def test_a_sequence_that_begins_anew_is_no_late_frame():
    old, heard = started()
    heard(*(old.samples() for _ in range(256)))
    old.skip(1)  # number 257, that has the place of 1
    heard(*(old.samples() for _ in range(40)))
    heard(Sender(boot=7, sequence=1).samples())
    assert (heard.counts.late, heard.counts.restarts) == (0, 1)


def test_times_do_not_go_back_over_a_restart():
    old, heard = started()
    heard(old.samples())
    new = Sender(boot=99, clock_us=5_000_000)
    hello = new.hello()
    new.clock_us = 0  # its first samples are five seconds old
    heard(hello, new.samples())
    before, after = heard.of(Block)
    assert before.host_s <= after.host_s


def test_a_boot_that_is_drawn_again_is_no_second_wearable():
    heard = Heard(Sender(boot=1))
    for boot in (2, 1, 3, 1):
        sender = Sender(boot=boot)
        heard.now_s += 10
        heard(sender.hello(), sender.samples(), at_s=heard.now_s)
    assert [one.known_boot for one in heard.of(Restarted)] == [False] * 4


def crowded(heard, one, other, seconds):
    for _ in range(int(seconds * 10)):
        one.take(15), other.take(15)
        heard(one.samples(), other.samples())


def test_two_wearables_on_one_wire_are_said_once_and_the_first_is_kept_to():
    one, heard = started()
    other = Sender(boot=99, device="eg-02", clock_us=5_000_000)
    crowded(heard, one, other, 3)
    heard(one.hello())
    crowded(heard, one, other, 60)
    assert heard.of(Restarted) == [Restarted(99, known_boot=False), Restarted(7, known_boot=True)]
    assert heard.counts.foreign > 500
    assert {block.hello.device for block in heard.of(Block)} == {"eg-01"}


def test_the_other_wearable_is_heard_once_the_first_is_gone():
    one, heard = started()
    other = Sender(boot=99, device="eg-02", clock_us=5_000_000)
    crowded(heard, one, other, 5)
    for _ in range(100):
        one.take(10)  # its clock is the test's
        heard(other.hello(), other.samples())
    assert heard.of(Restarted)[2:] == [Restarted(99, known_boot=True)]
    assert heard.of(Block)[-1].hello.device == "eg-02"


def test_wearables_that_are_changed_for_one_another_are_not_on_one_wire():
    one, heard = started()
    other = Sender(boot=99, device="eg-02")
    heard(other.hello())
    one.wait(70)
    heard(other.hello(), one.hello())
    assert heard.of(Restarted) == [Restarted(99, known_boot=False), Restarted(7, known_boot=False)]


def test_boots_without_end_are_forgotten():
    one, heard = started()
    for boot in range(100, 400):
        one.take(10)
        heard(Sender(boot=boot).hello())
    heard(one.hello())
    assert not any(restarted.known_boot for restarted in heard.of(Restarted))


@pytest.mark.parametrize("leap", [10_000, 250 * 3600 * 5, 2**31 - 1, 2**31, 2**32 - 500])
def test_an_index_that_leaps_while_the_clock_does_not_is_a_restart(leap):
    sender, heard = started()
    heard(*(sender.samples() for _ in range(100)))
    sender.index += leap
    heard(sender.samples(), sender.hello(), sender.samples())
    assert heard.of(Restarted) == [Restarted(7, known_boot=False)]
    assert heard.runs()[1][0] - 1000 == heard.counts.missing < 100


def test_what_was_held_back_behind_a_leap_is_not_lost():
    sender, heard = started()
    heard(sender.samples())
    sender.index += 10_000
    leap, hello, samples = sender.samples(), sender.hello(), sender.samples()
    heard(hello, samples, leap)
    assert (heard.counts.restarts, heard.counts.unscaled, heard.counts.samples) == (1, 10, 20)


def test_samples_that_do_not_fit_the_hello_are_dropped_and_asked_about():
    sender, heard = started()
    heard(sender.samples(5, channels=3))
    assert (heard.counts.unscaled, heard.session.needs_identify, heard.of(Block)) == (5, True, [])


def test_another_rate_is_told_and_the_same_hello_is_not():
    sender, heard = started()
    heard(sender.hello(), sender.samples())
    sender.rate_mhz = 500_000
    heard(sender.hello(), sender.samples())
    assert [one.hello.rate_hz for one in heard.of(Described)] == [250, 500]
    assert [block.hello.rate_hz for block in heard.of(Block)] == [250, 500]


def test_our_own_commands_sent_back_are_nobodys():
    sender, heard = started()
    assert heard.session.take(Command(0, 0, 0, 1, 1), 100.0) == []
    heard(sender.samples())
    assert heard.counts.restarts == 0


def test_events_are_told_in_their_order():
    sender, heard = started()
    heard(sender.samples(), sender.leads(1), sender.samples(), sender.heartbeat())
    assert [type(one) for one in heard.told[1:]] == [Block, Leads, Block, Heartbeat]


@given(st.lists(st.integers(0, 5), max_size=60), st.randoms(use_true_random=False))
def test_whatever_comes_starts_and_times_never_go_back(choices, rng):
    senders = [Sender(boot=k, clock_us=rng.randrange(2**32), sequence=rng.randrange(2**16)) for k in range(2)]
    session, now_s, told = Session(), 0.0, []
    for choice in choices:
        sender = rng.choice(senders)
        now_s += rng.choice([0.0, 0.01, 1.0, 4000.0])
        if choice == 0:
            sender.index, sender.clock_us = rng.randrange(2**33), rng.randrange(2**33)
        elif choice == 1:
            sender.sequence = rng.randrange(2**16)
        frame = [sender.hello, sender.samples, sender.heartbeat][rng.randrange(3)]()
        told += session.take(frame, now_s)
    blocks = [one for one in told + session.flush() if isinstance(one, Block)]
    assert all(one.start + one.values.shape[1] <= two.start for one, two in pairwise(blocks))
    assert all(one.host_s <= two.host_s for one, two in pairwise(blocks))
    if blocks:
        span = blocks[-1].start + blocks[-1].values.shape[1] - blocks[0].start
        assert session.counts.samples <= span
