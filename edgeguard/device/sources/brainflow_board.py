"""A board through BrainFlow, in calls that wait: OpenBCI, Muse, BrainBit …, its synthetic and its playback board."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, LinkError, MissingExtra, SourceError
from edgeguard.registry import near_match

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for its library in an old way
        from brainflow.board_shim import BoardIds, BoardShim, BrainFlowError, BrainFlowInputParams
        from brainflow.exit_codes import BrainFlowExitCodes as Code

        BoardShim.disable_board_logger()  # it would write to stderr; what matters comes as an exit code
except (ImportError, OSError) as error:
    raise MissingExtra("brainflow") from error

_BUFFER_S: Final = 30.0
_SIGNALS: Final = ("eeg_channels", "ecg_channels", "emg_channels", "eog_channels")
_BOARDS: Final[dict[str, int]] = {
    board.name.removesuffix("_BOARD").lower(): board.value for board in BoardIds if board.value > -100
}
_WHY: Final = {
    Code.UNABLE_TO_OPEN_PORT_ERROR: "its port cannot be opened: check port=, and whether you may open it",
    Code.PORT_ALREADY_OPEN_ERROR: "its port is in use: end the program that has it",
    Code.SER_PORT_ERROR: "its port is no serial port: check port=",
    Code.BOARD_NOT_READY_ERROR: "it does not answer: is it switched on and near?",
    Code.SYNC_TIMEOUT_ERROR: "it does not answer in time: is it switched on and near?",
    Code.ANOTHER_BOARD_IS_CREATED_ERROR: "it is open already: one source a board",
    Code.INVALID_ARGUMENTS_ERROR: "its options are not what it needs: see BrainFlow's list of boards",
    Code.UNSUPPORTED_BOARD_ERROR: "BrainFlow does not have it, or not with this preset",
}
_FINAL: Final = (Code.INVALID_ARGUMENTS_ERROR, Code.UNSUPPORTED_BOARD_ERROR)


@dataclass(frozen=True)
class Table:
    """What the rows of a board's data are.

    Attributes:
        rate_hz: Samples per second.
        rows: Those with EEG, ECG, EMG or EOG, in uV.
        names: Of these; empty where BrainFlow has none.
        counter: That of the packet counter, if there is one.
        battery: That of the battery's charge in percent, if there is one.
    """

    rate_hz: float
    rows: tuple[int, ...]
    names: tuple[str, ...]
    counter: int | None
    battery: int | None


class _Session(BoardShim):  # type: ignore[misc] # BrainFlow has no types
    """One that does not end the session of another with the same options when it is forgotten."""

    def __del__(self) -> None:
        """`Board.stop` has ended it, or it never began."""


class Board:
    """One board; all calls but the first come from one thread.

    Args:
        board: Name or number.
        facts: Fields of BrainFlowInputParams.
        master: Name or number of the board that one without signals of its own plays; empty for none.
        preset: Number of the stream, where the board has several.

    Raises:
        ConfigError: there is no such board, or it is not said which one it plays.
    """

    def __init__(self, board: str, facts: Mapping[str, str | int], master: str, preset: int) -> None:
        self._name = f"brainflow:{board}"
        self._id = _number(board)
        self._master = _number(master) if master else self._id
        if self._id < BoardIds.SYNTHETIC_BOARD and not master:
            raise ConfigError(f"{self._name} plays what another board sent: say which with ,master=BOARD")
        self._facts = {**facts, **({"master_board": self._master} if master else {})}
        self._preset = preset
        self._session: _Session | None = None

    def table(self) -> Table:
        """What it sends; SourceError where BrainFlow does not have it, or where it has no such signal."""
        with self._translated():
            if self._preset not in BoardShim.get_board_presets(self._master):  # to ask on would upset BrainFlow
                raise BrainFlowError("no such preset", Code.UNSUPPORTED_BOARD_ERROR)
            said: dict[str, Any] = BoardShim.get_board_descr(self._master, self._preset)
        rows = tuple(sorted({row for kind in _SIGNALS for row in said.get(kind, ())}))
        if not rows:
            raise SourceError(f"{self._name} has no EEG, ECG or EMG in this preset: choose another with ,preset=")
        names = dict(zip(said.get("eeg_channels", ()), said.get("eeg_names", "").split(","), strict=False))
        named = tuple(names.get(row) or str(number) for number, row in enumerate(rows)) if any(names.values()) else ()
        counter, battery = said.get("package_num_channel"), said.get("battery_channel")
        return Table(float(said["sampling_rate"]), rows, named, counter, battery)

    def start(self, rate_hz: float) -> None:
        """Open it and have it send; LinkError where it is not there."""
        params = BrainFlowInputParams()
        for name, value in self._facts.items():
            setattr(params, name, value)
        session = _Session(self._id, params)
        with self._translated():
            session.prepare_session()
            self._session = session
            session.start_stream(round(_BUFFER_S * rate_hz))

    def read(self) -> NDArray[np.float64]:
        """All that came since, (rows, n); LinkError where it broke off."""
        if self._session is None:
            raise LinkError(f"{self._name} is closed")
        with self._translated():
            found: NDArray[np.float64] = self._session.get_board_data(preset=self._preset)
        return found

    def stop(self) -> None:
        """Let go of it; harmless when called twice."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(BrainFlowError):
                session.stop_stream()
            with suppress(BrainFlowError):
                session.release_session()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except BrainFlowError as error:
            why = _WHY.get(error.exit_code, f"BrainFlow says {error}")
            kind = SourceError if error.exit_code in _FINAL else LinkError
            raise kind(f"{self._name} gives no signal: {why}") from error


def _number(board: str) -> int:
    name = board.lower().replace("-", "_").removesuffix("_board")
    if name in _BOARDS:
        return _BOARDS[name]
    if board.removeprefix("-").isdecimal() and int(board) in _BOARDS.values():
        return int(board)
    raise ConfigError(f"BrainFlow has no board {board!r}{near_match(name, _BOARDS)}: take a name or number of its list")
