"""Universal adversarial perturbation (Moosavi-Dezfooli et al. 2017; Eq. 9 of the early-exit paper)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace

import torch
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.deepfool import DeepFool
from edgeguard.lab.attacks.knowledge import Knowledge
from edgeguard.lab.attacks.result import AttackResult, Checks
from edgeguard.lab.attacks.scores import ScoreView, class_scores
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.attacks.universal import Universal, added
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.radius import SignalToNoise
from edgeguard.signals.inputs import require_signal
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation


@dataclass(frozen=True)
class UAP:
    """Passes over a sample of windows; where v does not fool a window yet, DeepFool's step from x + v is added to v.

    Fooled is a window whose verdict is not its clean one; its true class plays no part.

    Attributes:
        threat: The ball that v lies in; its bounds cut x + v.
        min_fool_rate: Share of the sample that must be fooled; the passes end there.
        sample_size: Windows that v is made on.
        max_passes: Over the sample; where none reaches the fool rate, the best one's v is taken.
        max_steps: Of DeepFool for one window; where they do not fool it, v stays.
        overshoot: Of DeepFool.
        classes: Of DeepFool.
        view: Whose verdict is changed: an exit's, or the averaged exits'.
        seed: Of the sample and of its order in each pass.
    """

    threat: Threat
    _: KW_ONLY
    min_fool_rate: float = 0.8
    sample_size: int = 100
    max_passes: int = 10
    max_steps: int = 10
    overshoot: float = 0.02
    classes: int = 10
    view: ScoreView = "last"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.min_fool_rate <= 1 or min(self.sample_size, self.max_passes) < 1:
            raise ConfigError(
                f"UAP needs 0 < min_fool_rate ≤ 1, sample_size ≥ 1 and max_passes ≥ 1, not {self.min_fool_rate}, "
                f"{self.sample_size}, {self.max_passes}"
            )
        self._radius()
        self._deepfool()

    def __call__(self, net: Net, x: Tensor, y: Tensor, target: Tensor | None = None) -> AttackResult:  # noqa: ARG002 (the contract of attacks)
        """Make v on x (batch, channels, time…) itself, as one who knows no other windows, and add it."""
        if target is not None:
            raise ConfigError("a universal perturbation goes to no chosen class: attack without a target")
        values, _ = self.search(net, x)
        return AttackResult(added(self.threat, x, values), Checks())

    def prepared(self, net: Net, knowledge: Knowledge) -> Universal:
        """The attack that adds what was made on the windows of `knowledge`; ConfigError where these are no signals."""
        signal = require_signal(knowledge.signal, "a universal perturbation is for")
        return Universal(self.threat, self.craft(net, knowledge.x, signal))

    def craft(self, net: Net, x: Tensor, signal: SignalSpec) -> UniversalPerturbation:
        """Make v on windows x (n, channels, samples) of `signal`; ConfigError for fewer than `sample_size`."""
        if x.shape[1:] != signal.shape:
            raise ValueError(f"windows {tuple(x.shape[1:])} are not of the signal's shape {signal.shape}")
        values, fool_rate = self.search(net, x)
        facts = UniversalFacts(
            channels=signal.channels,
            units=signal.input_units,
            rate_hz=signal.rate_hz,
            norm=self.threat.norm,
            epsilon=self._radius(),
            fool_rate=fool_rate,
            source=f"UAP by DeepFool on {self.sample_size} windows, view {self.view}, seed {self.seed}",
        )
        return UniversalPerturbation(values.cpu().numpy(), facts)

    def search(self, net: Net, x: Tensor) -> tuple[Tensor, float]:
        """Make v (channels, time…) on windows x (n, channels, time…); answers it with its fool rate."""
        if len(x) < self.sample_size:
            raise ConfigError(f"{len(x)} windows are too few for sample_size {self.sample_size}: lower it")
        draw = torch.Generator().manual_seed(self.seed)
        sample = x[torch.randperm(len(x), generator=draw)[: self.sample_size]].to(next(net.parameters()).device)
        values = torch.zeros_like(sample[0])
        best = values, -1.0
        with attacked(net):
            clean = self._verdicts(net, sample)
            for _ in range(self.max_passes):
                order = torch.randperm(self.sample_size, generator=draw)
                values = self._pass(net, sample[order], clean[order], values)
                rate = float((self._verdicts(net, added(self.threat, sample, values)) != clean).float().mean())
                best = max(best, (values, rate), key=lambda made: made[1])
                if rate >= self.min_fool_rate:
                    break
        return best

    def _pass(self, net: Net, sample: Tensor, clean: Tensor, values: Tensor) -> Tensor:
        ball, deepfool = replace(self.threat, bounds=None).ball(torch.zeros_like(values)[None]), self._deepfool()
        for window, verdict in zip(torch.split(sample, 1), torch.split(clean, 1), strict=True):
            x = added(self.threat, window, values)
            found = deepfool.nearest(net, x, verdict)
            if found.fooled:
                values = ball.project(values + (found.x_adv - x))[0]
        return values

    def _verdicts(self, net: Net, x: Tensor) -> Tensor:
        with torch.no_grad():
            return class_scores(net, x, self.view).argmax(dim=1)

    def _radius(self) -> float | tuple[float, ...]:
        if isinstance(self.threat.radius, SignalToNoise):
            raise ConfigError("a universal perturbation has one ball for all windows: give epsilon as a number, not dB")
        return self.threat.radius

    def _deepfool(self) -> DeepFool:
        return DeepFool(max_steps=self.max_steps, overshoot=self.overshoot, classes=self.classes, view=self.view)
