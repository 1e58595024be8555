from __future__ import annotations

import pytest

from edgeguard.errors import ConfigError
from edgeguard.registry import Registry, near_match


def test_load_imports_what_was_registered():
    registry: Registry[type] = Registry("thing", {"fraction": "fractions:Fraction"})
    assert registry.load("fraction").__name__ == "Fraction"
    assert registry.names() == ["fraction"]


def test_unknown_name_is_answered_with_the_near_match():
    with pytest.raises(ConfigError, match=r"no thing is called 'fracton' \(did you mean 'fraction'\?\)"):
        Registry("thing", {"fraction": "fractions:Fraction"}).load("fracton")


def test_near_match_is_empty_when_nothing_is_near():
    assert near_match("xyz", ["fraction"]) == ""
