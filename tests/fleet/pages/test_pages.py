import threading

import pytest

from edgeguard.fleet.store import devices, tables
from tests.browser import SIZES
from tests.fleet.pages import ward

PATHS = {
    "/": "holter-attacked",
    "/devices/ward-a/holter-attacked": "Disagreement of the exits",
    "/models": "ecg-exits 1.1",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_page_shows_its_data_in_both_sizes_and_themes(visit, full, path):
    visitor = visit(full)
    page = visitor.go(path)
    page.get_by_text(PATHS[path], exact=True).first.wait_for()
    assert page.get_by_text("Research use only. Not a medical device.").is_visible()
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        for size in ("phone", "wide"):
            page.set_viewport_size(SIZES[size])
            visitor.fits()
        page.wait_for_function(f"document.body.classList.contains('body--{theme}')")


def test_the_attacked_device_is_the_first_row(visit, full):
    page = visit(full).go("/")
    first = page.locator("tbody tr").first
    assert "holter-attacked" in first.inner_text()
    assert "attacked · 2 open" in first.inner_text()


def test_pressing_a_heading_sorts_and_pressing_it_again_turns_it_around(visit, full):
    page = visit(full).go("/")
    page.get_by_role("button", name="Missing").click()
    page.wait_for_url("**/?sort=missing&descending=1")
    page.locator("tbody tr").first.get_by_text("holter-lossy").wait_for()
    page.get_by_role("button", name="Missing").click()
    page.wait_for_url("**/?sort=missing")
    page.locator("th[aria-sort=ascending]").get_by_text("Missing").wait_for()


def test_the_list_goes_on_to_its_second_part(visit, full):
    page = visit(full).go("/")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/?offset=50")
    page.get_by_text("51–71 of 71").wait_for()
    assert page.locator("tbody tr").count() == 21


def test_a_search_narrows_the_list_and_stays_in_the_address(visit, full):
    page = visit(full).go("/")
    page.get_by_label("Search fleet/device").fill("offline")
    page.wait_for_url("**/?search=offline")
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 1")
    page.reload()
    page.get_by_text("holter-offline").wait_for()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_text("of 71").wait_for()


def test_a_search_that_fits_nothing_says_so(visit, full):
    page = visit(full).go("/?search=zebra")
    page.get_by_text("No device fits").wait_for()


def test_a_figure_leads_to_its_devices(visit, full):
    page = visit(full).go("/")
    page.get_by_role("link", name="Attacked now").click()
    page.wait_for_url("**/?status=attacked")
    page.locator("tbody tr").first.wait_for()
    assert page.locator("tbody tr").count() == 1


def test_a_row_leads_to_its_device(visit, full):
    page = visit(full).go("/")
    page.locator("tbody tr").first.get_by_text("2.4 %").click()
    page.get_by_role("heading", name="holter-attacked").wait_for()
    assert page.title() == "holter-attacked · EdgeGuard"


def test_a_card_on_a_phone_leaves_out_what_is_not_there(visit, full):
    page = visit(full, size="phone").go("/")
    card = page.locator("tbody tr").first
    assert card.get_by_text("holter-attacked").is_visible()
    assert card.locator("td[data-label=Missing]").is_hidden()
    assert page.get_by_label("Sort by").is_visible()


def test_rows_stay_where_they_are_under_the_pointer(visit, full):
    page = visit(full).go("/")
    page.locator("tbody tr").nth(5).hover()
    with full.database.writing() as connection:
        change = tables.devices.update().where(tables.devices.c.device == "holter-060")
        attacked = {"open_alarms": 9, "largest_alarm": 900, "alarms_day": 9000}
        connection.execute(change.values(**attacked, last_seen_ms=full.now_ms + 1))
    page.get_by_text("Devices have changed places").wait_for()
    assert "holter-attacked" in page.locator("tbody tr").first.inner_text()
    page.get_by_role("heading", name="Fleet").hover()
    page.locator("tbody tr").first.get_by_text("holter-060").wait_for()
    with full.database.writing() as connection:
        connection.execute(change.values(open_alarms=0, largest_alarm=0, alarms_day=ward.IDS["holter-060"] % 5))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/", "No device has sent anything yet"),
        ("/devices/ward-a/none", "There is no device none in the fleet ward-a"),
        ("/models", "No device has told which model it runs yet"),
    ],
)
def test_a_page_without_data_says_what_to_do(visit, empty, path, says):
    page = visit(empty).go(path)
    page.get_by_text(says).wait_for()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_without_its_database_says_so_and_can_be_tried_again(visit, full, broken, path):
    visitor = visit(full)
    broken()
    page = visitor.go(path)
    page.get_by_text("This cannot be shown now").first.wait_for()
    assert "cannot be used" in page.get_by_role("alert").first.inner_text()
    assert page.get_by_role("button", name="Try again").first.is_visible()


