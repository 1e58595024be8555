"""Units of voltage, as files and wearables write them."""

from __future__ import annotations

from typing import Final

_NAMES: Final = {
    1.0: ("V", "volts"),
    1e-3: ("mV", "millivolts"),
    1e-6: ("uV", "\N{MICRO SIGN}V", "\N{GREEK SMALL LETTER MU}V", "microvolts"),
    1e-9: ("nV", "nanovolts"),
}
_VOLTS: Final = {name: volts for volts, names in _NAMES.items() for name in names}


def conversion(unit: str, wanted: str) -> float | None:
    """What numbers in `unit` are multiplied with to be in `wanted`; None where that cannot be known."""
    if unit == wanted:
        return 1.0
    if unit in _VOLTS and wanted in _VOLTS:
        return _VOLTS[unit] / _VOLTS[wanted]
    return None
