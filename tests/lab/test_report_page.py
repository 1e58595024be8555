"""The report in a real browser, which alone knows whether a page is whole."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess

import pytest

from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.report import render_report
from edgeguard.lab.run import split_from_recipe

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom"),
]
WIDTHS = (400, 1200)

# A policy that allows what is in the page itself: any request for something else is refused, and told on the console.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
# The page stands in a frame, since a browser's own window has a least width; the frame's is the page's viewport.
FRAME = """<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}">
<iframe width="{width}" height="900" srcdoc="{page}"></iframe>
<script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  const held = element => element.closest(".scroll") !== null;
  const seen = {{
    width: root.clientWidth,
    too_wide: [...page.body.querySelectorAll("*")].filter(
      e => !held(e) && e.getBoundingClientRect().right > root.clientWidth + 0.5).map(e => e.outerHTML.slice(0, 80)),
    images: [...page.images].map(image => [image.naturalWidth, image.width, image.alt]),
    tables: page.querySelectorAll("table").length,
  }};
  document.body.append(Object.assign(document.createElement("pre"), {{textContent: JSON.stringify(seen)}}));
}});
</script>"""


@pytest.fixture(scope="session")
def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    message = "no Chromium here: install the package chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    return pytest.skip(message)


@pytest.fixture(scope="module")
def report(wave_run, wave_data):
    recipe, facts = wave_run.recipe(), wave_run.facts()
    measured = evaluate(wave_run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data))
    return render_report(measured, recipe, facts.signal, facts.classes, beside=measured.figures)


@pytest.fixture
def look(chromium, tmp_path):
    """A page at a width: what the browser measured, and what its console said."""

    def open_page(page, width):
        frame = tmp_path / "frame.html"
        frame.write_text(FRAME.format(policy=POLICY, width=width, page=html.escape(page)), encoding="utf-8")
        words = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1300,1000", frame.as_uri()]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
        seen = json.loads(html.unescape(re.findall(r"<pre>(.*?)</pre>", done.stdout)[-1]))
        return seen, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]

    return open_page


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_is_whole_and_fits_its_window(look, report, width):
    seen, console = look(report, width)
    assert console == []
    assert width - 20 <= seen["width"] <= width  # less a scroll bar
    assert seen["too_wide"] == []
    assert len(seen["images"]) == 6
    for natural_width, shown_width, alt in seen["images"]:
        assert natural_width > 0
        assert shown_width > 250
        assert len(alt) > 10
    assert seen["tables"] == 4


def test_a_request_and_an_overflow_would_be_seen(look, report):
    spoiled = report.replace("</main>", '<img alt="" src="http://127.0.0.1:9/x.png"><p style="width:5000px"></main>')
    seen, console = look(spoiled, 400)
    assert "Content Security Policy" in " ".join(console)
    assert len(seen["too_wide"]) == 1
    assert seen["images"][-1][0] == 0
