"""How many exits are run for a window: all of them, or only until they agree."""

from __future__ import annotations

from typing import Protocol

from edgeguard.bundle.manifest import Agreement, Disagreement
from edgeguard.device.engines.base import Engine, Floats
from edgeguard.exits.agreement import agrees
from edgeguard.exits.one_window import Row, softmax_rows


class Policy(Protocol):
    """Decides which exits are run.

    Attributes:
        rule: The alarm rule for windows judged so.
        stage_shares: Share of clean windows that took 1, 2, … stages; None where every window takes all.
    """

    rule: Disagreement
    stage_shares: tuple[float, ...] | None

    def exits(self, x: Floats) -> list[list[Row]]:
        """For each of the windows x (batch, channels, samples), the probabilities (stages, classes) of the exits run.

        EngineError where the runtime fails. An exit whose logits are not finite is NaN.
        """
        ...


class AllExits:
    """Policy ``all``: the whole graph in one call."""

    def __init__(self, engine: Engine) -> None:
        self.rule = engine.bundle.manifest.disagreement
        self.stage_shares: tuple[float, ...] | None = None
        self._infer = engine.infer

    def exits(self, x: Floats) -> list[list[Row]]:
        """As `Policy.exits`: every exit of every window."""
        return [softmax_rows(logits) for logits in self._infer(x).tolist()]


class StagedPass(Protocol):
    """A batch on its way through the stages; see `edgeguard.device.engines.onnx_runtime.StagedPass`."""

    def next_exit(self) -> Floats:
        """Logits (windows, classes) of the next exit."""
        ...

    def keep(self, windows: list[int]) -> None:
        """Go on with these windows alone."""
        ...


class Staged(Protocol):
    """An engine that can stop after any exit."""

    def begin(self, x: Floats) -> StagedPass:
        """The windows x at the first stage."""
        ...


class UntilTheyAgree:
    """Policy ``agree``: stage by stage, and windows whose exits agree leave the batch."""

    def __init__(self, engine: Staged, agreement: Agreement) -> None:
        self.rule = agreement.disagreement
        self.stage_shares: tuple[float, ...] | None = agreement.stages
        self._stages = len(agreement.stages)
        self._engine = engine
        self._confidence, self._min_exits = agreement.confidence, agreement.min_exits

    def exits(self, x: Floats) -> list[list[Row]]:
        """As `Policy.exits`: of each window, those up to the one at which it stopped."""
        found: list[list[Row]] = [[] for _ in x]
        going, stages = found, self._engine.begin(x)
        for ahead in reversed(range(self._stages)):
            for rows, row in zip(going, softmax_rows(stages.next_exit().tolist()), strict=True):
                rows.append(row)
            staying = [place for place, rows in enumerate(going) if not agrees(rows, self._confidence, self._min_exits)]
            if not staying or not ahead:
                break
            if len(staying) < len(going):
                stages.keep(staying)
                going = [going[place] for place in staying]
        return found
