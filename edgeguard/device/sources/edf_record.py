"""EDF, EDF+, BDF and BDF+ recordings to replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
