from tests.fleet.small_fleet import HOSTILE

HEADER = "fleet,device,boot,source,window_start,time,label,predicted\n"


def test_an_alarm_is_labelled_and_its_label_taken_back(small):
    path, headers = "/api/v1/alarms/7/label", small.clinician.session
    assert small.client.put(path, headers=headers, json={"label": HOSTILE}).status_code == 204
    exported = small.get("/api/v1/labels/file", origin="alarm").text
    assert f"'{HOSTILE}" in exported.splitlines()[1]
    assert small.client.put(path, headers=headers, json={"label": "none of them"}).status_code == 400
    assert small.client.delete(path, headers=headers).status_code == 204
    assert len(small.get("/api/v1/labels/file", origin="alarm").text.splitlines()) == 1


def test_a_file_of_samples_goes_in_whole_or_not_at_all(small):
    headers = small.clinician.session | {"Content-Type": "text/csv"}
    good = f"ward,d1,{'0' * 16},ecg,5,2023-11-14T12:00:00Z,N,N\n"
    bad = small.client.post("/api/v1/labels/file", headers=headers, content=HEADER + good + good.replace("d1", "d9"))
    assert (bad.status_code, "line 3: no device ward/d9" in bad.json()["error"]) == (400, True)
    done = small.client.post("/api/v1/labels/file", headers=headers, content=HEADER + good)
    assert done.json() == {"labels": 1, "changed": 0}
