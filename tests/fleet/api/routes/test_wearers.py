from tests.fleet.worn import csv_of

CSV = {"Content-Type": "text/csv"}
LINE = "W1,ward,d1,,2020-01-01,,=f"


def test_a_file_goes_in_and_comes_out(small):
    headers = small.admin.session | CSV
    told = small.client.post("/api/v1/wearers/file?dry_run=true", headers=headers, content=csv_of([LINE]))
    assert (told.status_code, told.json()["wearers"]) == (200, 1)
    assert small.get("/api/v1/wearers", small.admin).json()["total"] == 0
    done = small.client.post("/api/v1/wearers/file", headers=headers, content=csv_of([LINE]))
    assert done.json() == {"wearers": 1, "attributes": 1, "wearings": 1, "wearings_changed": 0, "devices": 0}
    file = small.get("/api/v1/wearers/file", small.admin)
    assert file.headers["content-disposition"] == 'attachment; filename="wearers.csv"'
    assert file.text.splitlines()[1] == "W1,ward,d1,,2020-01-01T00:00:00.000Z,,'=f"


def test_a_bad_file_is_answered_in_one_line(small):
    headers = small.admin.session | CSV
    answer = small.client.post("/api/v1/wearers/file", headers=headers, content=csv_of(["W1,ward,d9,,2020-01-01,,f"]))
    assert answer.status_code == 400
    assert "line 2: no device ward/d9 is known" in answer.json()["error"]
    other = small.client.post("/api/v1/wearers/file", headers=small.admin.session, json={})
    assert (other.status_code, "send the file as text/csv" in other.json()["error"]) == (400, True)


def test_a_wearing_begins_and_ends(small):
    wearer = small.post("/api/v1/wearers", {"pseudonym": "W1", "attributes": {"sex": "f"}}).json()
    worn = {"fleet": "ward", "device": "d1", "from_ms": 1000}
    begun = small.post(f"/api/v1/wearers/{wearer['id']}/wearings", worn)
    (wearing,) = begun.json()["wearings"]
    assert small.post(f"/api/v1/wearers/{wearer['id']}/wearings", worn).status_code == 400
    path = f"/api/v1/wearings/{wearing['id']}"
    ended = small.client.put(path, headers=small.admin.session, json={"until_ms": 2000})
    assert ended.json()["wearings"][0]["until_ms"] == 2000
    assert small.client.delete(path, headers=small.admin.session).status_code == 204
    assert small.get(f"/api/v1/wearers/{wearer['id']}", small.admin).json()["wearings"] == []
    groups = small.get("/api/v1/wearers/attributes", small.admin).json()
    assert groups == [{"attribute": "sex", "values": {"f": 1}}]
