"""The API's description of itself."""


def test_it_tells_how_to_log_in_and_how_errors_look(server):
    described = server.stranger().get("/api/v1/openapi.json").json()
    assert set(described["components"]["securitySchemes"]) == {"token", "session"}
    users = described["paths"]["/api/v1/users"]["get"]
    assert {name for way in users["security"] for name in way} == {"token", "session"}
    assert "422" not in users["responses"]
    assert users["responses"]["403"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    assert "not a medical device" in described["info"]["description"]


def test_the_pages_of_forms_are_no_part_of_it_and_there_is_no_page_from_a_cdn(server):
    paths = server.stranger().get("/api/v1/openapi.json").json()["paths"]
    assert not [path for path in paths if path.startswith(("/login", "/setup", "/oidc", "/entry", "/invitation"))]
    assert server.person().get("/docs").status_code == 404
