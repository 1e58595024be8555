"""CSV in requests and answers."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request, Response

from edgeguard.errors import ConfigError

CSV_REQUEST: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
}
CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


async def csv_of(request: Request) -> bytes:
    """The request's body; ConfigError where it says that it is something else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise ConfigError(f"the content is {kind[:40] or 'of no type'}: send the file as text/csv")
    return await request.body()


def csv_answer(text: str, name: str) -> Response:
    """`text` as a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
