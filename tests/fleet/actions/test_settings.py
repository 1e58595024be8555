"""The bands of fairness alerts."""

import math

import pytest

from edgeguard.errors import ConfigError, Forbidden
from edgeguard.fleet.actions import settings
from edgeguard.fleet.actor import PERMISSIONS, SYSTEM, Actor
from edgeguard.fleet.config import Fairness
from tests.fleet.web import audited

CONFIG = Fairness(bands={"alarm_rate": 0.05, "margin": 0.1})


def bands(database):
    with database.reading() as connection:
        return settings.bands(connection, CONFIG)


def test_bands_are_the_configs_until_somebody_changes_them(database):
    assert bands(database) == {"alarm_rate": 0.05, "margin": 0.1}
    assert settings.set_bands(database, SYSTEM, CONFIG, {"margin": 0.2}, 5) == {"alarm_rate": 0.05, "margin": 0.2}
    assert bands(database) == {"alarm_rate": 0.05, "margin": 0.2}
    assert audited(database) == [("system", "settings.bands", "fairness.bands")]


@pytest.mark.parametrize("changed", [{"margin": 0}, {"margin": 1.5}, {"margin": math.nan}, {"alarm_rat": 0.1}])
def test_bands_that_cannot_be(database, changed):
    with pytest.raises(ConfigError):
        settings.set_bands(database, SYSTEM, CONFIG, {"alarm_rate": 0.5} | changed, 5)
    assert bands(database) == CONFIG.bands


def test_only_admins_set_bands(database):
    with pytest.raises(Forbidden):
        settings.set_bands(database, Actor(None, "eve", PERMISSIONS["clinician"]), CONFIG, {"margin": 0.2}, 5)
