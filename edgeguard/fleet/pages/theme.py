"""Colors: few, for both themes, told apart by the color-blind (Okabe and Ito 2008), and never the only sign."""

from __future__ import annotations

from typing import Final, Literal

Theme = Literal["light", "dark"]

# name -> (light, dark); text on `page` and `surface` has a contrast of 4.5 at least in both
COLORS: Final[dict[str, tuple[str, str]]] = {
    "page": ("#f4f6f8", "#11161c"),
    "surface": ("#ffffff", "#1a212a"),
    "raised": ("#e9eef3", "#26303b"),
    "line": ("#d3dae2", "#35414e"),
    "edge": ("#7c8895", "#7f8c9a"),  # of what can be filled in or pressed: 3 against its surroundings
    "ink": ("#17202b", "#e8edf2"),
    "muted": ("#515d6b", "#a5b1be"),
    "accent": ("#0b5cad", "#7db8f5"),
    "on-accent": ("#ffffff", "#0d1a28"),
    "bad": ("#b3261e", "#ff9d8f"),
    "bad-soft": ("#fdecea", "#46201d"),
    "warn": ("#7a4b00", "#f3bd62"),
    "warn-soft": ("#fdf1da", "#3b2c10"),
    "good": ("#00665a", "#5fd0bd"),
    "good-soft": ("#e0f4f0", "#0f3833"),
}
# Series of charts, in this order.
SERIES: Final[tuple[tuple[str, str], ...]] = (
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff9a4d"),
    ("#009e73", "#35c99b"),
    ("#aa4499", "#e29cc9"),
    ("#b38600", "#e6c84f"),
    ("#5f6b78", "#a5b1be"),
    ("#332288", "#a99df0"),
    ("#882255", "#e0729f"),
)


def variables() -> str:
    """All colors as CSS variables ``--eg-<name>`` and ``--eg-series-<k>``, by the theme that `body` bears."""
    named = COLORS | {f"series-{k}": pair for k, pair in enumerate(SERIES)}
    light = "".join(f"--eg-{name}:{pair[0]};" for name, pair in named.items())
    dark = "".join(f"--eg-{name}:{pair[1]};" for name, pair in named.items())
    return f":root,body.body--light{{{light}}}body.body--dark{{{dark}}}"


def color(name: str) -> str:
    """A color by name for CSS and for the options of a `Chart`, right in both themes."""
    return f"var(--eg-{name})"


def series(k: int) -> str:
    """The color of the k-th series."""
    return color(f"series-{k % len(SERIES)}")
