from __future__ import annotations

import csv
import io
import json

import pytest
from pyarrow import parquet

from edgeguard.fleet.api.tables import blocks, file_of
from edgeguard.fleet.store import tables as t
from edgeguard.fleet.store.quarantine import QuarantineRow
from tests.fleet.small_fleet import HOSTILE, NOW_MS, alarm, put

VIEWS = ("devices", "alarms", "labels", "hours", "days", "wearers", "quarantine", "audit")


def csv_rows(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_both_forms_hold_the_same_rows(server):
    with server.database.writing() as connection:
        put(connection, t.labels, {
            "device_id": 3, "boot": "0" * 16, "source": "ecg", "window_start": 7, "at_ms": 1, "bundle_id": 2,
            "predicted": "N", "probabilities": {}, "label": "V", "origin": "alarm", "alarm_id": 7, "labelled_ms": 5,
        })  # fmt: skip
        put(connection, t.wearers, {"id": 1, "pseudonym": "w1", "created_ms": 5})
        put(connection, t.attributes, {"wearer_id": 1, "attribute": "sex", "value": HOSTILE})
    for view in VIEWS:
        text = server.get(f"/api/v1/exports/{view}.csv", server.admin)
        file = server.get(f"/api/v1/exports/{view}.parquet", server.admin)
        from_text = [[cell.removeprefix("'") for cell in row.values()] for row in csv_rows(text)]
        table = parquet.read_table(io.BytesIO(file.content)).to_pylist()
        assert from_text == [["" if cell is None else str(cell) for cell in row.values()] for row in table]
        assert len(table) > 0 or view == "days"
        assert text.headers["content-disposition"] == f'attachment; filename="edgeguard-{view}-2023-11-14.csv"'


def test_the_filters_are_those_of_the_list(server):
    with server.database.writing() as connection:
        put(connection, t.alarms, alarm(8, 1, status="closed"))
    assert [row["id"] for row in csv_rows(server.get("/api/v1/exports/alarms.csv", status="closed"))] == ["8"]
    assert [row["device"] for row in csv_rows(server.get("/api/v1/exports/devices.csv", search="d2"))] == ["d2"]
    hours = csv_rows(server.get("/api/v1/exports/hours.csv", device="d1", from_ms=NOW_MS - 3 * 3_600_000))
    assert [row["windows"] for row in hours] == ["100"] * 3
    assert server.get("/api/v1/exports/alarms.csv", sort="began").status_code == 400


def test_no_cell_is_a_formula(server):
    for view in VIEWS:
        for row in csv_rows(server.get(f"/api/v1/exports/{view}.csv", server.admin)):
            for name, cell in row.items():
                assert cell[:1] not in tuple("=+-@\t\r"), (view, name)


@pytest.mark.parametrize("beginning", list("=+-@\t\r"))
def test_what_a_spreadsheet_would_run_is_defused_and_numbers_stay_numbers(beginning):
    row = QuarantineRow(-1, 2, beginning + "1+1", None, None, "malformed", "fine", 3, 'x,"y"\n', 1)
    text = b"".join(blocks(file_of(QuarantineRow, [row], "csv"))).decode()
    (header, cells) = csv.reader(io.StringIO(text, newline=""))
    assert (cells[0], cells[2], cells[3], cells[8]) == ("-1", f"'{beginning}1+1", "", 'x,"y"\n')
    assert header[:3] == ["id", "received_ms", "topic"]


def test_an_empty_table_keeps_its_columns():
    file = b"".join(blocks(file_of(QuarantineRow, [], "parquet")))
    schema = parquet.read_schema(io.BytesIO(file))
    assert str(schema.field("received_ms").type) == "int64"
    assert str(schema.field("fleet").type) == "string"


def test_large_exports_go_by_way_of_the_disk():
    rows = (QuarantineRow(k, 2, "t" * 1000, None, None, "malformed", "fine", 3, "", 1) for k in range(20_000))
    file = file_of(QuarantineRow, rows, "csv")
    assert sum(map(len, blocks(file))) > 20_000_000
    assert file.closed


def test_nested_cells_are_json(server):
    (row,) = csv_rows(server.get("/api/v1/exports/devices.csv", search="d3"))
    assert json.loads(row["sources"]) == [HOSTILE]
