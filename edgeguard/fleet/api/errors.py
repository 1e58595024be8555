"""Errors as answers: ``{"error": one line}``, and nothing of the program's insides."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from edgeguard.errors import BrokerError, EdgeGuardError, Forbidden, NotFound, StoreError, StoreUnavailable, one_line
from edgeguard.fleet.actions.entry import LoginFailed
from edgeguard.fleet.actions.throttle import TooManyAttempts
from edgeguard.fleet.api.gate import LoginNeeded

_STATUS: Final[tuple[tuple[type[EdgeGuardError], int], ...]] = (  # the first that fits
    (LoginNeeded, 401),
    (LoginFailed, 401),
    (TooManyAttempts, 429),
    (Forbidden, 403),
    (NotFound, 404),
    (StoreUnavailable, 503),
    (BrokerError, 503),
    (StoreError, 409),
    (EdgeGuardError, 400),
)


def status_of(error: EdgeGuardError) -> int:
    """The HTTP status that tells a program what the error's kind tells a person."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def headers_of(error: EdgeGuardError) -> dict[str, str]:
    """How to log in, or how long to wait."""
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.wait_s)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, LoginNeeded) else {}


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one shape of all errors under /api."""
    return JSONResponse({"error": one_line(message)}, status, headers=headers)


def answer(path: str, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error as JSON for programs, as one plain line for people."""
    if path.startswith("/api/"):
        return failure(status, message, headers)
    return PlainTextResponse(f"{one_line(message)}\n", status, headers=headers)


def add_error_handlers(app: FastAPI) -> None:
    """Let `app` answer EdgeGuardErrors, invalid requests and unknown paths in that shape."""
    app.exception_handler(EdgeGuardError)(_edgeguard)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)


def _edgeguard(request: Request, error: EdgeGuardError) -> Response:
    return answer(request.url.path, status_of(error), str(error), headers_of(error))


def _invalid(request: Request, error: RequestValidationError) -> Response:
    """Where and what, without the value: it may be a password."""
    return answer(request.url.path, 400, "; ".join(f"{_place(item)}: {item['msg']}" for item in error.errors()[:5]))


def _place(item: Any) -> str:
    return ".".join(str(part) for part in item["loc"])


def _http(request: Request, error: HTTPException) -> Response:
    return answer(request.url.path, error.status_code, str(error.detail), dict(error.headers or {}))
