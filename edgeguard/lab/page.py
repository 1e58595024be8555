"""HTML pages that need no other file, from the templates beside this module."""

from __future__ import annotations

from importlib.resources import files as package_files
from typing import Any

import jinja2


def html_page(template: str, **facts: Any) -> str:
    """The page that a template makes of `facts`; a fact that is missing is an error, and text is escaped."""
    loader = jinja2.FunctionLoader(lambda name: package_files("edgeguard.lab").joinpath(name).read_text("utf-8"))
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.get_template(template).render(**facts)
