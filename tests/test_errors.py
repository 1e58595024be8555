from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgeguard.errors import EXTRAS, BundleError, EdgeGuardError, MissingExtra, one_line

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_a_message_is_one_line_whatever_it_quotes():
    assert str(BundleError("first\nsecond\t third \x1b[2J\r\nfourth")) == "first second third ?[2J fourth"


@pytest.mark.parametrize("text", ["", "ε = 0.3 …", "日本"])
def test_printable_text_stays_as_it_is(text):
    assert one_line(text) == text


def test_every_error_says_what_to_do_in_its_docstring():
    for kind in (EdgeGuardError, *EdgeGuardError.__subclasses__()):
        assert kind.__doc__


def test_every_named_extra_holds_the_library():
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
    for module, (library, extra) in EXTRAS.items():
        needs = project["optional-dependencies"][extra]
        assert any(need.startswith(library.split()[0]) for need in needs), module
        assert str(MissingExtra(module)) == f"{library} is not installed: run pip install 'edgeguard[{extra}]'"
