"""The pages outside of a session, as plain HTML: they need no script, and show in the system's own light or dark."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_FOLDER: Final = Path(__file__).parent
SCRIPT: Final = _FOLDER / "entry.js"
STYLE: Final = _FOLDER / "entry.css"


def field(
    name: str, label: str, *, kind: str = "text", autocomplete: str = "off", value: str = "", note: str = ""
) -> str:
    """A labelled input."""
    below = f"<small>{escape(note)}</small>" if note else ""
    what = f'id="{name}" name="{name}" type="{kind}" autocomplete="{autocomplete}" value="{escape(value)}"'
    rest = 'required autocapitalize="none" spellcheck="false"'
    return f'<label for="{name}">{escape(label)}</label><input {what} {rest}>{below}'


def form(action: str, token: str, button: str, *fields: str, hidden: dict[str, str] | None = None) -> str:
    """A form that posts to `action`, with the token that shows it is ours."""
    secret = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in {"form": token, **(hidden or {})}.items()
    )
    return f'<form method="post" action="{action}">{secret}{"".join(fields)}<button>{escape(button)}</button></form>'


def link_button(path: str, query: dict[str, str], text: str) -> str:
    """A link that looks like a button."""
    return f'<a class="button" href="{escape(f"{path}?{urlencode(query)}")}">{escape(text)}</a>'


def page(title: str, body: str, *, error: str = "", status: int = 200) -> HTMLResponse:
    """The whole page; `error` is announced to screen readers too."""
    alert = f'<p role="alert">{escape(error)}</p>' if error else ""
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · EdgeGuard fleet</title>
<link rel="stylesheet" href="/entry/style.css">
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{alert}{body}
<footer>EdgeGuard fleet. Research use only, not a medical device.</footer>
</main>
<script src="/entry/link.js" defer></script>
</body>
</html>
"""
    return HTMLResponse(text, status, headers={"Content-Security-Policy": POLICY})
