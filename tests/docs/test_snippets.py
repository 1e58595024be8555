"""The documents do what they say: their snippets run, their links lead somewhere, every command is in them."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from edgeguard.cli import command as edgeguard
from edgeguard.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(
    r"(?:^<!-- not run: *(?P<reason>.*?) *-->\n)?^```(?P<language>console|python)\n(?P<code>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
RELEASED = "ecg5000-fcnet-quarter"
OF_THE_LAB = ("data", "detect", "evaluate", "export", "reproduce", "train", "universal")


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    code: str
    not_run: str | None


def blocks_of(text: str) -> Iterator[Block]:
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        yield Block(line, found["language"], found["code"], found["reason"])


def commands_of(code: str) -> Iterator[tuple[list[str], int]]:
    """Words and promised exit status of each ``$ …`` line; ``# exit status 1`` behind it promises another than 0."""
    for line in re.sub(r"\\\n", " ", code).splitlines():
        if line.startswith("$ "):
            status = re.search(r"# exit status (\d+)$", line)
            yield shlex.split(line[2:], comments=True), int(status[1]) if status else 0


def run_console(block: Block, place: Path, environment: dict[str, str]) -> None:
    for words, status in commands_of(block.code):
        if words[0] == "make":  # sets up a virtual environment of its own
            continue
        assert words[0] == "edgeguard", f"line {block.line}: {words[0]} cannot be run here: mark the block"
        run = run_here if words[1] in OF_THE_LAB else run_apart
        found, said = run(words[1:], place, environment)
        assert found == status, f"line {block.line}: {shlex.join(words)}\n{said}"


def run_apart(words: list[str], place: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and output of a command in a process of its own."""
    line = [sys.executable, "-m", "edgeguard", *words]
    done = subprocess.run(line, cwd=place, env=environment, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout + done.stderr


def run_here(words: list[str], *_: object) -> tuple[int, str]:
    """The same in this process, which has spent the seconds already that torch takes to load."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "argv", ["edgeguard", *words])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to run a document in, and a home of its own."""
    home, folder = tmp_path / "home", tmp_path / "document"
    home.mkdir()
    folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if list(blocks_of(page.read_text()))], ids=lambda p: p.name)
def test_snippets_run_in_order(page, place):
    namespace = {"__name__": "__main__"}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        if block.not_run is not None:
            assert block.not_run, f"{page.name}:{block.line}: say why it is not run"
        elif block.language == "console":
            run_console(block, place, dict(os.environ))
        else:
            code = "\n" * (block.line - 1) + block.code  # a traceback then names the document's own line
            exec(compile(code, str(page), "exec"), namespace)


def test_blocks_and_marks_are_found():
    text = "a\n```console\n$ edgeguard x # exit status 2\nshown\n$ edgeguard y \\\n  --z\n```\n"
    (block,) = blocks_of(text)
    assert (block.line, block.not_run) == (3, None)
    assert list(commands_of(block.code)) == [(["edgeguard", "x"], 2), (["edgeguard", "y", "--z"], 0)]
    (marked,) = blocks_of("<!-- not run: needs a broker -->\n```python\nx\n```\n")
    assert marked.not_run == "needs a broker"


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(words), group
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*words, name))
        else:
            yield " ".join((*words, name)), found


@pytest.mark.parametrize(
    ("name", "found"), [pytest.param(*pair, id=pair[0] or "edgeguard") for pair in commands(edgeguard)]
)
def test_every_command_and_option_is_described(name, found):
    text = "\n".join(page.read_text() for page in PAGES)
    assert re.search(rf"edgeguard {name}".strip() + r"\b", text)
    for option in found.params:
        for word in option.opts if isinstance(option, click.Option) else ():
            if word.startswith("--") and word not in {"--help", "--version"}:
                assert re.search(rf"{word}\b", text), f"edgeguard {name} {word} is in no document"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("folder", ["", "docs", "models/*", "benchmarks/results"])
def test_no_document_names_a_place_on_somebodys_machine(folder):
    for page in (path for kind in ("*.md", "*.json", "*.yaml") for path in ROOT.glob(f"{folder}/{kind}".lstrip("/"))):
        found = re.search(r"(?<![\w.])/(?:work|home|root|Users)/\S*|[A-Z]:\\\\?Users", page.read_text())
        assert found is None, f"{page.name}: {found[0]}"
