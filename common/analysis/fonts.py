"""Choice of installed fonts that together show a text in plots, in any script."""

from functools import cache

FONTS = (
    "Noto Sans CJK",
    "Source Han Sans",
    "WenQuanYi",
    "PingFang",
    "Microsoft YaHei",
    "Noto Sans",
)
UNDRAWABLE = ("Last Resort", "LastResort", "Color Emoji")  # boxes, or bitmaps that Agg cannot draw


def font_families(text: str) -> tuple[list[str], str]:
    """Chooses installed font families that together show a text.

    Returns:
        (names of families, "DejaVu Sans" first; the characters that no font shows).
    """
    from matplotlib import font_manager

    missing = {character for character in text if not character.isspace()}
    missing -= _characters(font_manager.findfont("DejaVu Sans"))
    families = ["DejaVu Sans"]

    def preference(font):
        listed = [i for i, name in enumerate(FONTS) if font.name.startswith(name)]
        return (listed or [len(FONTS)])[0], font.style != "normal", abs(int(font.weight) - 400)

    fonts = [f for f in font_manager.fontManager.ttflist if str(f.weight).isdigit()]
    for font in sorted(fonts, key=preference) if missing else ():
        shown = missing & _characters(font.fname)
        if shown and font.name not in families and not any(n in font.name for n in UNDRAWABLE):
            families.append(font.name)
            missing -= shown
        if not missing:
            break
    return families, "".join(sorted(missing))


@cache
def _characters(file: str) -> frozenset[str]:
    from matplotlib import font_manager

    try:
        return frozenset(map(chr, font_manager.get_font(file).get_charmap()))
    except (OSError, RuntimeError):  # a broken font file shows nothing
        return frozenset()
