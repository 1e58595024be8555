"""What `edgeguard.lab.detection.study` answers, made by hand for the tables."""

from __future__ import annotations

from edgeguard.lab.detection.over_seeds import over_seeds

DETECTORS = ("confusion", "max_softmax")


def _share(value, reason=""):
    return {"value": value, "low": None, "high": None, "count": 4, **({"reason": reason} if reason else {})}


def _attacked(found, harmful):
    wait = {"median": 3, "ninety_percent": None, "never": 0.25}
    rate = {"found": _share(found), "found_harmful": _share(harmful, "" if harmful is not None else "there are none")}
    return {"auroc": _share(0.75), "rates": {"0.01": rate}, "windows_to_alarm": {"window": wait, "drift": wait}}


def run_of_a_seed(found):
    """Figures of one run: `pgd` does no harm, the attacker who knows the confusion is not found by it."""
    clean = {
        "rates": {"0.01": {"threshold": 0.5, "false_alarms": _share(0.02)}},
        "stream": {"windows": 1000, "window_alarms_per_day": 1080.0, "drift_alarms_per_day": 0.5},
    }
    harmless = {name: _attacked(found, None) for name in DETECTORS}
    quiet = {"confusion": _attacked(0.0, 0.0), "max_softmax": _attacked(found, 0.5)}
    return {
        "windows": {"calibration": 99, "clean": 200, "attacked": 4},
        "clean": dict.fromkeys(DETECTORS, clean),
        "radii": {
            "0.1": {
                "pgd": {"knows": None, "accuracy": 1.0, "harmful": 0, "detectors": harmless},
                "quiet: confusion": {"knows": "confusion", "accuracy": 0.5, "harmful": 2, "detectors": quiet},
            }
        },
    }


def small_study(*found):
    """A study of as many seeds as shares found are given."""
    return {
        "recipe": "waves",
        "seeds": list(range(len(found))),
        "rates": ["0.01"],
        "windows_per_day": {"windows": 108000.0, "basis": "a window every 0.8 s"},
        "detectors": list(DETECTORS),
        "attacks": ["pgd", "quiet: confusion"],
        "left_out": {"mahalanobis": "it has no features"},
        "mean": over_seeds([run_of_a_seed(share) for share in found]),
    }
