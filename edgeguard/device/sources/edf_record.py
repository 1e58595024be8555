"""EDF, EDF+, BDF and BDF+ recordings to replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeguard.device.sources.channels import channel_rows
from edgeguard.device.sources.recording import Recording
from edgeguard.errors import DataError, SourceError
from edgeguard.signals.edf_records import read_header, read_record
from edgeguard.signals.spec import SignalSpec


def recording_from_edf(path: Path, signal: SignalSpec, wanted: Sequence[str]) -> Recording:
    """The signals of the file that `signal` takes, in its order; the others may have another rate, and are not read.

    SourceError where one is missing, where they have different rates, or where the file is cut short.
    """
    try:
        header = read_header(path)
        rows = channel_rows(header.channels, len(header.channels), signal, wanted, str(path))
        found = read_record(path, rows)
    except DataError as error:
        raise SourceError(str(error)) from error
    return Recording(found.values, signal.channels, found.rate_hz, found.units, gaps=True)


def contents_of_edf(path: Path) -> Recording:
    """Channels and units of the file, without samples; the rate where all channels have the same."""
    try:
        header = read_header(path)
    except DataError as error:
        raise SourceError(str(error)) from error
    rate_hz = header.rates_hz[0] if len(set(header.rates_hz)) == 1 else None
    return Recording(np.empty((len(header.channels), 0), np.float32), header.channels, rate_hz, header.units)
