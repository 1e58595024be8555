"""What one sample changes: networks each trained without one, and networks that differ by their seed alone.

The second are the baseline of the first: a change of the seed that moves confidences as much as a left-out sample does
says that the sample did not. Networks are trained in chunks of several at once, chunks in processes; joblib's
``parallel_config`` sends them to a cluster instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.inference import Floats
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.stacked_training import (
    NOTHING,
    MakeNet,
    Member,
    Rows,
    Schedule,
    ensemble_confidences,
    trained_alone,
    trained_together,
)
from edgeguard.lab.weights import read_tensors, write_tensors

_TOGETHER: Final = 25  # of small dense networks; more is no faster
_TEST_BATCH: Final = 500


@dataclass(frozen=True)
class Retraining:
    """Trains one network again and again, with one thing changed.

    Attributes:
        make_net: The network whose first weights are drawn from a seed. Networks with dropout are refused.
        x: (n, …) inputs that are learned from. Networks are trained in their precision: what a sample changes can be
            less than what float32 rounds away; give float64 where inputs are not scaled.
        y: (n,) their classes.
        test: (tests, …) inputs whose confidences are asked for.
        schedule: Epochs, batch size, learning rate.
        samples: (n,) which sample each row comes from, so that its copies and adversarial twins leave with it; each
            row its own unless told.
        jobs: Processes; -1 for as many as there are cores.
        together: Networks trained at once, in one process; fewer where they do not fit the memory. Those with batch
            normalization are trained one at a time, with 1.
        device: Where.
        folder: Keeps what is finished, chunk by chunk, for the next time; processes on other machines must see it too.
    """

    make_net: MakeNet
    x: NDArray[np.floating[Any]]
    y: Labels
    test: NDArray[np.floating[Any]]
    schedule: Schedule
    samples: NDArray[np.int64] | None = None
    jobs: int = 1
    together: int = _TOGETHER
    device: str = "cpu"
    folder: Path | None = None

    def __post_init__(self) -> None:
        if not len(self.x) == len(self.y) == len(self._samples()):
            raise ValueError(f"{len(self.x)} rows, {len(self.y)} classes and {len(self._samples())} samples differ")
        if self.together < 1:
            raise ConfigError(f"at least one network is trained at once, not {self.together}")

    def leave_one_out(self, left_out: Sequence[int], seed: int) -> Floats:
        """Confidences (left out, tests, classes) of networks that never learn from one sample each.

        All start from the same weights and take the same batches in the same order; `NOTHING` leaves out nothing, and
        is best asked for with the others: a network's last bits depend on how many are trained at once. ConfigError
        where there is no such sample.
        """
        if strange := set(left_out) - {NOTHING, *self._samples().tolist()}:
            raise ConfigError(f"there is no sample {min(strange)} to leave out: give numbers that the data have")
        return self._confidences([Member(seed, int(sample)) for sample in left_out])

    def other_seeds(self, seeds: Sequence[int]) -> Floats:
        """Confidences (seeds, tests, classes) of networks that learn from all data, each with a seed of its own."""
        return self._confidences([Member(int(seed)) for seed in seeds])

    def _confidences(self, members: Sequence[Member]) -> Floats:
        if not members:
            raise ConfigError("no network is asked for: name samples to leave out, or seeds")
        chunks = [members[start : start + self.together] for start in range(0, len(members), self.together)]
        digest = self._digest() if self.folder else ""
        parts = joblib.Parallel(n_jobs=self.jobs)(joblib.delayed(self._chunk)(chunk, digest) for chunk in chunks)
        found: Floats = np.concatenate(parts)
        return found

    def _chunk(self, members: Sequence[Member], digest: str) -> Floats:
        """Train one chunk, or read what is kept of it."""
        if self.folder is None:
            return self._trained(members)
        name = hashlib.sha256(json.dumps([digest, members]).encode()).hexdigest()[:16]
        path = self.folder / f"{name}.safetensors"
        if not path.is_file():
            write_tensors(path, {"confidences": torch.from_numpy(self._trained(members))})
        return np.asarray(read_tensors(path)[0]["confidences"].numpy())

    def _trained(self, members: Sequence[Member]) -> Floats:
        rows = Rows(*(self._tensor(part) for part in (self.x, self.y, self._samples())))
        test = self._tensor(self.test.astype(self.x.dtype))
        if self.together == 1:
            nets = (trained_alone(self.make_net, member, rows, self.schedule) for member in members)
            found = torch.stack([_confidences_of(net, test) for net in nets])
        else:
            found = trained_together(self.make_net, members, rows, self.schedule).confidences(test)
        if not found.isfinite().all():
            raise ConfigError("a training ended in NaN: look for it in the data, or lower the learning rate")
        return found.float().cpu().numpy()

    def _tensor(self, part: NDArray[Any]) -> Tensor:
        return torch.tensor(np.asarray(part), device=self.device)  # a copy: processes share theirs read-only

    def _samples(self) -> NDArray[np.int64]:
        return np.arange(len(self.y)) if self.samples is None else self.samples

    def _digest(self) -> str:
        """Of all that the confidences depend on, but the members."""
        digest = hashlib.sha256(json.dumps([asdict(self.schedule), self.together == 1]).encode())
        weights = self.make_net(0).state_dict()
        arrays = [self.x, self.y, self.test, self._samples(), *(weight.numpy() for weight in weights.values())]
        for array in arrays:
            digest.update(f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _confidences_of(net: Net, test: Tensor) -> Tensor:
    with torch.no_grad():
        return ensemble_confidences(torch.cat([net(part) for part in torch.split(test, _TEST_BATCH)]))
