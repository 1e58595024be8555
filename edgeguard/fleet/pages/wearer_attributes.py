"""Fields for a wearer's groups: as many attributes as there are, and one more."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui


class AttributeFields:
    """A pair of fields for each attribute; what is left empty is left out."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._pairs: list[tuple[ui.input, ui.input]] = []
        with ui.element("div").classes("eg-panel-content"):
            self._box = ui.element("div").classes("eg-panel-content")
            ui.button("Another attribute", icon="add", on_click=self._add).props("no-caps flat dense")
        for name, value in values.items():
            self._add(name, value)
        self._add()

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields."""
        pairs = [((name.value or "").strip(), (value.value or "").strip()) for name, value in self._pairs]
        return {name: value for name, value in pairs if name or value}

    def _add(self, name: object = "", value: str = "") -> None:
        shown = name if isinstance(name, str) else ""  # a click hands over its event
        with self._box, ui.element("div").classes("eg-pair"):
            left = ui.input("Attribute", value=shown).props("outlined dense maxlength=64")
            self._pairs.append((left, ui.input("Value", value=value).props("outlined dense maxlength=64")))
