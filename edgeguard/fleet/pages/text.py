"""Text in an HTML element of its own: what people typed or devices sent can only ever be text."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement


def text(tag: str, words: str) -> TextElement:
    """`words` in a ``<tag>``."""
    return TextElement(tag=tag, text=words)
