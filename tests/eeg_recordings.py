"""Frontal EEG of nobody: brown noise, mains and blinks, and EDF files of it."""

from __future__ import annotations

import numpy as np
import pyedflib

CHANNELS = ("EEG Fp1-REF", "EEG Fp2-REF")
CHOSEN = "+".join(CHANNELS)
_LARGEST_UV = 1000.0


def frontal(rate_hz, seconds, *, seed=0, blinks_s=()):
    """In uV, (2, n); a blink is as high at both electrodes."""
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    noise = np.random.default_rng(seed).normal(size=(2, len(t))) * np.sqrt(250 / rate_hz)
    values = 2 * noise.cumsum(axis=1) % 400 - 200 + 5 * noise + 20 * np.sin(2 * np.pi * 50 * t)
    for peak_s in blinks_s:
        values += 150 * np.exp(-(((t - peak_s) / 0.1) ** 2))
    return values.astype(np.float32)


def write_eeg(path, values, rate_hz, *, unit="uV", channels=CHANNELS, annotations=()):
    """`values` in uV as an EDF+ file in `unit`, and beside them a channel of another rate."""
    scale = {"mV": 1e-3}.get(unit, 1.0)
    with pyedflib.EdfWriter(str(path), len(channels) + 1) as writer:
        for row, label in enumerate((*channels, "ECG")):
            largest = 5.0 if label == "ECG" else _LARGEST_UV * scale
            facts = {"label": label, "dimension": "mV" if label == "ECG" else unit, "prefilter": "", "transducer": ""}
            facts |= {"sample_frequency": 50 if label == "ECG" else rate_hz, "digital_max": 32767}
            facts |= {"digital_min": -32768, "physical_max": largest, "physical_min": -largest}
            writer.setSignalHeader(row, facts)
        beside = np.zeros(values.shape[1] // rate_hz * 50)
        writer.writeSamples([*(values.astype(np.float64) * scale), beside])
        for annotation in annotations:
            writer.writeAnnotation(*annotation)
    return path
