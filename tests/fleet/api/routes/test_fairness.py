from edgeguard.fleet.clock import HOUR_MS
from tests.fleet.small_fleet import NOW_MS
from tests.fleet.worn import wear

RANGE = {"from_ms": NOW_MS - 5 * HOUR_MS, "to_ms": NOW_MS}


def test_a_report_hides_the_three_wearers_that_there_are(small):
    wear(small.database, [f"W{k},ward,d{k},,2020-01-01,,f" for k in (1, 2, 3)])
    assert small.get("/api/v1/fairness/attributes").json() == ["sex"]
    report = small.get("/api/v1/fairness/report", attribute="sex", **RANGE).json()
    hidden = {"name": "f", "wearers": None, "devices": None, "windows": None, "hidden": "fewer than 5 wearers"}
    assert report["groups"] == [hidden]
    assert {estimate["count"] for row in report["figures"] for estimate in row["groups"]} == {0}


def test_bad_questions_are_answered_in_one_line(small):
    wear(small.database, ["W1,ward,d1,,2020-01-01,,f"])
    for asked, text in (
        ({"attribute": "age", **RANGE}, "no wearer has the attribute 'age'"),
        ({"attribute": "sex", "from_ms": 5, "to_ms": 4}, "no full hour"),
        ({"attribute": "sex", "from_ms": 5}, "to_ms"),
        ({"attribute": "sex", **RANGE, "origin": "other"}, "origin"),
        ({"attribute": "sex\x00", **RANGE}, "attribute"),
    ):
        answer = small.get("/api/v1/fairness/report", **asked)
        assert (answer.status_code, text in answer.json()["error"]) == (400, True), asked


def test_there_are_no_alerts_at_first(small):
    assert small.get("/api/v1/fairness/alerts", only_open=True).json() == {"rows": [], "total": 0, "offset": 0}
