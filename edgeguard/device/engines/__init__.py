"""Runtimes behind one face: ``with`` opens, `input_spec` describes, ``infer(x) -> logits``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edgeguard.bundle.reader import Bundle
from edgeguard.device.engines.base import Engine
from edgeguard.device.engines.self_test import self_test
from edgeguard.registry import Registry

ENGINES: Final[Registry[type[Engine]]] = Registry(
    "engine",
    {
        "onnxruntime": "edgeguard.device.engines.onnx_runtime:OnnxRuntimeEngine",
        "onnxruntime-staged": "edgeguard.device.engines.onnx_runtime:StagedEngine",
    },
)


@contextmanager
def open_engine(name: str, bundle: Bundle) -> Iterator[Engine]:
    """The engine `name` serving `bundle`, self-tested, until the block ends.

    Raises:
        ConfigError: no engine has this name.
        MissingExtra: its library is not installed.
        EngineError: it cannot serve the bundle, or gives other logits than the golden ones.
    """
    with ENGINES.load(name)(bundle) as engine:
        self_test(engine)
        yield engine
