"""onnxruntime on one CPU thread: the whole graph, or stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgeguard.bundle.layout import INPUT, LOGITS, MODEL
from edgeguard.bundle.manifest import Stage
from edgeguard.device.engines.base import Engine, Floats
from edgeguard.errors import EngineError, MissingExtra, one_line

try:
    import onnxruntime
except ImportError as error:
    raise MissingExtra("onnxruntime") from error


class OnnxRuntimeEngine(Engine):
    """model.onnx in one session: every exit, one call."""

    precision = "float32"

    def _open(self) -> None:
        self._session = session_from_bytes(self.bundle.content[MODEL], MODEL)
        _check_tensors(MODEL, "reads", self._session.get_inputs(), {INPUT: self.input_spec[1:]})
        _check_tensors(MODEL, "gives", self._session.get_outputs(), {LOGITS: (len(self.exits), len(self.classes))})

    def _close(self) -> None:
        self._session = None

    def _infer(self, x: Floats) -> Floats:
        return _run(self._session, MODEL, [LOGITS], {INPUT: x})[0]


class StagedPass:
    """A batch on its way through the stages, which its windows may leave."""

    def __init__(self, stages: Sequence[Stage], sessions: Sequence[Any], x: Floats) -> None:
        self._ahead = list(zip(stages, sessions, strict=True))
        self._tensors = {INPUT: x}

    def next_exit(self) -> Floats:
        """Run one more stage: the logits (windows, classes) of its exit."""
        stage, session = self._ahead.pop(0)
        names = [stage.logits, *stage.outputs]
        values = _run(session, stage.file, names, {name: self._tensors[name] for name in stage.inputs})
        self._tensors.update(zip(names, values, strict=True))
        return values[0]

    def keep(self, windows: Sequence[int]) -> None:
        """Go on with these windows alone, by their places in the batch as it now is."""
        needed = {name for stage, _ in self._ahead for name in stage.inputs} & self._tensors.keys()
        self._tensors = {name: self._tensors[name][windows] for name in needed}


class StagedEngine(Engine):
    """The chained stages/: a caller that has heard enough exits stops, and the rest is not computed."""

    precision = "float32"

    def _open(self) -> None:
        stages = self.bundle.manifest.stages
        self._sessions = [session_from_bytes(self.bundle.content[stage.file], stage.file) for stage in stages]
        for stage, session in zip(stages, self._sessions, strict=True):
            self._check_stage(stage, session)

    def _close(self) -> None:
        self._sessions = []

    def begin(self, x: Floats) -> StagedPass:
        """The windows x at the first stage, none run yet; errors as of `infer`."""
        self._check(x)
        return StagedPass(self.bundle.manifest.stages, self._sessions, x)

    def exits_one_by_one(self, x: Floats) -> Iterator[Floats]:
        """Logits (batch, classes) of each exit in order of depth; an exit is computed when it is asked for.

        Errors as of `infer`.
        """
        begun = self.begin(x)
        for _ in self.exits:
            yield begun.next_exit()

    def _infer(self, x: Floats) -> Floats:
        return np.stack(list(self.exits_one_by_one(x)), axis=1)

    def _check_stage(self, stage: Stage, session: Any) -> None:
        _check_tensors(stage.file, "reads", session.get_inputs(), dict.fromkeys(stage.inputs))
        wanted: dict[str, Sequence[int] | None] = dict.fromkeys([stage.logits, *stage.outputs])
        wanted[stage.logits] = (len(self.classes),)
        _check_tensors(stage.file, "gives", session.get_outputs(), wanted)


def session_from_bytes(graph: bytes, name: str) -> Any:
    """An onnxruntime session for `graph` on one CPU thread; EngineError names it where it cannot be loaded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what goes wrong is raised; it need not be printed too
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        raise EngineError(f"onnxruntime cannot load {name} ({_short(error)}): export the bundle again") from error


def _run(session: Any, name: str, outputs: list[str], inputs: dict[str, Floats]) -> list[Floats]:
    try:
        result: list[Floats] = session.run(outputs, inputs)
    except Exception as error:  # onnxruntime's errors have no common base
        raise EngineError(f"onnxruntime failed in {name} ({_short(error)}): export the bundle again") from error
    return result


def _check_tensors(name: str, verb: str, found: Any, wanted: dict[str, Sequence[int] | None]) -> None:
    """Names, float32 and (batch, *wanted) of a graph's tensors; where `wanted` is None any shape will do."""
    shapes = {tensor.name: tensor.shape for tensor in found}
    right = shapes.keys() == wanted.keys() and all(tensor.type == "tensor(float)" for tensor in found)
    for tensor, shape in wanted.items():
        right = right and (shape is None or _fits(shapes[tensor], shape))
    if not right:
        raise EngineError(f"{name} {verb} {_shown(shapes)}, the bundle promises {_shown(wanted)}: export it again")


def _fits(found: Sequence[int | str | None], wanted: Sequence[int]) -> bool:
    return len(found) == len(wanted) + 1 and not isinstance(found[0], int) and tuple(found[1:]) == tuple(wanted)


def _shown(shapes: Any) -> str:
    return ", ".join(f"{name} {list(shape) if shape else ''}".strip() for name, shape in shapes.items())


def _short(error: Exception) -> str:
    return one_line(str(error))[:300]
