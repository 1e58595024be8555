"""What models/ holds, by name: recipes to train from, released bundles to run; in a checkout or an installed wheel."""

from __future__ import annotations

from pathlib import Path

from edgeguard.errors import ConfigError
from edgeguard.registry import near_match

_PACKAGE = Path(__file__).resolve().parent


def models_folder() -> Path:
    """The folder of released models: inside the installed package, or beside it in a checkout."""
    installed = _PACKAGE / "models"
    return installed if installed.is_dir() else _PACKAGE.parent / "models"


def names() -> list[str]:
    """The names of all released recipes."""
    return sorted(path.parent.name for path in models_folder().glob("*/recipe.toml"))


def recipe_path(name_or_path: str) -> Path:
    """A recipe file, by its path or its released name; ConfigError names the near match."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.is_file():
        return path
    released = models_folder() / name_or_path / "recipe.toml"
    if name_or_path in names():
        return released
    raise ConfigError(
        f"no recipe is called {name_or_path!r}{near_match(name_or_path, names())}: "
        f"give a .toml file or one of: {', '.join(names())}"
    )


def bundle_path(name_or_path: str) -> Path:
    """A bundle, by its path or its released name; ConfigError where there is neither."""
    path = Path(name_or_path)
    if path.exists():
        return path
    released = models_folder() / name_or_path / f"{name_or_path}.zip"
    if released.is_file():
        return released
    known = sorted(path.stem for path in models_folder().glob("*/*.zip"))
    raise ConfigError(
        f"there is no bundle at {name_or_path!r}{near_match(name_or_path, known)}: "
        f"give a folder, a .zip, or a released one: {', '.join(known) or 'none'}"
    )
