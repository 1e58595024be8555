"""Tables and numbers in Markdown; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table whose first column is text and whose others are figures."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def number(value: float) -> str:
    """Thousands apart; one decimal where it is no count."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def percent(share: float, *, signed: bool = False) -> str:
    """A share in percent."""
    return f"{100 * share:{'+' if signed else ''}.{1 if signed else 0}f} %"


def percent_2(share: float) -> str:
    """A share in percent with two decimals, without its sign."""
    return f"{100 * share:.2f}"
