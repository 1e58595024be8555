"""Errors as answers: ``{"error": one line}``, and nothing of the program's insides."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from edgeguard.errors import BrokerError, EdgeGuardError, Forbidden, NotFound, StoreError, StoreUnavailable, one_line
from edgeguard.fleet.actions.entry import TooManyAttempts
from edgeguard.fleet.api.gate import LoginNeeded

_STATUS: Final[tuple[tuple[type[EdgeGuardError], int], ...]] = (  # the first that fits
    (LoginNeeded, 401),
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


def failure(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one shape of all errors under /api."""
    return JSONResponse({"error": one_line(message)}, status, headers=headers)


def add_error_handlers(app: FastAPI) -> None:
    """Let `app` answer EdgeGuardErrors, invalid requests and unknown paths in that shape."""
    app.add_exception_handler(EdgeGuardError, _edgeguard)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _edgeguard(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EdgeGuardError)
    headers = {}
    if isinstance(error, LoginNeeded):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.wait_s)
    return failure(status_of(error), str(error), headers)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """Where and what, without the value: it may be a password."""
    assert isinstance(error, RequestValidationError)
    return failure(400, "; ".join(f"{_place(item)}: {item['msg']}" for item in error.errors()[:5]))


def _place(item: Any) -> str:
    return ".".join(str(part) for part in item["loc"])


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return failure(error.status_code, str(error.detail), dict(error.headers or {}))
