import pytest

from edgeguard.fleet.pages import theme

LIGHT, DARK = 0, 1


def luminance(color):
    """WCAG 2.2, relative luminance."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("at", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *(
            (text, ground)
            for text in ("ink", "muted", "accent", "bad", "warn", "good")
            for ground in ("page", "surface")
        ),
        *((text, "raised") for text in ("ink", "muted")),
        *((tone, f"{tone}-soft") for tone in ("bad", "warn", "good")),
        ("on-accent", "accent"),
        ("page", "bad"),
    ],
)
def test_text_can_be_read(text, ground, at):
    assert contrast(theme.COLORS[text][at], theme.COLORS[ground][at]) >= 4.5


@pytest.mark.parametrize("at", [LIGHT, DARK])
def test_edges_and_series_stand_out(at):
    surface = theme.COLORS["surface"][at]
    for pair in (theme.COLORS["edge"], *theme.SERIES):
        assert contrast(pair[at], surface) >= 3


def test_every_color_is_a_variable_in_both_themes():
    css = theme.variables()
    light, dark = css.split("body.body--dark")
    for name in theme.COLORS:
        assert f"--eg-{name}:" in light
        assert f"--eg-{name}:" in dark
