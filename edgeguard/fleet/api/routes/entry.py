"""Login, logout, the first start and invitations, as pages of plain HTML."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.actions import entry, invitations
from edgeguard.fleet.api import cookies, forms
from edgeguard.fleet.api.access import actor_of, cookie_of, gate_of
from edgeguard.fleet.api.errors import headers_of, status_of
from edgeguard.fleet.api.origins import local_path
from edgeguard.fleet.passwords import MIN_LETTERS

root_router: Final = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=2000)]
_RULE: Final = f"At least {MIN_LETTERS} characters."
_KEPT: Final = {"Cache-Control": "public, max-age=3600"}
_LINK_NOTE: Final = "What follows the # in the link; filled in by itself where the link was opened."


@root_router.get("/login")
def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """The login form; who is logged in goes on."""
    if actor_of(request) is not None:
        return RedirectResponse(local_path(next), 303)
    return _login_page(request, next)


@root_router.post("/login")
def log_in(
    request: Request,
    name: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002 - the name in the form
    form: Text = "",
) -> Response:
    """Log in, and go where one wanted to."""
    parts = gate_of(request).parts
    try:
        cookies.check_form(request, form)
        cookie = entry.log_in(parts.database, name, password, address_of(request), parts.now_ms())
    except EdgeGuardError as error:
        return _login_page(request, next, name=name, error=error)
    return let_in(request, cookie, next)


@root_router.get("/logout")
def show_logout(request: Request) -> Response:
    """A button: a link from elsewhere must not log anybody out."""
    token = cookies.form_token(request)
    return _with_form(request, token, forms.page("Log out", forms.form("/logout", token, "Log out")))


@root_router.post("/logout")
def log_out(request: Request, form: Text = "") -> Response:
    """End the session."""
    parts = gate_of(request).parts
    cookies.check_form(request, form)
    entry.log_out(parts.database, cookie_of(request), parts.now_ms())
    response = RedirectResponse("/login", 303)
    cookies.take_session(response, parts.config.web)
    return response


@root_router.get("/setup")
def show_setup(request: Request) -> Response:
    """The form for the first admin."""
    return _setup_page(request)


@root_router.post("/setup")
def set_up(request: Request, code: Text = "", name: Text = "", password: Text = "", form: Text = "") -> Response:
    """Make the first admin."""
    parts = gate_of(request).parts
    try:
        cookies.check_form(request, form)
        address = address_of(request)
        cookie = invitations.set_up(parts.database, code.strip(), name, password, address, parts.now_ms())
    except EdgeGuardError as error:
        return _setup_page(request, code=code, name=name, error=error)
    return let_in(request, cookie, "/")


@root_router.get("/invitation")
def show_invitation(request: Request) -> Response:
    """The form for a first or a new password."""
    return _invitation_page(request)


@root_router.post("/invitation")
def accept(request: Request, code: Text = "", password: Text = "", form: Text = "") -> Response:
    """Choose the password that the link is for."""
    parts = gate_of(request).parts
    try:
        cookies.check_form(request, form)
        cookie = invitations.accept(parts.database, code.strip(), password, address_of(request), parts.now_ms())
    except EdgeGuardError as error:
        return _invitation_page(request, code=code, error=error)
    return let_in(request, cookie, "/")


@root_router.get("/entry/style.css")
def style() -> Response:
    """How these pages look."""
    return FileResponse(forms.STYLE, media_type="text/css", headers=_KEPT)


@root_router.get("/entry/link.js")
def script() -> Response:
    """What spares people copying the code out of a link."""
    return FileResponse(forms.SCRIPT, media_type="text/javascript", headers=_KEPT)


def address_of(request: Request) -> str:
    """Where the request comes from, as the web server has it: past the trusted proxy alone."""
    return request.client.host if request.client else ""


def let_in(request: Request, cookie: str, wanted: str) -> Response:
    """Give the new session's cookie, end the one before, and go on."""
    parts = gate_of(request).parts
    entry.log_out(parts.database, cookie_of(request), parts.now_ms())
    response = RedirectResponse(local_path(wanted), 303)
    cookies.give_session(response, parts.config.web, cookie)
    cookies.take_short(response, parts.config.web, "form")
    return response


def show_login_failure(request: Request, error: EdgeGuardError) -> Response:
    """The login form, with why another way in failed."""
    return _login_page(request, "/", error=error)


def _login_page(request: Request, wanted: str, *, name: str = "", error: EdgeGuardError | None = None) -> Response:
    token, wanted = cookies.form_token(request), local_path(wanted)
    body = forms.form(
        "/login",
        token,
        "Log in",
        forms.field("name", "Name", autocomplete="username", value=name),
        forms.field("password", "Password", kind="password", autocomplete="current-password"),
        hidden={"next": wanted},
    )
    if gate_of(request).parts.config.oidc.issuer:
        body += forms.link_button("/oidc/login", {"next": wanted}, "Log in with your organization")
    return _page(request, token, "Log in", body, error)


def _setup_page(request: Request, *, code: str = "", name: str = "", error: EdgeGuardError | None = None) -> Response:
    token = cookies.form_token(request)
    body = forms.form(
        "/setup",
        token,
        "Make the first admin",
        forms.field("code", "Code of the setup link", value=code, note=_LINK_NOTE),
        forms.field("name", "Your name", autocomplete="username", value=name),
        forms.field("password", "A password", kind="password", autocomplete="new-password", note=_RULE),
    )
    return _page(request, token, "Set up the fleet", body, error)


def _invitation_page(request: Request, *, code: str = "", error: EdgeGuardError | None = None) -> Response:
    token = cookies.form_token(request)
    body = forms.form(
        "/invitation",
        token,
        "Set the password",
        forms.field("code", "Code of the link", value=code, note=_LINK_NOTE),
        forms.field("password", "A new password", kind="password", autocomplete="new-password", note=_RULE),
    )
    return _page(request, token, "Choose a password", body, error)


def _page(request: Request, token: str, title: str, body: str, error: EdgeGuardError | None) -> Response:
    if error is None:
        return _with_form(request, token, forms.page(title, body))
    response = forms.page(title, body, error=str(error), status=status_of(error))
    response.headers.update(headers_of(error))
    return _with_form(request, token, response)


def _with_form(request: Request, token: str, response: HTMLResponse) -> Response:
    cookies.give_short(response, gate_of(request).parts.config.web, "form", token)
    return response
