"""The registry of wearers; only admins see it, for groups are shown as groups alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from edgeguard.csv_text import MAX_LETTERS
from edgeguard.fleet.actions import wearers as actions
from edgeguard.fleet.api.asked import Admin, Served
from edgeguard.fleet.api.asked import Id as PathId
from edgeguard.fleet.api.csv_body import CSV_ANSWER, CSV_REQUEST, csv_answer, csv_of
from edgeguard.fleet.api.limits import Ms, Page, Search, Strict
from edgeguard.fleet.store import wearers as store
from edgeguard.fleet.store.listing import Listing
from edgeguard.fleet.store.wearer_import import Imported
from edgeguard.fleet.store.wearers import AttributeRow, WearerRow
from edgeguard.fleet.wearer_file import MAX_ATTRIBUTES, Wearing

router = APIRouter(tags=["wearers"])

Text = Annotated[str, Field(min_length=1, max_length=MAX_LETTERS)]


class WearerPage(Page):
    """`search`: part of the pseudonym; `attribute` and `value`: of the group; `fleet` and `device`: ever worn."""

    search: Search = ""
    attribute: Search = ""
    value: Search = ""
    fleet: Search = ""
    device: Search = ""
    descending: bool = False


class WearerFields(Strict):
    """Who a wearer is, and all their attributes."""

    pseudonym: Text
    attributes: Annotated[dict[Text, Text], Field(default_factory=dict, max_length=MAX_ATTRIBUTES)]


class NewWearing(Strict):
    """What a wearer wears; `source` empty: all of the device; `until_ms` null: still."""

    fleet: Text
    device: Text
    source: Annotated[str, Field(max_length=MAX_LETTERS)] = ""
    from_ms: Ms
    until_ms: Ms | None = None


class End(Strict):
    """When a wearing ends; null: it goes on."""

    until_ms: Ms | None


class HowToImport(Strict):
    """`dry_run`: only tell; `register_devices`: take in devices that are not known."""

    dry_run: bool = False
    register_devices: bool = False


@router.get("/wearers")
def list_wearers(parts: Served, _actor: Admin, asked: Annotated[WearerPage, Query()]) -> Listing[WearerRow]:
    """Part of the registry."""
    with parts.database.reading() as connection:
        return store.wearers(connection, **asked.model_dump())


@router.get("/wearers/attributes")
def list_attributes(parts: Served, _actor: Admin) -> list[AttributeRow]:
    """Every attribute with the sizes of its groups."""
    with parts.database.reading() as connection:
        return store.attributes(connection)


@router.get("/wearers/file", response_class=Response, responses=CSV_ANSWER)
def export_wearers(parts: Served, actor: Admin) -> Response:
    """The whole registry as a CSV."""
    return csv_answer(actions.export_wearers(parts.database, actor, parts.now_ms()), "wearers.csv")


@router.post("/wearers/file", openapi_extra=CSV_REQUEST)
def import_wearers(
    parts: Served, actor: Admin, content: Annotated[bytes, Depends(csv_of)], how: Annotated[HowToImport, Query()]
) -> Imported:
    """Take in a CSV: all of it or nothing."""
    return actions.import_wearers(parts.database, actor, content, parts.now_ms(), **how.model_dump())


@router.post("/wearers", status_code=201)
def create_wearer(parts: Served, actor: Admin, asked: WearerFields) -> WearerRow:
    """Add a wearer."""
    return actions.create_wearer(parts.database, actor, asked.pseudonym, asked.attributes, parts.now_ms())


@router.get("/wearers/{wearer_id}")
def read_wearer(parts: Served, _actor: Admin, wearer_id: PathId) -> WearerRow:
    """One wearer."""
    with parts.database.reading() as connection:
        return store.wearer(connection, wearer_id)


@router.put("/wearers/{wearer_id}")
def update_wearer(parts: Served, actor: Admin, wearer_id: PathId, asked: WearerFields) -> WearerRow:
    """Change the pseudonym and replace all attributes."""
    return actions.update_wearer(parts.database, actor, wearer_id, asked.pseudonym, asked.attributes, parts.now_ms())


@router.delete("/wearers/{wearer_id}", status_code=204)
def delete_wearer(parts: Served, actor: Admin, wearer_id: PathId) -> None:
    """Forget a wearer, their groups and what they wore."""
    actions.delete_wearer(parts.database, actor, wearer_id, parts.now_ms())


@router.post("/wearers/{wearer_id}/wearings", status_code=201)
def begin_wearing(parts: Served, actor: Admin, wearer_id: PathId, asked: NewWearing) -> WearerRow:
    """Note that the wearer wears a device."""
    worn = Wearing("", **asked.model_dump())
    return actions.begin_wearing(parts.database, actor, wearer_id, worn, parts.now_ms())


@router.put("/wearings/{wearing_id}")
def end_wearing(parts: Served, actor: Admin, wearing_id: PathId, asked: End) -> WearerRow:
    """Let a wearing end."""
    return actions.end_wearing(parts.database, actor, wearing_id, asked.until_ms, parts.now_ms())


@router.delete("/wearings/{wearing_id}", status_code=204)
def delete_wearing(parts: Served, actor: Admin, wearing_id: PathId) -> None:
    """Take back a wearing that never was."""
    actions.delete_wearing(parts.database, actor, wearing_id, parts.now_ms())
