"""Every table view as CSV or Parquet, by the filters of its list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from edgeguard.fleet.api.asked import Admin, Reader, Served
from edgeguard.fleet.api.filters import AlarmFilter, DeviceFilter, FigureFilter, QuarantineFilter
from edgeguard.fleet.api.limits import Span, Strict
from edgeguard.fleet.api.tables import MEDIA_TYPES, Format, blocks, file_of
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store.alarms import AlarmRow, each_alarm
from edgeguard.fleet.store.audit import Entry
from edgeguard.fleet.store.devices import DeviceRow, each_device
from edgeguard.fleet.store.export_rows import BucketRow, LabelRow, each_bucket, each_entry, each_label
from edgeguard.fleet.store.quarantine import QuarantineRow, each_quarantined
from edgeguard.fleet.store.wearers import WearerRow
from edgeguard.fleet.store.wearers import every as each_wearer

_FILES: Final[dict[str, Any]] = {
    "response_class": StreamingResponse,
    "responses": {200: {"description": "The file.", "content": {kind: {} for kind in MEDIA_TYPES.values()}}},
}
router = APIRouter(prefix="/exports", tags=["exports"])


@router.get("/devices.{form}", **_FILES)
def export_devices(parts: Served, _actor: Reader, form: Format, asked: Annotated[DeviceFilter, Query()]) -> Any:
    """Devices, by name."""
    return _file(parts, "devices", form, DeviceRow, each_device, asked)


@router.get("/alarms.{form}", **_FILES)
def export_alarms(parts: Served, _actor: Reader, form: Format, asked: Annotated[AlarmFilter, Query()]) -> Any:
    """Alarms, oldest first."""
    return _file(parts, "alarms", form, AlarmRow, each_alarm, asked)


@router.get("/labels.{form}", **_FILES)
def export_labels(parts: Served, _actor: Reader, form: Format, asked: Annotated[FigureFilter, Query()]) -> Any:
    """What people said that windows really were, oldest first."""
    return _file(parts, "labels", form, LabelRow, each_label, asked)


@router.get("/hours.{form}", **_FILES)
def export_hours(parts: Served, _actor: Reader, form: Format, asked: Annotated[FigureFilter, Query()]) -> Any:
    """Figures by the hour, of each device, source and model."""

    def rows(connection: Any, **filters: Any) -> Iterator[BucketRow]:
        return each_bucket(connection, "hours", **filters)

    return _file(parts, "hours", form, BucketRow, rows, asked)


@router.get("/days.{form}", **_FILES)
def export_days(parts: Served, _actor: Reader, form: Format, asked: Annotated[FigureFilter, Query()]) -> Any:
    """Figures by the day, of each device, source and model."""

    def rows(connection: Any, **filters: Any) -> Iterator[BucketRow]:
        return each_bucket(connection, "days", **filters)

    return _file(parts, "days", form, BucketRow, rows, asked)


@router.get("/wearers.{form}", **_FILES)
def export_wearers(parts: Served, _actor: Admin, form: Format, asked: Annotated[Strict, Query()]) -> Any:
    """Wearers with their groups and what they wore."""
    return _file(parts, "wearers", form, WearerRow, each_wearer, asked)


@router.get("/quarantine.{form}", **_FILES)
def export_quarantine(parts: Served, _actor: Admin, form: Format, asked: Annotated[QuarantineFilter, Query()]) -> Any:
    """Messages that were set aside, oldest first."""
    return _file(parts, "quarantine", form, QuarantineRow, each_quarantined, asked)


@router.get("/audit.{form}", **_FILES)
def export_audit(parts: Served, _actor: Admin, form: Format, asked: Annotated[Span, Query()]) -> Any:
    """Who did what, oldest first."""
    return _file(parts, "audit", form, Entry, each_entry, asked)


def _file(
    parts: Parts, name: str, form: Format, kind: type[Any], rows: Callable[..., Iterator[Any]], asked: Strict
) -> StreamingResponse:
    with parts.database.reading() as connection:
        file = file_of(kind, rows(connection, **asked.model_dump()), form)
    day = datetime.fromtimestamp(parts.now_ms() / 1000, timezone.utc).date()
    headers = {"Content-Disposition": f'attachment; filename="edgeguard-{name}-{day}.{form}"'}
    return StreamingResponse(blocks(file), media_type=MEDIA_TYPES[form], headers=headers)
