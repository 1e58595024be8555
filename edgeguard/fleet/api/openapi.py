"""The API's own description, with the errors as they are really answered."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_ERRORS: Final = {
    "400": "The request does not fit: correct it.",
    "401": "Nobody is logged in, or the token does not hold.",
    "403": "Who asks may not do this, or the request comes from another site.",
    "404": "There is none of that name or number.",
    "409": "The database refuses what was asked.",
    "413": "The request is too large.",
    "429": "Too many attempts: wait for Retry-After.",
    "503": "The database or the broker is away: try again.",
}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"error": {"type": "string", "description": "One line: what happened, what to do."}},
    "required": ["error"],
}


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` tell every operation's errors in the shape of `errors.failure`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(get_openapi(title=app.title, version=app.version, routes=app.routes))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # how FastAPI's own documentation does it


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    schema["info"]["description"] = "Research use only, not a medical device."
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Error"] = _SCHEMA
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in schema["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            for status, description in _ERRORS.items():
                operation["responses"].setdefault(status, {"description": description, "content": content})
    return schema
