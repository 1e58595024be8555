from dataclasses import fields, replace

import pytest

from edgeguard.fleet.pages.timeline_charts import strips
from edgeguard.fleet.series import Figures
from edgeguard.fleet.store.devices import PresenceRow
from edgeguard.fleet.store.timeline import AlarmSpan, Deployment, Timeline

NOW_MS = 3_000


@pytest.fixture
def timeline():
    plain = {field.name: [1.0, None, 3.0] for field in fields(Figures)}
    named = {"predictions": {"a": [3, None, 1], "b": [1, None, 3]}, "rejected": {"noise": [1, None, 0]}, "faults": {}}
    figures = Figures(**{**plain, "at_ms": [1000, 1001, 2000], "windows": [5, None, 4], **named})
    presence = [PresenceRow(0, "online", "b"), PresenceRow(1500, "offline", "b")]
    runs = [Deployment(1, "ecg", "1.0", 0, None)]
    alarms = [AlarmSpan(7, "window", "open", 1800, None, 0.5)]
    return Timeline(0, NOW_MS, "summaries", figures, presence, runs, alarms)


def charts(timeline, threshold=None):
    return {strip.name: strip.options for strip in strips(timeline, NOW_MS, threshold)}


def test_shares_are_of_the_windows_given_to_the_model(timeline):
    lines = {line["name"]: line["data"] for line in charts(timeline)["Predictions"]["series"]}
    assert lines == {"a": [[1000, 0.75], [1001, None], [2000, 0.25]], "b": [[1000, 0.25], [1001, None], [2000, 0.75]]}


def test_rejected_are_a_share_of_all_windows(timeline):
    (noise,) = charts(timeline)["Rejected"]["series"]
    assert noise["data"] == [[1000, 0.2], [1001, None], [2000, 0.0]]


def test_an_alarm_that_goes_on_is_marked_up_to_now_and_leads_to_its_page(timeline):
    mean, _ = charts(timeline)["Disagreement of the exits"]["series"]
    assert mean["markArea"]["data"] == [[{"xAxis": 1800, "href": "/alarms/7"}, {"xAxis": NOW_MS}]]


def test_a_threshold_is_drawn_where_one_is_known(timeline):
    drawn = [charts(timeline, threshold)["Disagreement of the exits"]["series"][0] for threshold in (None, 0.25)]
    assert "markLine" not in drawn[0]
    assert drawn[1]["markLine"]["data"] == [{"yAxis": 0.25}]


def test_presence_and_model_are_bands_one_after_the_other(timeline):
    (bands,) = charts(timeline)["Presence and model"]["series"]
    spans = [(a["name"], a["xAxis"], b["xAxis"]) for a, b in bands["markArea"]["data"]]
    assert spans == [("online", 0, 1500), ("offline", 1500, NOW_MS), ("ecg 1.0", 0, NOW_MS)]


def test_a_device_of_which_nothing_is_known_has_no_bands(timeline):
    (bands,) = charts(replace(timeline, presence=[], deployments=[]))["Presence and model"]["series"]
    assert bands["markArea"]["data"] == []


def test_all_charts_share_one_axis_of_time(timeline):
    assert {(chart["xAxis"]["min"], chart["xAxis"]["max"]) for chart in charts(timeline).values()} == {(0, NOW_MS)}
