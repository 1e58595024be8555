"""WFDB records (PhysioNet) as recordings to replay."""

from __future__ import annotations

from pathlib import Path

from edgeguard.device.sources.recording import Recording
from edgeguard.errors import DataError, SourceError
from edgeguard.signals.wfdb_records import read_record


def recording_from_wfdb(record: Path) -> Recording:
    """All channels of the record whose header is `record`.hea; SourceError where a file is missing or cut short."""
    try:
        found = read_record(record)
    except DataError as error:
        raise SourceError(str(error)) from error
    return Recording(found.values, found.channels, found.rate_hz, found.units)
