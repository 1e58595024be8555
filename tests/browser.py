"""A real Chromium, and pages in it that must not fail quietly, as fixtures."""

from __future__ import annotations

import os
import shutil
from urllib.parse import urlsplit

import pytest

SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests; they skip without it, but fail on CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        message = "Chromium is not installed: install it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


class Visitor:
    """A browser window; `problems` are what its user would not have seen, and its developer should.

    Console errors, failed requests, violated content policies, and whatever was asked of another host.
    """

    def __init__(self, context, url):
        self.url = url
        self.problems = []
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def go(self, path):
        """Open a page of the server, until it can be used."""
        self.page.goto(self.url + path)
        self.page.wait_for_function("window.did_handshake === true")
        return self.page

    def fits(self):
        """Wait until the page is no wider than the window: what is drawn follows a moment after the window."""
        self.page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    def _heard(self, message):
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.type}: {message.text}")

    def _failed(self, request):
        if "ERR_ABORTED" not in (request.failure or ""):  # left behind by going to another page
            self.problems.append(f"failed: {request.url} {request.failure}")

    def _asked(self, request):
        at = urlsplit(request.url)
        if at.scheme in {"http", "https", "ws", "wss"} and at.netloc != urlsplit(self.url).netloc:
            self.problems.append(f"another host: {request.url}")

    def _answered(self, response):
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def contexts(chromium):
    """(server, role) -> what those who are logged in so share: cookies, and the cache that makes the tests quick."""
    made = {}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def visit(chromium, contexts):
    """Makes a Visitor of a server that `tests.fleet.web` runs; whatever problem it had fails the test at its end."""
    visitors = []

    def make(server, *, role="viewer", size="wide"):
        context = contexts.get((server.url, role))
        if context is None:
            context = contexts[server.url, role] = chromium.new_context()
        context.clear_cookies()
        if role:
            name, _, value = server.person(role).cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": server.url}])
        visitors.append(Visitor(context, server.url))
        visitors[-1].page.set_viewport_size(SIZES[size])
        return visitors[-1]

    yield make
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for visitor in visitors:
        visitor.page.close()
    assert problems == []
