"""The tables of the device's speed and of its faults, from device-throughput.json and device-faults.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from benchmarks.markdown import markdown, number, percent

_P: Final = ("p50", "p99")
_ACCOUNT: Final[Sequence[tuple[str, Callable[[dict[str, Any]], Any]]]] = (
    ("messages that the device numbered", lambda found: number(found["messages"]["last_number"])),
    ("arrived", lambda found: number(found["messages"]["arrived"])),
    ("did not arrive", lambda found: found["messages"]["missing"]),
    ("reported as dropped by the device", lambda found: sum(found["messages"]["reported_as_dropped"].values())),
    ("came again, and were told by their number", lambda found: found["messages"]["repeated_and_dropped_by_number"]),
    ("twice after that", lambda found: found["messages"]["twice_after_deduplication"]),
    ("alarms in the verdict log", lambda found: number(found["alarms"]["in_the_log"])),
    ("of them without an alert", lambda found: found["alarms"]["in_the_log_without_alert"]),
    ("windows in the verdict log", lambda found: number(found["windows"]["logged"])),
    ("windows in the summaries", lambda found: number(found["windows"]["summarized"])),
    ("crashes of the daemon", lambda found: found["daemon"]["crashes"]),
    ("retained state before and after the stop", lambda found: ", ".join(found["states_at_the_end"])),
)


def device_latency(figures: dict[str, Any]) -> Iterable[str]:
    """Microseconds from the last sample to the verdict, of one source."""
    titles = {
        "onnxruntime_us": "onnxruntime alone",
        "verdict_us": "last sample to verdict",
        "added_us": "added",
        "added_until_told_us": "added, until log and spool have it",
    }
    rows = [
        [name, *(f"{found['latency'][key][q]:.0f}" for key in titles for q in _P)]
        for name, found in figures["bundles"].items()
    ]
    header = [f"{title}, {q}" for title in titles.values() for q in _P]
    return markdown([f"µs of one window (aim: {figures['aim']['added_us']} added)", *header], rows)


def device_rates(figures: dict[str, Any]) -> Iterable[str]:
    """Windows a second by the number of sources and the size of their chunks, beside bare onnxruntime."""
    rows = [
        [
            f"{name}, {row['sources']}, {row['chunk_s']:g} s",
            f"{row['windows_per_s']:.0f}",
            f"{row['mean_batch']:.1f}",
            f"{row['bare_best_batch_per_s']:.0f}",
            percent(row["of_bare_best_batch"]),
            percent(row["of_bare_batch_1"]),
            f"{row['cpu_us_per_window']:.0f}",
            f"{row['bare_cpu_us_per_window']:.0f}",
        ]
        for name, found in figures["bundles"].items()
        for row in found["rates"]
    ]
    header = ["bundle, sources, chunk", "windows/s", "mean batch", "bare, best batch", "of it", "of bare, batch 1"]
    return markdown([*header, "CPU µs a window", "bare"], rows)


def device_real_time(figures: dict[str, Any]) -> Iterable[str]:
    """Share of a core that a source takes at real time."""
    rows = [
        [
            f"{name}, {row['sources']}",
            f"{row['windows_per_s']:.1f}",
            f"{100 * row['cpu_share_per_source']:.2f} %",
            f"{100 * row['bare_cpu_share_per_source']:.2f} %",
        ]
        for name, found in figures["bundles"].items()
        for row in found["real_time"]
    ]
    return markdown(["bundle, sources at real time", "windows/s", "core for each source", "its inferences alone"], rows)


def device_start(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds to READY and memory, beside a process that only loads onnxruntime and the graph."""
    aim = figures["aim"]
    rows = [
        [
            name,
            *(
                f"{found['start'][key]:{form}}"
                for key, form in (
                    ("ready_s", ".2f"),
                    ("bare_ready_s", ".2f"),
                    ("rss_mb", ".0f"),
                    ("bare_rss_mb", ".0f"),
                )
            ),
        ]
        for name, found in figures["bundles"].items()
    ]
    header = [f"s to READY (aim {aim['ready_s']:g})", "bare", f"MB resident (aim {aim['rss_mb']:g})", "bare"]
    return markdown(["bundle", *header], rows)


def device_faults(figures: dict[str, Any]) -> Iterable[str]:
    """What became of every message, with faults and without."""
    columns = [figures["under_faults"], figures["undisturbed"]]
    rows = [[title, *(str(of(column)) for column in columns)] for title, of in _ACCOUNT]
    yield from markdown(
        [f"{figures['hours_of_signal']:g} h of signal, {figures['sources']} sources", "under faults", "undisturbed"],
        rows,
    )
    yield ""
    yield "Faults: " + ", ".join(f"{kind} {count} ×" for kind, count in columns[0]["faults"].items()) + "."


def device_memory(figures: dict[str, Any]) -> Iterable[str]:
    """Resident memory of one process over the replay, and the CPU it takes in silence."""
    calm = figures["undisturbed"]
    hours = sorted((when for when in calm["rss_mb"] if when.endswith(" h")), key=lambda when: float(when.split()[1]))
    moments = [when for when in ("start", *hours, "after the silence") if when in calm["rss_mb"]]
    rows = [[f"resident MB, {when}", f"{calm['rss_mb'][when]:.1f}"] for when in moments]
    rows.append(["CPU s for an hour of signal", f"{calm['cpu_s_per_hour_of_signal']:.2f}"])
    share, aim = calm["idle_cpu_share"], figures["aim"]["idle_cpu_share"]
    rows.append(["share of a core in silence", f"{100 * share:.2f} % (aim: below {100 * aim:g} %)"])
    return markdown(["one process, no faults", "measured"], rows)
