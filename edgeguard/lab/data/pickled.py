"""Reads a pickle without running it: its opcodes are followed on a stack of plain values, and nothing is ever called.

Unpickling a file runs whatever the file says. Here only numbers, text, lists, tuples, dicts and numpy arrays of bytes
come out; every opcode and every name beyond those is refused.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

_ARRAY: Final = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}
_NAMES: Final = {*_ARRAY, ("numpy", "ndarray"), ("numpy", "dtype")}
_BYTES: Final = ("u1", 0, 1)  # what numpy's dtype is made with for one unsigned byte


@dataclass(frozen=True)
class _Name:
    """What a pickle would import."""

    path: tuple[str, str]


@dataclass
class _Made:
    """What a pickle would make by calling a name, and the state that it would give it."""

    name: _Name
    arguments: tuple[Any, ...]
    state: Any = None


class _Stack(list[Any]):
    def since_mark(self) -> list[Any]:
        at = max(index for index, value in enumerate(self) if value is _MARK)
        values = self[at + 1 :]
        del self[at:]
        return values

    def last(self, count: int) -> list[Any]:
        if len(self) < count:
            raise IndexError("it takes more than it put down")
        values = self[len(self) - count :]
        del self[len(self) - count :]
        return values


_MARK: Final = object()


def read_pickled(content: bytes) -> Any:
    """The plain value that the pickle `content` stands for; text is as Latin-1 has it.

    ValueError where it is cut short, or asks for anything but plain values and arrays of bytes.
    """
    try:
        with warnings.catch_warnings():  # of escapes in the text of damaged files
            warnings.simplefilter("ignore")
            return _plain(_followed(content))
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"it is no pickle of plain values ({error})") from error


def _followed(content: bytes) -> Any:
    """What lies on the stack at the end."""
    stack, memo = _Stack(), {}
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name == "STOP":
            return stack.pop()
        if opcode.name in _PUTS:
            memo[argument] = stack[-1]
        elif opcode.name in _GETS:
            stack.append(memo[argument])
        elif opcode.name in _VALUES:
            stack.append(_VALUES[opcode.name](argument))
        elif opcode.name in _STEPS:
            _STEPS[opcode.name](stack)
        elif opcode.name != "PROTO":
            raise ValueError(f"it holds the opcode {opcode.name}")
    raise ValueError("it is cut short")


def _name(argument: str) -> _Name:
    module, _, name = argument.partition(" ")
    if (module, name) not in _NAMES:
        raise ValueError(f"it names {module}.{name}, which no data needs")
    return _Name((module, name))


def _reduce(stack: _Stack) -> None:
    name, arguments = stack.last(2)
    if not isinstance(name, _Name) or not isinstance(arguments, tuple):
        raise ValueError("it calls what is no name")  # noqa: TRY004 - the file is wrong, not the caller
    stack.append(_Made(name, arguments))


def _build(stack: _Stack) -> None:
    made, state = stack.last(2)
    if not isinstance(made, _Made):
        raise ValueError("it gives a state to what was not made")  # noqa: TRY004 - as above
    made.state = state
    stack.append(made)


def _append(stack: _Stack, values: list[Any]) -> None:
    list.extend(stack[-1], values)


def _set(stack: _Stack, pairs: list[Any]) -> None:
    dict.update(stack[-1], zip(pairs[::2], pairs[1::2], strict=True))


def _tuple(count: int) -> Callable[[_Stack], None]:
    return lambda stack: stack.append(tuple(stack.last(count)))


_PUTS: Final = {"PUT", "BINPUT", "LONG_BINPUT"}
_GETS: Final = {"GET", "BINGET", "LONG_BINGET"}
_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1"), int),
    **dict.fromkeys(("SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES"), lambda text: text),
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
    "MARK": lambda _: _MARK,
    "GLOBAL": _name,
}
_STEPS: Final[dict[str, Callable[[_Stack], None]]] = {
    "TUPLE": lambda stack: stack.append(tuple(stack.since_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": lambda stack: _append(stack, stack.last(1)),
    "APPENDS": lambda stack: _append(stack, stack.since_mark()),
    "SETITEM": lambda stack: _set(stack, stack.last(2)),
    "SETITEMS": lambda stack: _set(stack, stack.since_mark()),
    "REDUCE": _reduce,
    "BUILD": _build,
}


def _plain(value: Any) -> Any:
    """`value` with its arrays made, one level down: deeper than in a dict or list there are none."""
    if isinstance(value, dict):
        return {key: _array(item) if isinstance(item, _Made) else item for key, item in value.items()}
    return _array(value) if isinstance(value, _Made) else value


def _array(made: _Made) -> Any:
    """The array of bytes that numpy would make."""
    if made.name.path not in _ARRAY:
        raise ValueError("it makes something that is no array")
    _, shape, kind, by_columns, content = made.state
    if not isinstance(kind, _Made) or kind.arguments[:1] != _BYTES[:1] or by_columns:
        raise ValueError("it holds an array of something else than bytes in rows")
    data = content.encode("latin-1") if isinstance(content, str) else bytes(content)
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)
