"""What each table view can be narrowed by: the same on the list and on its export."""

from __future__ import annotations

from typing import Literal

from edgeguard.fleet.api.limits import Id, Page, Search, Span, Strict, one_of
from edgeguard.fleet.store import alarms, devices, quarantine


class DeviceFilter(Strict):
    """`search`: part of fleet/device. `attention`: only those that somebody should look at."""

    search: Search = ""
    status: str = one_of(devices.STATUSES, "")
    attention: bool = False
    bundle_id: Id | None = None


class DevicePage(DeviceFilter, Page):
    """Part of the device list."""

    sort: str = one_of(devices.SORTS, "attention")
    descending: bool = False


class AlarmFilter(Span):
    """`search`: part of fleet/device. `assignee_id`: 0 for nobody's. `label`: "none" for those without one."""

    status: str = one_of(alarms.STATUSES, "")
    kind: str = one_of(("window", "drift", "slowdown"), "")
    device_id: Id | None = None
    assignee_id: Id | Literal[0] | None = None
    label: Search = ""
    bundle_id: Id | None = None
    search: Search = ""


class AlarmPage(AlarmFilter, Page):
    """Part of the alarm queue."""

    sort: str = one_of(alarms.SORTS, "began")
    descending: bool = True


class FigureFilter(Span):
    """Of one fleet or device, or of all."""

    fleet: Search = ""
    device: Search = ""


class QuarantineFilter(Span):
    """`search`: part of the topic or the reason."""

    kind: str = one_of(quarantine.KINDS, "")
    search: Search = ""


class QuarantinePage(QuarantineFilter, Page):
    """Part of the quarantine."""
