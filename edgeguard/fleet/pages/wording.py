"""States and figures in words and signs: the sign and the word tell what the color tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from edgeguard.fleet.pages.table import Tone, badge
from edgeguard.fleet.store.devices import DeviceRow

# what the store calls it -> (word, tone, sign, what it means)
STATUS: Final[Mapping[str, tuple[str, Tone, str, str]]] = {
    "online": ("online", "good", "●", "connected to the broker"),
    "stopped": ("stopped", "", "■", "shut down as it should be"),
    "offline": ("offline", "warn", "○", "its connection broke off"),
    "unknown": ("unknown", "", "?", "it has sent messages, but never said whether it is there"),
}
ATTENTION: Final[Mapping[str, tuple[str, Tone, str, str]]] = {
    "attacked": ("attacked", "bad", "▲", "more windows over the threshold than chance gives"),
    "clock": ("clock wrong", "warn", "◷", "its clock is out of bounds: the server's time is used"),
    "flood": ("flooding", "warn", "≋", "it sends more than it may; the rest is set aside"),
    "losing": ("messages missing", "warn", "⋯", "messages of its current start have not come"),
    "offline": ("offline", "warn", "○", "its connection broke off"),
    "alarms": ("alarms", "", "△", "single alarms that nobody has closed, as chance gives them too"),
}


def status_badge(status: str) -> dict[str, Any]:
    """Of a device's status."""
    word, tone, sign, title = STATUS[status]
    return badge(word, tone, sign, title)


def attention_badges(row: DeviceRow) -> list[dict[str, Any]]:
    """Why somebody should look at the device, most urgent first; being offline is said by its status."""
    found = [badge(*_of(name)) for name in row.attention if name != "offline"]
    for badge_of in found if row.open_alarms else ():
        if badge_of["text"] in {"attacked", "alarms"}:
            badge_of["text"] += f" · {count(row.open_alarms)} open"
    return found


def _of(name: str) -> tuple[str, Tone, str, str]:
    return ATTENTION[name]


def count(number: int) -> str:
    """With thin spaces between thousands."""
    return f"{number:,}".replace(",", "\u202f")


def several(number: int, thing: str = "device") -> str:
    """So many of a thing whose plural ends in s."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def percent(part: float | None, whole: float = 1) -> str:
    """`part` of `whole`; an en dash where there is nothing to divide by, and never 0 % for what is not 0."""
    if part is None or not whole:
        return "–"
    share = 100 * part / whole
    if share == 0 or share >= 10:
        return f"{share:.0f} %"
    return f"{share:.1f} %" if share >= 0.1 else "< 0.1 %"


def figure(value: float | None) -> str:
    """To three digits."""
    return "–" if value is None else f"{value:.3g}"


def bundle(name: str, version: str) -> str:
    """A model by name and version, as far as a device has told them."""
    return f"{name} {version}".strip() or "–"


def duration(ms: float) -> str:
    """Roughly: the two words that a person would say."""
    for size_ms, unit in ((31_557_600_000, "year"), (86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute")):
        if ms >= size_ms:
            number = round(ms / size_ms)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{round(ms / 1000)} s"
