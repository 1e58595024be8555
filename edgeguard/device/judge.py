"""Windows to verdicts: preprocessing, exits, their mean and disagreement, alarm; all as the manifest says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

import numpy as np

from edgeguard.bundle.manifest import Agreement, Manifest
from edgeguard.bundle.reader import Bundle
from edgeguard.device.config import EngineConfig
from edgeguard.device.engines import open_engine
from edgeguard.device.engines.base import Engine
from edgeguard.device.engines.self_test import self_test
from edgeguard.device.policies import AllExits, Policy, Staged, UntilTheyAgree
from edgeguard.device.samples import Verdict, Window
from edgeguard.errors import ConfigError
from edgeguard.exits.one_window import PLAIN_SCORES, Row, mean_row, tempered
from edgeguard.signals.preprocessing import preprocess

SIGNAL_NOT_FINITE: Final = "signal not finite"
LOGITS_NOT_FINITE: Final = "logits not finite"

_NOTHING: Final = np.empty((0, 0))


class Judge:
    """Judges windows of any sources by one policy.

    Attributes:
        manifest: The facts of the bundle.
        rule: The alarm rule in force: that of the policy.
        stage_shares: Share of clean windows that took 1, 2, … stages; None where every window takes all.
    """

    def __init__(self, manifest: Manifest, policy: Policy, engine: Engine | None = None) -> None:
        self.manifest, self.rule, self.stage_shares = manifest, policy.rule, policy.stage_shares
        self._exits, self._engine = policy.exits, engine
        self._score = PLAIN_SCORES[self.rule.score]

    def judge(self, windows: Sequence[Window]) -> list[Verdict]:
        """One verdict for each window, in order; what is rejected already, or not finite, is not given to the model.

        All windows go to the model in one batch. What the engine raises passes through.
        """
        fit = [window for window in windows if window.rejected is None]
        judged = iter(self._judged(fit) if fit else ())
        return [next(judged) if window.rejected is None else rejected(window, window.rejected) for window in windows]

    def self_test(self) -> float:
        """Replay the golden vectors: the largest difference of a logit; EngineError where it is too large."""
        if self._engine is None:
            raise ValueError("a judge without an engine has nothing to test")
        return self_test(self._engine)

    @np.errstate(over="ignore", invalid="ignore")  # what overflows is not finite, and is rejected for that
    def _judged(self, windows: Sequence[Window]) -> list[Verdict]:
        raw = windows[0].values[None] if len(windows) == 1 else np.stack([window.values for window in windows])
        x = preprocess(raw, self.manifest.signal.preprocessing)
        if np.isfinite(x).all():
            return [self._verdict(window, exits) for window, exits in zip(windows, self._exits(x), strict=True)]
        finite = np.logical_and.reduce(np.isfinite(x), axis=(1, 2))
        exits = iter(self._exits(x[finite]) if finite.any() else ())
        return [
            self._verdict(window, next(exits)) if good else rejected(window, SIGNAL_NOT_FINITE)
            for window, good in zip(windows, finite, strict=True)
        ]

    def _verdict(self, window: Window, exits: list[Row]) -> Verdict:
        mean = mean_row(exits)
        if not math.isfinite(sum(mean)):
            return rejected(window, LOGITS_NOT_FINITE)
        score = self._score(exits, mean)
        return Verdict(
            window.start,
            mean.index(max(mean)),
            max(tempered(mean, self.manifest.temperature)),
            np.array(exits),
            score,
            alarm=score > self.rule.threshold,
            source=window.source,
        )


@contextmanager
def open_judge(bundle: Bundle, config: EngineConfig) -> Iterator[Judge]:
    """A judge of the configured policy whose engine has passed its self-test, until the block ends.

    Raises:
        ConfigError: the policy is ``agree`` and the bundle was not calibrated for it.
        MissingExtra: the runtime is not installed.
        EngineError: it cannot serve the bundle, or gives other logits than the golden ones.
    """
    if config.policy == "all":
        with open_engine("onnxruntime", bundle) as engine:
            yield Judge(bundle.manifest, AllExits(engine), engine)
        return
    agreement = _agreement_of(bundle.manifest)
    with open_engine("onnxruntime-staged", bundle) as engine:
        yield Judge(bundle.manifest, UntilTheyAgree(cast("Staged", engine), agreement), engine)


def _agreement_of(manifest: Manifest) -> Agreement:
    if manifest.agreement is None:
        raise ConfigError(
            f"{manifest.name} {manifest.version} was not calibrated for the policy 'agree': take policy 'all', or a "
            "bundle with an agreement in its manifest"
        )
    return manifest.agreement


def rejected(window: Window, reason: str) -> Verdict:
    """The verdict that there is none on `window`, and why."""
    return Verdict(window.start, None, math.nan, _NOTHING, math.nan, alarm=False, rejected=reason, source=window.source)
