"""The pages that people work on: alarms, fairness, wearers, settings."""

import pytest

from edgeguard.fleet.actions import settings
from edgeguard.fleet.store import tables
from tests.browser import SIZES
from tests.fleet.pages.cohort import HOSTILE, HOSTILE_ALARM

PATHS = {
    "/alarms": "ward-a/holter-attacked",
    "/alarms/1": "The exits disagree",
    "/fairness?attribute=skin_tone": "The largest gaps",
    "/wearers": "P-002",
    "/wearers/2": "P-002",
    "/settings?tab=users": "Invite somebody",
    "/settings?tab=quarantine": "not JSON",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_page_shows_its_data_in_both_sizes_and_themes(visit, cohort, path):
    visitor = visit(cohort, role="admin")
    page = visitor.go(path)
    page.get_by_text(PATHS[path], exact=True).first.wait_for()
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        for size in ("phone", "wide"):
            page.set_viewport_size(SIZES[size])
            visitor.fits()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/alarms", "No alarm is open"),
        ("/alarms/7", "There is no such alarm"),
        ("/alarms/x", "There is no such alarm"),
        ("/fairness", "There are no groups to compare yet"),
        ("/wearers", "No wearer is known yet"),
        ("/wearers/7", "There is no such wearer"),
        ("/settings?tab=quarantine", "Nothing was set aside"),
    ],
)
def test_a_page_without_data_says_so(empty, path, says):
    assert says in empty.person().get(path).text


@pytest.mark.parametrize("tab", ["me", "tokens", "audit", "about"])
def test_every_tab_of_the_settings_is_filled(cohort, tab):
    says = {"me": "Change the password", "tokens": "A new token", "audit": "Who did what", "about": "What comes in"}
    assert says[tab] in cohort.person("admin").get(f"/settings?tab={tab}").text


@pytest.mark.parametrize("tab", ["users", "audit"])
def test_a_tab_that_is_not_theirs_shows_viewers_their_account(cohort, tab):
    text = cohort.person("viewer").get(f"/settings?tab={tab}").text
    assert "Change the password" in text
    assert "Invite somebody" not in text
    assert "Who did what" not in text


def test_an_alarm_queue_without_its_database_says_so(full, broken):
    client = full.person()
    broken()
    assert "This cannot be shown now" in client.get("/alarms").text


@pytest.mark.parametrize(
    "path", [f"/alarms/{HOSTILE_ALARM}", "/wearers/7", "/fairness?attribute=site", "/settings?tab=quarantine"]
)
def test_what_devices_and_people_wrote_is_text(visit, cohort, path):
    page = visit(cohort, role="admin").go(path)
    page.get_by_text(HOSTILE).first.wait_for()
    assert page.locator("img[src=x]").count() == 0


# ------------------------------------------------------------------------------------------------ the queue


def test_filters_stay_in_the_address(visit, cohort):
    page = visit(cohort).go("/alarms")
    page.get_by_role("button", name="All").click()
    page.get_by_label("Kind").click()
    page.get_by_role("option", name="drift").click()
    page.wait_for_url("**/alarms?status=all&kind=drift")
    page.reload()
    page.locator("tbody tr").first.wait_for()
    assert set(page.locator("tbody tr td[data-label=What]").all_inner_texts()) == {"drift"}


def test_several_alarms_are_acknowledged_at_once(visit, cohort):
    page = visit(cohort, role="clinician").go("/alarms?sort=began&order=up")
    page.locator("tbody tr").first.wait_for()
    for row in (0, 1):
        page.locator("tbody tr").nth(row).get_by_role("checkbox").check()
    page.get_by_role("button", name="Acknowledge", exact=True).click()
    page.get_by_text("2 alarms acknowledged").wait_for()
    page.get_by_role("button", name="Acknowledged 2").wait_for()


def test_new_alarms_wait_behind_a_button_and_move_nothing(visit, cohort):
    page = visit(cohort).go("/alarms")
    first = page.locator("tbody tr").first
    before = first.inner_text()
    with cohort.database.writing() as connection:
        _copy_of_first_alarm(connection, seq=5000, began_ms=cohort.now_ms, changed_ms=cohort.now_ms)
    page.get_by_role("button", name="1 new alarm: show").wait_for()
    assert first.inner_text() == before
    page.get_by_role("button", name="1 new alarm: show").click()
    first.get_by_text("now").wait_for()


