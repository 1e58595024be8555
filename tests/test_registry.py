from __future__ import annotations

import pytest

from edgeguard.errors import ConfigError
from edgeguard.registry import Registry, call_with_options, near_match


def test_load_imports_what_was_registered():
    registry: Registry[type] = Registry("thing", {"fraction": "fractions:Fraction"})
    assert registry.load("fraction").__name__ == "Fraction"
    assert registry.names() == ["fraction"]


def test_unknown_name_is_answered_with_the_near_match():
    with pytest.raises(ConfigError, match=r"no thing is called 'fracton' \(did you mean 'fraction'\?\)"):
        Registry("thing", {"fraction": "fractions:Fraction"}).load("fracton")


def test_near_match_is_empty_when_nothing_is_near():
    assert near_match("xyz", ["fraction"]) == ""


def load(folder, *, rows: int, kind: str = "all", cuts: tuple[float, ...] = ()):
    return folder, rows, kind, cuts


class Defense:
    def __init__(self, exits, *, alpha: float | list[float] = 1.0):
        self.made = (exits, alpha)


def test_options_reach_a_function_and_a_class_as_their_annotations_say():
    assert call_with_options("data", load, {"rows": 3, "cuts": [1, 0.5]}, "here") == ("here", 3, "all", (1.0, 0.5))
    assert call_with_options("defense", Defense, {"alpha": [0.5]}, 4).made == (4, [0.5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 3, "knd": "x"}, "data has no option 'knd' (did you mean 'kind'?); there are: rows, kind, cuts"),
        ({"folder": "elsewhere", "rows": 3}, "data has no option 'folder'; there are: rows, kind, cuts"),
        ({}, "data needs the option 'rows'"),
        ({"rows": "3"}, "data, option 'rows': Expected int, got str"),
        ({"rows": 3.5}, "data, option 'rows': Expected int, got float"),
        ({"rows": 3, "cuts": [1, "x"]}, "data, option 'cuts': Expected float, got str - at $[1]"),
    ],
)
def test_options_that_do_not_fit_are_one_line(options, message):
    with pytest.raises(ConfigError) as refusal:
        call_with_options("data", load, options, "here")
    assert str(refusal.value) == message


def test_where_there_are_no_options_none_are_named():
    with pytest.raises(ConfigError, match="clock has no option 'x'; there are: none"):
        call_with_options("clock", lambda: 0, {"x": 1})
