"""WFDB records (PhysioNet) through the wfdb library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeguard.device.sources.recording import Recording
from edgeguard.errors import MissingExtra, SourceError

try:
    import wfdb
except ImportError as error:
    raise MissingExtra("wfdb") from error


def recording_from_wfdb(record: Path) -> Recording:
    """All channels of the record whose header is `record`.hea; SourceError where a file is missing or cut short."""
    try:
        found = wfdb.rdrecord(str(record))
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{record} is no readable WFDB record ({error}): get its files again") from error
    return Recording(
        values=np.ascontiguousarray(found.p_signal.T, dtype=np.float32),
        channels=tuple(found.sig_name),
        rate_hz=float(found.fs),
        units=tuple(found.units),
    )
