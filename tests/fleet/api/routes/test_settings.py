"""Settings over REST."""

from edgeguard.fleet.config import Fairness


def test_everybody_sees_the_bands_and_admins_set_them(serve):
    server = serve(fairness=Fairness(bands={"alarm_rate": 0.05, "margin": 0.1}))
    ada, root = server.person(), server.person("admin")
    assert ada.get("/api/v1/settings/fairness").json() == {"bands": {"alarm_rate": 0.05, "margin": 0.1}}
    assert ada.put("/api/v1/settings/fairness", json={"bands": {"margin": 0.2}}).status_code == 403
    assert root.put("/api/v1/settings/fairness", json={"bands": {"margin": 0.2}}).status_code == 200
    assert ada.get("/api/v1/settings/fairness").json()["bands"] == {"alarm_rate": 0.05, "margin": 0.2}


def test_bands_that_cannot_be_are_refused(server):
    root = server.person("admin")
    for bands in ({"margin": 2}, {"margin": 0}, {"margin": "x"}, {"unknown": 0.1}):
        assert root.put("/api/v1/settings/fairness", json={"bands": bands}).status_code == 400
