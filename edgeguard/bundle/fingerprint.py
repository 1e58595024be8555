"""What an alarm threshold was calibrated for: a model gives other scores for another input, or in another precision."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import msgspec

PRECISIONS: Final = ("float16", "bfloat16", "float32", "float64")  # what graphs compute in, the coarsest first


def calibration_fingerprint(signal: object, precision: str) -> str:
    """SHA-256 of all but the weights that logits come from: the model input, preprocessing included, and precision.

    What has its default value is left out, so that a field which a later version adds changes nothing.
    """
    return hashlib.sha256(json.dumps([_stated(signal), precision], sort_keys=True).encode()).hexdigest()


def other_precision(fingerprint: str, signal: object) -> str | None:
    """The precision that `fingerprint` was made with where it is of this signal; None where it is of another."""
    return next((name for name in PRECISIONS if calibration_fingerprint(signal, name) == fingerprint), None)


def _stated(value: object) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = [(field, getattr(value, field.name)) for field in msgspec.structs.fields(value)]
        return {field.name: _stated(found) for field, found in fields if found != field.default}
    if isinstance(value, tuple):
        return [_stated(one) for one in value]
    return float(value) if isinstance(value, int) else value  # 360 in the lab is 360.0 once it was in a file