def test_what_was_shown_stays_and_is_marked_as_old_when_the_database_goes(visit, full, broken):
    page = visit(full).go("/")
    broken()
    page.get_by_role("button", name="Missing").click()
    page.get_by_text("Not up to date").wait_for()
    assert page.locator("tbody tr").count() == 50


def test_what_takes_long_is_announced(visit, full, monkeypatch):
    answered, counts = threading.Event(), devices.counts
    monkeypatch.setattr(devices, "counts", lambda connection: (answered.wait(10), counts(connection))[1])
    page = visit(full).go("/")
    page.get_by_text("Loading …").wait_for()
    answered.set()
    page.get_by_text("holter-attacked").wait_for()


def test_the_keyboard_reaches_the_content_and_the_first_device(visit, full):
    page = visit(full).go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "holter-attacked":
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="holter-attacked").wait_for()


def test_a_theme_that_was_chosen_is_remembered(visit, full):
    page = visit(full).go("/models")
    page.get_by_role("button", name="Theme").click()
    page.get_by_text("Dark", exact=True).click()
    page.wait_for_function("document.body.classList.contains('body--dark')")
    page.reload()
    page.wait_for_function("document.body.classList.contains('body--dark')")


def test_who_is_not_logged_in_is_sent_to_the_login_and_back(visit, full):
    page = visit(full, role="").page
    page.goto(f"{full.url}/models?x=1")
    assert page.url == f"{full.url}/login?next=/models%3Fx%3D1"


def test_a_range_is_pressed_and_stays_in_the_address(visit, full):
    page = visit(full).go("/devices/ward-a/holter-attacked")
    page.get_by_role("button", name="7 d").click()
    page.wait_for_url("**/holter-attacked?range=7+d")
    page.get_by_text("by the hour").wait_for()
    assert page.get_by_role("button", name="7 d").get_attribute("aria-pressed") == "true"


def test_the_device_page_goes_on_with_what_comes(visit, full):
    page = visit(full).go("/devices/ward-a/holter-attacked")
    page.get_by_text("P-001").wait_for()
    with full.database.writing() as connection:
        change = tables.devices.update().where(tables.devices.c.id == ward.ATTACKED)
        connection.execute(change.values(battery=0.11, last_seen_ms=full.now_ms + 2))
    page.get_by_text("11 %", exact=True).wait_for()


def test_who_may_not_manage_sees_no_buttons(visit, full):
    page = visit(full, role="clinician").go("/devices/ward-a/holter-attacked")
    page.get_by_role("heading", name="Commands").wait_for()
    assert page.get_by_role("button", name="Ping").count() == 0


def test_a_command_that_cannot_be_sent_says_why(visit, full):
    page = visit(full, role="admin").go("/devices/ward-a/holter-attacked")
    page.get_by_role("button", name="Ping").click()
    page.get_by_text("no broker is configured").wait_for()


HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"


def test_what_devices_and_people_wrote_is_text(visit, full):
    of_attacked = tables.devices.c.id == ward.ATTACKED
    with full.database.writing() as connection:
        connection.execute(tables.devices.update().where(of_attacked).values(software=HOSTILE, sources=[HOSTILE]))
        connection.execute(tables.bundles.update().where(tables.bundles.c.id == 2).values(name=HOSTILE))
        connection.execute(tables.commands.update().values(reason=HOSTILE, done=False))
    try:
        for path in PATHS:
            page = visit(full).go(path)
            page.get_by_text(HOSTILE).first.wait_for()
            assert page.locator("img[src=x]").count() == 0
    finally:
        with full.database.writing() as connection:
            connection.execute(tables.devices.update().where(of_attacked).values(software="0.5.0", sources=["chest"]))
            connection.execute(tables.bundles.update().where(tables.bundles.c.id == 2).values(name="ecg-exits"))
            connection.execute(tables.commands.update().values(reason=""))
