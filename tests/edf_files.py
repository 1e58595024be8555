"""Small EDF and BDF files: written by pyedflib, taken apart and changed by hand."""

from __future__ import annotations

import numpy as np
import pyedflib

RATE_HZ = 250
CHANNELS = (("EEG Fp1", "uV", 500.0), ("EEG Fp2", "uV", 500.0), ("ECG", "mV", 5.0))


def wave(seconds=8):
    """What the files hold, (channels, n)."""
    t = np.arange(seconds * RATE_HZ) / RATE_HZ
    return np.stack([100 * np.sin(7 * t), 50 * np.cos(11 * t), np.sin(3 * t)])


def write_edf(path, *, annotations=(), rates=(RATE_HZ,) * 3, units=None, plain=False):
    """`wave()` as a file of the kind that the name says, one record a second."""
    kind = pyedflib.FILETYPE_BDFPLUS if path.suffix == ".bdf" else pyedflib.FILETYPE_EDFPLUS
    kind -= plain
    digital = 2**23 if path.suffix == ".bdf" else 2**15
    with pyedflib.EdfWriter(str(path), len(CHANNELS), file_type=kind) as writer:
        for row, (label, unit, largest) in enumerate(CHANNELS):
            facts = {"label": label, "dimension": (units or {}).get(label, unit), "sample_frequency": rates[row]}
            facts |= {"physical_max": largest, "physical_min": -largest, "prefilter": "", "transducer": ""}
            facts |= {"digital_max": digital - 1, "digital_min": -digital}
            writer.setSignalHeader(row, facts)
        writer.writeSamples([one[: len(one) * rate // RATE_HZ] for one, rate in zip(wave(), rates, strict=True)])
        for annotation in annotations:
            writer.writeAnnotation(*annotation)
    return path


def by_hand(path):
    """Physical values (channels, n) of a continuous file, from the format's description alone."""
    raw = path.read_bytes()
    width, signals = (3 if raw[0] == 0xFF else 2), int(raw[252:256])
    columns = {}
    for name, at, length in [("label", 0, 16), ("low", 104, 8), ("high", 112, 8), ("dlow", 120, 8), ("dhigh", 128, 8)]:
        columns[name] = [raw[256 + at * signals + length * k :][:length].decode() for k in range(signals)]
    counts = [int(raw[256 + 216 * signals + 8 * k :][:8]) for k in range(signals)]
    found, at = [[] for _ in range(signals)], 256 * (signals + 1)
    while at < len(raw):
        for row, count in enumerate(counts):
            cells = np.frombuffer(raw[at : at + width * count], np.uint8).reshape(count, width).astype(np.int64)
            number = sum(cells[:, k] << 8 * k for k in range(width))
            found[row].append(np.where(number < 1 << 8 * width - 1, number, number - (1 << 8 * width)))
            at += width * count
    physical = []
    for row in range(signals):
        if "Annotations" not in columns["label"][row]:
            low, high, dlow, dhigh = (float(columns[name][row]) for name in ("low", "high", "dlow", "dhigh"))
            physical.append(low + (np.concatenate(found[row]) - dlow) * (high - low) / (dhigh - dlow))
    return np.stack(physical)


def with_gaps(path, begins_s):
    """Make a file of `write_edf` discontinuous: record k begins at `begins_s[k]` seconds."""
    raw = path.read_bytes()
    signals = int(raw[252:256])
    counts = [int(raw[256 + 216 * signals + 8 * k :][:8]) for k in range(signals)]
    width, head = (3 if raw[0] == 0xFF else 2), 256 * (signals + 1)
    text, record = width * sum(counts[:-1]), width * sum(counts)
    raw = bytearray(raw)
    raw[196:197] = b"D"
    for number, begin_s in enumerate(begins_s):
        at = head + number * record + text
        entry = raw[at : at + width * counts[-1]]
        rest = bytes(entry).partition(b"\x14\x14\0")[2].rstrip(b"\0")
        changed = f"+{begin_s:.6f}".encode() + b"\x14\x14\0" + rest
        raw[at : at + len(entry)] = changed.ljust(len(entry), b"\0")
    path.write_bytes(bytes(raw))
    return path