def test_keys_walk_through_the_queue_and_acknowledge(visit, cohort):
    page = visit(cohort, role="clinician").go("/alarms?sort=began&order=up&kind=slowdown")
    page.locator("tbody tr").nth(1).wait_for()
    for key, row in (("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        page.locator(f"tbody tr.eg-at:nth-child({row})").wait_for()
    page.keyboard.press("a")
    page.get_by_text("1 alarm acknowledged").wait_for()


# ------------------------------------------------------------------------------------------------ one alarm


def test_an_alarm_is_labelled_commented_assigned_and_closed(visit, cohort):
    page = visit(cohort, role="clinician").go("/alarms/1")
    page.get_by_text("It predicted arrhythmia at 55%, before normal at 30%.").wait_for()
    page.get_by_text("exit 3 gives it less than half").wait_for()
    page.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name="normal").click()
    page.get_by_role("button", name="Save the label").click()
    page.get_by_text("not arrhythmia").wait_for()
    page.get_by_label("Comment").fill("The electrode hung loose.\n<b>Called</b> the ward.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("<b>Called</b> the ward.").wait_for()
    page.get_by_label("Assigned to").click()
    page.get_by_role("option", name="clinician").first.click()
    page.get_by_text("Assigned to clinician").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_text("✓ closed").wait_for()
    page.get_by_role("button", name="Reopen").wait_for()


def test_a_label_that_was_typed_stays_while_others_change_the_alarm(visit, cohort):
    page = visit(cohort, role="clinician").go("/alarms/2")
    page.get_by_label("Comment").fill("not sent yet")
    cohort.now_ms += 1
    with cohort.database.writing() as connection:
        change = tables.alarms.update().where(tables.alarms.c.id == 2)
        connection.execute(change.values(status="acknowledged", changed_ms=cohort.now_ms))
    page.get_by_text("◐ acknowledged").wait_for()
    assert page.get_by_label("Comment").input_value() == "not sent yet"


def test_a_viewer_sees_an_alarm_and_cannot_change_it(cohort):
    text = cohort.person("viewer").get("/alarms/3").text
    assert "Working on it takes the role clinician or admin." in text
    assert "Acknowledge" not in text
    assert "Save the label" not in text


# ------------------------------------------------------------------------------------------------ fairness


def test_the_largest_gap_is_said_first(visit, cohort):
    page = visit(cohort).go("/fairness?attribute=skin_tone&days=1")
    headline = page.locator("section", has_text="The largest gaps").first.inner_text()
    assert "of those on V-VI" in headline
    assert "▲ outside its band" in headline


def test_a_group_that_is_too_small_says_why_it_is_not_shown(visit, cohort):
    page = visit(cohort).go("/fairness?attribute=site&days=1")
    page.get_by_text("fewer than 5 wearers", exact=True).first.wait_for()


def test_choosing_other_groups_stays_in_the_address(visit, cohort):
    page = visit(cohort).go("/fairness")
    page.get_by_label("Groups by").click()
    page.get_by_role("option", name="skin_tone").click()
    page.wait_for_url("**/fairness?attribute=skin_tone")
    page.get_by_role("heading", name="Groups by skin_tone").wait_for()


def test_a_report_is_exported_with_every_group(visit, cohort):
    page = visit(cohort).go("/fairness?attribute=skin_tone&days=1")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = download.value.path().read_text()
    assert text.startswith("from,until,model,figure,of,unit,group,wearers,value,low,high,reason")
    assert ",alarm_rate,,share,V-VI,20,0." in text


# ------------------------------------------------------------------------------------------------ wearers


def test_a_wearer_is_added_and_given_a_device(visit, cohort):
    page = visit(cohort, role="admin").go("/wearers")
    page.get_by_role("button", name="Add").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Pseudonym").fill("P-900")
    dialog.get_by_label("Attribute").fill("sex")
    dialog.get_by_label("Value").fill("F")
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Added P-900").wait_for()
    page.get_by_role("searchbox", name="Pseudonym").fill("P-900")
    page.get_by_role("link", name="P-900").click()
    page.get_by_text("Wears another device").click()
    page.get_by_label("Fleet").fill("ward-a")
    page.get_by_label("Device", exact=True).fill("holter-063")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_role("link", name="ward-a/holter-063").or_(page.get_by_role("alert")).first.wait_for()


def test_an_import_shows_what_it_would_change_before_it_does(visit, cohort):
    page = visit(cohort, role="admin").go("/wearers")
    page.get_by_role("button", name="Import CSV").click()
    text = "pseudonym,fleet,device,source,from,until,sex\nP-901,,,,,,F\nP-902,,,,,,M\n"
    _upload(page, text)
    page.get_by_text("It would change: 2 new wearers, 2 new or other values of attributes.").wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Imported: 2 new wearers").wait_for()


def test_an_import_that_is_refused_names_its_lines(visit, cohort):
    page = visit(cohort, role="admin").go("/wearers")
    page.get_by_role("button", name="Import CSV").click()
    _upload(page, "pseudonym,fleet,device,source,from,until\nP-1,ward-a,nowhere,,2026-01-01,\n,,,,,\nP-2,x,y,,soon,\n")
    alert = page.get_by_role("alert")
    alert.get_by_text("line 4").wait_for()
    assert page.get_by_role("button", name="Import", exact=True).is_disabled()


# ------------------------------------------------------------------------------------------------ settings


def test_a_token_is_shown_once(visit, cohort):
    page = visit(cohort, role="clinician").go("/settings?tab=tokens")
    page.get_by_label("What it is for").fill("nightly export")
    page.get_by_role("button", name="Make").click()
    page.get_by_text("egt_").wait_for()
    page.get_by_role("button", name="I have kept it").click()
    page.get_by_text("nightly export").wait_for()
    page.reload()
    page.get_by_text("nightly export").wait_for()
    assert page.get_by_text("egt_").count() == 0


def test_an_invitation_is_a_link(visit, cohort):
    page = visit(cohort, role="admin").go("/settings?tab=users")
    page.get_by_label("Name").fill("grace")
    page.get_by_role("button", name="Invite").click()
    page.get_by_text(f"{cohort.url}/invitation#").wait_for()


def test_bands_are_changed_by_admins(visit, cohort):
    page = visit(cohort, role="admin").go("/settings?tab=fairness")
    page.get_by_label("alarm_rate").fill("7.5")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").wait_for()
    with cohort.database.reading() as connection:
        assert settings.bands(connection, cohort.parts.config.fairness)["alarm_rate"] == 0.075


def _upload(page, text):
    file = {"name": "wearers.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(file)


def _copy_of_first_alarm(connection, **changes):
    alarm = dict(connection.execute(tables.alarms.select()).mappings().first())
    del alarm["id"]
    connection.execute(tables.alarms.insert().values({**alarm, **changes}))
