"""The tables of early-stopping.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.markdown import markdown


def early_stopping(figures: dict[str, Any]) -> Iterable[str]:
    """What each policy takes and says on clean windows, for each run."""
    rows = [
        [
            stopping_policy(run, row),
            f"{row['mean_stages']:.2f} of {figures[run]['exits']}",
            f"{row['accuracy']:.3f}",
            f"{100 * row['lost']:.1f} %",
            *(f"{row['us_per_window'][batch]:.0f}" for batch in ("batch_1", "batch_64")),
            f"{row['macs'] / 1e6:.1f}",
            f"{row['energy_estimate_uj']:.0f}",
        ]
        for run, row in offered_policies(figures)
    ]
    costs = ["µs, one at a time", "µs, 64 at a time", "million MACs", "µJ (estimate)"]
    yield from markdown(["clean test windows", "mean stages", "accuracy", "lost", *costs], rows)
    for run, found in figures.items():
        for row in found["policies"]:
            if "mean_stages" not in row:
                yield ""
                yield (
                    f"{run}: {found['calibration_windows']} calibration windows hold no confidence that promises a "
                    f"loss of at most {100 * row['accuracy_loss']:g} %."
                )


def early_stopping_attacked(figures: dict[str, Any]) -> Iterable[str]:
    """What each policy takes and says under attack, and its slowdown alarm, for each run and ε."""
    rows = [
        [
            stopping_policy(run, row),
            f"{found['epsilon']:g}",
            f"{found['robust_accuracy']:.3f}",
            f"{max(found['robust_mean_stages'].values()):.2f}",
            f"{found['sloth_mean_stages']:.2f}",
            f"{found['sloth_accuracy']:.3f}",
            waiting(row, found["windows_to_slowdown_alarm"]),
            f"{false['drawn']} in {false['drawn_windows']:,}" if (false := row["false_slowdowns"]) else "–",
        ]
        for run, row in offered_policies(figures)
        for found in row["attacked"]
    ]
    pgd, sloth = ["robust accuracy", "most mean stages under PGD"], ["mean stages under sloth", "accuracy under sloth"]
    alarm = ["windows to the alarm", "false alarms on clean windows"]
    return markdown(["attacked test windows", "ε", *pgd, *sloth, *alarm], rows)


def offered_policies(figures: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(run, row) of each policy that its bundle could offer."""
    return [(run, row) for run, found in figures.items() for row in found["policies"] if "mean_stages" in row]


def stopping_policy(run: str, row: dict[str, Any]) -> str:
    """The run and its policy, with the loss that it was calibrated to."""
    loss = "" if row["accuracy_loss"] is None else f", loss ≤ {100 * row['accuracy_loss']:g} %"
    return f"{run}, `{row['policy']}`{loss}"


def waiting(row: dict[str, Any], windows: float | None) -> str:
    """Windows until an alarm, where the policy has one and it comes."""
    if row["policy"] == "all":
        return "–"
    return "never" if windows is None else f"{windows:.0f}"
