"""When an alarm begins and when it is over: one watch per source, pure, a few microseconds a window."""

from __future__ import annotations

from edgeguard.bundle.manifest import Disagreement
from edgeguard.device.config import Alarms
from edgeguard.device.samples import Alarm, Verdict


class AlarmWatch:
    """Watches the verdicts of one source; a new bundle needs a new watch.

    Args:
        rule: Of the policy that judges: the manifest's `disagreement`, or that of its `agreement`.
        stage_shares: `Agreement.stages` where the policy is ``agree``, else None: there is no slowdown alarm then.
        settings: The config's ``[alarms]``.

    Attributes:
        suppressed: Alarms that the rate limit held back so far: what `StreamCounts.suppressed` is.
    """

    suppressed: int

    def __init__(self, rule: Disagreement, stage_shares: tuple[float, ...] | None, settings: Alarms) -> None:
        raise NotImplementedError

    def watch(self, verdict: Verdict, now_s: float) -> list[Alarm]:
        """The alarms that begin or end with this verdict; `now_s` is of a clock that never goes back.

        Rejected windows change nothing.
        """
        raise NotImplementedError
