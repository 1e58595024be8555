"""The one face of every runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeguard.bundle.layout import INPUT
from edgeguard.bundle.reader import Bundle
from edgeguard.errors import EngineError

if TYPE_CHECKING:
    from typing_extensions import Self

Floats = NDArray[np.float32]


class InputSpec(NamedTuple):
    """What `Engine.infer` takes: float32 (batch, channels, samples) under this tensor name."""

    name: str
    channels: int
    samples: int


class Engine(ABC):
    """Runs the graphs of one bundle between ``with`` and its end.

    A subclass writes `precision`, `_open`, `_close` and `_infer`; names, shapes and dtypes are checked here.

    Attributes:
        input_spec: What `infer` takes.
        exits: Exit names in order of depth.
        classes: Class names in the order of the logits.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.input_spec = InputSpec(INPUT, *bundle.manifest.signal.shape)
        self.exits = bundle.manifest.exits
        self.classes = bundle.manifest.classes
        self._is_open = False

    def __enter__(self) -> Self:
        """Load the graphs; EngineError where this machine cannot serve them, or its logits would be others."""
        self._check_precision()
        self._open()
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        self._close()

    def infer(self, x: Floats) -> Floats:
        """Logits (batch, exits, classes) of windows x (batch, channels, samples), both float32.

        Raises:
            TypeError, ValueError: x has another dtype or shape, or the engine is not open.
            EngineError: the runtime failed, or gave logits of another shape.
        """
        self._check(x)
        logits = self._infer(x)
        if logits.shape != (len(x), len(self.exits), len(self.classes)) or logits.dtype != np.float32:
            raise EngineError(
                f"the graph gave {logits.dtype} logits {logits.shape}, the bundle promises float32 "
                f"{(len(x), len(self.exits), len(self.classes))}: export it again"
            )
        return logits

    def _check(self, x: Floats) -> None:
        if not self._is_open:
            raise ValueError("the engine is not open: use it inside 'with'")
        if x.dtype != np.float32:
            raise TypeError(f"windows must be float32, not {x.dtype}")
        if x.ndim != 3 or x.shape[1:] != self.input_spec[1:] or not len(x):
            raise ValueError(f"windows must be (batch, {self.input_spec[1]}, {self.input_spec[2]}), not {x.shape}")

    def _check_precision(self) -> None:
        """The bundle's alarm threshold holds for the scores of its precision alone."""
        manifest = self.bundle.manifest
        if self.precision != manifest.precision:
            raise EngineError(
                f"{manifest.name} {manifest.version} was calibrated in {manifest.precision}, this engine computes in "
                f"{self.precision}, where its alarm threshold means nothing: take an engine of {manifest.precision} or "
                f"a bundle calibrated in {self.precision}"
            )

    @property
    @abstractmethod
    def precision(self) -> str:
        """What it computes in, one of `edgeguard.bundle.fingerprint.PRECISIONS`."""

    @abstractmethod
    def _open(self) -> None:
        """Load the graphs."""

    @abstractmethod
    def _close(self) -> None:
        """Let go of what `_open` took."""

    @abstractmethod
    def _infer(self, x: Floats) -> Floats:
        """`infer` for a checked x."""
