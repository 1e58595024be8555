from __future__ import annotations

import pytest

from edgeguard import released
from edgeguard.errors import ConfigError


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder of models with the recipe and bundle ``a-net`` and the recipe ``b-net``."""
    for name in ("a-net", "b-net"):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "recipe.toml").touch()
    (tmp_path / "models" / "a-net" / "a-net.zip").touch()
    monkeypatch.setattr(released, "_PACKAGE", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "models"


def test_released_models_are_found_by_name(models):
    assert released.names() == ["a-net", "b-net"]
    assert released.recipe_path("b-net") == models / "b-net" / "recipe.toml"
    assert released.bundle_path("a-net") == models / "a-net" / "a-net.zip"


def test_a_checkout_keeps_them_beside_the_package(models, tmp_path, monkeypatch):
    monkeypatch.setattr(released, "_PACKAGE", tmp_path / "edgeguard")
    assert released.models_folder() == models


def test_a_path_wins_over_a_name(models, tmp_path):
    (tmp_path / "a-net").touch()
    assert (
        released.recipe_path("a-net")
        == released.bundle_path("a-net")
        == tmp_path.joinpath("a-net").relative_to(tmp_path)
    )


def test_a_toml_path_is_taken_as_it_is(models):
    assert str(released.recipe_path("not/there.toml")) == "not/there.toml"


@pytest.mark.parametrize("find", [released.recipe_path, released.bundle_path])
@pytest.mark.parametrize("name", ["a-nt", "../models/c-net", "..\n"])
def test_what_is_not_there_is_refused_with_what_is(models, find, name):
    with pytest.raises(ConfigError, match="a-net"):
        find(name)


def test_near_match_is_named(models):
    with pytest.raises(ConfigError, match=r"no recipe is called 'b-nt' \(did you mean 'b-net'\?\)"):
        released.recipe_path("b-nt")
